/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Waiting for a lock. Row of the TiDB page: "lock wait: remembers the previous state, LockWaiting,
 * waiting-since set; afterwards previous state, waiting-since cleared", also on the error path.
 */

#include "../operate/operate.h"

#include <errno.h>

#include <criterion/criterion.h>

static struct roster *roster;
static struct roster_session *session;

static void open_all(void)
{
    roster = operate_roster(NULL);
    session = operate_open(roster, ROSTER_SESSION_USER, NULL);
}

static void close_all(void)
{
    unit_end(roster, session);
}

TestSuite(lock_wait, .init = open_all, .fini = close_all);

static const struct roster_shown *view(void)
{
    return unit_look(session);
}

Test(lock_wait, restores_every_state)
{
    static const enum roster_run_state states[] = {ROSTER_RUN_IDLE, ROSTER_RUN_RUNNING,
                                                   ROSTER_RUN_COMMITTING, ROSTER_RUN_ROLLING_BACK};

    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    for (int i = 0; i < 4; i++) {
        uint64_t now;

        cr_assert_eq(roster_txn_set_state(session, states[i]), 0);
        now = operate_advance(roster, 5);
        cr_assert_eq(roster_lock_wait_begin(session), 0);
        cr_assert_eq(view()->run_state, ROSTER_RUN_LOCK_WAITING);
        cr_assert_eq(unit_blocked_since(unit_look(session)), now);
        cr_assert_eq(view()->state_since, now);
        cr_assert_eq(roster_lock_wait_begin(session), -EALREADY);
        cr_assert_eq(unit_blocked_since(unit_look(session)), now, "a second begin changes nothing");
        now = operate_advance(roster, 5);
        cr_assert_eq(roster_lock_wait_end(session), 0);
        cr_assert_eq(view()->run_state, states[i]);
        cr_assert_eq(unit_blocked_since(unit_look(session)), 0);
        cr_assert_eq(view()->state_since, now);
        cr_assert_eq(roster_lock_wait_end(session), -EALREADY);
    }
}

Test(lock_wait, inside_a_statement_it_goes_back_to_running)
{
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    operate_begin(session, "update t set a = 1");
    cr_assert_eq(roster_lock_wait_begin(session), 0);
    cr_assert_eq(view()->statement->seq, 1);
    cr_assert_eq(roster_lock_wait_end(session), 0);
    cr_assert_eq(view()->run_state, ROSTER_RUN_RUNNING);
    cr_assert_eq(roster_stmt_end(session), 0);
    cr_assert_eq(view()->run_state, ROSTER_RUN_IDLE);
}

Test(lock_wait, what_ends_meanwhile_is_not_restored)
{
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    operate_begin(session, "update t set a = 1");
    cr_assert_eq(roster_lock_wait_begin(session), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_lock_wait_end(session), -EALREADY);
    cr_assert_eq(roster_stmt_end(session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_txn_set_state(session, ROSTER_RUN_LOCK_WAITING), 0);
    cr_assert_eq(roster_lock_wait_end(session), -EALREADY, "it did not begin so");
    cr_assert_eq(view()->run_state, ROSTER_RUN_LOCK_WAITING);
}

Test(lock_wait, needs_a_valid_transaction)
{

    cr_assert_eq(roster_lock_wait_begin(NULL), -EINVAL);
    cr_assert_eq(roster_lock_wait_end(NULL), -EINVAL);
    cr_assert_eq(roster_lock_wait_begin(session), -EINVAL);
    cr_assert_eq(roster_lock_wait_end(session), -EALREADY);
    cr_assert_eq(roster_txn_prepare(session), 0);
    cr_assert_eq(roster_lock_wait_begin(session), -EINVAL);
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    unit_in_child(roster_lock_wait_begin(session) == -ECHILD);
    unit_close(session);
    cr_assert_eq(roster_lock_wait_begin(session), -EBADF);
    cr_assert_eq(roster_lock_wait_end(session), -EBADF);
    session = operate_open(roster, ROSTER_SESSION_USER, NULL);
}
