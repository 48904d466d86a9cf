/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The layout of a timestamp: milliseconds since the Unix epoch, then an 18-bit logical counter
 * (the layout of TiDB's timestamp oracle, so that timestamps of both compare).
 */
#ifndef ROSTER_TIMESTAMP_H
#define ROSTER_TIMESTAMP_H

#include <roster/export.h>
#include <stdint.h>

#define ROSTER_TS_LOGICAL_BITS 18
#define ROSTER_TS_LOGICAL_MASK ((UINT64_C(1) << ROSTER_TS_LOGICAL_BITS) - 1)

/* 0 and the maximum are never timestamps: 0 is a free slot, the maximum is "fenced". */
#define ROSTER_TS_MAX UINT64_MAX

/* The timestamp of a physical time in milliseconds and a logical counter (its low 18 bits). */
static inline uint64_t roster_ts_compose(uint64_t physical_ms, uint64_t logical)
{
    return (physical_ms << ROSTER_TS_LOGICAL_BITS) | (logical & ROSTER_TS_LOGICAL_MASK);
}

/* The milliseconds since the Unix epoch that a timestamp carries. */
static inline uint64_t roster_ts_physical_ms(uint64_t ts)
{
    return ts >> ROSTER_TS_LOGICAL_BITS;
}

/* The logical counter that a timestamp carries. */
static inline uint64_t roster_ts_logical(uint64_t ts)
{
    return ts & ROSTER_TS_LOGICAL_MASK;
}

/*
 * The timestamp `age_ms` milliseconds before `ts`, with the same logical counter; 0 when the
 * epoch is nearer than that.
 */
static inline uint64_t roster_ts_before(uint64_t ts, uint64_t age_ms)
{
    uint64_t physical_ms = roster_ts_physical_ms(ts);

    return physical_ms >= age_ms ? roster_ts_compose(physical_ms - age_ms, roster_ts_logical(ts))
                                 : 0;
}

/*
 * The lower limit of a scan at `now` for transactions of at most this age: TiDB's, whose logical
 * counter is 0. A timestamp counts when it is above it.
 */
static inline uint64_t roster_ts_lower_limit(uint64_t now, uint64_t max_age_ms)
{
    uint64_t physical_ms = roster_ts_physical_ms(now);

    return physical_ms >= max_age_ms ? roster_ts_compose(physical_ms - max_age_ms, 0) : 0;
}

#endif /* ROSTER_TIMESTAMP_H */
