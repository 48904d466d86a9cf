/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A session that a look shows at rest has the identity that it had at that time (r1 to r3 of
 * look.h). */

#include "steps.h"

#include <criterion/criterion.h>

#include <roster/roster.h>
#include <string.h>

static struct roster *roster;
static struct roster_session *session;

struct seen {
    char user[16];
    bool at_rest;
};

static int see(const struct roster_session *unused, const struct roster_shown *shown, void *arg)
{
    struct seen *seen = arg;

    (void)unused;
    seen->at_rest = shown->txn_state == ROSTER_TXN_INVALID;
    strcpy(seen->user, roster_identity_user(shown->identity));
    return 0;
}

static void look(void *seen)
{
    struct roster_copy copy;

    cr_assert_eq(roster_read_lock(roster), 0);
    see(session, roster_session_look(session, &copy, NULL, 0), seen);
    roster_read_unlock(roster);
}

static void list(void *seen)
{
    cr_assert_eq(roster_read_lock(roster), 0);
    cr_assert_eq(roster_for_each(roster, see, seen), 0);
    roster_read_unlock(roster);
}

static void call(const char *user)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = user;
    if (session)
        cr_assert_eq(roster_session_update(session, &attr), 0);
    else
        cr_assert_eq(roster_session_open(roster, &attr, &session), 0);
}

/* The session is "resting" at rest, and "working" in its transaction. */
static void open_session(void)
{
    cr_assert_eq(roster_create(NULL, &roster), 0);
    call("resting");
}

static void begin(void)
{
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    call("working");
}

static void finish(void)
{
    call("resting");
    cr_assert_eq(roster_txn_finish(session), 0);
}

static void check(const struct seen *seen)
{
    cr_assert_str_eq(seen->user, seen->at_rest ? "resting" : "working");
}

static void close_all(void)
{
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
    session = NULL;
}

/* The reader stands at `point` while a transaction begins. */
static void begins_at(void (*fn)(void *seen), const char *point)
{
    struct seen seen = {"", false};
    struct steps reader = {.fn = fn, .arg = &seen, .point = point};

    open_session();
    cr_assert(steps_start(&reader));
    begin();
    steps_finish(&reader);
    check(&seen);
    finish();
    close_all();
}

/* The reader has found the identity of a transaction, which ends before it looks further. */
static void ends_between(void (*fn)(void *seen), const char *point)
{
    struct seen seen = {"", false};
    struct steps reader = {.fn = fn, .arg = &seen, .point = point};

    open_session();
    cr_assert(steps_start(&reader)); /* it has found the session at rest */
    begin();
    cr_assert(steps_go_to(&reader, "look: identity found"));
    finish();
    steps_finish(&reader);
    check(&seen);
    close_all();
}

Test(rest_step, a_look_beside_a_begin)
{
    begins_at(look, "look: view found");
    begins_at(look, "look: identity found");
    begins_at(look, "look: still at rest");
}

Test(rest_step, a_look_beside_an_end)
{
    ends_between(look, "look: view found");
}

/* It is tried again as any other one is: counted, and after a pause. */
Test(rest_step, a_look_beside_an_update)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    struct seen seen = {"", false};
    struct steps reader = {.fn = look, .arg = &seen, .point = "look: still at rest"};

    open_session();
    cr_assert(steps_start(&reader));
    call("other");
    steps_finish(&reader);
    cr_assert(seen.at_rest);
    cr_assert_str_eq(seen.user, "other");
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_assert_eq(stats.looks_again, 1);
    close_all();
}

Test(rest_step, a_list_beside_a_begin)
{
    begins_at(list, "list: at rest");
    begins_at(list, "look: identity found");
    begins_at(list, "look: still at rest");
}

Test(rest_step, a_list_beside_an_end)
{
    ends_between(list, "list: at rest");
}
