/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The last statement that a look shows is whole, and of the transaction that it shows. */

#include "steps.h"

#include <criterion/criterion.h>

#include <roster/roster.h>
#include <string.h>

static struct roster *roster;
static struct roster_session *session;

struct looking {
    char text[64];
    bool found, idle;
};

static void look(void *arg)
{
    struct looking *looking = arg;
    struct roster_statement last;
    struct roster_copy copy;
    char text[64], room[64];
    const struct roster_shown *shown;

    cr_assert_eq(roster_read_lock(roster), 0);
    shown = roster_session_look(session, &copy, text, sizeof(text));
    looking->idle = !shown->statement;
    if (roster_session_last_statement(session, shown, &last, room, sizeof(room))) {
        looking->found = true;
        strcpy(looking->text, last.text);
    }
    roster_read_unlock(roster);
}

static void begin(const char *text)
{
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, strlen(text), NULL, 0), 0);
}

static void statement(const char *text)
{
    begin(text);
    cr_assert_eq(roster_stmt_end(session), 0);
}

static void open_with(const char *text)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    attr.flags = ROSTER_SESSION_LAST_STATEMENT;
    cr_assert_eq(roster_session_open(roster, &attr, &session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    statement(text);
}

static void close_all(void)
{
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

/* The reader has found "first" and copies it: what happens to it in between is not shown. */
Test(last_step, is_not_copied_from_what_serves_another_statement)
{
    struct looking looking = {"", false, false};
    struct steps reader = {.fn = look, .arg = &looking, .point = "last: statement found"};
    int n;

    open_with("first");
    cr_assert(steps_start(&reader));
    for (n = 0; n < 3; n++) /* the memory of "first" has served others by then */
        statement("another");
    steps_finish(&reader);
    cr_assert(looking.idle);
    cr_assert(!looking.found, "\"%s\"", looking.text);
    close_all();
}

Test(last_step, is_not_of_another_transaction)
{
    struct looking looking = {"", false, false};
    struct steps reader = {.fn = look, .arg = &looking, .point = "last: looked"};

    open_with("of the first");
    cr_assert(steps_start(&reader)); /* the look is of the first transaction */
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    statement("of the second");
    steps_finish(&reader);
    cr_assert(looking.idle);
    cr_assert(!looking.found, "\"%s\"", looking.text);
    close_all();
}

/* The owner has kept the statement that ends, and has not yet published that it does. */
static void end_statement(void *unused)
{
    (void)unused;
    cr_assert_eq(roster_stmt_end(session), 0);
}

Test(last_step, is_not_shown_before_its_end)
{
    struct steps owner = {.fn = end_statement, .point = "end: view still published"};
    struct looking looking = {"", false, false};
    struct steps reader = {.fn = look, .arg = &looking, .point = "last: looked"};

    open_with("first");
    cr_assert(steps_start(&reader)); /* the look is from before the second */
    begin("second");
    cr_assert(steps_start(&owner));
    steps_finish(&reader);
    cr_assert(looking.idle);
    cr_assert(!looking.found, "\"%s\"", looking.text);
    steps_finish(&owner);
    look(&looking);
    cr_assert(looking.idle);
    cr_assert_str_eq(looking.text, "second");
    close_all();
}
