/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What doc/tidb.md says of transactions, sessions and kill, row by row, as far as no other test is
 * about just that.
 */
#include "../operate/operate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct operate_oracle oracle;
static struct roster *roster;
static struct roster_session *session;

static void start(void)
{
    oracle = (struct operate_oracle){.physical_ms = 1000000};
    roster = operate_roster(&oracle);
    session = operate_open(roster, ROSTER_SESSION_USER, "u");
}

static void stop(void)
{
    unit_end(roster, session);
}

TestSuite(tidb, .init = start, .fini = stop);

static const struct roster_shown *shown(void)
{
    return unit_look(session); /* we own it */
}

Test(tidb, a_pending_transaction_is_visible_and_pinned_by_its_floor)
{
    struct roster_min min = {.size = sizeof(min)};

    cr_assert_eq(roster_min_advance(roster, 0, &min), 0);
    cr_assert_eq(roster_txn_prepare(session), 0);
    cr_expect_eq(shown()->txn_state, ROSTER_TXN_PENDING);
    cr_expect_eq(shown()->start_ts, 0);
    oracle.physical_ms += 1000;
    cr_assert_eq(roster_min_advance(roster, 0, &min), 0);
    cr_expect_eq(min.holder.session_id, roster_session_id(session));
    cr_expect_leq(min.min_start_ts, min.now - (UINT64_C(1000) << 18) + 1);
    cr_assert_eq(roster_txn_finish(session), 0);
}

Test(tidb, preparing_leaves_the_statement_as_it_is_shown)
{
    operate_begin(session, "insert");
    cr_assert_eq(roster_txn_prepare(session), 0);
    cr_expect_eq(shown()->statement->seq, 1);
    cr_expect_str_eq(shown()->statement->text, "insert");
    cr_expect_eq(shown()->run_state, ROSTER_RUN_RUNNING);
    cr_expect_eq(shown()->entries, 0);
    cr_assert_eq(roster_stmt_end(session), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
}

Test(tidb, activation_shows_idle_and_in_a_statement_running)
{
    cr_assert_eq(roster_txn_prepare(session), 0);
    cr_assert_eq(roster_txn_activate(session, UINT64_MAX - 2), 0);
    cr_expect_eq(shown()->run_state, ROSTER_RUN_IDLE);
    cr_assert_eq(roster_txn_finish(session), 0);
    operate_begin(session, "insert");
    cr_assert_eq(roster_txn_prepare(session), 0);
    cr_assert_eq(roster_txn_activate(session, UINT64_MAX - 2), 0);
    cr_expect_eq(shown()->run_state, ROSTER_RUN_RUNNING);
    cr_expect_str_eq(shown()->statement->text, "insert");
    cr_assert_eq(roster_stmt_end(session), 0);
    cr_expect_eq(shown()->run_state, ROSTER_RUN_IDLE);
    cr_assert_eq(roster_txn_finish(session), 0);
}

Test(tidb, ending_clears_all)
{
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_txn_set_progress(session, 7, 700, 3), 0);
    cr_assert_eq(roster_lock_wait_begin(session), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_expect_eq(shown()->txn_state, ROSTER_TXN_INVALID);
    cr_expect_eq(shown()->start_ts, 0);
    cr_expect_eq(shown()->entries, 0);
    cr_expect_eq(shown()->entry_bytes, 0);
    cr_expect_eq(shown()->schema_version, 0);
    cr_expect_eq(unit_blocked_since(unit_look(session)), 0);
    cr_expect_eq(shown()->run_state, ROSTER_RUN_IDLE);
}

/* What is shown, without the places of what it leads to. */
static struct roster_shown copy_of_shown(void)
{
    struct roster_shown copy = *shown();

    copy.statement = NULL;
    return copy;
}

Test(tidb, activating_without_a_future_is_an_error_and_changes_nothing)
{
    struct roster_shown before = copy_of_shown(), after;

    cr_expect_eq(roster_txn_activate(session, 1), -EINVAL);
    after = copy_of_shown();
    cr_expect_arr_eq(&before, &after, sizeof(before));
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    before = copy_of_shown();
    cr_expect_eq(roster_txn_activate(session, UINT64_MAX - 2), -EINVAL);
    after = copy_of_shown();
    cr_expect_arr_eq(&before, &after, sizeof(before));
    cr_assert_eq(roster_txn_finish(session), 0);
}

Test(tidb, a_timestamp_that_never_came_ends_a_pending_transaction)
{
    struct roster_min min = {.size = sizeof(min)};

    cr_assert_eq(roster_txn_prepare(session), 0);
    cr_expect_eq(roster_txn_finish(session), 0);
    cr_expect_eq(shown()->txn_state, ROSTER_TXN_INVALID);
    oracle.err = -EIO;
    cr_expect_eq(roster_txn_begin(session, NULL), -EIO);
    cr_expect_eq(shown()->txn_state, ROSTER_TXN_INVALID);
    oracle.err = 0;
    cr_assert_eq(roster_min_advance(roster, 0, &min), 0);
    cr_expect_eq(min.holder.kind, ROSTER_HOLDER_NONE);
}

Test(tidb, the_running_states_have_tidbs_names)
{
    static const char *const names[] = {"Idle", "Running", "LockWaiting", "Committing",
                                        "RollingBack"};
    unsigned n;

    for (n = 0; n < sizeof(names) / sizeof(*names); n++)
        cr_expect_str_eq(roster_run_state_name((enum roster_run_state)n), names[n]);
}

Test(tidb, a_statement_shows_its_digest_until_it_ends)
{
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, "d1", 2), 0);
    cr_expect_eq(shown()->run_state, ROSTER_RUN_RUNNING);
    cr_expect_str_eq(shown()->statement->digest, "d1");
    cr_assert_eq(roster_stmt_end(session), 0);
    cr_expect_null(shown()->statement);
    cr_expect_eq(shown()->run_state, ROSTER_RUN_IDLE);
    cr_assert_eq(roster_txn_finish(session), 0);
}

Test(tidb, internal_sessions_pin_as_users_do)
{
    struct roster_session *internal = operate_open(roster, ROSTER_SESSION_INTERNAL, NULL);
    struct roster_min min = {.size = sizeof(min)};
    struct roster_snapshot *snapshot;
    struct roster_row_trx row;
    uint64_t start_ts;

    cr_assert_eq(roster_txn_begin(internal, &start_ts), 0);
    cr_assert_eq(roster_min_advance(roster, 0, &min), 0);
    cr_expect_eq(min.min_start_ts, start_ts);
    cr_expect_eq(min.holder.session_kind, ROSTER_SESSION_INTERNAL);
    cr_assert_eq(roster_snapshot(roster, &snapshot), 0);
    cr_assert_eq(snapshot->count, 2);
    cr_expect_eq(roster_row_trx(snapshot, &snapshot->entries[0], &row) == 0 ||
                     roster_row_trx(snapshot, &snapshot->entries[1], &row) == 0,
                 1);
    cr_expect_eq(row.kind, ROSTER_SESSION_INTERNAL);
    roster_snapshot_free(snapshot);
    unit_close(internal);
}

/* Unlike in TiDB, where the first release of a timestamp unpins all who hold it. */
Test(tidb, two_holders_of_one_timestamp_are_two_pins)
{
    struct roster_min min = {.size = sizeof(min)};
    struct roster_pin *first = NULL, *second = NULL;
    uint64_t ts;

    cr_assert_eq(operate_oracle_get(&oracle, &ts), 0);
    cr_assert_eq(roster_pin_acquire(roster, NULL, ts, ROSTER_PIN_CURSOR, &first), 0);
    cr_assert_eq(roster_pin_acquire(roster, NULL, ts, ROSTER_PIN_CURSOR, &second), 0);
    cr_assert_eq(roster_pin_release(first), 0);
    cr_assert_eq(roster_min_advance(roster, 0, &min), 0);
    cr_expect_eq(min.min_start_ts, ts);
    cr_assert_eq(roster_pin_release(second), 0);
}

Test(tidb, an_idle_session_is_not_closed_by_a_kill_of_its_statement)
{
    cr_expect_eq(roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_STATEMENT,
                             ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED),
                 -ENOENT);
    cr_expect_eq(roster_killed(session), 0);
    operate_begin(session, "next");
    cr_expect_eq(roster_killed(session), 0);
    cr_expect_eq(roster_stmt_end(session), 0);
}

Test(tidb, an_unknown_id_is_not_found)
{
    cr_expect_eq(roster_kill(roster, 4711, ROSTER_KILL_TARGET_CONNECTION, ROSTER_STMT_ANY,
                             ROSTER_KILL_REASON_INTERRUPTED),
                 -ESRCH);
}
