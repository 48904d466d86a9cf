/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The hybrid clock whose high-water mark outlives its process. */

#include "config.h"

#include "../../store/scratch.h"
#include "../../store/store_fixture.h"
#include "oracle_check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <roster/error.h>
#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/timestamp.h>

static uint64_t wall_ms;

static uint64_t told_wall(void *arg)
{
    return *(uint64_t *)arg;
}

static int make_clock(struct roster_store *store, struct roster_oracle_persistent **clock)
{
    struct roster_oracle_persistent_options options = {.size = sizeof(options),
                                                       .wall_clock = told_wall,
                                                       .wall_arg = &wall_ms,
                                                       .key = "/t/clock",
                                                       .window_ms = 1000};

    return roster_oracle_persistent_create(store, &options, clock);
}

static uint64_t get(struct roster_oracle_persistent *clock)
{
    uint64_t ts = 0;
    int err = roster_oracle_persistent_allocate(clock, &ts);

    cr_assert_eq(err, 0, "no timestamp: %d", err);
    return ts;
}

STORE_TEST(it_increases_when_the_wall_clock_steps_back)
{
    struct roster_oracle_persistent *clock;
    uint64_t first;

    wall_ms = 1000000;
    cr_assert_eq(make_clock(f->store, &clock), 0);
    first = get(clock);
    cr_assert_eq(first, roster_ts_compose(1000000, 0));
    wall_ms = 5000;
    cr_assert_eq(get(clock), first + 1);
    cr_assert_eq(roster_oracle_persistent_ahead_ms(clock), 995000, "it says how far it is ahead");
    wall_ms = 1000001;
    cr_assert_eq(get(clock), roster_ts_compose(1000001, 0));
    cr_assert_eq(roster_oracle_persistent_ahead_ms(clock), 0);
    roster_oracle_persistent_destroy(clock);
}

STORE_TEST(it_increases_across_a_restart_with_a_clock_that_is_behind)
{
    struct roster_oracle_persistent *clock, *next;
    uint64_t last = 0;

    wall_ms = 1000000;
    cr_assert_eq(make_clock(f->store, &clock), 0);
    for (int i = 0; i < 5000; i++) {
        wall_ms += 7; /* moves the mark dozens of times */
        last = get(clock);
    }
    wall_ms = 3000;
    cr_assert_eq(make_clock(f->store, &next), 0);
    cr_assert_gt(get(next), last);
    cr_assert_lt(roster_ts_physical_ms(get(next)), roster_ts_physical_ms(last) + 1003,
                 "a restart skips no more than the window");
    roster_oracle_persistent_destroy(clock);
    roster_oracle_persistent_destroy(next);
}

STORE_TEST(a_mark_that_cannot_be_read_stops_it_at_its_end)
{
    struct roster_oracle_persistent *clock;
    uint64_t first, ts;

    wall_ms = 1000000;
    cr_assert_eq(make_clock(f->store, &clock), 0);
    first = get(clock);
    put_text(f->store, "/t/clock", "nonsense");
    cr_assert_gt(get(clock), first, "below the old mark it goes on");
    wall_ms += 100000;
    cr_assert_eq(roster_oracle_persistent_allocate(clock, &ts), -EBADMSG);
    cr_assert_eq(roster_oracle_persistent_read(clock, &ts), -EBADMSG, "it stays so");
    roster_oracle_persistent_destroy(clock);
}

STORE_TEST(a_clock_that_lost_the_mark_stops_at_its_end)
{
    struct roster_oracle_persistent *clock, *next;
    uint64_t first, ts;

    wall_ms = 1000000;
    cr_assert_eq(make_clock(f->store, &clock), 0);
    first = get(clock);
    cr_assert_eq(make_clock(f->store, &next), 0);
    cr_assert_gt(get(next), first);
    wall_ms += 100000;
    cr_assert_eq(roster_oracle_persistent_allocate(clock, &ts), -EREMCHG);
    cr_assert_eq(roster_oracle_persistent_read(clock, &ts), -EREMCHG, "it stays so");
    cr_assert_eq(get(next), roster_ts_compose(1100000, 0));
    roster_oracle_persistent_destroy(clock);
    roster_oracle_persistent_destroy(next);
}

/* Of one call, an error of the oracle is another number than one of the session. */
STORE_TEST(an_error_of_the_oracle_is_none_of_the_session)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_oracle_persistent *clock, *next;
    struct roster_session *session;
    struct roster *roster;

    wall_ms = 1000000;
    cr_assert_eq(make_clock(f->store, &clock), 0);
    options.oracle = roster_oracle_persistent_read;
    options.oracle_arg = clock;
    cr_assert_eq(roster_create(&options, &roster), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_expect_eq(roster_txn_begin(session, NULL), -EBUSY);
    cr_expect(strstr(roster_store_strerror(-EBUSY), "transaction") != NULL);
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(make_clock(f->store, &next), 0);
    wall_ms += 100000;
    cr_expect_eq(roster_txn_begin(session, NULL), -EREMCHG);
    cr_expect(strstr(roster_store_strerror(-EREMCHG), "store") != NULL);
    roster_session_close(session);
    cr_assert_eq(roster_destroy(roster), 0);
    roster_oracle_persistent_destroy(clock);
    roster_oracle_persistent_destroy(next);
}

/* The next one would be below all that were handed out. */
STORE_TEST(a_mark_at_the_end_of_time_is_refused_whatever_is_accepted)
{
    struct roster_oracle_persistent_options options = {
        .size = sizeof(options), .key = "/t/clock", .max_ahead_ms = UINT64_MAX};
    struct roster_oracle_persistent *clock = NULL;
    struct roster_store_range *range;

    put_text(f->store, "/t/clock", "18446744073709551614 0123456789abcdef");
    cr_assert_eq(roster_oracle_persistent_create(f->store, &options, &clock), -EOVERFLOW);
    range = get_key(f->store, "/t/clock");
    cr_expect(bytes_are(range->kvs[0].value, "18446744073709551614 0123456789abcdef"));
    roster_store_free(range);
}

STORE_TEST(a_garbage_mark_is_refused)
{
    struct roster_oracle_persistent *clock;

    wall_ms = 1000000;
    put_text(f->store, "/t/clock", "12");
    cr_assert_eq(make_clock(f->store, &clock), -EBADMSG);
    put_text(f->store, "/t/clock", "x y");
    cr_assert_eq(make_clock(f->store, &clock), -EBADMSG);
}

STORE_TEST(a_read_moves_nothing_until_time_has_left_it_behind)
{
    struct roster_oracle_persistent *clock;
    uint64_t first, ts;

    wall_ms = 1000000;
    cr_assert_eq(make_clock(f->store, &clock), 0);
    first = get(clock);
    cr_assert_eq(roster_oracle_persistent_read(clock, &ts), 0);
    cr_assert_eq(ts, first);
    cr_assert_eq(get(clock), first + 1);
    wall_ms += 11;
    cr_assert_eq(roster_oracle_persistent_read(clock, &ts), 0);
    cr_assert_eq(ts, roster_ts_compose(1000011, 0));
    wall_ms -= 1000;
    cr_assert_eq(roster_oracle_persistent_read(clock, &ts), 0);
    cr_assert_eq(ts, roster_ts_compose(1000011, 0), "never back");
    roster_oracle_persistent_destroy(clock);
}

Test(oracle_persistent, it_is_linearizable_over_threads)
{
    struct oracle_check *check = oracle_check_new();
    struct roster_oracle_persistent *clock;
    struct roster_store *store;
    void *args[8];

    wall_ms = 1; /* stands still: the logical counter has to carry over, and the mark to move */
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(make_clock(store, &clock), 0);
    for (size_t i = 0; i < 8; i++)
        args[i] = clock;
    check->read = roster_oracle_persistent_read;
    oracle_check_run(check, roster_oracle_persistent_allocate, args, 8, ORACLE_CHECK_CALLS);
    cr_assert_eq(check->failures, 0);
    cr_assert_eq(check->stale, 0);
    cr_assert_eq(oracle_check_duplicates(check), 0);
    roster_oracle_persistent_destroy(clock);
    roster_store_close(store);
    oracle_check_free(check);
}

#ifdef HAVE_SQLITE
/* Writes into shared memory what it was given, until it is killed. */
static int run_clock(const char *url, atomic_uint_fast64_t *told)
{
    struct roster_oracle_persistent_options options = {.size = sizeof(options), .window_ms = 20};
    struct roster_oracle_persistent *clock;
    struct roster_store *store;
    uint64_t ts;

    if (roster_store_open(url, NULL, &store, NULL, 0) != 0 ||
        roster_oracle_persistent_create(store, &options, &clock) != 0)
        return 1;
    for (;;) {
        if (roster_oracle_persistent_allocate(clock, &ts) != 0 || ts <= atomic_load(told))
            return 2;
        atomic_store(told, ts);
    }
}

Test(oracle_persistent, it_increases_across_kill_9)
{
    atomic_uint_fast64_t *told =
        mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char dir[256], url[300];
    uint64_t before;
    pid_t child;
    int status;

    scratch_dir(dir, sizeof(dir));
    snprintf(url, sizeof(url), "sqlite:%s/store.db", dir);
    for (int i = 0; i < 5; i++) {
        before = atomic_load(told);
        child = scratch_fork();
        if (child == 0)
            _exit(run_clock(url, told));
        while (atomic_load(told) < before + roster_ts_compose(100, 0) &&
               waitpid(child, &status, WNOHANG) == 0)
            sleep_ms(10);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it stopped with status %x",
                  (unsigned)status);
    }
    munmap(told, sizeof(*told));
}
#endif
