/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The collector: a thread that lets the minimum start timestamp drive the deletion of versions.
 */
#ifndef KV_COLLECTOR_H
#define KV_COLLECTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct server;

struct collector {
    struct server *server;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;     /* under the lock */
    uint64_t runs; /* atomic */
};

/* Returns 0 or a negative errno. */
int collector_start(struct collector *collector, struct server *server);
void collector_stop(struct collector *collector);

#endif
