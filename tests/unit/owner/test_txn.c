/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Transactions: arguments, oracles that fail, timestamps; test_permutations.c has the orders. */

#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>

static struct {
    struct unit_oracle oracle;
    struct roster *roster;
    struct roster_session *session;
} f;

static void start(void)
{
    f.oracle = (struct unit_oracle){.next = 1000};
    f.roster = unit_roster(&f.oracle);
    f.session = unit_open(f.roster);
}

/* A test that closes the session itself leaves NULL. */
static void stop(void)
{
    if (f.session)
        unit_close(f.session);
    unit_destroy(f.roster);
}

TestSuite(txn, .init = start, .fini = stop);

Test(txn, begin_takes_the_oracles_timestamp)
{
    uint64_t ts = 0;

    f.oracle.next = 5000;
    unit_ok(roster_txn_begin(f.session, &ts));
    cr_assert_eq(ts, 5000);
    cr_assert_eq(unit_look(f.session)->start_ts, 5000);
    cr_assert_eq(unit_pinned_by(f.session), 5000);
    cr_assert_eq(f.oracle.calls, 2, "one for the roster, one for the transaction");
    unit_ok(roster_txn_finish(f.session));
    cr_assert_eq(unit_slots_pinned(f.roster), 0);
}

static void check_shown(const struct roster_session *session, uint64_t start_ts, bool in_stmt)
{
    const struct roster_shown *shown = unit_look(session);

    cr_assert_eq(shown->start_ts, start_ts);
    cr_assert_eq(shown->txn_state, start_ts ? ROSTER_TXN_VALID : ROSTER_TXN_INVALID);
    cr_assert_eq(shown->run_state, in_stmt ? ROSTER_RUN_RUNNING : ROSTER_RUN_IDLE);
    cr_assert_eq(shown->statement != NULL, in_stmt);
    cr_assert_eq(shown->entries, 0);
}

/* Whichever ends first, and whatever the transaction has done: in the second round a thread has all
 * at hand. */
Test(txn, in_a_statement)
{
    uint64_t seq, before = 0;
    int n;

    for (n = 0; n < 16; n++) {
        f.oracle.next = 5000;
        unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
        unit_ok(roster_txn_begin(f.session, NULL));
        check_shown(f.session, 5000, true);
        cr_assert_eq(unit_pinned_by(f.session), 5000);
        seq = roster_txn_seq(f.session, unit_look(f.session));
        cr_assert_neq(seq, before);
        before = seq;
        if (n & 1)
            unit_ok(roster_txn_set_progress(f.session, 0, 0, 0));
        if (n & 2) {
            unit_ok(roster_stmt_end(f.session));
            check_shown(f.session, 5000, false);
            cr_assert_eq(roster_txn_seq(f.session, unit_look(f.session)), seq);
            if (n & 4)
                unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "y", 1, NULL, 0));
        }
        unit_ok(roster_txn_finish(f.session));
        check_shown(f.session, 0, !(n & 2) || n & 4);
        cr_assert_eq(unit_slots_pinned(f.roster), 0);
        if (!(n & 2) || n & 4)
            unit_ok(roster_stmt_end(f.session));
        check_shown(f.session, 0, false);
    }
    cr_assert_eq(unit_stats(f.roster).txns_begun, 16);
}

static void *begin_and_finish(void *session)
{
    cr_expect_eq(roster_txn_begin(session, NULL), 0);
    cr_expect_eq(roster_txn_finish(session), 0);
    return NULL;
}

/* The statement began on another thread: this one has not called the roster yet. */
Test(txn, in_a_statement_of_another_thread)
{
    pthread_t thread;

    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    cr_assert_eq(pthread_create(&thread, NULL, begin_and_finish, f.session), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    check_shown(f.session, 0, true);
    unit_ok(roster_stmt_end(f.session));
}

Test(txn, the_largest_timestamp)
{
    f.oracle.next = ROSTER_TS_MAX - 1;
    unit_ok(roster_txn_begin(f.session, NULL));
    cr_assert_eq(unit_look(f.session)->start_ts, ROSTER_TS_MAX - 1);
    unit_ok(roster_txn_finish(f.session));
    unit_ok(roster_txn_prepare(f.session));
    unit_ok(roster_txn_activate(f.session, ROSTER_TS_MAX - 1));
}

static void begin_refused(int error)
{
    uint64_t ts = 4711; /* means nothing after an error */

    unit_refused(f.roster, f.session, roster_txn_begin(f.session, &ts), error);
}

/* What an oracle may do wrong, and what begin() says then. */
static void bad_oracle(void)
{
    uint64_t next = f.oracle.next;

    f.oracle.err = -ETIMEDOUT;
    begin_refused(-ETIMEDOUT);
    f.oracle.err = 1;
    begin_refused(-ENODATA);
    f.oracle.err = 0;
    f.oracle.next = 0;
    begin_refused(-ENODATA);
    f.oracle.next = ROSTER_TS_MAX;
    begin_refused(-ENODATA);
    f.oracle.next = next;
}

/* The session stands in each of the states in which begin() takes another way. */
Test(txn, an_oracle_that_fails)
{
    bad_oracle(); /* this thread has nothing at hand yet */
    bad_oracle();
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, NULL, 0, NULL, 0));
    bad_oracle();
    unit_ok(roster_stmt_end(f.session));
    unit_close(f.session);
    f.session = unit_open_as(f.roster, ROSTER_SESSION_INTERNAL, ROSTER_SESSION_NON_PINNING);
    bad_oracle();
}

/* The session stands where begin() takes the most before it asks the oracle. */
static void fails_often(unsigned times)
{
    f.oracle.err = -ETIMEDOUT;
    while (times--)
        cr_assert_eq(roster_txn_begin(f.session, NULL), -ETIMEDOUT);
    f.oracle.err = 0;
}

static void costs_no_memory(void)
{
    uint64_t before;

    fails_often(1000);
    before = unit_stats(f.roster).memory;
    fails_often(UNIT_SCALE(100000, 10000));
    cr_assert_eq(unit_stats(f.roster).memory, before);
}

Test(txn, a_failing_oracle_costs_no_memory)
{
    costs_no_memory();
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, NULL, 0, NULL, 0));
    costs_no_memory();
    unit_ok(roster_read_lock(f.roster));
    costs_no_memory();
    roster_read_unlock(f.roster);
}

/* G2: an oracle that goes back would put a transaction below what was announced. */
Test(txn, an_oracle_that_goes_back)
{
    f.oracle.next = 2000;
    unit_min(f.roster); /* floor 2000 */
    f.oracle.next = 1999;
    begin_refused(-ESTALE);
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, NULL, 0, NULL, 0));
    f.oracle.next = 1999;
    begin_refused(-ESTALE);
    f.oracle.next = 2000;
    unit_ok(roster_txn_begin(f.session, NULL));
}

Test(txn, activate_out_of_range)
{
    unit_min(f.roster);
    unit_refused(f.roster, f.session, roster_txn_activate(f.session, 5000), -EINVAL);
    unit_ok(roster_txn_prepare(f.session));
    unit_refused(f.roster, f.session, roster_txn_activate(f.session, 0), -EINVAL);
    unit_refused(f.roster, f.session, roster_txn_activate(f.session, ROSTER_TS_MAX), -EINVAL);
    unit_refused(f.roster, f.session, roster_txn_activate(f.session, 1000), -ESTALE);
    cr_assert_eq(unit_pinned_by(f.session), 1001, "still pending");
    unit_ok(roster_txn_activate(f.session, 1001));
    unit_refused(f.roster, f.session, roster_txn_activate(f.session, 5000), -EINVAL);
}

Test(txn, begin_at_out_of_range)
{
    unit_refused(f.roster, f.session, roster_txn_begin_at(f.session, 0), -EINVAL);
    unit_refused(f.roster, f.session, roster_txn_begin_at(f.session, ROSTER_TS_MAX), -EINVAL);
    unit_ok(roster_txn_begin_at(f.session, 1));
    cr_assert_eq(f.oracle.calls, 1, "the oracle is not asked for a chosen timestamp");
    cr_assert_eq(unit_min(f.roster).min_start_ts, 1);
    unit_refused(f.roster, f.session, roster_txn_begin_at(f.session, 7), -EBUSY);
}

/* The limit itself is protected, and a chosen future is too. */
Test(txn, begin_at_needs_a_protected_timestamp)
{
    cr_assert_eq(unit_min(f.roster).safe_point, 1001);
    unit_refused(f.roster, f.session, roster_txn_begin_at(f.session, 1000), -ESTALE);
    unit_refused(f.roster, f.session, roster_txn_begin_at(f.session, 1), -ESTALE);
    unit_ok(roster_txn_begin_at(f.session, 1001));
    unit_ok(roster_txn_check(f.session));
    cr_assert_eq(unit_min(f.roster).min_start_ts, 1001);
    unit_ok(roster_txn_finish(f.session));
    unit_ok(roster_txn_begin_at(f.session, 999999));
    cr_assert_eq(unit_min(f.roster).holder.kind, ROSTER_HOLDER_NONE, "it is not reached yet");
    f.oracle.next = 1000000;
    cr_assert_eq(unit_min(f.roster).min_start_ts, 999999);
}

Test(txn, begin_at_of_a_non_pinning_session)
{
    struct roster_session *session;

    session = unit_open_as(f.roster, ROSTER_SESSION_INTERNAL, ROSTER_SESSION_NON_PINNING);
    cr_assert_eq(unit_min(f.roster).safe_point, 1001);
    unit_refused(f.roster, session, roster_txn_begin_at(session, 1000), -ESTALE);
    unit_ok(roster_txn_begin_at(session, 1001));
    unit_ok(roster_txn_check(session));
    cr_assert_eq(unit_min(f.roster).safe_point, 1002, "it holds nothing back");
    cr_assert_eq(roster_txn_check(session), -ESTALE, "and is told so (G8)");
    unit_close(session);
}

Test(txn, states_out_of_range)
{
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_refused(f.roster, f.session, roster_txn_set_state(f.session, (enum roster_run_state)5),
                 -EINVAL);
    unit_refused(f.roster, f.session, roster_txn_set_state(f.session, (enum roster_run_state) - 1),
                 -EINVAL);
}

Test(txn, each_state_is_shown)
{
    enum roster_run_state state;

    unit_ok(roster_txn_begin(f.session, NULL));
    unit_ok(roster_txn_set_progress(f.session, UINT64_MAX, UINT64_MAX - 1, UINT32_MAX));
    for (state = ROSTER_RUN_IDLE; state <= ROSTER_RUN_ROLLING_BACK; state++) {
        const struct roster_shown *view;

        unit_set_clock(f.roster, 100 + state);
        unit_ok(roster_txn_set_state(f.session, state));
        view = unit_look(f.session);
        cr_assert_eq(view->run_state, state);
        cr_assert_eq(view->state_since, 100 + state);
        cr_assert_eq(unit_blocked_since(view), state == ROSTER_RUN_LOCK_WAITING ? 100 + state : 0);
        cr_assert_eq(view->entries, UINT64_MAX);
        cr_assert_eq(view->entry_bytes, UINT64_MAX - 1);
        cr_assert_eq(view->schema_version, UINT32_MAX);
    }
}

Test(txn, none_on_a_killed_connection)
{
    unit_ok(roster_kill(f.roster, roster_session_id(f.session), ROSTER_KILL_TARGET_CONNECTION, 0,
                        ROSTER_KILL_REASON_INTERRUPTED));
    unit_refused(f.roster, f.session, roster_txn_prepare(f.session), -ECANCELED);
    unit_refused(f.roster, f.session, roster_txn_begin(f.session, NULL), -ECANCELED);
    unit_refused(f.roster, f.session, roster_txn_begin_at(f.session, 1000), -ECANCELED);
}

/* G7: a killed connection can still end what it has begun. */
Test(txn, a_killed_connection_finishes)
{
    unit_ok(roster_txn_prepare(f.session));
    unit_ok(roster_kill(f.roster, roster_session_id(f.session), ROSTER_KILL_TARGET_CONNECTION, 0,
                        ROSTER_KILL_REASON_INTERRUPTED));
    unit_ok(roster_txn_activate(f.session, 2000));
    unit_ok(roster_txn_set_state(f.session, ROSTER_RUN_ROLLING_BACK));
    unit_ok(roster_txn_check(f.session));
    unit_ok(roster_txn_finish(f.session));
}

/* Hundreds at once on one thread: further chunks of slots. */
Test(txn, many_at_once)
{
    enum { N = 300 };
    struct roster_session *sessions[N];
    unsigned i;

    for (i = 0; i < N; i++) {
        sessions[i] = unit_open(f.roster);
        unit_ok(roster_txn_begin(sessions[i], NULL));
    }
    cr_assert_eq(unit_slots_pinned(f.roster), N);
    cr_assert_eq(unit_slots_taken(f.roster), N);
    for (i = 0; i < N; i++) {
        cr_assert_eq(unit_min(f.roster).holder.session_id, roster_session_id(sessions[i]));
        unit_ok(roster_txn_finish(sessions[i]));
    }
    cr_assert_eq(unit_min(f.roster).holder.kind, ROSTER_HOLDER_NONE);
    for (i = 0; i < N; i++)
        unit_close(sessions[i]);
}
