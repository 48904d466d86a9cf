/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The local hybrid clock.
 */
#include "core/base/clock.h"
#include "core/base/rcu.h"

#include <errno.h>
#include <roster/oracle.h>
#include <roster/timestamp.h>
#include <stdlib.h>

/*
 * One word. Its modification order is the order of time, since no value is below the one before;
 * and coherence alone makes reads of it linearizable: a read that begins after another one has
 * returned, as far as happens-before (or the scanner's membarrier) goes, cannot return an older
 * value. So all accesses may be relaxed, as G2 requires no fence from an oracle.
 */
struct roster_oracle_local {
    rst_word last; /* nothing above it was read or allocated */
} rst_cache_aligned;

/* The coarse clock: three times as cheap, and the logical counter has room for its 4 ms. Where the
 * kernel refuses it, the oracle counts on from where it is. */
static uint64_t wall_ms(void)
{
    return rst_clock_ms(CLOCK_REALTIME_COARSE);
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
    if (clock)
        rst_raise(&clock->last, roster_ts_compose(wall_ms(), 0));
}

uint64_t roster_oracle_local_ahead_ms(const struct roster_oracle_local *clock)
{
    return clock ? rst_since(roster_ts_physical_ms(rst_load(&clock->last)), wall_ms()) : 0;
}
