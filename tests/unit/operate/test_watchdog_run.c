/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The watchdog at work: its thread, run_once, its arguments, its kills beside busy owners. */

#include "watchdog_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include <criterion/criterion.h>

TestSuite(watchdog_run, .init = wd_open_all, .fini = wd_close_all);

static unsigned told;
static int told_error;

static void count_event(const struct roster_event *event, void *arg)
{
    if (event->kind == ROSTER_EVENT_ERROR) {
        __atomic_store_n(&told_error, event->result, __ATOMIC_RELAXED);
        return;
    }
    cr_expect_eq(event->kind, ROSTER_EVENT_KILL);
    cr_expect_eq(arg, &told);
    __atomic_fetch_add(&told, 1, __ATOMIC_RELAXED);
}

Test(watchdog_run, its_thread_walks_by_itself)
{
    wd.options.interval_ms = 1;
    wd.options.execution_ms = 5;
    wd.options.event = count_event;
    wd.options.event_arg = &told;
    wd_start();
    cr_assert_eq(roster_tick(wd.roster), 0);
    operate_begin(wd.user, "select 1");
    for (int i = 0; i < 5000 && !roster_killed(wd.user); i++)
        usleep(1000);
    cr_assert_eq(roster_killed(wd.user), ROSTER_KILL_REASON_MAX_EXECUTION_TIME);
    for (int i = 0; i < 5000 && !__atomic_load_n(&told, __ATOMIC_RELAXED); i++)
        usleep(1000);
    cr_assert_eq(roster_watchdog_stop(wd.watchdog), 0);
    wd.watchdog = NULL;
    cr_assert_eq(told, 1);
}

Test(watchdog_run, run_once_walks_at_the_present_and_tells_an_error_once)
{
    wd.options.event = count_event;
    wd.options.event_arg = &told;
    wd.options.execution_ms = 1;
    wd_start();
    cr_assert_eq(roster_tick(wd.roster), 0);
    operate_begin(wd.user, "select 1");
    cr_assert_eq(roster_watchdog_run_once(wd.watchdog), 0);
    usleep(3000);
    cr_assert_eq(roster_watchdog_run_once(wd.watchdog), 0);
    cr_assert_eq(told, 1);
    wd.oracle.err = -EIO;
    cr_assert_eq(roster_watchdog_run_once(wd.watchdog), -EIO);
    cr_assert_eq(told_error, -EIO);
    told_error = 0;
    cr_assert_eq(roster_watchdog_run_once(wd.watchdog), -EIO);
    cr_assert_eq(told_error, 0);
}

Test(watchdog_run, arguments_are_checked)
{
    struct {
        struct roster_watchdog_options known;
        uint64_t unknown;
    } larger = {ROSTER_WATCHDOG_OPTIONS_INIT, 1};
    struct roster_watchdog *other = NULL;

    cr_assert_eq(roster_watchdog_start(NULL, &wd.options, &other), -EINVAL);
    cr_assert_eq(roster_watchdog_start(wd.roster, &wd.options, NULL), -EINVAL);
    wd.options.interval_ms = -2;
    cr_assert_eq(roster_watchdog_start(wd.roster, &wd.options, &other), -EINVAL);
    wd.options.interval_ms = 60001;
    cr_assert_eq(roster_watchdog_start(wd.roster, &wd.options, &other), -EINVAL);
    wd.options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    wd.options.reserved = 1;
    cr_assert_eq(roster_watchdog_start(wd.roster, &wd.options, &other), -EINVAL);
    wd.options.reserved = 0;
    wd.options.size--;
    cr_assert_eq(roster_watchdog_start(wd.roster, &wd.options, &other), -EINVAL);
    wd.options.size++;
    larger.known.size = sizeof(larger);
    cr_assert_eq(roster_watchdog_start(wd.roster, &larger.known, &other), -E2BIG);
    cr_assert_eq(roster_watchdog_run_once(NULL), -EINVAL);
    cr_assert_null(other);
    wd_start();
    unit_in_child(roster_watchdog_run_once(wd.watchdog) == -ECHILD &&
                  roster_watchdog_stop(wd.watchdog) == -ECHILD &&
                  roster_watchdog_start(wd.roster, NULL, &other) == -ECHILD);
    cr_assert_eq(roster_watchdog_start(wd.roster, NULL, &other), 0,
                 "two watchdogs, one with a thread");
    cr_assert_eq(roster_watchdog_stop(other), 0);
}

Test(watchdog_run, a_roster_is_not_destroyed_under_it)
{
    struct roster *other = operate_roster(NULL);
    struct roster_watchdog *its = NULL;

    cr_assert_eq(roster_watchdog_start(other, &wd.options, &its), 0);
    cr_assert_eq(roster_destroy(other), -EBUSY);
    cr_assert_eq(roster_watchdog_stop(its), 0);
    unit_destroy(other);
}

#define STORM_SESSIONS 4

static uint32_t storm_stop;
static uint64_t storm_ended;
static uint64_t storm_delivered;

static void *run_statements(void *arg)
{
    struct roster_session *session = operate_open(wd.roster, ROSTER_SESSION_USER, "storm");

    (void)arg;
    while (!__atomic_load_n(&storm_stop, __ATOMIC_RELAXED)) {
        cr_expect_eq(roster_txn_begin(session, NULL), 0);
        operate_begin(session, "select 1");
        cr_expect_eq(roster_session_set_memory(session, 100), 0);
        for (int i = 0; i < 100 && !roster_killed(session); i++)
            ;
        if (roster_stmt_end(session) > 0)
            __atomic_fetch_add(&storm_ended, 1, __ATOMIC_RELAXED);
        cr_expect_eq(roster_session_set_memory(session, 0), 0);
        cr_expect_eq(roster_txn_finish(session), 0);
    }
    unit_close(session);
    return NULL;
}

static void count_delivered(const struct roster_event *event, void *arg)
{
    (void)arg;
    if (event->kind != ROSTER_EVENT_KILL)
        return;
    cr_expect_eq(event->reason, ROSTER_KILL_REASON_QUERY_MEMORY);
    storm_delivered += event->result == 0;
}

/* Each kill that the watchdog told of as delivered ended one statement; no other did (G5). */
Test(watchdog_run, its_kills_end_the_statements_they_were_aimed_at)
{
    struct roster_options with_clock = ROSTER_OPTIONS_INIT;
    struct roster *mine = wd.roster;
    pthread_t threads[STORM_SESSIONS];

    cr_assert_eq(roster_create(&with_clock, &wd.roster), 0);
    wd.options.memory = 50;
    wd.options.event = count_delivered;
    wd_start();
    for (int i = 0; i < STORM_SESSIONS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_statements, NULL), 0);
    for (int i = 0; i < 500 || (storm_delivered == 0 && i < 100000); i++)
        cr_assert_eq(roster_watchdog_run_once(wd.watchdog), 0);
    __atomic_store_n(&storm_stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < STORM_SESSIONS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(roster_watchdog_stop(wd.watchdog), 0);
    wd.watchdog = NULL;
    cr_assert_gt(storm_delivered, 0);
    cr_assert_eq(storm_delivered, storm_ended, "%lu delivered, %lu ended",
                 (unsigned long)storm_delivered, (unsigned long)storm_ended);
    unit_destroy(wd.roster);
    wd.roster = mine;
}

/* What a stop from the watchdog's own function comes to. */
static int stopped_inside;

static void stop_inside(const struct roster_event *event, void *arg)
{
    (void)event;
    (void)arg;
    __atomic_store_n(&stopped_inside, roster_watchdog_stop(wd.watchdog), __ATOMIC_RELEASE);
}

Test(watchdog_run, it_is_not_stopped_by_its_own_function)
{
    wd.options.event = stop_inside;
    wd.options.statement_ms = 1;
    wd_start();
    operate_begin(wd.user, "select 1");
    while (__atomic_load_n(&stopped_inside, __ATOMIC_ACQUIRE) == 0)
        cr_assert_eq(roster_watchdog_run_once(wd.watchdog), 0);
    cr_assert_eq(stopped_inside, -EDEADLK);
    cr_assert_eq(roster_watchdog_run_once(wd.watchdog), 0, "it goes on");
}

/* The same of the function that is asked during the walk, also in a walk that was called for. The
 * thread walks before wd_start() has returned what is to be stopped. */
static struct roster_watchdog *to_stop;

static uint64_t stop_asked(void *arg)
{
    struct roster_watchdog *watchdog = __atomic_load_n(&to_stop, __ATOMIC_ACQUIRE);

    (void)arg;
    if (watchdog)
        __atomic_store_n(&stopped_inside, roster_watchdog_stop(watchdog), __ATOMIC_RELEASE);
    return 0;
}

Test(watchdog_run, it_is_not_stopped_by_what_it_asks)
{
    wd.options.memory_used = stop_asked;
    wd.options.server_memory = 1;
    wd_start();
    __atomic_store_n(&to_stop, wd.watchdog, __ATOMIC_RELEASE);
    cr_assert_eq(roster_watchdog_run_once(wd.watchdog), 0);
    cr_assert_eq(__atomic_load_n(&stopped_inside, __ATOMIC_ACQUIRE), -EDEADLK);
    __atomic_store_n(&to_stop, NULL, __ATOMIC_RELEASE);
    cr_assert_eq(roster_watchdog_stop(wd.watchdog), 0);
    stopped_inside = 0;
    wd.options.interval_ms = 1;
    wd_start();
    __atomic_store_n(&to_stop, wd.watchdog, __ATOMIC_RELEASE);
    while (__atomic_load_n(&stopped_inside, __ATOMIC_ACQUIRE) == 0)
        usleep(1000);
    cr_assert_eq(__atomic_load_n(&stopped_inside, __ATOMIC_ACQUIRE), -EDEADLK);
}
