/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What the watchdog tells of besides its kills, and how. Rows of the TiDB page: expensive
 * statements and transactions, and kills that have no effect.
 */

#include "watchdog_fixture.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(watchdog_events, .init = wd_open_all, .fini = wd_close_all);

Test(watchdog_events, expensive_statements_are_told_of_again_and_again)
{
    uint64_t began = wd_now();

    wd.options.statement_ms = 1000;
    wd.options.statement_repeat_ms = 300;
    wd_start();
    operate_begin(wd.user, "select 1");
    cr_assert_eq(wd_walk_at(began + 1000 * OPERATE_MS), 0);
    cr_assert_eq(wd_walk_at(began + 1001 * OPERATE_MS), 1);
    cr_assert_eq(wd_only_event(ROSTER_EVENT_STATEMENT)->limit, 1000);
    cr_assert_eq(wd.watchdog->events[0].age_ms, 1001);
    cr_assert_eq(wd_walk_at(began + 1100 * OPERATE_MS), 0);
    cr_assert_eq(wd_walk_at(began + 1301 * OPERATE_MS), 0);
    cr_assert_eq(wd_walk_at(began + 1302 * OPERATE_MS), 1);
    cr_assert_eq(wd_walk_at(began + 1303 * OPERATE_MS), 0);
    cr_assert_eq(roster_stmt_end(wd.user), 0);
    cr_assert_eq(wd_walk_at(began + 3000 * OPERATE_MS), 0);
    operate_begin(wd.user, "select 2");
    cr_assert_eq(wd_walk_at(began + 1400 * OPERATE_MS), 1, "another statement is told of anew");
    cr_assert_eq(wd_only_event(ROSTER_EVENT_STATEMENT)->stmt_seq, 2);
    cr_assert_eq(roster_killed(wd.user), 0, "telling is not killing");
}

Test(watchdog_events, internal_sessions_can_be_expensive_too)
{
    wd.options.statement_ms = 1000;
    wd_start();
    operate_begin(wd.internal, "analyze table t");
    cr_assert_eq(wd_walk_at(wd_now() + 1001 * OPERATE_MS), 1);
    cr_assert_eq(wd_only_event(ROSTER_EVENT_STATEMENT)->session_kind, ROSTER_SESSION_INTERNAL);
}

Test(watchdog_events, expensive_transactions_are_told_of_again_and_again)
{
    uint64_t now = wd_now(), ts;

    wd.options.txn_ms = 5000;
    wd.options.txn_repeat_ms = 1000;
    wd_start();
    cr_assert_eq(roster_txn_begin(wd.user, &ts), 0);
    now += 5000 * OPERATE_MS;
    cr_assert_eq(wd_walk_at(now), 0);
    now += OPERATE_MS;
    cr_assert_eq(wd_walk_at(now), 1);
    cr_assert_eq(wd_only_event(ROSTER_EVENT_TXN)->start_ts, ts);
    cr_assert_eq(wd.watchdog->events[0].age_ms, 5001);
    cr_assert_eq(wd_walk_at(now + 1000 * OPERATE_MS), 0);
    cr_assert_eq(wd_walk_at(now + 1001 * OPERATE_MS), 1);
    cr_assert_eq(roster_txn_finish(wd.user), 0);
    cr_assert_eq(wd_walk_at(now + 9000 * OPERATE_MS), 0);
}

Test(watchdog_events, what_is_switched_off_is_not_told)
{
    wd.options.statement_ms = ROSTER_LIMIT_NONE;
    wd.options.txn_ms = ROSTER_LIMIT_NONE;
    wd.options.stuck_ms = ROSTER_LIMIT_NONE;
    wd.options.server_memory = ROSTER_LIMIT_NONE;
    wd.options.execution_ms = ROSTER_LIMIT_NONE;
    wd_start();
    cr_assert_eq(roster_txn_begin(wd.user, NULL), 0);
    operate_begin(wd.user, "select 1");
    wd.oracle.physical_ms *= 100;
    cr_assert_eq(roster_kill(wd.roster, roster_session_id(wd.user), ROSTER_KILL_TARGET_STATEMENT,
                             ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED),
                 0);
    cr_assert_eq(wd_walk_at(UINT64_MAX), 0);
    cr_assert_eq(wd_walk_at(UINT64_MAX), 0);
}

Test(watchdog_events, a_statement_that_does_not_end_after_a_kill_is_told_of)
{
    uint64_t now = wd_now();
    const struct roster_event *event;

    wd.options.stuck_ms = 500;
    wd_start();
    operate_begin(wd.user, "select 1");
    cr_assert_eq(wd_walk_at(now), 0);
    cr_assert_eq(roster_kill(wd.roster, roster_session_id(wd.user), ROSTER_KILL_TARGET_STATEMENT,
                             ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY),
                 0, "by any thread");
    cr_assert_eq(wd_walk_at(now), 0);
    cr_assert_eq(wd_walk_at(now + 500 * OPERATE_MS), 0);
    cr_assert_eq(wd_walk_at(now + 501 * OPERATE_MS), 1);
    event = wd_only_event(ROSTER_EVENT_STUCK);
    cr_assert_eq(event->reason, ROSTER_KILL_REASON_RUNAWAY);
    cr_assert_eq(event->target, ROSTER_KILL_TARGET_STATEMENT);
    cr_assert_eq(event->limit, 500);
    cr_assert_eq(event->age_ms, 501);
    cr_assert_eq(wd_walk_at(now + 5000 * OPERATE_MS), 0, "once");
    cr_assert_eq(roster_stmt_end(wd.user), ROSTER_KILL_REASON_RUNAWAY);
    operate_begin(wd.user, "select 2");
    cr_assert_eq(wd_walk_at(now + 6000 * OPERATE_MS), 0, "the next statement is not dying");
    cr_assert_eq(roster_kill(wd.roster, roster_session_id(wd.user), ROSTER_KILL_TARGET_CONNECTION,
                             0, ROSTER_KILL_REASON_SHUTDOWN),
                 0);
    cr_assert_eq(wd_walk_at(now + 7000 * OPERATE_MS), 0);
    cr_assert_eq(wd_walk_at(now + 7501 * OPERATE_MS), 1);
    event = wd_only_event(ROSTER_EVENT_STUCK);
    cr_assert_eq(event->reason, ROSTER_KILL_REASON_SHUTDOWN);
    cr_assert_eq(event->target, ROSTER_KILL_TARGET_CONNECTION);
}

static void finish_at_once(uint64_t id, void *session)
{
    (void)id;
    cr_assert_eq(roster_txn_finish(*(struct roster_session **)session), 0);
}

Test(watchdog_events, what_ends_as_it_is_killed_is_not_stuck)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;

    wd.options.txn_age_ms = 1000;
    wd.options.stuck_ms = 500;
    attr.wake = finish_at_once;
    attr.wake_arg = &session;
    cr_assert_eq(roster_session_open(wd.roster, &attr, &session), 0);
    wd_start();
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(wd_walk_at(wd_now() + 1001 * OPERATE_MS), 1);
    cr_assert_eq(wd_only_event(ROSTER_EVENT_KILL)->reason, ROSTER_KILL_REASON_TXN_AGE);
    unit_close(session);
}

Test(watchdog_events, more_than_fits_into_one_walk_is_left_for_the_next)
{
    static struct roster_session *many[1500];
    unsigned killed = 0, left = 0;

    wd.options.idle_ms = 100;
    wd_start();
    for (int i = 0; i < 1500; i++)
        many[i] = operate_open(wd.roster, ROSTER_SESSION_USER, NULL);
    cr_assert_eq(wd_walk_at(wd_now() + 101 * OPERATE_MS), RST_EVENTS_MOST);
    for (int i = 0; i < 1500; i++)
        killed += roster_killed(many[i]) != 0;
    cr_assert(killed == RST_EVENTS_MOST || killed == RST_EVENTS_MOST - 1,
              "no session is killed without an event");
    cr_assert_eq(wd_walk_at(wd_now() + 101 * OPERATE_MS), 1501 - RST_EVENTS_MOST);
    for (int i = 0; i < 1500; i++) {
        left += roster_killed(many[i]) == 0;
        unit_close(many[i]);
    }
    cr_assert_eq(left, 0);
}

Test(watchdog_events, texts_are_cut_between_characters)
{
    char text[400];
    const struct roster_event *event;

    memset(text, 'x', sizeof(text));
    memcpy(text + 254, "\xc3\xa4", 2); /* the 255th and 256th byte */
    wd.options.statement_ms = 1000;
    wd_start();
    cr_assert_eq(roster_stmt_begin(wd.user, ROSTER_COMMAND_QUERY, text, sizeof(text),
                                   "0123456789abcdef", 16),
                 0);
    cr_assert_eq(wd_walk_at(wd_now() + 1001 * OPERATE_MS), 1);
    event = wd_only_event(ROSTER_EVENT_STATEMENT);
    cr_assert_eq(strlen(event->text), 254);
    cr_assert_str_eq(event->digest, "0123456789abcdef");
}
