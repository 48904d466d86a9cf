/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * G5 for ids that come back: no two statements of a roster have the same session id and the same
 * number, in whatever order the last bearer closes and the next one opens.
 */

#include "steps.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/roster.h>

#define ID 7

static struct roster *roster;

struct bearer {
    struct roster_session *session;
    int err;
};

static void open_with(struct bearer *bearer, uint64_t id)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.id = id;
    bearer->err = roster_session_open(roster, &attr, &bearer->session);
}

static void open_it(void *arg)
{
    open_with(arg, ID);
}

static void close_it(void *arg)
{
    struct bearer *bearer = arg;

    bearer->err = roster_session_close(bearer->session);
}

/* Runs this number of statements and returns the number of the last one. */
static uint64_t run(struct roster_session *session, unsigned statements)
{
    while (statements--) {
        cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
        cr_assert_eq(roster_stmt_end(session), 0);
    }
    return roster_stmt_seq(session);
}

/* A kill that was aimed at statement `seq` of the last bearer does not hit the next one's first. */
static void check_next(struct roster_session *next, uint64_t id, uint64_t seq)
{
    cr_assert_eq(roster_session_id(next), id);
    cr_assert_eq(roster_stmt_begin(next, ROSTER_COMMAND_QUERY, "innocent", 8, NULL, 0), 0);
    cr_assert_gt(roster_stmt_seq(next), seq);
    cr_assert_eq(
        roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, seq, ROSTER_KILL_REASON_INTERRUPTED),
        -ESTALE);
    cr_assert_eq(roster_stmt_end(next), 0, "killed");
    cr_assert_eq(roster_session_close(next), 0);
}

static void set_up(void)
{
    cr_assert_eq(roster_create(NULL, &roster), 0);
}

static void tear_down(void)
{
    cr_assert_eq(roster_destroy(roster), 0);
}

TestSuite(id_step, .init = set_up, .fini = tear_down);

/* Who chooses the id of the last bearer, and of the next one: 0 for the roster. */
static void one_after_the_other(uint64_t last_id, uint64_t next_id, uint64_t id)
{
    struct bearer last, next;
    uint64_t seq;

    open_with(&last, last_id);
    cr_assert_eq(last.err, 0);
    seq = run(last.session, 3);
    close_it(&last);
    open_with(&next, next_id);
    cr_assert_eq(next.err, 0);
    check_next(next.session, id, seq);
}

Test(id_step, the_caller_chooses_it_twice)
{
    one_after_the_other(ID, ID, ID);
    one_after_the_other(ID, ID, ID);
}

Test(id_step, the_caller_chooses_what_the_roster_chose)
{
    one_after_the_other(0, 1, 1);
}

Test(id_step, the_roster_chooses_what_the_caller_chose)
{
    one_after_the_other(1, 0, 1);
}

/* The id is given up by one that ran less than another that was closed before. */
Test(id_step, others_ran_more)
{
    struct bearer other, last, next;
    uint64_t seq;

    open_with(&last, ID);
    open_with(&other, ID + 1);
    (void)run(other.session, 9);
    seq = run(last.session, 2);
    close_it(&other);
    close_it(&last);
    open_with(&next, ID);
    cr_assert_eq(next.err, 0);
    check_next(next.session, ID, seq);
}

Test(id_step, it_is_taken_before_the_last_bearer_has_closed)
{
    struct bearer last, next;
    struct steps closer = {.fn = close_it, .arg = &last, .point = "close: id is free"};
    uint64_t seq;

    open_with(&last, ID);
    seq = run(last.session, 3);
    cr_assert(steps_start(&closer));
    open_with(&next, ID);
    cr_assert_eq(next.err, 0);
    check_next(next.session, ID, seq);
    steps_finish(&closer);
}

Test(id_step, the_last_bearer_closes_while_it_is_taken)
{
    struct bearer last, next;
    struct steps opener = {.fn = open_it, .arg = &next, .point = "open: in the table"};
    uint64_t seq;

    open_with(&last, ID);
    (void)steps_start(&opener); /* what stands there has the id, or has been refused */
    seq = run(last.session, 3);
    close_it(&last);
    steps_finish(&opener);
    if (next.err) {
        cr_assert_eq(next.err, -EEXIST);
        open_with(&next, ID);
    }
    check_next(next.session, ID, seq);
}
