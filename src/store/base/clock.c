/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/base/clock.h"

#include <errno.h>
#include <limits.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec ts;

    if (clock_gettime(clock, &ts))
        return STORE_FOREVER;
    return (int64_t)ts.tv_sec * STORE_NS_PER_S + ts.tv_nsec;
}

int64_t rst_store_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t rst_store_boottime_ns(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

int64_t rst_store_time_add(int64_t a, int64_t b)
{
    return a > STORE_FOREVER - b ? STORE_FOREVER : a + b;
}

int64_t rst_store_since(int64_t now, int64_t then)
{
    return now > then && now < STORE_FOREVER ? now - then : 0;
}

int64_t rst_store_deadline_in(int64_t ms)
{
    if (ms < 0 || ms > STORE_FOREVER / STORE_NS_PER_MS)
        return STORE_FOREVER;
    return rst_store_time_add(rst_store_monotonic_ns(), ms * STORE_NS_PER_MS);
}

int64_t rst_store_remaining_ns(int64_t deadline)
{
    int64_t now;

    if (deadline == STORE_FOREVER)
        return STORE_FOREVER;
    now = rst_store_monotonic_ns();
    return deadline > now ? deadline - now : 0;
}

int rst_store_remaining_ms(int64_t deadline)
{
    int64_t ns = rst_store_remaining_ns(deadline);

    if (ns >= INT_MAX * STORE_NS_PER_MS)
        return INT_MAX;
    return (int)((ns + STORE_NS_PER_MS - 1) / STORE_NS_PER_MS);
}

static struct timespec timespec_of(int64_t ns)
{
    struct timespec ts = {.tv_sec = (time_t)(ns / STORE_NS_PER_S),
                          .tv_nsec = (long)(ns % STORE_NS_PER_S)};

    return ts;
}

void rst_store_sleep(int64_t ns)
{
    struct timespec left = timespec_of(ns);

    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        ;
}

void rst_threads_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline)
{
    struct timespec until;

    if (deadline == STORE_FOREVER) {
        pthread_cond_wait(cond, mutex);
        return;
    }
    until = timespec_of(deadline);
    pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &until);
}
