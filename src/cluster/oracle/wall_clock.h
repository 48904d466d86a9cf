/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The wall clock that oracles follow unless they are given another. */
#ifndef ROSTER_CLUSTER_ORACLE_WALL_CLOCK_H
#define ROSTER_CLUSTER_ORACLE_WALL_CLOCK_H

#include <roster/oracle_store.h>

struct wall_clock {
    roster_wall_clock_fn *read;
    void *arg;
};

/* The one that was asked for, or CLOCK_REALTIME when `read` is NULL. */
struct wall_clock wall_clock_choose(roster_wall_clock_fn *read, void *arg);

/* The least timestamp of the present millisecond; never 0 or near the maximum. */
uint64_t wall_clock_ts(const struct wall_clock *clock);

/* How many milliseconds a timestamp is ahead of it. */
uint64_t wall_clock_ahead_ms(const struct wall_clock *clock, uint64_t ts);

#endif
