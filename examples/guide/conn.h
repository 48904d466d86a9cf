/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Connections of the servers that use epoll. A connection becomes ready when its client has sent
 * something and when its session was killed; the thread that gets it from conns_wait() owns its
 * session until conn_arm().
 */
#pragma once

#include <pthread.h>
#include <roster/roster.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define CONNS 64
#define LINE_BYTES 256

/* A slot for a connection. Its memory and its eventfd outlive the connection, because a kill that
 * is under way may still wake it. */
struct conn {
    atomic_bool used;
    pthread_mutex_t handover; /* see conn_arm() */
    struct roster_session *session;
    int everyone; /* the server's epoll, on which the connection is armed */
    int epoll;    /* of `socket` and `woken`, so that both make one event */
    int socket;
    int woken;     /* an eventfd */
    size_t length; /* bytes in `input` */
    char input[LINE_BYTES], line[LINE_BYTES];
    void *coroutine; /* unused by servers without coroutines */
};

struct conns {
    struct roster *roster;
    int epoll, listener, quit;
    struct conn conn[CONNS];
};

/* Listens on a loopback port that the kernel chooses, and prints it. Returns 0; -1 with errno. */
int conns_open(struct conns *conns, struct roster *roster);

/* Makes conns_wait() return NULL in all threads. */
void conns_stop(struct conns *conns);

/* Call after all threads that used the connections have ended. */
void conns_close(struct conns *conns);

/* Waits for a ready connection, in any number of threads; new connections are ready at once. */
struct conn *conns_wait(struct conns *conns);

enum conn_input { CONN_NOTHING, CONN_LINE, CONN_GONE };

/* Reads the next line into conn->line. Returns CONN_NOTHING if no line is complete, CONN_GONE at
 * the end of the connection. */
enum conn_input conn_read(struct conn *conn);

/* Runs conn->line and replies. Returns whether the connection stays. */
bool conn_run(struct conn *conn, struct roster *roster);

/* Hands the session to the thread whose conns_wait() returns the connection next. */
void conn_arm(struct conn *conn);

/* Closes the session and the connection. */
void conn_close(struct conn *conn);
