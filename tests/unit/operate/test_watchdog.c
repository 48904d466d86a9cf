/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What the watchdog kills for being too slow, idle for too long or too old. Rows of the TiDB page:
 * "Max execution time is strict: age > limit", "in a transaction the idle-transaction timeout
 * replaces the session's wait timeout".
 */

#include "watchdog_fixture.h"

#include <errno.h>

#include <criterion/criterion.h>

TestSuite(watchdog, .init = wd_open_all, .fini = wd_close_all);

static void is_kill(const struct roster_session *session, enum roster_kill_reason reason,
                    enum roster_kill_target target, uint64_t limit)
{
    const struct roster_event *event = wd_only_event(ROSTER_EVENT_KILL);

    cr_assert_eq(event->session_id, roster_session_id(session));
    cr_assert_eq(event->session_kind, roster_session_kind(session));
    cr_assert_eq(event->reason, reason);
    cr_assert_eq(event->target, target);
    cr_assert_eq(event->limit, limit);
    cr_assert_eq(event->result, 0);
}

Test(watchdog, max_execution_time_is_strict_and_aimed)
{
    uint64_t began = wd_now();
    const struct roster_event *event;

    wd.options.execution_ms = 1000;
    wd_start();
    operate_begin(wd.user, "select sleep(5)");
    cr_assert_eq(wd_walk_at(began + 1000 * OPERATE_MS), 0, "age == limit stays");
    cr_assert_eq(roster_killed(wd.user), 0);
    cr_assert_eq(wd_walk_at(began + 1000 * OPERATE_MS + 1), 1);
    is_kill(wd.user, ROSTER_KILL_REASON_MAX_EXECUTION_TIME, ROSTER_KILL_TARGET_STATEMENT, 1000);
    event = &wd.watchdog->events[0];
    cr_assert_eq(event->stmt_seq, roster_stmt_seq(wd.user));
    cr_assert_eq(event->age_ms, 1000);
    cr_assert_str_eq(event->text, "select sleep(5)");
    cr_assert_str_eq(event->user, "ann");
    cr_assert_eq(roster_killed(wd.user), ROSTER_KILL_REASON_MAX_EXECUTION_TIME);
    cr_assert_eq(wd_walk_at(began + 2000 * OPERATE_MS), 0, "it is killed once");
    cr_assert_eq(roster_stmt_end(wd.user), ROSTER_KILL_REASON_MAX_EXECUTION_TIME);
    operate_advance(wd.roster, 2000);
    operate_begin(wd.user, "select 2");
    cr_assert_eq(wd_walk_at(wd_now() + 500 * OPERATE_MS), 0);
    cr_assert_eq(roster_killed(wd.user), 0, "the next statement has its own time");
    cr_assert_eq(roster_stmt_end(wd.user), 0);
}

Test(watchdog, a_clock_that_has_not_ticked_makes_no_session_old)
{
    wd.options.execution_ms = 1;
    wd.options.idle_ms = 1;
    wd_start();
    operate_advance(wd.roster, 100);
    operate_begin(wd.user, "select 1");
    cr_assert_eq(wd_walk_at(wd_now() - 50 * OPERATE_MS), 0, "ages never wrap");
}

Test(watchdog, defaults_are_for_users_and_own_limits_for_everyone)
{
    uint64_t began = wd_now();

    wd.options.execution_ms = 1000;
    wd_start();
    operate_begin(wd.internal, "analyze table t");
    cr_assert_eq(wd_walk_at(began + 5000 * OPERATE_MS), 0, "internal sessions have no defaults");
    cr_assert_eq(roster_session_set_limit(wd.internal, ROSTER_LIMIT_EXECUTION, 5000), 0);
    cr_assert_eq(wd_walk_at(began + 5000 * OPERATE_MS), 0);
    cr_assert_eq(wd_walk_at(began + 5001 * OPERATE_MS), 1);
    is_kill(wd.internal, ROSTER_KILL_REASON_MAX_EXECUTION_TIME, ROSTER_KILL_TARGET_STATEMENT, 5000);

    operate_begin(wd.user, "select 1");
    cr_assert_eq(roster_session_set_limit(wd.user, ROSTER_LIMIT_EXECUTION, ROSTER_LIMIT_NONE), 0);
    cr_assert_eq(wd_walk_at(began + 50000 * OPERATE_MS), 1, "but for the one that is stuck");
    wd_only_event(ROSTER_EVENT_STUCK);
    cr_assert_eq(roster_killed(wd.user), 0);
    cr_assert_eq(roster_session_set_limit(wd.user, ROSTER_LIMIT_EXECUTION, 0), 0);
    cr_assert_eq(wd_walk_at(began + 50000 * OPERATE_MS), 1);
    is_kill(wd.user, ROSTER_KILL_REASON_MAX_EXECUTION_TIME, ROSTER_KILL_TARGET_STATEMENT, 1000);
}

Test(watchdog, idle_sessions_lose_their_connection)
{
    uint64_t since;

    wd.options.idle_ms = 100;
    wd_start();
    operate_advance(wd.roster, 1000);
    operate_begin(wd.user, "select 1");
    cr_assert_eq(wd_walk_at(wd_now() + 1000 * OPERATE_MS), 0, "it is not idle");
    cr_assert_eq(roster_stmt_end(wd.user), 0);
    since = wd_now();
    cr_assert_eq(wd_walk_at(since + 100 * OPERATE_MS), 0);
    cr_assert_eq(wd_walk_at(since + 100 * OPERATE_MS + 1), 1);
    is_kill(wd.user, ROSTER_KILL_REASON_IDLE, ROSTER_KILL_TARGET_CONNECTION, 100);
    cr_assert_eq(wd.watchdog->events[0].stmt_seq, 0);
    cr_assert_eq(roster_killed(wd.user), ROSTER_KILL_REASON_IDLE | ROSTER_KILLED_CONNECTION);
    cr_assert_eq(roster_killed(wd.internal), 0);
}

Test(watchdog, inside_a_transaction_its_own_timeout_replaces_the_idle_timeout)
{
    wd.options.idle_ms = 100;
    wd.options.txn_idle_ms = 1000;
    wd_start();
    cr_assert_eq(roster_txn_begin(wd.user, NULL), 0);
    cr_assert_eq(wd_walk_at(wd_now() + 1000 * OPERATE_MS), 0);
    cr_assert_eq(roster_txn_set_state(wd.user, ROSTER_RUN_COMMITTING), 0);
    cr_assert_eq(wd_walk_at(wd_now() + 5000 * OPERATE_MS), 0, "committing is not idle");
    cr_assert_eq(roster_txn_set_state(wd.user, ROSTER_RUN_IDLE), 0);
    cr_assert_eq(wd_walk_at(wd_now() + 1001 * OPERATE_MS), 1);
    is_kill(wd.user, ROSTER_KILL_REASON_TXN_IDLE, ROSTER_KILL_TARGET_TRANSACTION, 1000);
    cr_assert_eq(roster_killed(wd.user), ROSTER_KILL_REASON_TXN_IDLE | ROSTER_KILLED_TRANSACTION);
}

Test(watchdog, a_shorter_transaction_timeout_replaces_a_longer_one_too)
{
    wd.options.idle_ms = 1000;
    wd.options.txn_idle_ms = 100;
    wd_start();
    cr_assert_eq(wd_walk_at(wd_now() + 500 * OPERATE_MS), 0);
    cr_assert_eq(roster_txn_prepare(wd.user), 0);
    cr_assert_eq(wd_walk_at(wd_now() + 500 * OPERATE_MS), 1, "pending counts as inside");
    is_kill(wd.user, ROSTER_KILL_REASON_TXN_IDLE, ROSTER_KILL_TARGET_TRANSACTION, 100);
}

Test(watchdog, without_a_transaction_timeout_the_idle_timeout_holds_inside_too)
{
    wd.options.idle_ms = 100;
    wd_start();
    cr_assert_eq(roster_txn_begin(wd.user, NULL), 0);
    cr_assert_eq(roster_session_set_limit(wd.user, ROSTER_LIMIT_TXN_IDLE, ROSTER_LIMIT_NONE), 0);
    cr_assert_eq(wd_walk_at(wd_now() + 5000 * OPERATE_MS), 0, "none is none");
    cr_assert_eq(roster_session_set_limit(wd.user, ROSTER_LIMIT_TXN_IDLE, 0), 0);
    cr_assert_eq(wd_walk_at(wd_now() + 101 * OPERATE_MS), 1);
    is_kill(wd.user, ROSTER_KILL_REASON_TXN_IDLE, ROSTER_KILL_TARGET_TRANSACTION, 100);
}

Test(watchdog, old_transactions_are_killed)
{
    uint64_t ts;

    wd.options.txn_age_ms = 1000;
    wd_start();
    cr_assert_eq(roster_txn_begin(wd.user, &ts), 0);
    operate_begin(wd.user, "select 1");
    wd.oracle.physical_ms += 7200000;
    cr_assert_eq(wd_walk_at(wd_now()), 0, "a step of the wall clock is no age");
    wd.oracle.physical_ms -= 7200000;
    cr_assert_eq(wd_walk_at(wd_now() + 1000 * OPERATE_MS), 0, "age == limit stays");
    cr_assert_eq(wd_walk_at(wd_now() + 1001 * OPERATE_MS), 1);
    is_kill(wd.user, ROSTER_KILL_REASON_TXN_AGE, ROSTER_KILL_TARGET_TRANSACTION, 1000);
    cr_assert_eq(wd.watchdog->events[0].start_ts, ts);
    cr_assert_eq(wd.watchdog->events[0].age_ms, 1001);
    cr_assert_eq(roster_killed(wd.user), ROSTER_KILL_REASON_TXN_AGE | ROSTER_KILLED_TRANSACTION);
    cr_assert_eq(wd_walk_at(wd_now()), 0);
}

Test(watchdog, an_oracle_that_fails_stops_no_limit_that_goes_by_the_clock)
{
    uint64_t began = wd_now();

    wd.options.txn_age_ms = 1000;
    wd.options.execution_ms = 1000;
    wd_start();
    cr_assert_eq(roster_txn_begin(wd.user, NULL), 0);
    operate_begin(wd.user, "select 1");
    wd.oracle.physical_ms += 100000;
    wd.oracle.err = -EIO;
    cr_assert_eq(rst_watchdog_walk(wd.watchdog, began + 2000 * OPERATE_MS), -EIO);
    is_kill(wd.user, ROSTER_KILL_REASON_TXN_AGE, ROSTER_KILL_TARGET_TRANSACTION, 1000);
}
