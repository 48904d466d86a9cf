/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Kill, every answer of it (G5, G6); test_kill_race.c has owners and killers at once. */

#include "../unit.h"
#include "core/roster/kill_word.h"
#include "core/roster/session.h"

#include <criterion/criterion.h>

#include <roster/metrics.h>

#include <errno.h>

#define CONNECTION(reason) ((reason) | ROSTER_KILLED_CONNECTION)

static struct {
    struct roster *roster;
    struct roster_session *session;
    uint64_t id;
} f;

static void start(void)
{
    f.roster = unit_roster(NULL);
    f.session = unit_open(f.roster);
    f.id = roster_session_id(f.session);
}

/* A test that closes the session itself leaves NULL. */
static void stop(void)
{
    if (f.session)
        unit_close(f.session);
    unit_destroy(f.roster);
}

TestSuite(kill, .init = start, .fini = stop);

static int kill_stmt(uint64_t seq, enum roster_kill_reason reason)
{
    return roster_kill(f.roster, f.id, ROSTER_KILL_TARGET_STATEMENT, seq, reason);
}

static int kill_conn(enum roster_kill_reason reason)
{
    return roster_kill(f.roster, f.id, ROSTER_KILL_TARGET_CONNECTION, 0, reason);
}

static void stmt_begin(void)
{
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
}

Test(kill, each_reason_reaches_the_statement)
{
    enum roster_kill_reason reason;

    for (reason = ROSTER_KILL_REASON_INTERRUPTED; reason <= ROSTER_KILL_REASON_SHUTDOWN; reason++) {
        stmt_begin();
        cr_assert_eq(roster_killed(f.session), 0);
        unit_ok(kill_stmt(roster_stmt_seq(f.session), reason));
        cr_assert_eq(roster_killed(f.session), (int)reason);
        cr_assert_eq(roster_killed(f.session), (int)reason, "asking does not use it up");
        cr_assert_eq(roster_stmt_end(f.session), (int)reason);
        cr_assert_eq(roster_killed(f.session), 0, "it died with its statement");
    }
}

Test(kill, a_statement_that_never_asked_learns_at_its_end)
{
    stmt_begin();
    unit_ok(kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_QUERY_MEMORY));
    cr_assert_eq(roster_stmt_end(f.session), ROSTER_KILL_REASON_QUERY_MEMORY);
}

Test(kill, the_first_reason_stays)
{
    stmt_begin();
    unit_ok(kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY));
    unit_refused(f.roster, f.session, kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED),
                 -EALREADY);
    cr_assert_eq(roster_killed(f.session), ROSTER_KILL_REASON_RUNAWAY);
    unit_refused(f.roster, f.session, kill_stmt(1, ROSTER_KILL_REASON_INTERRUPTED), -EALREADY);
    cr_assert_eq(roster_stmt_end(f.session), ROSTER_KILL_REASON_RUNAWAY);
    unit_ok(kill_conn(ROSTER_KILL_REASON_SERVER_MEMORY));
    unit_refused(f.roster, f.session, kill_conn(ROSTER_KILL_REASON_INTERRUPTED), -EALREADY);
    cr_assert_eq(roster_killed(f.session), CONNECTION(ROSTER_KILL_REASON_SERVER_MEMORY));
}

Test(kill, never_reaches_the_next_statement)
{
    stmt_begin();
    unit_ok(kill_stmt(1, ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_stmt_end(f.session), ROSTER_KILL_REASON_INTERRUPTED);
    stmt_begin();
    cr_assert_eq(roster_killed(f.session), 0);
    unit_refused(f.roster, f.session, kill_stmt(1, ROSTER_KILL_REASON_INTERRUPTED), -ESTALE);
    cr_assert_eq(roster_killed(f.session), 0);
    unit_refused(f.roster, f.session, kill_stmt(3, ROSTER_KILL_REASON_INTERRUPTED), -ESTALE);
    cr_assert_eq(roster_stmt_end(f.session), 0);
    stmt_begin();
    unit_ok(kill_stmt(3, ROSTER_KILL_REASON_MAX_EXECUTION_TIME));
    cr_assert_eq(roster_stmt_end(f.session), ROSTER_KILL_REASON_MAX_EXECUTION_TIME);
}

Test(kill, of_nothing)
{
    unit_refused(f.roster, f.session, kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY),
                 -ENOENT);
    unit_refused(f.roster, f.session, kill_stmt(1, ROSTER_KILL_REASON_RUNAWAY), -ENOENT);
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_refused(f.roster, f.session, kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY),
                 -ENOENT);
    cr_assert_eq(roster_killed(f.session), 0);
    unit_close(f.session);
    cr_assert_eq(kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY), -ESRCH);
    cr_assert_eq(kill_conn(ROSTER_KILL_REASON_RUNAWAY), -ESRCH);
    cr_assert_eq(unit_stats(f.roster).kills_delivered, 0);
    cr_assert_eq(unit_stats(f.roster).kills_refused, 3);
    f.session = NULL;
}

Test(kill, an_idle_connection)
{
    unit_ok(roster_kill(f.roster, f.id, ROSTER_KILL_TARGET_CONNECTION, 4711,
                        ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_killed(f.session), CONNECTION(ROSTER_KILL_REASON_INTERRUPTED));
    unit_refused(f.roster, f.session, kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY),
                 -ENOENT);
}

Test(kill, a_connection_while_its_statement_runs)
{
    stmt_begin();
    unit_ok(kill_conn(ROSTER_KILL_REASON_INTERRUPTED));
    unit_refused(f.roster, f.session, kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY),
                 -EALREADY);
    cr_assert_eq(roster_killed(f.session), CONNECTION(ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_stmt_end(f.session), CONNECTION(ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_killed(f.session), CONNECTION(ROSTER_KILL_REASON_INTERRUPTED), "it stays");
}

Test(kill, a_connection_after_its_statement)
{
    stmt_begin();
    unit_ok(kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_QUERY_MEMORY));
    unit_ok(kill_conn(ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_killed(f.session), CONNECTION(ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_stmt_end(f.session), CONNECTION(ROSTER_KILL_REASON_INTERRUPTED));
}

Test(kill, arguments_out_of_range)
{
    stmt_begin();
    cr_assert_eq(
        roster_kill(NULL, f.id, ROSTER_KILL_TARGET_STATEMENT, 0, ROSTER_KILL_REASON_INTERRUPTED),
        -EINVAL);
    unit_refused(f.roster, f.session, roster_kill(f.roster, f.id, (enum roster_kill_target)3, 0, 1),
                 -EINVAL);
    unit_refused(f.roster, f.session,
                 roster_kill(f.roster, f.id, (enum roster_kill_target) - 1, 0, 1), -EINVAL);
    unit_refused(f.roster, f.session, kill_stmt(0, (enum roster_kill_reason)0), -EINVAL);
    unit_refused(f.roster, f.session,
                 kill_stmt(0, (enum roster_kill_reason)(ROSTER_KILL_REASON_SHUTDOWN + 1)), -EINVAL);
    unit_refused(f.roster, f.session, kill_conn((enum roster_kill_reason) - 1), -EINVAL);
    unit_refused(f.roster, f.session, kill_conn((enum roster_kill_reason)0), -EINVAL);
}

struct woken {
    unsigned times;
    uint64_t id;
};

static void wake(uint64_t session_id, void *arg)
{
    struct woken *woken = arg;

    woken->times++;
    woken->id = session_id;
}

Test(kill, wakes_the_owner_when_delivered)
{
    struct woken woken = {0, 0};
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    unit_close(f.session);
    attr.id = f.id = 42;
    attr.wake = wake;
    attr.wake_arg = &woken;
    unit_ok(roster_session_open(f.roster, &attr, &f.session));
    cr_assert_eq(kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY), -ENOENT);
    cr_assert_eq(woken.times, 0);
    stmt_begin();
    unit_ok(kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY));
    cr_assert_eq(woken.times, 1);
    cr_assert_eq(woken.id, 42);
    cr_assert_eq(kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY), -EALREADY);
    cr_assert_eq(woken.times, 1);
    unit_ok(kill_conn(ROSTER_KILL_REASON_RUNAWAY));
    cr_assert_eq(woken.times, 2);
}

/* Sequence numbers are compared by their low 48 bits: nothing spills into the other fields. */
Test(kill, words_of_late_statements)
{
    static const uint64_t late[] = {
        (UINT64_C(1) << 32) - 1, (UINT64_C(1) << 53) + 4711,
        (UINT64_C(1) << 48) - 2, (UINT64_C(1) << 54) + 4,
        UINT64_MAX - 3,
    };
    size_t i;

    for (i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
        f.session->stmt_seq = late[i];
        stmt_begin();
        cr_assert_eq(roster_stmt_seq(f.session), late[i] + 1);
        cr_assert_eq(kill_stmt(late[i], ROSTER_KILL_REASON_INTERRUPTED), -ESTALE);
        unit_ok(kill_stmt(late[i] + 1, ROSTER_KILL_REASON_RUNAWAY));
        cr_assert_eq(roster_killed(f.session), ROSTER_KILL_REASON_RUNAWAY);
        cr_assert_eq(roster_stmt_end(f.session), ROSTER_KILL_REASON_RUNAWAY);
        stmt_begin();
        cr_assert_eq(roster_killed(f.session), 0);
        cr_assert_eq(roster_stmt_end(f.session), 0);
    }
}

Test(kill, the_parts_of_a_word)
{
    uint64_t word = UINT64_C(0x3456789abcde) << RST_KILL_SEQ_SHIFT |
                    UINT64_C(5) << RST_KILL_STMT_SHIFT | UINT64_C(3) << RST_KILL_CONN_SHIFT;

    cr_assert_eq(rst_kill_seq(word), UINT64_C(0x3456789abcde));
    cr_assert_eq(rst_kill_stmt_reason(word), 5);
    cr_assert_eq(rst_kill_conn_reason(word), 3);
    word |= RST_KILL_STMT_ACK | RST_KILL_CLOSED;
    cr_assert_eq(rst_kill_seq(word), UINT64_C(0x3456789abcde));
    cr_assert_eq(rst_kill_stmt_reason(word), 5);
    cr_assert_eq(rst_kill_conn_reason(word), 3);
    cr_assert_eq(rst_kill_stmt_reason(UINT64_MAX), RST_KILL_REASON_MASK);
}

/* What is reported of a kill, and of an error, which is not a kill. */
Test(kill, what_a_result_says)
{
    cr_assert_eq(roster_killed_connection(0), 0);
    cr_assert_eq(roster_killed_connection(ROSTER_KILL_REASON_IDLE), 0);
    cr_assert_eq(roster_killed_connection(CONNECTION(ROSTER_KILL_REASON_IDLE)), 1);
    cr_assert_eq(roster_killed_connection(-EBADF), 0);
    cr_assert_eq(roster_killed_reason(0), 0);
    cr_assert_eq(roster_killed_reason(ROSTER_KILL_REASON_IDLE), ROSTER_KILL_REASON_IDLE);
    cr_assert_eq(roster_killed_reason(CONNECTION(ROSTER_KILL_REASON_IDLE)),
                 ROSTER_KILL_REASON_IDLE);
    cr_assert_eq(roster_killed_reason(-EBADF), 0);
}

/* A reason that a later version knows is refused by this one. */
Test(kill, a_reason_beyond_the_last)
{
    stmt_begin();
    cr_assert_eq(roster_kill(f.roster, f.id, ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY,
                             (enum roster_kill_reason)ROSTER_KILL_REASONS),
                 -EINVAL);
    cr_assert_eq(roster_killed(f.session), 0);
}

/* A killer that found the session before its close is refused, as everyone after it. */
static int kill_while_closed(const struct roster_session *session, uint64_t word)
{
    (void)session;
    return word & RST_KILL_CLOSED ? 1 : 0;
}

Test(kill, close_is_the_last_word)
{
    const struct roster_session *found;

    stmt_begin();
    unit_ok(roster_read_lock(f.roster));
    found = roster_lookup(f.roster, f.id);
    cr_assert_eq(kill_while_closed(found, rst_load(&found->kill)), 0);
    unit_close(f.session);
    cr_assert_eq(kill_while_closed(found, rst_load(&found->kill)), 1);
    roster_read_unlock(f.roster);
    f.session = NULL;
}

static int seen_killed(void)
{
    struct roster_copy copy;
    int killed;

    unit_ok(roster_read_lock(f.roster));
    killed = roster_session_killed(roster_lookup(f.roster, f.id),
                                   roster_session_look(f.session, &copy, NULL, 0));
    roster_read_unlock(f.roster);
    return killed;
}

/* Before its owner has seen it and after, until what was killed has ended; asking changes nothing.
 */
Test(kill, is_seen_by_readers_until_it_has_ended)
{
    struct roster_shown shown = {.start_ts = 0};
    struct roster_entry entry;
    char room[256];

    cr_expect_eq(roster_session_killed(NULL, &shown), -EINVAL);
    cr_expect_eq(roster_session_killed(f.session, NULL), -EINVAL);
    unit_ok(roster_txn_begin(f.session, NULL));
    stmt_begin();
    cr_expect_eq(seen_killed(), 0);
    unit_ok(kill_stmt(ROSTER_STMT_ANY, ROSTER_KILL_REASON_RUNAWAY));
    cr_expect_eq(seen_killed(), ROSTER_KILL_REASON_RUNAWAY);
    cr_expect_eq(roster_killed(f.session), ROSTER_KILL_REASON_RUNAWAY, "asking took nothing away");
    cr_expect_eq(seen_killed(), ROSTER_KILL_REASON_RUNAWAY);
    cr_expect_eq(roster_stmt_end(f.session), ROSTER_KILL_REASON_RUNAWAY);
    cr_expect_eq(seen_killed(), 0);
    stmt_begin();
    cr_expect_eq(seen_killed(), 0, "it is another statement");
    unit_ok(roster_kill_txn(f.roster, f.id, ROSTER_TXN_ANY, ROSTER_TXN_ANY,
                            ROSTER_KILL_REASON_TXN_AGE));
    cr_expect_eq(seen_killed(), ROSTER_KILL_REASON_TXN_AGE | ROSTER_KILLED_TRANSACTION);
    unit_ok(roster_look(f.roster, f.id, &entry, room, sizeof(room)));
    cr_expect_eq(entry.killed, ROSTER_KILL_REASON_TXN_AGE | ROSTER_KILLED_TRANSACTION);
    (void)roster_stmt_end(f.session);
    unit_ok(roster_txn_finish(f.session));
    cr_expect_eq(seen_killed(), 0);
    unit_ok(kill_conn(ROSTER_KILL_REASON_IDLE));
    cr_expect_eq(seen_killed(), CONNECTION(ROSTER_KILL_REASON_IDLE));
}

Test(kill, of_a_later_transaction_is_not_seen_by_an_earlier_look)
{
    struct roster_copy earlier, now;
    const struct roster_shown *shown;

    unit_ok(roster_txn_begin(f.session, NULL));
    shown = roster_session_look(f.session, &earlier, NULL, 0);
    unit_ok(roster_txn_finish(f.session));
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_ok(roster_kill_txn(f.roster, f.id, ROSTER_TXN_ANY, ROSTER_TXN_ANY,
                            ROSTER_KILL_REASON_TXN_AGE));
    cr_expect_eq(roster_session_killed(f.session, shown), 0);
    shown = roster_session_look(f.session, &now, NULL, 0);
    cr_expect_eq(roster_session_killed(f.session, shown),
                 ROSTER_KILL_REASON_TXN_AGE | ROSTER_KILLED_TRANSACTION);
}
