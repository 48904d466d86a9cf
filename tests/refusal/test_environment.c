/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Hard times for the core: no threads, hardly any stack, clocks that leap, signals at all moments,
 * threads that are cancelled, little memory.
 */
#include "refuse.h"
#include "storm.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <roster/roster.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DAY_NS INT64_C(86400000000000)

static struct roster *new_roster(int tick_ms)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster;

    options.tick_ms = tick_ms;
    cr_assert_eq(roster_create(&options, &roster), 0);
    return roster;
}

static int visit(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    (void)session;
    (void)view;
    ++*(unsigned *)arg;
    return 0;
}

/* A life with every kind of call. Returns the first error. */
#define try(call)                                                                                  \
    do {                                                                                           \
        int try_err = (call);                                                                      \
        if (try_err)                                                                               \
            return try_err;                                                                        \
    } while (0)

static int read_all(struct roster *roster, uint64_t id)
{
    struct roster_snapshot *snapshot;
    unsigned visited = 0;

    try(roster_read_lock(roster));
    if (!roster_lookup(roster, id) || roster_for_each(roster, visit, &visited) || !visited) {
        roster_read_unlock(roster);
        return -ENOENT;
    }
    roster_read_unlock(roster);
    try(roster_snapshot(roster, &snapshot));
    roster_snapshot_free(snapshot);
    return 0;
}

static int live(struct roster *roster)
{
    struct roster_min min = {.size = sizeof(min)};
    struct roster_stats stats = {.size = sizeof(stats)};
    struct roster_session *session;
    struct roster_pin *pin;
    uint64_t ts;

    try(roster_session_open(roster, NULL, &session));
    try(roster_txn_begin(session, &ts));
    try(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "select", 6, "d", 1));
    try(roster_pin_acquire(roster, session, 0, ROSTER_PIN_CURSOR, &pin));
    try(roster_min_advance(roster, 0, &min));
    if (min.min_start_ts > ts || roster_local_safe_point(roster) > ts)
        return -EDOM;
    try(roster_txn_check(session));
    try(roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_STATEMENT,
                    ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED));
    try(read_all(roster, roster_session_id(session)));
    try(roster_stmt_end(session) == ROSTER_KILL_REASON_INTERRUPTED ? 0 : -EDOM);
    try(roster_txn_finish(session));
    try(roster_pin_release(pin));
    try(roster_stats(roster, &stats));
    return roster_session_close(session);
}

Test(environment, no_thread_can_be_started)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster, *other = NULL;
    struct roster_conn_ids *ids = NULL;
    struct roster_watchdog *watchdog = NULL;
    struct roster_activity *activity = NULL;
    struct roster_watchdog_options watched = ROSTER_WATCHDOG_OPTIONS_INIT;

    refuse_function("pthread_create");
    cr_assert_eq(roster_conn_ids_create(NULL, &ids), -EAGAIN, "the thread that reclaims");
    cr_assert_not_null(refuse_none());
    roster = new_roster(0);
    refuse_function("pthread_create");
    cr_assert_eq(roster_create(&options, &other), -EAGAIN);
    cr_assert_not_null(refuse_none());
    refuse_function("pthread_create");
    cr_assert_eq(roster_watchdog_start(roster, &watched, &watchdog), -EAGAIN);
    cr_assert_not_null(refuse_none());
    refuse_function("pthread_create");
    cr_assert_eq(roster_activity_start(roster, NULL, &activity), -EAGAIN);
    cr_assert_not_null(refuse_none());
    cr_assert_eq(live(roster), 0);
    cr_assert_eq(roster_watchdog_start(roster, &watched, &watchdog), 0);
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

static void *live_there(void *arg)
{
    return (void *)(intptr_t)live(arg);
}

Test(environment, the_smallest_stack_is_enough)
{
    struct roster *roster = new_roster(0);
    pthread_attr_t attr;
    pthread_t thread;
    void *result;

    pthread_attr_init(&attr);
    cr_assert_eq(pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN), 0);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(pthread_create(&thread, &attr, live_there, roster), 0);
        cr_assert_eq(pthread_join(thread, &result), 0);
        cr_assert_eq((intptr_t)result, 0);
    }
    cr_assert_eq(roster_destroy(roster), 0);
}

/* Own threads start with the default stack size, whatever that is. */
Test(environment, own_threads_need_little_stack)
{
    pthread_attr_t attr;
    struct roster *roster;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN);
    cr_assert_eq(pthread_setattr_default_np(&attr), 0);
    roster = new_roster(1);
    for (int i = 0; i < 200; i++)
        cr_assert_eq(live(roster), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

/* G2, G3: transactions begun before and after each leap, in both directions. */
Test(environment, the_wall_clock_leaps)
{
    static const int64_t leaps[] = {DAY_NS, -DAY_NS, 365 * DAY_NS, 0, -20 * DAY_NS, 1, -1};
    struct roster *roster = new_roster(0);
    struct roster_session *sessions[7];
    struct roster_min min = {.size = sizeof(min)};
    uint64_t ts[7], oldest = UINT64_MAX, before = 0;

    for (size_t i = 0; i < 7; i++) {
        refuse_step_wall_clock(leaps[i]);
        cr_assert_eq(roster_tick(roster), 0);
        cr_assert_eq(roster_session_open(roster, NULL, &sessions[i]), 0);
        cr_assert_eq(roster_txn_begin(sessions[i], &ts[i]), 0);
        cr_assert(i == 0 || ts[i] >= ts[i - 1], "the oracle went back");
        oldest = ts[i] < oldest ? ts[i] : oldest;
        cr_assert_eq(roster_min_advance(roster, 0, &min), 0);
        cr_assert_eq(min.min_start_ts, oldest);
        cr_assert(roster_local_safe_point(roster) <= oldest &&
                  roster_local_safe_point(roster) >= before);
        before = roster_local_safe_point(roster);
        cr_assert_eq(roster_txn_check(sessions[i]), 0);
    }
    for (size_t i = 0; i < 7; i++)
        cr_assert_eq(roster_session_close(sessions[i]), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

Test(environment, signals_at_all_moments)
{
    struct roster *roster = new_roster(0);
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_drain_report result = {.size = sizeof(result)};
    struct timespec begun, now;

    storm(150);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do {
        int err = live(roster);

        cr_assert_eq(err, 0, "%d", err);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - begun.tv_sec < 2 ||
             (storm_signals() <= 50 && now.tv_sec - begun.tv_sec < 20));
    options.finish_ms = 50;
    cr_assert_eq(roster_drain(roster, &options, &result), 0);
    cr_assert_eq(roster_destroy(roster), 0);
    storm(0);
    cr_assert_gt(storm_signals(), 50);
}

struct victim {
    struct roster *roster;
    unsigned lives;
};

static void *live_until_cancelled(void *arg)
{
    struct victim *victim = arg;

    for (;;) {
        if (live(victim->roster))
            return arg;
        victim->lives++;
        pthread_testcancel();
    }
}

/* No call is a point where a thread ends, so none leaves a lock or half a change behind. */
Test(environment, threads_are_cancelled)
{
    struct roster *roster = new_roster(0);
    struct roster_stats stats = {.size = sizeof(stats)};

    for (int i = 0; i < 50; i++) {
        struct victim victim = {roster, 0};
        pthread_t thread;
        void *result;

        cr_assert_eq(pthread_create(&thread, NULL, live_until_cancelled, &victim), 0);
        usleep((useconds_t)(i * 37));
        cr_assert_eq(pthread_cancel(thread), 0);
        cr_assert_eq(pthread_join(thread, &result), 0);
        cr_assert_eq(result, PTHREAD_CANCELED);
        cr_assert_eq(live(roster), 0);
    }
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_assert_eq(stats.sessions + stats.pins, 0, "a thread ended inside a call");
    cr_assert_eq(roster_destroy(roster), 0);
}

static void *drain_it(void *roster)
{
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_drain_report result = {.size = sizeof(result)};

    options.finish_ms = 200;
    options.kill_ms = 200;
    roster_drain(roster, &options, &result);
    pthread_testcancel();
    return NULL;
}

Test(environment, a_waiting_thread_is_cancelled)
{
    struct roster *roster = new_roster(0);
    struct roster_session *session;
    pthread_t thread;
    void *result;

    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(pthread_create(&thread, NULL, drain_it, roster), 0);
    usleep(50000);
    cr_assert_eq(pthread_cancel(thread), 0);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_eq(result, PTHREAD_CANCELED);
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0, "the drain still runs");
}

/* What is refused is no time; a clock that has leapt to it would never come back. */
Test(environment, an_oracle_without_a_clock_goes_on_from_where_it_is)
{
    struct roster_oracle_local *clock;
    uint64_t before, after;

    cr_assert_eq(roster_oracle_local_create(&clock), 0);
    cr_assert_eq(roster_oracle_local_allocate(clock, &before), 0);
    refuse_always("clock_gettime", EPERM);
    cr_assert_eq(roster_oracle_local_allocate(clock, &after), 0);
    roster_oracle_local_advance(clock);
    cr_expect_not_null(refuse_none());
    cr_expect_eq(after, before + 1);
    cr_assert_eq(roster_oracle_local_read(clock, &after), 0);
    cr_expect_eq(after, before + 1);
    roster_oracle_local_destroy(clock);
}

#define MANY 1100

static uint64_t memory_of(struct roster *roster)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_stats(roster, &stats), 0);
    return stats.memory;
}

/* By hand, so that this thread makes the table of sessions larger. liburcu would end the process.
 */
Test(environment, without_memory_the_table_of_sessions_stays_as_it_is)
{
    static struct roster_session *sessions[MANY];
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster;
    uint64_t before;
    int i;

    options.tick_ms = ROSTER_TICK_MANUAL;
    options.flags = ROSTER_RECLAIM_MANUAL;
    cr_assert_eq(roster_create(&options, &roster), 0);
    for (i = 0; i < MANY - 1; i++)
        cr_assert_eq(roster_session_open(roster, NULL, &sessions[i]), 0);
    refuse_always("calloc", ENOMEM);
    cr_expect_eq(roster_reclaim(roster), 0);
    cr_expect_str_eq(refuse_none(), "calloc");
    cr_assert_eq(roster_session_open(roster, NULL, &sessions[i]), 0);
    before = memory_of(roster);
    cr_expect_eq(roster_reclaim(roster), 0);
    cr_expect_gt(memory_of(roster), before, "it is larger now");
    cr_assert_eq(read_all(roster, roster_session_id(sessions[0])), 0);
    for (i = 0; i < MANY; i++)
        cr_assert_eq(roster_session_close(sessions[i]), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

struct waited {
    unsigned calls, failures;
};

/* That it is cancelled has been asked for before the first call. */
static void *call_all_that_wait(void *arg)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_min min = {.size = sizeof(min)};
    struct roster_drain_report report = {.size = sizeof(report)};
    struct waited *waited = arg;
    struct roster_activity *activity = NULL;
    struct roster_watchdog *watchdog = NULL;
    struct roster_conn_ids *ids = NULL;
    struct roster_session *session = NULL;
    struct roster_pin *pin = NULL;
    struct roster *roster = NULL;
    uint64_t id = 0;

#define waits(call) (waited->failures += (call) != 0, waited->calls++)
    pthread_cancel(pthread_self());
    waits(roster_create(&options, &roster));
    waits(roster_conn_ids_create(NULL, &ids));
    waits(roster_conn_ids_next(ids, &id));
    waits(roster_conn_ids_release(ids, id));
    waits(roster_conn_ids_destroy(ids));
    waits(roster_quota_set(roster, NULL, 0));
    waits(roster_watchdog_start(roster, NULL, &watchdog));
    waits(roster_watchdog_run_once(watchdog));
    waits(roster_watchdog_stop(watchdog));
    waits(roster_activity_start(roster, NULL, &activity));
    waits(roster_activity_run_once(activity));
    waits(roster_activity_stop(activity));
    waits(roster_session_open(roster, NULL, &session));
    waits(roster_pin_acquire(roster, session, 0, ROSTER_PIN_OTHER, &pin));
    waits(roster_min_advance(roster, 0, &min));
    waits(roster_pin_release(pin));
    waits(roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_CONNECTION, 0,
                      ROSTER_KILL_REASON_INTERRUPTED));
    waits(roster_session_close(session));
    waits(roster_drain(roster, NULL, &report));
    waits(roster_release_wait(roster));
    waits(roster_destroy(roster));
#undef waits
    pthread_testcancel();
    return NULL;
}

Test(environment, no_call_that_waits_is_where_a_thread_ends)
{
    struct waited waited = {0, 0};
    pthread_t thread;
    void *result;

    cr_assert_eq(pthread_create(&thread, NULL, call_all_that_wait, &waited), 0);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_eq(result, PTHREAD_CANCELED);
    cr_assert_eq(waited.calls, 21u, "it ended in call %u", waited.calls + 1);
    cr_assert_eq(waited.failures, 0u);
}

/* In a child: whatever the core asks for is refused in the end, and it says so and goes on. */
static int starve(void)
{
    struct rlimit limit;
    struct roster *roster = new_roster(ROSTER_TICK_MANUAL);
    struct roster_session *session, *first;
    unsigned long opened = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    int err;

    if (!file || fscanf(file, "%lu", &pages) != 1 || roster_session_open(roster, NULL, &first))
        return 1;
    fclose(file);
    limit.rlim_cur = limit.rlim_max = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (4 << 20);
    if (setrlimit(RLIMIT_AS, &limit))
        return 2;
    while (!(err = roster_session_open(roster, NULL, &session)) && opened < 1000000)
        opened++;
    if (err != -ENOMEM || opened < 100)
        return 3;
    if (roster_txn_begin(first, NULL) == 0 && roster_txn_finish(first))
        return 4;
    return roster_session_close(first) ? 5 : 0;
}

Test(environment, memory_is_limited)
{
    pid_t child = fork();
    int status;

    if (child == 0)
        _exit(starve());
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    cr_assert_eq(WEXITSTATUS(status), 0, "step %d", WEXITSTATUS(status));
}
