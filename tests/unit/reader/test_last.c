/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The statement that ended last in the transaction in which a session is idle. */

#include "../unit.h"

#include <criterion/criterion.h>

#include <roster/list.h>
#include <roster/statement.h>
#include <roster/txn.h>
#include <string.h>

#define FIRST "select 1 for update"
#define SECOND "update account set balance = 0"

static void statement(struct roster_session *session, const char *text)
{
    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, strlen(text), "d", 1));
    cr_assert_eq(roster_stmt_end(session), 0);
}

struct seen {
    char text[64];
    uint64_t seq;
};

static int see(const struct roster_session *session, const struct roster_shown *shown, void *arg)
{
    struct seen *seen = arg;
    struct roster_statement last;
    char room[sizeof(seen->text)];

    if (roster_session_last_statement(session, shown, &last, room, sizeof(room))) {
        strcpy(seen->text, last.text);
        seen->seq = last.seq;
    }
    return 0;
}

/* All that copy sessions say the same; NULL: no last statement. */
static void shows(struct roster *roster, struct roster_session *session, const char *text)
{
    const uint64_t id = roster_session_id(session);
    struct roster_snapshot *all = NULL, *some = NULL;
    struct roster_entry entry;
    struct seen seen = {"", 0};
    char room[ROSTER_IDENTITY_MAX];

    unit_ok(roster_look(roster, id, &entry, room, sizeof(room)));
    unit_ok(roster_snapshot(roster, &all));
    unit_ok(roster_snapshot_ids(roster, &id, 1, &some));
    unit_ok(roster_read_lock(roster));
    unit_ok(roster_for_each(roster, see, &seen));
    roster_read_unlock(roster);
    cr_assert_eq(all->count, 1);
    cr_assert_eq(some->count, 1);
    cr_assert_eq(entry.last_seq, seen.seq);
    cr_assert_eq(entry.last_seq, all->entries->last_seq);
    cr_assert_eq(entry.last_seq, some->entries->last_seq);
    if (text) {
        cr_assert_str_eq(seen.text, text);
        cr_assert_str_eq(entry.last_text, text);
        cr_assert_str_eq(all->entries->last_text, text);
        cr_assert_str_eq(some->entries->last_text, text);
        cr_assert_eq(entry.last_text_length, strlen(text));
        cr_assert_eq(entry.last_text_full_length, strlen(text));
        cr_assert_eq(entry.last_command, ROSTER_COMMAND_QUERY);
        cr_assert_eq(entry.last_seq, roster_stmt_seq(session));
        cr_assert_null(entry.text);
    } else {
        cr_assert_eq(entry.last_seq, 0);
        cr_assert_null(entry.last_text);
        cr_assert_null(all->entries->last_text);
        cr_assert_null(some->entries->last_text);
    }
    roster_snapshot_free(all);
    roster_snapshot_free(some);
}

Test(last, is_shown_while_the_session_is_idle_in_its_transaction)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session =
        unit_open_as(roster, ROSTER_SESSION_USER, ROSTER_SESSION_LAST_STATEMENT);
    int n;

    for (n = 0; n < 3; n++) {
        statement(session, FIRST);
        shows(roster, session, NULL); /* not of a transaction */
        unit_ok(roster_txn_begin(session, NULL));
        shows(roster, session, NULL); /* not of this one */
        statement(session, FIRST);
        shows(roster, session, FIRST);
        statement(session, SECOND);
        shows(roster, session, SECOND);
        unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, FIRST, strlen(FIRST), NULL, 0));
        shows(roster, session, NULL); /* a statement runs */
        cr_assert_eq(roster_stmt_end(session), 0);
        unit_ok(roster_txn_set_progress(session, 1, 2, 3));
        unit_ok(
            roster_session_update(session, &(struct roster_session_attr)ROSTER_SESSION_ATTR_INIT));
        shows(roster, session, FIRST);
        unit_ok(roster_txn_finish(session));
        shows(roster, session, NULL);
    }
    unit_end(roster, session);
}

/* As a server does that runs BEGIN and COMMIT as statements. */
Test(last, may_be_the_one_that_began_the_transaction)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session =
        unit_open_as(roster, ROSTER_SESSION_USER, ROSTER_SESSION_LAST_STATEMENT);

    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, FIRST, strlen(FIRST), NULL, 0));
    unit_ok(roster_txn_begin(session, NULL));
    cr_assert_eq(roster_stmt_end(session), 0);
    shows(roster, session, FIRST);
    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, SECOND, strlen(SECOND), NULL, 0));
    unit_ok(roster_txn_finish(session));
    cr_assert_eq(roster_stmt_end(session), 0);
    shows(roster, session, NULL);
    unit_ok(roster_txn_prepare(session));
    statement(session, SECOND);
    shows(roster, session, SECOND);
    unit_close(session); /* with what it keeps */
    unit_destroy(roster);
}

Test(last, is_kept_only_when_asked_for)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session =
        unit_open_as(roster, ROSTER_SESSION_USER, ROSTER_SESSION_DIGESTS);
    struct roster_statement last;

    unit_ok(roster_txn_begin(session, NULL));
    statement(session, FIRST);
    shows(roster, session, NULL);
    cr_assert_null(roster_session_last_statement(NULL, unit_look(session), &last, NULL, 0));
    cr_assert_null(roster_session_last_statement(session, NULL, &last, NULL, 0));
    cr_assert_null(roster_session_last_statement(session, unit_look(session), NULL, NULL, 0));
    unit_end(roster, session);
}

Test(last, is_cut_to_the_room_and_kept_with_digests)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open_as(
        roster, ROSTER_SESSION_USER, ROSTER_SESSION_LAST_STATEMENT | ROSTER_SESSION_DIGESTS);
    struct roster_statement last;
    struct roster_snapshot *list = NULL;
    char room[8];

    unit_ok(roster_txn_begin(session, NULL));
    statement(session, SECOND);
    cr_assert_not_null(
        roster_session_last_statement(session, unit_look(session), &last, room, sizeof(room)));
    cr_assert_str_eq(last.text, "updat");
    cr_assert_str_eq(last.digest, "d");
    cr_assert_eq(last.text_full_length, strlen(SECOND));
    cr_assert_not_null(roster_session_last_statement(session, unit_look(session), &last, NULL, 0));
    cr_assert_str_eq(last.text, "");
    unit_ok(roster_snapshot(roster, &list));
    cr_assert_str_eq(list->entries->all_digests, "[\"d\"]");
    cr_assert_str_eq(list->entries->last_text, SECOND);
    roster_snapshot_free(list);
    unit_end(roster, session);
}
