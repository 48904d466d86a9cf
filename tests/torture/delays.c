/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Delays at random.
 */
#include "delays.h"

#include "rng.h"

#include <sched.h>
#include <time.h>

#define COLD_LINES (UINT64_C(1) << 20) /* 64 MiB, more than any share of a cache */

void rst_test_point_reached(const char *name);

static __thread struct rng rng;
static __thread unsigned test_points_delay;
static char cold[COLD_LINES][64] __attribute__((aligned(64)));

void delays_enable(uint64_t seed, uint64_t stream, unsigned often)
{
    rng = rng_make(seed, stream + UINT64_C(0x64656c61));
    test_points_delay = often;
}

static void spin(uint64_t turns)
{
    for (; turns; turns--)
        __asm__ __volatile__("" ::: "memory");
}

static void sleep_ns(long ns)
{
    struct timespec span = {0, ns};

    nanosleep(&span, NULL);
}

void delay_shortly(void)
{
    spin(rng_below(&rng, 1000));
}

void delay_stores(void)
{
    unsigned n;

    /* Relaxed atomics, because every thread writes here and none reads. */
    for (n = 0; n < 48; n++)
        __atomic_store_n(&cold[rng_below(&rng, COLD_LINES)][0], 1, __ATOMIC_RELAXED);
}

void delay_now(void)
{
    uint64_t kind = rng_below(&rng, 100);

    if (kind < 40)
        delay_stores();
    else if (kind < 65)
        spin(rng_below(&rng, 2000));
    else if (kind < 90)
        sched_yield();
    else if (kind < 98)
        spin(rng_below(&rng, 20000));
    else
        sleep_ns((long)rng_below(&rng, 100000));
}

void delay_sometimes(unsigned often)
{
    if (often && rng_below(&rng, 65536) < often)
        delay_now();
}

void rst_test_point_reached(const char *name)
{
    (void)name;
    delay_sometimes(test_points_delay);
}
