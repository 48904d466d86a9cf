/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The local hybrid clock, with a wall clock that the test turns. */

#include "../unit.h"
#include "core/base/clock.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <time.h>

/* The linker puts this in the place of the C library's in the core's calls (see unit.am). */
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

static rst_word wall_ms; /* 0: the real one */

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    uint64_t ms = rst_load(&wall_ms);

    if (!ms || clock == CLOCK_MONOTONIC)
        return __real_clock_gettime(clock, now);
    now->tv_sec = (time_t)(ms / 1000);
    now->tv_nsec = (long)(ms % 1000) * 1000000;
    return 0;
}

/* Where its wall clock stands, in milliseconds; 0: it is the real one. */
static struct roster_oracle_local *new_clock(uint64_t ms)
{
    struct roster_oracle_local *clock = NULL;

    rst_store(&wall_ms, ms);
    unit_ok(roster_oracle_local_create(&clock));
    return clock;
}

static uint64_t ask(struct roster_oracle_local *clock)
{
    uint64_t ts = 0;

    unit_ok(roster_oracle_local_allocate(clock, &ts));
    return ts;
}

Test(oracle, null)
{
    cr_assert_eq(roster_oracle_local_create(NULL), -EINVAL);
    roster_oracle_local_destroy(NULL);
}

Test(oracle, follows_the_wall_clock)
{
    struct roster_oracle_local *clock = new_clock(0);
    uint64_t before, ts;

    /* The coarse clock may be a tick behind. */
    before = rst_clock_ms(CLOCK_REALTIME_COARSE);
    ts = roster_ts_physical_ms(ask(clock));
    cr_assert_leq(ts, rst_clock_ms(CLOCK_REALTIME_COARSE));
    cr_assert_geq(ts, before);
    roster_oracle_local_destroy(clock);
}

Test(oracle, counts_within_a_millisecond)
{
    struct roster_oracle_local *clock = new_clock(5000);
    uint64_t i;

    for (i = 1; i <= 1000; i++)
        cr_assert_eq(ask(clock), roster_ts_compose(5000, i));
    rst_store(&wall_ms, 5001);
    cr_assert_eq(ask(clock), roster_ts_compose(5001, 0));
    cr_assert_eq(roster_oracle_local_ahead_ms(clock), 0);
    roster_oracle_local_destroy(clock);
}

Test(oracle, counts_on_when_the_wall_clock_steps_back)
{
    struct roster_oracle_local *clock = new_clock(9000);
    uint64_t ts;

    ts = ask(clock);
    rst_store(&wall_ms, 2000);
    cr_assert_eq(ask(clock), ts + 1);
    cr_assert_eq(roster_oracle_local_ahead_ms(clock), 7000);
    rst_store(&wall_ms, 8999);
    cr_assert_eq(ask(clock), ts + 2);
    cr_assert_eq(roster_oracle_local_ahead_ms(clock), 1);
    rst_store(&wall_ms, 9001);
    cr_assert_eq(ask(clock), roster_ts_compose(9001, 0), "it has caught up");
    cr_assert_eq(roster_oracle_local_ahead_ms(clock), 0);
    roster_oracle_local_destroy(clock);
}

Test(oracle, runs_ahead_when_a_millisecond_is_used_up)
{
    struct roster_oracle_local *clock = new_clock(7000);
    uint64_t i, last = 0, ts;

    for (i = 0; i <= ROSTER_TS_LOGICAL_MASK; i++) {
        ts = ask(clock);
        cr_assert_gt(ts, last);
        last = ts;
    }
    cr_assert_eq(last, roster_ts_compose(7001, 0));
    cr_assert_eq(roster_oracle_local_ahead_ms(clock), 1);
    roster_oracle_local_destroy(clock);
}

static uint64_t look(struct roster_oracle_local *clock)
{
    uint64_t ts = 0;

    unit_ok(roster_oracle_local_read(clock, &ts));
    return ts;
}

Test(oracle, reading_moves_nothing)
{
    struct roster_oracle_local *clock = new_clock(5000);
    uint64_t ts;

    cr_assert_eq(look(clock), roster_ts_compose(5000, 0));
    rst_store(&wall_ms, 6000);
    cr_assert_eq(look(clock), roster_ts_compose(5000, 0), "until it is advanced");
    roster_oracle_local_advance(clock);
    cr_assert_eq(look(clock), roster_ts_compose(6000, 0));
    ts = ask(clock);
    cr_assert_gt(ts, roster_ts_compose(6000, 0), "it cannot have been read before");
    cr_assert_eq(look(clock), ts, "a commit is seen by who reads after it");
    roster_oracle_local_destroy(clock);
}

Test(oracle, advancing_never_goes_back)
{
    struct roster_oracle_local *clock = new_clock(9000);
    uint64_t ts = ask(clock);

    rst_store(&wall_ms, 2000);
    roster_oracle_local_advance(clock);
    cr_assert_eq(look(clock), ts);
    cr_assert_eq(roster_oracle_local_ahead_ms(clock), 7000);
    roster_oracle_local_destroy(clock);
}

Test(oracle, a_roster_advances_the_clock_that_it_reads)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_oracle_local *clock = new_clock(5000);
    struct roster *roster;

    options.oracle = roster_oracle_local_read;
    options.oracle_arg = clock;
    options.tick_ms = ROSTER_TICK_MANUAL;
    unit_ok(roster_create(&options, &roster));
    rst_store(&wall_ms, 6000);
    cr_assert_eq(look(clock), roster_ts_compose(5000, 0));
    unit_ok(roster_tick(roster));
    cr_assert_eq(look(clock), roster_ts_compose(6000, 0));
    unit_ok(roster_destroy(roster));
    roster_oracle_local_destroy(clock);
}

#define THREADS 4
#define EACH 20000

struct line {
    struct roster_oracle_local *clock;
    roster_oracle_fn *read;
    rst_word wrong;
    rst_word baton; /* the last timestamp that any thread has seen */
};

/*
 * Linearizable: who allocates after another was answered gets more, who reads gets no less. Every
 * third call reads, while the wall clock is stepped back and forth.
 */
static void *ask_often(void *arg)
{
    struct line *line = arg;
    uint64_t seen, ts = 0, i;

    for (i = 0; i < EACH; i++) {
        if (i % 100 == 0)
            rst_store(&wall_ms, i % 200 ? 5000 + i : 3000);
        seen = __atomic_load_n(&line->baton, __ATOMIC_ACQUIRE);
        if (i % 3 == 0)
            cr_expect(line->read(line->clock, &ts) == 0 && ts != 0);
        else
            cr_expect_eq(roster_oracle_local_allocate(line->clock, &ts), 0);
        if (ts < seen + (i % 3 != 0))
            __atomic_fetch_add(&line->wrong, 1, __ATOMIC_RELAXED);
        while (seen < ts && !__atomic_compare_exchange_n(&line->baton, &seen, ts, true,
                                                         __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            ;
    }
    return NULL;
}

static uint64_t count_wrong(roster_oracle_fn *read)
{
    struct line line = {.clock = new_clock(5000), .read = read};
    pthread_t threads[THREADS];
    int i;

    for (i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, ask_often, &line), 0);
    for (i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    roster_oracle_local_destroy(line.clock);
    return line.wrong;
}

Test(oracle, is_linearizable)
{
    cr_assert_eq(count_wrong(roster_oracle_local_read), 0);
}

/* What a read must not do: look at the wall clock, and not let others know. */
static int read_wall_clock(void *clock, uint64_t *ts)
{
    uint64_t wall = roster_ts_compose(rst_load(&wall_ms), 0);

    roster_oracle_local_read(clock, ts);
    if (wall > *ts)
        *ts = wall;
    return 0;
}

Test(oracle, control_a_read_that_is_not_linearizable_is_caught)
{
    cr_assert_gt(count_wrong(read_wall_clock), 0);
}
