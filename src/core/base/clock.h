/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The kernel's clocks, for ages, pauses and display. Deadlines of stores and the oracles of
 * clusters read their clocks themselves, because without one they have to fail closed.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* 0 if the kernel refuses the clock, for instance by a seccomp filter. */
static inline uint64_t rst_clock_ns(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now))
        return 0;
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* The time between two readings of a clock. 0 if the second is not later: the kernel may begin to
 * refuse the clock, and a wall clock may be set back. */
static inline uint64_t rst_since(uint64_t now, uint64_t then)
{
    return now > then ? now - then : 0;
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

static inline struct timespec rst_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / UINT64_C(1000000000)),
                             .tv_nsec = (long)(ns % UINT64_C(1000000000))};
}

/*
 * Waits under the lock until a deadline on CLOCK_MONOTONIC; returns false once it has passed.
 * Without that clock every deadline has passed; then the call pauses, so that a loop around it does
 * not spin.
 */
static inline bool rst_monotonic_wait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                      uint64_t until_ns)
{
    const struct timespec until = rst_timespec(until_ns), pause = rst_timespec(50000000);

    if (rst_monotonic_ns())
        return !pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(lock);
    nanosleep(&pause, NULL);
    pthread_mutex_lock(lock);
    return false;
}
