/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Connections of the servers that use epoll. A connection becomes ready when its client has sent
 * something and when its session was killed; the thread that gets it from conns_wait() owns its
 * session until conn_arm().
 */
#ifndef GUIDE_CONN_H
#define GUIDE_CONN_H

#include <pthread.h>
#include <roster/roster.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define CONNS 64
#define LINE_BYTES 256

/* A place for a connection. Its memory and its eventfd stay when the connection goes, because a
 * kill that was under way then may still wake it. */
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
    void *coroutine; /* for a server that has them */
};

struct conns {
    struct roster *roster;
    int epoll, listener, quit;
    struct conn conn[CONNS];
};

/* Listens on a port of the loopback interface, which the kernel chooses, and prints it. Returns 0,
 * or -1 with errno. */
int conns_open(struct conns *conns, struct roster *roster);

/* Makes conns_wait() return NULL in all threads. */
void conns_stop(struct conns *conns);

/* After all threads that used them have ended. */
void conns_close(struct conns *conns);

/* Waits for a connection that is ready, in any number of threads; new ones are ready at once. */
struct conn *conns_wait(struct conns *conns);

enum conn_input { CONN_NOTHING, CONN_LINE, CONN_GONE };

/* Takes the next line, or reports that there is none yet, or that the connection is at its end. */
enum conn_input conn_read(struct conn *conn);

/* Runs conn->line and replies. Returns whether the connection stays. */
bool conn_run(struct conn *conn, struct roster *roster);

/* Gives the session away, to the thread that conns_wait() gives the connection next. */
void conn_arm(struct conn *conn);

/* Closes the session and the connection. */
void conn_close(struct conn *conn);

#endif /* GUIDE_CONN_H */
