/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The server: what its threads share.
 */
#ifndef KV_SERVER_H
#define KV_SERVER_H

#include "cluster.h"
#include "collector.h"
#include "options.h"
#include "store.h"

#include <roster/roster.h>
#include <time.h>

struct worker;

struct server {
    struct options options;
    struct roster_oracle_local *oracle;
    struct roster *roster;
    struct store *store;
    struct cluster cluster;
    struct collector collector;
    struct worker *workers; /* options.threads */
    time_t started;
    struct operate operate;
    uint64_t buffered; /* bytes that clients have under way; atomic, relaxed */
    struct {           /* atomic, relaxed */
        uint64_t conflicts;
        uint64_t expired;
        uint64_t protocol_errors;
        uint64_t slow_readers;
        uint64_t buffer_hogs;
    } counts;
};

static inline void server_count(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static inline uint64_t server_counted(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Computes the minimum under the server's age limit. Returns as roster_min_start_ts(). */
int server_scan(struct server *server, struct roster_min *min);

#endif
