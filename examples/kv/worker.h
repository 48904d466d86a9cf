/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Workers: threads with an event loop, each serving its own part of the connections.
 */
#ifndef KV_WORKER_H
#define KV_WORKER_H

#include "buf.h"

#include <pthread.h>
#include <stdint.h>
#include <uv.h>

#define WORKER_INPUT 16384 /* read at once: the others wait until it is worked off */
#define WORKER_TEXT 256    /* of a statement, as the roster shows it */

struct conn;
struct server;

struct worker {
    struct server *server;
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t wake; /* look into the inbox, for kills and for the end */
    uv_timer_t sweep;
    struct conn *conns;
    pthread_mutex_t lock;
    int *inbox; /* accepted sockets, under the lock */
    size_t inbox_count, inbox_capacity;
    bool stop; /* atomic */
    struct buf scratch;
    char input[WORKER_INPUT];
    char text[WORKER_TEXT];
};

/* Returns 0 or a negative errno. */
int worker_start(struct worker *worker, struct server *server);

/* Hands over an accepted socket. Any thread. */
void worker_accept(struct worker *worker, int fd);

/* Makes the worker look for connections that were killed. A roster_wake_fn; any thread. */
void worker_wake(uint64_t session_id, void *worker);

/* Tells the worker to close its connections and end. */
void worker_stop(struct worker *worker);

/* Whether it was told so. */
bool worker_stops(const struct worker *worker);

/* Waits for its end; other workers may still wake it. */
void worker_join(struct worker *worker);

/* Frees what it has, after all workers were joined. */
void worker_destroy(struct worker *worker);

#endif
