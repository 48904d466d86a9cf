/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "cluster/oracle/oracle.h"

#include <roster/timestamp.h>
#include <time.h>

/* Far enough below the maximum that no sum overflows: the year 3084. */
#define LAST_MS (UINT64_C(1) << 45)
#define DAY_MS UINT64_C(86400000)
/* How far a timestamp that is read may be behind. */
#define READ_LAG_MS 10

/* The coarse clock: three times as cheap, and the logical counter has room for its 4 ms. */
static uint64_t realtime_ms(void *arg)
{
    struct timespec now;

    (void)arg;
    if (clock_gettime(CLOCK_REALTIME_COARSE, &now))
        return 0; /* the clock then stands still */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct wall_clock rst_wall_clock_choose(roster_wall_clock_fn *read, void *arg,
                                        uint64_t max_ahead_ms)
{
    struct wall_clock clock = {read, arg, max_ahead_ms == 0 ? DAY_MS : max_ahead_ms};

    if (!read)
        clock.read = realtime_ms;
    return clock;
}

uint64_t rst_wall_clock_ts(const struct wall_clock *clock)
{
    uint64_t ms = clock->read(clock->arg);

    if (ms >= LAST_MS)
        ms = LAST_MS;
    return roster_ts_compose(ms == 0 ? 1 : ms, 0);
}

bool rst_wall_clock_is_too_far(const struct wall_clock *clock, uint64_t ts)
{
    return roster_ts_physical_ms(ts) > LAST_MS ||
           rst_wall_clock_ahead_ms(clock, ts) > clock->max_ahead_ms;
}

bool rst_wall_clock_has_left(const struct wall_clock *clock, uint64_t ts)
{
    return roster_ts_physical_ms(ts) + READ_LAG_MS <
           roster_ts_physical_ms(rst_wall_clock_ts(clock));
}

uint64_t rst_wall_clock_ahead_ms(const struct wall_clock *clock, uint64_t ts)
{
    uint64_t wall = roster_ts_physical_ms(rst_wall_clock_ts(clock));
    uint64_t ms = roster_ts_physical_ms(ts);

    return ms > wall ? ms - wall : 0;
}
