/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The wall clock that oracles follow unless they are given another. */
#ifndef ROSTER_CLUSTER_ORACLE_WALL_CLOCK_H
#define ROSTER_CLUSTER_ORACLE_WALL_CLOCK_H

#include <stdbool.h>

#include <roster/oracle_store.h>

struct wall_clock {
    roster_wall_clock_fn *read;
    void *arg;
    uint64_t max_ahead_ms; /* of what a store may hold */
};

/* The one that was asked for; CLOCK_REALTIME when `read` is NULL, a day when `max_ahead_ms` is 0.
 */
struct wall_clock rst_wall_clock_choose(roster_wall_clock_fn *read, void *arg,
                                        uint64_t max_ahead_ms);

/* The least timestamp of the present millisecond; never 0 or near the maximum. */
uint64_t rst_wall_clock_ts(const struct wall_clock *clock);

/* Whether what a store holds is too far ahead of the clock to be believed, or so far that sums with
 * it overflow, whatever was chosen. */
bool rst_wall_clock_is_too_far(const struct wall_clock *clock, uint64_t ts);

/* Whether a timestamp is too old to be read as the present one: by more than 10 ms. */
bool rst_wall_clock_has_left(const struct wall_clock *clock, uint64_t ts);

/* How many milliseconds a timestamp is ahead of it. */
uint64_t rst_wall_clock_ahead_ms(const struct wall_clock *clock, uint64_t ts);

#endif
