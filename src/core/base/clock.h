/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the kernel's clocks say, for ages, pauses and what is shown. Leases, deadlines of stores and
 * oracles read their clocks themselves, because without one they have to fail closed.
 */
#ifndef ROSTER_CORE_BASE_CLOCK_H
#define ROSTER_CORE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* 0 where the kernel refuses its clock, as a seccomp filter may make it. */
static inline uint64_t rst_clock_ns(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now))
        return 0;
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static inline uint64_t rst_clock_ms(clockid_t clock)
{
    return rst_clock_ns(clock) / 1000000;
}

static inline uint64_t rst_monotonic_ns(void)
{
    return rst_clock_ns(CLOCK_MONOTONIC);
}

static inline uint64_t rst_monotonic_ms(void)
{
    return rst_clock_ms(CLOCK_MONOTONIC);
}

/* Since the Unix epoch. */
static inline uint64_t rst_wall_ms(void)
{
    return rst_clock_ms(CLOCK_REALTIME);
}

#endif /* ROSTER_CORE_BASE_CLOCK_H */
