/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Nested statements, as interleaved cursors are: one is shown, and each keeps its number and time.
 */

#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/kill.h>
#include <roster/list.h>
#include <roster/statement.h>
#include <roster/txn.h>
#include <stdio.h>
#include <string.h>

static uint64_t push(struct roster_session *session, const char *text)
{
    unit_ok(roster_stmt_push(session, ROSTER_COMMAND_QUERY, text, strlen(text), NULL, 0));
    return roster_stmt_seq(session);
}

/* The session shows this statement, with this number, begun then; NULL: none. */
static void shows(const struct roster_session *session, const char *text, uint64_t seq,
                  uint64_t since)
{
    const struct roster_shown *shown = unit_look(session);

    if (!text) {
        cr_assert_null(shown->statement);
        cr_assert_eq(shown->run_state, ROSTER_RUN_IDLE);
        return;
    }
    cr_assert_not_null(shown->statement, "%s is not shown", text);
    cr_assert_str_eq(shown->statement->text, text);
    cr_assert_eq(shown->statement->seq, seq);
    cr_assert_eq(shown->statement->since, since);
    cr_assert_eq(shown->run_state, ROSTER_RUN_RUNNING);
}

Test(nested, the_end_of_one_shows_the_other_again)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    uint64_t a, b, c;

    unit_set_clock(roster, 1000);
    a = push(session, "a");
    unit_set_clock(roster, 2000);
    b = push(session, "b");
    shows(session, "b", b, 2000);
    cr_assert_eq(b, a + 1);
    unit_set_clock(roster, 3000);
    c = push(session, "c");
    shows(session, "c", c, 3000);
    cr_assert_eq(roster_stmt_pop(session, c), 0);
    shows(session, "b", b, 2000);
    cr_assert_eq(roster_stmt_pop(session, a), 0); /* not the one that is shown */
    shows(session, "b", b, 2000);
    cr_assert_eq(roster_stmt_pop(session, a), -EALREADY);
    cr_assert_eq(roster_stmt_seq(session), c);
    cr_assert_eq(roster_stmt_end(session), 0);
    shows(session, NULL, 0, 0);
    cr_assert_eq(roster_stmt_pop(session, b), -EALREADY);
    cr_assert_eq(roster_stmt_end(session), -EALREADY);
    unit_end(roster, session);
}

/* A transaction may begin, go on and end anywhere among them. */
Test(nested, transactions_go_on_beside_them)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session =
        unit_open_as(roster, ROSTER_SESSION_USER, ROSTER_SESSION_LAST_STATEMENT);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_statement last;
    uint64_t a, b, start_ts;
    int order, when;
    char room[16];

    attr.user = "another";
    for (order = 0; order < 2; order++)
        for (when = 0; when < 3; when++) {
            unit_set_clock(roster, 1000);
            if (when == 0)
                unit_ok(roster_txn_begin(session, &start_ts));
            a = push(session, "a");
            if (when == 1)
                unit_ok(roster_txn_begin(session, &start_ts));
            unit_set_clock(roster, 2000);
            b = push(session, "b");
            if (when == 2)
                unit_ok(roster_txn_begin(session, &start_ts));
            unit_ok(roster_txn_set_progress(session, 5, 6, 7));
            unit_ok(roster_session_update(session, &attr));
            cr_assert_eq(roster_stmt_pop(session, order ? a : b), 0);
            shows(session, order ? "b" : "a", order ? b : a, order ? 2000 : 1000);
            cr_assert_eq(unit_look(session)->start_ts, start_ts);
            cr_assert_eq(unit_look(session)->entries, 5);
            cr_assert_str_eq(roster_identity_user(unit_look(session)->identity), "another");
            if (when == 1) {
                unit_ok(roster_txn_finish(session));
                shows(session, order ? "b" : "a", order ? b : a, order ? 2000 : 1000);
                cr_assert_eq(unit_look(session)->txn_state, ROSTER_TXN_INVALID);
                cr_assert_eq(roster_stmt_end(session), 0);
                continue;
            }
            cr_assert_eq(roster_stmt_end(session), 0);
            shows(session, NULL, 0, 0);
            cr_assert_eq(unit_look(session)->start_ts, start_ts);
            cr_assert_not_null(roster_session_last_statement(session, unit_look(session), &last,
                                                             room, sizeof(room)));
            cr_assert_str_eq(last.text, order ? "b" : "a");
            unit_ok(roster_txn_finish(session));
        }
    unit_end(roster, session);
}

Test(nested, refusals_change_nothing)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    char digest[ROSTER_DIGEST_MAX + 1] = "";
    uint64_t first;
    int n;

    cr_assert_eq(roster_stmt_push(NULL, 0, NULL, 0, NULL, 0), -EINVAL);
    cr_assert_eq(roster_stmt_pop(NULL, 1), -EINVAL);
    cr_assert_eq(roster_stmt_pop(session, 1), -EALREADY);
    first = push(session, "first");
    unit_refused(roster, session, roster_stmt_push(session, 0, NULL, 1, NULL, 0), -EINVAL);
    unit_refused(roster, session, roster_stmt_push(session, 0, NULL, 0, digest, sizeof(digest)),
                 -ENAMETOOLONG);
    unit_refused(roster, session, roster_stmt_begin(session, 0, "x", 1, NULL, 0), -EBUSY);
    unit_refused(roster, session, roster_stmt_pop(session, first + 1), -EALREADY);
    for (n = 0; n < ROSTER_STMT_SUSPENDED; n++)
        (void)push(session, "more");
    unit_refused(roster, session, roster_stmt_push(session, 0, "x", 1, NULL, 0), -ENOSPC);
    cr_assert_eq(roster_stmt_pop(session, first), 0);
    (void)push(session, "again");
    cr_assert_eq(roster_session_close(session), 0); /* ends all of them */
    cr_assert_eq(roster_stmt_push(session, 0, "x", 1, NULL, 0), -EBADF);
    cr_assert_eq(roster_stmt_pop(session, 1), -EBADF);
    unit_destroy(roster);
}

/* What was killed before another began is not lost behind it. */
Test(nested, kills_are_of_the_one_that_is_shown)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    uint64_t id = roster_session_id(session), a, b;

    a = push(session, "a");
    b = push(session, "b");
    cr_assert_eq(
        roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, a, ROSTER_KILL_REASON_INTERRUPTED),
        -ESTALE);
    cr_assert_eq(roster_killed(session), 0);
    unit_ok(roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY,
                        ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_killed(session), ROSTER_KILL_REASON_INTERRUPTED);
    unit_refused(roster, session, roster_stmt_push(session, 0, "c", 1, NULL, 0), -ECANCELED);
    cr_assert_eq(roster_stmt_pop(session, b), ROSTER_KILL_REASON_INTERRUPTED);
    cr_assert_eq(roster_killed(session), 0);
    unit_ok(roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, a,
                        ROSTER_KILL_REASON_MAX_EXECUTION_TIME));
    cr_assert_eq(roster_killed(session), ROSTER_KILL_REASON_MAX_EXECUTION_TIME);
    cr_assert_eq(roster_stmt_end(session), ROSTER_KILL_REASON_MAX_EXECUTION_TIME);
    cr_assert_eq(roster_killed(session), 0);
    (void)push(session, "d");
    unit_ok(
        roster_kill(roster, id, ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_stmt_push(session, 0, "e", 1, NULL, 0), -ECANCELED);
    unit_end(roster, session);
}

/* Any order of begins and ends, against a list of what is open. */
Test(nested, any_order)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    uint64_t open[8], since[8], now = 1000;
    unsigned random = 1, n = 0, gone;
    bool in_txn = false;
    char text[24];
    int step;

    for (step = 0; step < UNIT_SCALE(20000, 2000); step++) {
        random = random * 1103515245 + 12345;
        unit_set_clock(roster, ++now);
        if (random >> 16 & 1 && n < 8) {
            snprintf(text, sizeof(text), "at %llu", (unsigned long long)now);
            open[n] = push(session, text);
            since[n++] = now;
        } else if (random >> 17 & 1 && n) {
            gone = (random >> 20) % n;
            cr_assert_eq(roster_stmt_pop(session, open[gone]), 0);
            memmove(&open[gone], &open[gone + 1], (--n - gone) * sizeof(*open));
            memmove(&since[gone], &since[gone + 1], (n - gone) * sizeof(*since));
        } else if (random >> 18 & 1) {
            unit_ok(in_txn ? roster_txn_finish(session) : roster_txn_begin(session, NULL));
            in_txn = !in_txn;
        }
        if (n)
            snprintf(text, sizeof(text), "at %llu", (unsigned long long)since[n - 1]);
        shows(session, n ? text : NULL, n ? open[n - 1] : 0, n ? since[n - 1] : 0);
        cr_assert_eq(unit_look(session)->txn_state, in_txn ? ROSTER_TXN_VALID : ROSTER_TXN_INVALID);
    }
    unit_end(roster, session);
}
