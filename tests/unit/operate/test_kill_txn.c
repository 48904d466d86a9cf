/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Kill of a transaction, every answer of it (G5); kill_storm has owners and killers at once. */

#include "../unit.h"
#include "core/roster/kill_word.h"
#include "core/roster/session.h"

#include <criterion/criterion.h>

#include <errno.h>

#define REASON ROSTER_KILL_REASON_TXN_IDLE
#define KILLED (ROSTER_KILLED_TRANSACTION | REASON)

struct fixture {
    struct roster *roster;
    struct roster_session *session;
    uint64_t id;
};

static void fixture_init(struct fixture *f, uint32_t flags)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    f->roster = unit_roster(NULL);
    attr.flags = flags;
    unit_ok(roster_session_open(f->roster, &attr, &f->session));
    f->id = roster_session_id(f->session);
}

static void fixture_destroy(struct fixture *f)
{
    unit_close(f->session);
    unit_destroy(f->roster);
}

/* The number of the transaction that the session shows. */
static uint64_t seq_of(struct fixture *f)
{
    struct roster_copy copy;

    return roster_txn_seq(f->session, roster_session_look(f->session, &copy, NULL, 0));
}

static int kill_ts(struct fixture *f, uint64_t start_ts)
{
    return roster_kill(f->roster, f->id, ROSTER_KILL_TARGET_TRANSACTION, start_ts, REASON);
}

static int kill_seq(struct fixture *f, uint64_t seq)
{
    return roster_kill_txn(f->roster, f->id, ROSTER_TXN_ANY, seq, REASON);
}

Test(kill_txn, is_reported_until_finish_and_not_after)
{
    struct fixture f;
    uint64_t ts;

    fixture_init(&f, 0);
    unit_ok(roster_txn_begin(f.session, &ts));
    cr_assert_eq(roster_killed(f.session), 0);
    unit_ok(kill_ts(&f, ts));
    cr_assert_eq(roster_killed(f.session), KILLED);
    cr_assert_eq(roster_killed(f.session), KILLED, "asking does not use it up");
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "rollback", 8, NULL, 0));
    cr_assert_eq(roster_killed(f.session), KILLED, "nor does a statement");
    cr_assert_eq(roster_stmt_end(f.session), KILLED);
    unit_ok(roster_txn_finish(f.session));
    cr_assert_eq(roster_killed(f.session), 0);
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    cr_assert_eq(roster_stmt_end(f.session), 0, "its connection is usable");
    unit_ok(roster_txn_begin(f.session, &ts));
    cr_assert_eq(roster_killed(f.session), 0);
    unit_ok(roster_txn_finish(f.session));
    fixture_destroy(&f);
}

/* Not asked about before the next one begins: also in sessions and states of the general path. */
static void next_is_spared(uint32_t flags, int in_stmt, int prepares)
{
    struct fixture f;

    fixture_init(&f, flags);
    if (in_stmt)
        unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_ok(kill_ts(&f, ROSTER_TXN_ANY));
    unit_ok(roster_txn_finish(f.session));
    if (prepares)
        unit_ok(roster_txn_prepare(f.session));
    else
        unit_ok(roster_txn_begin(f.session, NULL));
    cr_assert_eq(roster_killed(f.session), 0);
    unit_ok(kill_ts(&f, ROSTER_TXN_ANY));
    cr_assert_eq(roster_killed(f.session), KILLED);
    unit_ok(roster_txn_finish(f.session));
    if (in_stmt)
        cr_assert_eq(roster_stmt_end(f.session), 0);
    fixture_destroy(&f);
}

Test(kill_txn, the_next_one_is_spared)
{
    unsigned n;

    for (n = 0; n < 8; n++)
        next_is_spared(n & 1 ? ROSTER_SESSION_NON_PINNING : 0, n & 2, n & 4);
}

/* Two transactions of a session at the same timestamp are told apart by their numbers. */
static void ties(uint32_t flags)
{
    struct fixture f;
    uint64_t first, second, third, ts;

    fixture_init(&f, flags);
    unit_ok(roster_txn_begin(f.session, &ts));
    first = seq_of(&f);
    cr_assert_neq(first, 0);
    unit_ok(roster_txn_finish(f.session));
    cr_assert_eq(seq_of(&f), 0);
    unit_ok(roster_txn_begin_at(f.session, ts));
    second = seq_of(&f);
    cr_assert_neq(first, second);
    unit_refused(f.roster, f.session, kill_seq(&f, first), -ESTALE);
    unit_refused(f.roster, f.session, roster_kill_txn(f.roster, f.id, ts, first, REASON), -ESTALE);
    cr_assert_eq(roster_killed(f.session), 0);
    unit_ok(roster_txn_finish(f.session));
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    unit_ok(roster_txn_begin_at(f.session, ts));
    third = seq_of(&f);
    cr_assert(third != first && third != second && third);
    unit_refused(f.roster, f.session, roster_kill_txn(f.roster, f.id, ts, second, REASON), -ESTALE);
    unit_ok(roster_kill_txn(f.roster, f.id, ts, third, REASON));
    cr_assert_eq(roster_killed(f.session), KILLED);
    fixture_destroy(&f);
}

Test(kill_txn, ties_are_told_apart)
{
    ties(0);
    ties(ROSTER_SESSION_NON_PINNING);
}

/* The number stays, whatever the transaction publishes, and is no other's. */
Test(kill_txn, a_number_lasts_as_long_as_its_transaction)
{
    struct fixture f;
    struct roster_session *other;
    struct roster_copy copy;
    uint64_t seq, before = 0;
    unsigned n;

    fixture_init(&f, 0);
    other = unit_open(f.roster);
    for (n = 0; n < 100; n++) {
        unit_ok(n % 3 ? roster_txn_begin(f.session, NULL) : roster_txn_prepare(f.session));
        seq = seq_of(&f);
        cr_assert(seq != 0 && seq != before);
        if (n % 3 == 0)
            unit_ok(roster_txn_activate(f.session, unit_min(f.roster).now));
        cr_assert_eq(seq_of(&f), seq);
        unit_ok(roster_txn_set_state(f.session, ROSTER_RUN_LOCK_WAITING));
        cr_assert_eq(seq_of(&f), seq);
        unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
        unit_ok(roster_txn_set_progress(f.session, 1, 2, 3));
        cr_assert_eq(seq_of(&f), seq);
        cr_assert_eq(roster_stmt_end(f.session), 0);
        cr_assert_eq(seq_of(&f), seq);
        unit_ok(roster_txn_begin(other, NULL));
        cr_assert_neq(roster_txn_seq(other, roster_session_look(other, &copy, NULL, 0)), seq);
        unit_ok(roster_txn_finish(f.session));
        unit_ok(roster_txn_finish(other));
        before = seq;
    }
    unit_close(other);
    fixture_destroy(&f);
}

/* What a look has shown is over: no number is given for it. */
Test(kill_txn, no_number_of_what_has_ended)
{
    struct fixture f;
    const struct roster_shown *shown;
    struct roster_copy copy;

    fixture_init(&f, 0);
    unit_ok(roster_txn_begin(f.session, NULL));
    shown = roster_session_look(f.session, &copy, NULL, 0);
    unit_ok(roster_txn_finish(f.session));
    cr_assert_eq(roster_txn_seq(f.session, shown), 0);
    unit_ok(roster_txn_begin(f.session, NULL));
    cr_assert_eq(roster_txn_seq(f.session, shown), 0);
    cr_assert_eq(roster_txn_seq(NULL, shown), 0);
    cr_assert_eq(roster_txn_seq(f.session, NULL), 0);
    fixture_destroy(&f);
}

Test(kill_txn, refused)
{
    struct fixture f;
    uint64_t ts;

    fixture_init(&f, 0);
    unit_refused(f.roster, f.session, kill_ts(&f, ROSTER_TXN_ANY), -ENOENT);
    unit_refused(f.roster, f.session, kill_seq(&f, ROSTER_TXN_ANY), -ENOENT);
    cr_assert_eq(rst_load(&f.session->kill), 0, "an idle session is left alone");
    unit_ok(roster_txn_begin(f.session, &ts));
    unit_refused(f.roster, f.session, kill_ts(&f, ts + 1), -ESTALE);
    cr_assert_eq(rst_load(&f.session->kill), 0);
    cr_assert_eq(roster_kill_txn(NULL, f.id, 0, 0, REASON), -EINVAL);
    cr_assert_eq(roster_kill_txn(f.roster, f.id, 0, 0, (enum roster_kill_reason)0), -EINVAL);
    cr_assert_eq(roster_kill_txn(f.roster, f.id + 1, 0, 0, REASON), -ESRCH);
    unit_ok(kill_ts(&f, ts));
    unit_refused(f.roster, f.session, kill_ts(&f, ts), -EALREADY);
    unit_refused(f.roster, f.session, kill_seq(&f, ROSTER_TXN_ANY), -EALREADY);
    unit_refused(f.roster, f.session, kill_ts(&f, ts + 1), -ESTALE);
    unit_ok(roster_txn_finish(f.session));
    unit_refused(f.roster, f.session, kill_ts(&f, ts), -ENOENT);
    unit_ok(roster_txn_begin(f.session, &ts));
    unit_ok(roster_kill(f.roster, f.id, ROSTER_KILL_TARGET_CONNECTION, 0, REASON));
    unit_refused(f.roster, f.session, kill_ts(&f, ts), -EALREADY);
    cr_assert_eq(roster_killed(f.session), ROSTER_KILLED_CONNECTION | REASON);
    unit_ok(roster_txn_finish(f.session));
    cr_assert_eq(roster_txn_begin(f.session, NULL), -ECANCELED);
    fixture_destroy(&f);
}

Test(kill_txn, of_a_worker_that_asks_for_none)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct fixture f = {.roster = unit_roster(NULL)};
    struct roster_kill_info kill = {
        .size = sizeof(kill), .target = ROSTER_KILL_TARGET_TRANSACTION, .reason = REASON};

    attr.kind = ROSTER_SESSION_BACKGROUND;
    unit_ok(roster_session_open(f.roster, &attr, &f.session));
    f.id = roster_session_id(f.session);
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_refused(f.roster, f.session, kill_seq(&f, ROSTER_TXN_ANY), -ENOTSUP);
    kill.session_id = f.id;
    unit_refused(f.roster, f.session, roster_kill_by(f.roster, &kill), -ENOTSUP);
    unit_ok(roster_kill_txn(f.roster, f.id, ROSTER_TXN_ANY, ROSTER_TXN_ANY,
                            ROSTER_KILL_REASON_SHUTDOWN));
    fixture_destroy(&f);
}

/* Both kills stand at once, each for as long as what it was aimed at. */
Test(kill_txn, beside_the_kill_of_its_statement)
{
    struct fixture f;

    fixture_init(&f, 0);
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    unit_ok(kill_ts(&f, ROSTER_TXN_ANY));
    unit_ok(
        roster_kill(f.roster, f.id, ROSTER_KILL_TARGET_STATEMENT, 1, ROSTER_KILL_REASON_RUNAWAY));
    cr_assert_eq(roster_killed(f.session), KILLED);
    unit_ok(roster_txn_finish(f.session));
    cr_assert_eq(roster_killed(f.session), ROSTER_KILL_REASON_RUNAWAY);
    cr_assert_eq(roster_stmt_end(f.session), ROSTER_KILL_REASON_RUNAWAY);
    cr_assert_eq(roster_killed(f.session), 0);
    fixture_destroy(&f);
}

Test(kill_txn, all_of_them)
{
    struct roster_kill_counts counts = {.size = sizeof(counts)};
    struct fixture f;
    struct roster_session *idle;

    fixture_init(&f, 0);
    idle = unit_open(f.roster);
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_ok(roster_kill_all(f.roster, ROSTER_KILL_TARGET_TRANSACTION, REASON, NULL, &counts));
    cr_assert_eq(counts.matched, 2);
    cr_assert_eq(counts.delivered, 1);
    cr_assert_eq(counts.idle, 1);
    cr_assert_eq(roster_killed(f.session), KILLED);
    cr_assert_eq(roster_killed(idle), 0);
    unit_close(idle);
    fixture_destroy(&f);
}

Test(kill_txn, what_a_result_says)
{
    cr_assert_eq(roster_killed_transaction(KILLED), 1);
    cr_assert_eq(roster_killed_transaction(REASON), 0);
    cr_assert_eq(roster_killed_transaction(0), 0);
    cr_assert_eq(roster_killed_transaction(-EBADF), 0);
    cr_assert_eq(roster_killed_transaction(ROSTER_KILLED_CONNECTION | REASON), 0);
    cr_assert_eq(roster_killed_connection(KILLED), 0);
    cr_assert_eq(roster_killed_reason(KILLED), REASON);
}

Test(kill_txn, is_in_a_copied_list)
{
    struct roster_snapshot *snapshot;
    struct fixture f;

    fixture_init(&f, 0);
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_ok(roster_snapshot(f.roster, &snapshot));
    cr_assert_eq(snapshot->entries[0].txn_seq, seq_of(&f));
    unit_ok(kill_seq(&f, snapshot->entries[0].txn_seq));
    roster_snapshot_free(snapshot);
    fixture_destroy(&f);
}
