/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Shared by the oracles. wall_clock.c: the wall clock that they follow unless another is given. */
#pragma once

#include "core/base/atomic.h"

#include <roster/oracle_store.h>
#include <stdbool.h>

struct wall_clock {
    roster_wall_clock_fn *read;
    void *arg;
    uint64_t max_ahead_ms; /* limit for a value in the store */
};

/* The clock of the options; CLOCK_REALTIME if `read` is NULL, a day if `max_ahead_ms` is 0.
 */
struct wall_clock rst_wall_clock_choose(roster_wall_clock_fn *read, void *arg,
                                        uint64_t max_ahead_ms);

/* The least timestamp of the present millisecond; never 0 or near the maximum. */
uint64_t rst_wall_clock_ts(const struct wall_clock *clock);

/* Whether a store's value is too far ahead of the clock to be accepted, or so far that sums with it
 * overflow, independent of the options. */
bool rst_wall_clock_is_too_far(const struct wall_clock *clock, uint64_t ts);

/* Whether a timestamp is too old to be read as the present one: by more than 10 ms. */
bool rst_wall_clock_has_left(const struct wall_clock *clock, uint64_t ts);

/* The milliseconds by which a timestamp is ahead of it. */
uint64_t rst_wall_clock_ahead_ms(const struct wall_clock *clock, uint64_t ts);

/* allot.c: ranges of timestamps, allotted by compare-and-swap on one key of a store. One
 * caller at a time, but for the counters. */
struct allotter {
    struct roster_store *store;
    char *key;
    int timeout_ms;
    struct wall_clock clock;
    int64_t revision; /* of the key's last change that is known; 0: it does not exist */
    int64_t created;  /* the revision of its creation; 0 as well */
    bool known;       /* `revision` and `next` are probably current */
    bool seen;        /* the key has existed */
    bool gone_back;   /* the key had a lower value than this handle has seen */
    uint64_t next;    /* the key's value: the least timestamp not yet allotted */
    rst_word last;    /* the newest one that was allotted here; a statistic */
    rst_word transactions;
    rst_word conflicts;
};

/*
 * Returns the newest timestamp that was allotted to any caller before this call began. If it is
 * behind the wall clock, for instance because no transaction commits, a newer one is allotted.
 */
int rst_allotter_read(struct allotter *allotter, uint64_t *last);

/* Allots `n` timestamps from *first on, after this call began. */
int rst_allotter_allot(struct allotter *allotter, uint64_t n, uint64_t *first);
