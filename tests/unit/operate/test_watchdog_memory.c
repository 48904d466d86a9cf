/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The watchdog and memory. Row of the TiDB page: "a global memory limit that kills the one largest
 * consumer, again by force after 60 s, remembering the last 50 kills".
 */

#include "operate.h"
#include "core/base/clock.h"
#include "core/operate/watchdog.h"
#include "core/roster/roster.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#define N 4

static struct roster *roster;
static struct roster_session *sessions[N];
static struct roster_watchdog_options options;
static struct roster_watchdog *watchdog;
static uint64_t now;

static void open_all(void)
{
    static const struct roster_watchdog_options fresh = ROSTER_WATCHDOG_OPTIONS_INIT;

    roster = operate_roster(NULL);
    for (int i = 0; i < N; i++)
        sessions[i] = operate_open(roster, ROSTER_SESSION_USER, "ann");
    now = rst_ticker_now(&roster->ticker);
    options = fresh;
    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.server_memory = 1000;
    options.server_memory_least = 1;
}

static void close_all(void)
{
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    for (int i = 0; i < N; i++)
        unit_close(sessions[i]);
    unit_destroy(roster);
}

TestSuite(watchdog_memory, .init = open_all, .fini = close_all);

static void start(void)
{
    cr_assert_eq(roster_watchdog_start(roster, &options, &watchdog), 0);
}

static void use(int i, uint64_t bytes)
{
    cr_assert_eq(roster_session_set_memory(sessions[i], bytes), 0);
}

static size_t walk_after(uint64_t ms)
{
    now += ms * OPERATE_MS;
    watchdog->n_events = 0;
    cr_assert_eq(rst_watchdog_walk(watchdog, now), 0);
    return watchdog->n_events;
}

static void run_all(void)
{
    for (int i = 0; i < N; i++) {
        operate_begin(sessions[i], "select 1");
        use(i, 100 * (uint64_t)(i + 1));
    }
}

/* Together they use more than a number holds, and not little. */
Test(watchdog_memory, what_sessions_say_they_use_is_added_up_without_end)
{
    start();
    run_all();
    use(0, UINT64_MAX);
    use(1, UINT64_MAX - 2000);
    cr_expect_eq(walk_after(1), 1);
    cr_expect_eq(watchdog->memory, UINT64_MAX);
    cr_expect_eq(roster_killed(sessions[0]), ROSTER_KILL_REASON_SERVER_MEMORY);
    for (int i = 0; i < N; i++)
        (void)roster_stmt_end(sessions[i]);
}

Test(watchdog_memory, a_session_over_its_own_limit_loses_its_statement)
{
    options.server_memory = 0;
    options.memory = 300;
    start();
    run_all();
    cr_assert_eq(walk_after(1), 1, "300 is not over 300");
    cr_assert_eq(watchdog->events[0].reason, ROSTER_KILL_REASON_QUERY_MEMORY);
    cr_assert_eq(watchdog->events[0].memory, 400);
    cr_assert_eq(watchdog->events[0].limit, 300);
    cr_assert_eq(roster_killed(sessions[3]), ROSTER_KILL_REASON_QUERY_MEMORY);
    cr_assert_eq(roster_session_set_limit(sessions[0], ROSTER_LIMIT_MEMORY, 50), 0);
    cr_assert_eq(walk_after(1), 1);
    cr_assert_eq(roster_killed(sessions[0]), ROSTER_KILL_REASON_QUERY_MEMORY);
}

Test(watchdog_memory, an_idle_session_over_its_limit_stays)
{
    options.server_memory = 0;
    options.memory = 300;
    start();
    use(0, 1000);
    cr_assert_eq(walk_after(1), 0);
}

Test(watchdog_memory, the_largest_goes_when_all_together_use_too_much)
{
    struct roster_memory_kill kills[2];
    size_t count = 2;

    start();
    run_all();
    cr_assert_eq(walk_after(1), 0, "1000 is not over 1000");
    use(1, 201);
    cr_assert_eq(walk_after(1), 1);
    cr_assert_eq(watchdog->events[0].session_id, roster_session_id(sessions[3]));
    cr_assert_eq(watchdog->events[0].reason, ROSTER_KILL_REASON_SERVER_MEMORY);
    cr_assert_eq(watchdog->events[0].target, ROSTER_KILL_TARGET_STATEMENT);
    cr_assert_eq(roster_killed(sessions[3]), ROSTER_KILL_REASON_SERVER_MEMORY);
    cr_assert_eq(walk_after(1), 0, "it is given time to end");
    cr_assert_eq(roster_watchdog_memory_kills(watchdog, kills, &count), 0);
    cr_assert_eq(count, 1);
    cr_assert_eq(kills[0].session_id, roster_session_id(sessions[3]));
    cr_assert_eq(kills[0].memory, 400);
    cr_assert_eq(kills[0].used, 1001);
    cr_assert_eq(kills[0].limit, 1000);
    cr_assert_eq(kills[0].forced, 0);
    cr_assert_eq(kills[0].stmt_seq, 1);
    cr_assert_str_eq(kills[0].user, "ann");
    cr_assert_str_eq(kills[0].text, "select 1");
    /* By the same clock: time() is of the kernel's last tick. */
    cr_assert_leq(kills[0].at_ms, rst_clock_ms(CLOCK_REALTIME));
    cr_assert_geq(kills[0].at_ms / 1000 + 60, (uint64_t)time(NULL));
}

Test(watchdog_memory, the_next_goes_only_when_the_first_has_ended)
{
    options.stuck_ms = ROSTER_LIMIT_NONE;
    start();
    run_all();
    use(0, 1000);
    cr_assert_eq(walk_after(1), 1);
    cr_assert_eq(watchdog->events[0].session_id, roster_session_id(sessions[0]));
    for (int i = 0; i < 100; i++)
        cr_assert_eq(walk_after(500), 0);
    cr_assert_eq(roster_stmt_end(sessions[0]), ROSTER_KILL_REASON_SERVER_MEMORY);
    cr_assert_eq(walk_after(1), 1, "it ended and gave nothing back");
    cr_assert_eq(watchdog->events[0].session_id, roster_session_id(sessions[3]));
}

Test(watchdog_memory, by_force_when_it_does_not_end)
{
    struct roster_memory_kill kills[3];
    size_t count = 3;

    options.stuck_ms = ROSTER_LIMIT_NONE;
    options.statement_ms = ROSTER_LIMIT_NONE;
    start();
    run_all();
    use(0, 1000);
    cr_assert_eq(walk_after(1), 1);
    cr_assert_eq(walk_after(60000), 0);
    cr_assert_eq(walk_after(1001), 1, "after 60 s");
    cr_assert_eq(watchdog->events[0].target, ROSTER_KILL_TARGET_CONNECTION);
    cr_assert_eq(watchdog->events[0].session_id, roster_session_id(sessions[0]));
    cr_assert_eq(roster_killed(sessions[0]),
                 ROSTER_KILL_REASON_SERVER_MEMORY | ROSTER_KILLED_CONNECTION);
    cr_assert_eq(walk_after(1), 1, "then it is given up");
    cr_assert_eq(watchdog->events[0].session_id, roster_session_id(sessions[3]));
    cr_assert_eq(roster_watchdog_memory_kills(watchdog, kills, &count), 0);
    cr_assert_eq(count, 3);
    cr_assert(kills[2].forced == 0 && kills[1].forced == 1 && kills[0].forced == 0);
    cr_assert_eq(kills[1].session_id, kills[2].session_id);
}

Test(watchdog_memory, idle_and_small_sessions_are_not_killed_for_it)
{
    options.server_memory_least = 401;
    start();
    run_all();
    cr_assert_eq(roster_stmt_end(sessions[0]), 0);
    use(0, 100000);
    cr_assert_eq(walk_after(1), 0, "the idle one has no statement, the others are small");
    use(2, 401);
    cr_assert_eq(walk_after(1), 1);
    cr_assert_eq(watchdog->events[0].session_id, roster_session_id(sessions[2]));
}

static uint64_t told_memory(void *arg)
{
    return *(uint64_t *)arg;
}

Test(watchdog_memory, the_server_may_measure_itself)
{
    uint64_t used = 1000;

    options.memory_used = told_memory;
    options.memory_used_arg = &used;
    start();
    run_all();
    use(3, 5000);
    cr_assert_eq(walk_after(1), 0);
    used = 1001;
    cr_assert_eq(walk_after(1), 1);
}

Test(watchdog_memory, the_newest_fifty_kills_are_remembered)
{
    struct roster_memory_kill kills[60];
    size_t count = 60;

    start();
    for (int i = 0; i < 60; i++) {
        operate_begin(sessions[0], "select 1");
        use(0, 2000 + (uint64_t)i);
        cr_assert_eq(walk_after(1), 1);
        cr_assert_eq(roster_stmt_end(sessions[0]), ROSTER_KILL_REASON_SERVER_MEMORY);
    }
    cr_assert_eq(roster_watchdog_memory_kills(watchdog, kills, &count), 0);
    cr_assert_eq(count, 50);
    for (size_t i = 0; i < 50; i++)
        cr_assert_eq(kills[i].memory, 2059 - i, "newest first");
    count = 2;
    cr_assert_eq(roster_watchdog_memory_kills(watchdog, kills, &count), 0);
    cr_assert_eq(count, 2);
    cr_assert_eq(roster_watchdog_memory_kills(NULL, kills, &count), -EINVAL);
    cr_assert_eq(roster_watchdog_memory_kills(watchdog, NULL, &count), -EINVAL);
    cr_assert_eq(roster_watchdog_memory_kills(watchdog, kills, NULL), -EINVAL);
}

/* A worker that rejects kills uses most, and has a limit of its own: the next largest goes, and
 * nothing is reported again and again. */
Test(watchdog_memory, who_rejects_kills_is_passed_over)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *worker = NULL;

    attr.kind = ROSTER_SESSION_BACKGROUND;
    cr_assert_eq(roster_session_open(roster, &attr, &worker), 0);
    start();
    operate_begin(worker, "compact");
    cr_assert_eq(roster_session_set_memory(worker, 5000), 0);
    cr_assert_eq(roster_session_set_limit(worker, ROSTER_LIMIT_MEMORY, 100), 0);
    cr_assert_eq(roster_session_set_limit(worker, ROSTER_LIMIT_EXECUTION, 1), 0);
    operate_begin(sessions[0], "select 1");
    use(0, 500);
    cr_assert_eq(walk_after(10), 1);
    cr_assert_eq(watchdog->events[0].session_id, roster_session_id(sessions[0]));
    cr_assert_eq(watchdog->events[0].result, 0);
    cr_assert_eq(roster_killed(sessions[0]), ROSTER_KILL_REASON_SERVER_MEMORY);
    cr_assert_eq(roster_killed(worker), 0);
    cr_assert_eq(walk_after(10), 0);
    unit_close(worker);
}
