/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Ranges of timestamps, allotted by compare-and-swap on one key of a store. */
#ifndef ROSTER_CLUSTER_ORACLE_ALLOT_H
#define ROSTER_CLUSTER_ORACLE_ALLOT_H

#include "cluster/oracle/wall_clock.h"

#include <stdatomic.h>
#include <stdbool.h>

/* One caller at a time, but for the counters. */
struct allotter {
    struct roster_store *store;
    char *key;
    int timeout_ms;
    struct wall_clock clock;
    int64_t revision;          /* of the key's last change that is known; 0: it does not exist */
    int64_t created;           /* the revision of its creation; 0 as well */
    bool known;                /* `revision` and `next` are worth trying with */
    bool seen;                 /* the key has existed */
    bool gone_back;            /* the key was read with less than this handle has seen */
    uint64_t next;             /* the key's value: the least timestamp that was not allotted */
    atomic_uint_fast64_t last; /* the newest one that was allotted here; a statistic */
    atomic_uint_fast64_t transactions;
    atomic_uint_fast64_t conflicts;
};

/*
 * Reads the newest timestamp that was allotted to any caller before this call began. When the wall
 * clock has left it behind, as where no transaction commits, a newer one is allotted.
 */
int rst_allotter_read(struct allotter *allotter, uint64_t *last);

/* Allots `n` timestamps from *first on, after this call began. */
int rst_allotter_allot(struct allotter *allotter, uint64_t n, uint64_t *first);

#endif
