/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The local hybrid clock.
 */
#include "core/base/rcu.h"

#include <errno.h>
#include <roster/oracle.h>
#include <roster/timestamp.h>
#include <stdlib.h>
#include <time.h>

/*
 * One word. Its modification order is the order of time, since no value is below the one before;
 * and coherence alone makes reads of it linearizable: a read that begins after another one has
 * returned, as far as happens-before (or the scanner's membarrier) goes, cannot return an older
 * value. So all accesses are relaxed, as G2 requires no fence from an oracle.
 */
struct roster_oracle_local {
    rst_word last; /* nothing above it was read or allocated */
} rst_cache_aligned;

/* The coarse clock: three times as cheap, and the logical counter has room for its 4 ms. */
static uint64_t wall_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME_COARSE, &now))
        return 0; /* the oracle counts on from where it is */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int roster_oracle_local_create(struct roster_oracle_local **clock)
{
    struct roster_oracle_local *made;

    if (!clock)
        return -EINVAL;
    made = aligned_alloc(RST_CACHE_LINE, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->last = 1; /* 0 is no timestamp */
    roster_oracle_local_advance(made);
    *clock = made;
    return 0;
}

void roster_oracle_local_destroy(struct roster_oracle_local *clock)
{
    free(clock);
}

int roster_oracle_local_read(void *clock, uint64_t *ts)
{
    const struct roster_oracle_local *local = clock;

    *ts = rst_load(&local->last);
    return 0;
}

int roster_oracle_local_allocate(void *clock, uint64_t *ts)
{
    struct roster_oracle_local *local = clock;
    uint64_t wall = roster_ts_compose(wall_ms(), 0);
    uint64_t last = rst_load(&local->last), next;

    do
        next = wall > last ? wall : last + 1;
    while (!__atomic_compare_exchange_n(&local->last, &last, next, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    *ts = next;
    return 0;
}

void roster_oracle_local_advance(struct roster_oracle_local *clock)
{
    uint64_t wall, last;

    if (!clock)
        return;
    wall = roster_ts_compose(wall_ms(), 0);
    last = rst_load(&clock->last);
    while (last < wall && !__atomic_compare_exchange_n(&clock->last, &last, wall, true,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

uint64_t roster_oracle_local_ahead_ms(const struct roster_oracle_local *clock)
{
    uint64_t last, wall;

    if (!clock)
        return 0;
    last = roster_ts_physical_ms(rst_load(&clock->last));
    wall = wall_ms();
    return last > wall ? last - wall : 0;
}
