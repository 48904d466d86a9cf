/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Workers: threads with an event loop, each serving its own part of the connections.
 */
#ifndef KV_WORKER_H
#define KV_WORKER_H

#include "server.h"

#define WORKER_INPUT 16384 /* read at once: the others wait until it is worked off */
#define WORKER_TEXT 256    /* of a statement, as the roster shows it */

struct conn;

struct worker {
    struct server *server;
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t wake; /* look for kills, and for the end */
    uv_timer_t sweep;
    uv_poll_t accepted;
    int inbox[2]; /* a pipe of accepted sockets */
    LIST_HEAD(conn_list, conn) conns;
    bool stop; /* atomic */
    struct buf scratch;
    char input[WORKER_INPUT];
    char text[WORKER_TEXT];
};

int worker_start(struct worker *worker, struct server *server);

/* Hands over an accepted socket. Any thread. */
void worker_accept(struct worker *worker, int fd);

/* Makes the worker look for connections that were killed. A roster_wake_fn; any thread. */
void worker_wake(uint64_t session_id, void *worker);

/* Whether the worker was told to end. */
bool worker_stops(const struct worker *worker);

/* Lets all workers close their connections and end. */
void workers_stop(struct server *server);

#endif
