/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Connections: a socket, its session in the roster, and what has been read and is to be written.
 */
#ifndef KV_CONN_H
#define KV_CONN_H

#include "request.h"
#include "txn.h"
#include "worker.h"

/* Requests between MULTI and EXEC. */
struct multi {
    struct request *first, *last;
    size_t count;
    size_t bytes;
    bool open;
    bool broken; /* one was refused, so EXEC will be */
};

struct conn {
    struct worker *worker;
    LIST_ENTRY(conn) link; /* of the worker's */
    uv_tcp_t tcp;
    uv_timer_t timer; /* DEBUG SLEEP */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct roster_session *session; /* NULL as soon as the connection is to end */
    struct request_reader reader;
    struct buf out;     /* replies */
    struct buf writing; /* replies that libuv is writing */
    size_t unwritten;   /* of these, as the last sweep saw it */
    uint64_t since;     /* when it saw that first, or when the socket was shut: loop time */
    struct txn txn;
    struct multi multi;
    uint64_t opened;  /* loop time */
    size_t held;      /* bytes under way, as counted in server->buffered */
    unsigned handles; /* that libuv still has */
    bool reading;
    bool write_active;
    bool sleeping; /* in a statement until the timer fires or a kill comes; conn_sleep() sets it */
    bool eof;
    bool finishing; /* no more requests; closed when all is written and the client has gone */
    bool shut;      /* all is written */
    bool reset;     /* when closing, drop what the kernel has still to send */
    bool closed;
    char addr[64];
    char lib_name[64]; /* CLIENT SETINFO: the client library and its version */
    char lib_ver[64];
};

/* Takes over an accepted socket. */
void conn_open(struct worker *worker, int fd);

/* Runs the requests that have come in, as far as replies are taken. */
void conn_process(struct conn *conn);

/* Ends the session, but lets what is in `out` reach the client. */
void conn_finish(struct conn *conn);

/* The current statement waits for the timer, or no longer does. */
void conn_sleep(struct conn *conn, bool sleeps);

/* Ends everything at once. The memory lives on until libuv has let go of it. */
void conn_close(struct conn *conn);

/* Acts on a kill from elsewhere. */
void conn_check_kill(struct conn *conn);

/* Called now and then: ends connections that no longer move. */
void conn_sweep(struct conn *conn);

#endif
