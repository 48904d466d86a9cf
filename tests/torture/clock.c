/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The timestamp oracles of the torture.
 */
#include "clock.h"

#include "delays.h"
#include "report.h"

#include <pthread.h>
#include <sched.h>

#define ROUNDS 5000

#ifdef __x86_64__
/* The fences let no load pass; they leave stores in the store buffer, which is what we are after.
 */
static uint64_t time_stamp(void)
{
    uint32_t low, high;

    __asm__ __volatile__("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

struct pair {
    uint64_t turn; /* whose turn it is, by its lowest bit */
    uint64_t last;
    bool wrong;
};

/* Two threads take turns: each must read a greater number than the other just did. */
static void take_turns(struct pair *pair, uint64_t me)
{
    uint64_t turn, now, waited = 0;

    while ((turn = __atomic_load_n(&pair->turn, __ATOMIC_ACQUIRE)) < 2 * ROUNDS) {
        if ((turn & 1) != me) {
            if (++waited % 1024 == 0)
                sched_yield();
            continue;
        }
        now = time_stamp();
        if (now <= pair->last)
            pair->wrong = true;
        pair->last = now;
        __atomic_store_n(&pair->turn, turn + 1, __ATOMIC_RELEASE);
    }
}

static void *second_turn(void *arg)
{
    take_turns(arg, 1);
    return NULL;
}

static bool plain_works;

static void try_plain(void)
{
    struct pair pair = {0, 0, false};
    pthread_t thread;

    if (pthread_create(&thread, NULL, second_turn, &pair))
        return;
    take_turns(&pair, 0);
    pthread_join(thread, NULL);
    plain_works = !pair.wrong;
}

bool clock_plain_works(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, try_plain);
    return plain_works;
}
#else
static uint64_t time_stamp(void)
{
    return 0;
}

bool clock_plain_works(void)
{
    return false;
}
#endif

void clock_init(struct torture_clock *clock, enum clock_kind kind)
{
    clock->kind = kind == CLOCK_PLAIN && !clock_plain_works() ? CLOCK_COUNTER : kind;
    clock->delays = kind == CLOCK_REMOTE ? 6000 : 100;
    clock->counter = NULL;
    if (clock->kind != CLOCK_PLAIN && roster_oracle_local_create(&clock->counter))
        violation("harness", "no memory for a clock");
}

void clock_destroy(struct torture_clock *clock)
{
    roster_oracle_local_destroy(clock->counter);
}

int clock_get(void *arg, uint64_t *ts)
{
    static __thread unsigned calls;
    struct torture_clock *clock = arg;

    delay_sometimes(clock->delays);
    if (clock->kind == CLOCK_PLAIN)
        *ts = time_stamp();
    else if (++calls % 2 ? roster_oracle_local_read(clock->counter, ts)
                         : roster_oracle_local_allocate(clock->counter, ts))
        return -1;
    delay_sometimes(clock->delays);
    return 0;
}
