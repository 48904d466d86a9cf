/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A kill of a statement that becomes suspended hits it or nothing, and is not lost (G5). */

#include "steps.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/roster.h>
#include <string.h>

static struct roster *roster;
static struct roster_session *session;
static uint64_t first;

static int push(const char *text)
{
    return roster_stmt_push(session, ROSTER_COMMAND_QUERY, text, strlen(text), NULL, 0);
}

static void open_one(void)
{
    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    cr_assert_eq(push("first"), 0);
    first = roster_stmt_seq(session);
}

static void close_all(void)
{
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

static void kill_first(void *result)
{
    *(int *)result = roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_STATEMENT,
                                 first, ROSTER_KILL_REASON_INTERRUPTED);
}

static void push_second(void *result)
{
    *(int *)result = push("second");
}

/* Before the killer has done anything: it takes back what it does then. */
Test(nested_step, a_kill_that_comes_late_hits_nothing)
{
    int result = 1;
    struct steps killer = {.fn = kill_first, .arg = &result, .point = "kill: statement seen"};

    open_one();
    cr_assert(steps_start(&killer));
    cr_assert_eq(push("second"), 0);
    steps_finish(&killer);
    cr_assert_eq(result, -ESTALE);
    cr_assert_eq(roster_stmt_end(session), 0);
    cr_assert_eq(roster_killed(session), 0);
    cr_assert_eq(roster_stmt_end(session), 0);
    close_all();
}

/* The owner sees it when it suspends the statement, and does not. */
Test(nested_step, a_kill_in_time_is_not_lost)
{
    int result = 1;
    struct steps killer = {.fn = kill_first, .arg = &result, .point = "kill: word installed"};

    open_one();
    cr_assert(steps_start(&killer));
    cr_assert_eq(push("second"), -ECANCELED);
    steps_finish(&killer);
    cr_assert_eq(result, 0);
    cr_assert_eq(roster_killed(session), ROSTER_KILL_REASON_INTERRUPTED);
    cr_assert_eq(roster_stmt_end(session), ROSTER_KILL_REASON_INTERRUPTED);
    close_all();
}

/* A list may have shown the second: its number is not that of the next one, whose kill it would be.
 */
Test(nested_step, a_statement_that_did_not_begin_keeps_its_number)
{
    int pushed = 1, result = 1;
    struct steps owner = {.fn = push_second, .arg = &pushed, .point = "push: published"};
    struct steps killer = {.fn = kill_first, .arg = &result, .point = "kill: statement seen"};
    struct roster_entry entry;
    uint64_t number;

    open_one();
    cr_assert(steps_start(&killer));
    cr_assert(steps_start(&owner));
    cr_assert(steps_go_to(&killer, "kill: word installed"));
    cr_assert_eq(roster_look(roster, roster_session_id(session), &entry, NULL, 0), 0);
    number = entry.stmt_seq;
    cr_assert_neq(number, first);
    steps_finish(&owner);
    cr_assert_eq(pushed, -ECANCELED);
    steps_finish(&killer);
    cr_assert_eq(result, 0);
    cr_assert_eq(roster_killed(session), ROSTER_KILL_REASON_INTERRUPTED);
    cr_assert_eq(roster_stmt_end(session), ROSTER_KILL_REASON_INTERRUPTED, "the first is shown");
    cr_assert_eq(push("other"), 0);
    cr_assert_neq(roster_stmt_seq(session), number);
    cr_assert_eq(roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_STATEMENT,
                             number, ROSTER_KILL_REASON_INTERRUPTED),
                 -ESTALE);
    cr_assert_eq(roster_stmt_end(session), 0);
    close_all();
}

/* The second is shown, and whether the first was killed not yet asked. */
Test(nested_step, a_kill_in_between_is_of_either)
{
    int pushed = 1, result = 1;
    struct steps owner = {.fn = push_second, .arg = &pushed, .point = "push: published"};
    struct steps killer = {.fn = kill_first, .arg = &result, .point = "kill: statement seen"};

    open_one();
    cr_assert(steps_start(&killer));
    cr_assert(steps_start(&owner));
    cr_assert(steps_go_to(&killer, "kill: word installed"));
    steps_finish(&killer); /* sees the second, and takes the kill back */
    steps_finish(&owner);
    cr_assert_eq(result, -ESTALE);
    cr_assert_eq(pushed, 0);
    cr_assert_eq(roster_stmt_end(session), 0);
    cr_assert_eq(roster_stmt_end(session), 0);
    close_all();
}

static void end(void *result)
{
    *(int *)result = roster_stmt_end(session);
}

static uint64_t shown(void)
{
    struct roster_entry entry;

    cr_assert_eq(roster_look(roster, roster_session_id(session), &entry, NULL, 0), 0);
    return entry.stmt_seq;
}

static int kill_shown(void)
{
    return roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_STATEMENT, shown(),
                       ROSTER_KILL_REASON_RUNAWAY);
}

/* The owner has not yet asked for the first's kill when the second is to be killed. */
Test(nested_step, a_kill_of_the_second_does_not_replace_that_of_the_first)
{
    int pushed = 1, result = 1;
    struct steps owner = {.fn = push_second, .arg = &pushed, .point = "push: view filled"};

    open_one();
    cr_assert(steps_start(&owner));
    kill_first(&result);
    cr_assert_eq(result, 0);
    cr_assert(steps_go_to(&owner, "push: published"));
    cr_assert_neq(shown(), first);
    cr_assert_eq(kill_shown(), -ENOENT);
    steps_finish(&owner);
    cr_assert_eq(pushed, -ECANCELED);
    cr_assert_eq(roster_stmt_end(session), ROSTER_KILL_REASON_INTERRUPTED);
    close_all();
}

/* The same at the end of the second, when the first is shown again. */
Test(nested_step, a_kill_of_the_first_does_not_replace_that_of_the_second)
{
    int ended = 1;
    struct steps owner = {.fn = end, .arg = &ended, .point = "pop: published"};

    open_one();
    cr_assert_eq(push("second"), 0);
    cr_assert_eq(kill_shown(), 0);
    cr_assert(steps_start(&owner));
    cr_assert_eq(shown(), first);
    cr_assert_eq(kill_shown(), -ENOENT);
    steps_finish(&owner);
    cr_assert_eq(ended, ROSTER_KILL_REASON_RUNAWAY);
    cr_assert_eq(kill_shown(), 0);
    cr_assert_eq(roster_stmt_end(session), ROSTER_KILL_REASON_RUNAWAY);
    close_all();
}
