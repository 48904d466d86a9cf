/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Opening and closing sessions. */

#include "../unit.h"
#include "core/roster/roster.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

static void open_refused(struct roster *roster, const struct roster_session_attr *attr, int error)
{
    struct roster_session *session = (struct roster_session *)&session;
    int err = 1;

    unit_refused(roster, NULL, err = roster_session_open(roster, attr, &session), error);
    cr_assert_eq((void *)session, (void *)&session, "the result was written after an error");
}

Test(session, without_attributes)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = NULL;
    const struct roster_shown *view;

    unit_ok(roster_session_open(roster, NULL, &session));
    view = unit_look(session);
    cr_assert_eq(roster_session_id(session), 1);
    cr_assert_eq(roster_session_kind(session), ROSTER_SESSION_USER);
    cr_assert_eq(roster_session_flags(session), 0);
    cr_assert_eq(view->txn_state, ROSTER_TXN_INVALID);
    cr_assert_eq(view->run_state, ROSTER_RUN_IDLE);
    cr_assert_eq(view->start_ts, 0);
    cr_assert_null(view->statement);
    cr_assert_null(roster_identity_user(view->identity));
    cr_assert_null(roster_identity_host(view->identity));
    cr_assert_null(roster_identity_database(view->identity));
    cr_assert_null(roster_identity_application(view->identity));
    cr_assert_null(roster_identity_attributes(view->identity));
    cr_assert_eq(roster_stmt_seq(session), 0);
    cr_assert_eq(roster_session_since(session, view), rst_ticker_now(&roster->ticker));
    unit_end(roster, session);
}

Test(session, with_all_attributes)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = {
        .size = sizeof(attr),
        .id = UINT64_MAX - 1,
        .kind = ROSTER_SESSION_BACKGROUND,
        .flags = ROSTER_SESSION_NON_PINNING,
        .user = "u",
        .host = "h:1",
        .database = "",
        .application = "a",
        .attributes = "k=v",
    };
    struct roster_session *session = NULL;
    const struct roster_identity *identity;

    unit_ok(roster_session_open(roster, &attr, &session));
    identity = unit_look(session)->identity;
    cr_assert_eq(roster_session_id(session), UINT64_MAX - 1);
    cr_assert_eq(roster_session_kind(session), ROSTER_SESSION_BACKGROUND);
    cr_assert_eq(roster_session_flags(session), ROSTER_SESSION_NON_PINNING);
    cr_assert_str_eq(roster_identity_user(identity), "u");
    cr_assert_str_eq(roster_identity_host(identity), "h:1");
    cr_assert_str_eq(roster_identity_database(identity), "", "empty is known");
    cr_assert_str_eq(roster_identity_application(identity), "a");
    cr_assert_str_eq(roster_identity_attributes(identity), "k=v");
    unit_end(roster, session);
}

Test(session, null)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = NULL;

    cr_assert_eq(roster_session_open(NULL, NULL, &session), -EINVAL);
    unit_refused(roster, NULL, roster_session_open(roster, NULL, NULL), -EINVAL);
    cr_assert_eq(roster_session_close(NULL), 0);
    cr_assert_eq(roster_session_id(NULL), 0);
    unit_destroy(roster);
}

Test(session, attributes_out_of_range)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.kind = (enum roster_session_kind)3;
    open_refused(roster, &attr, -EINVAL);
    attr.kind = (enum roster_session_kind) - 1;
    open_refused(roster, &attr, -EINVAL);
    attr.kind = ROSTER_SESSION_USER;
    attr.flags = 64;
    open_refused(roster, &attr, -EINVAL);
    attr.flags = ROSTER_SESSION_NON_PINNING | UINT32_C(0x80000000);
    open_refused(roster, &attr, -EINVAL);
    attr.flags = 0;
    attr.id = UINT64_MAX;
    open_refused(roster, &attr, -EINVAL);
    unit_destroy(roster);
}

struct newer_attr {
    struct roster_session_attr known;
    unsigned char unknown[32];
};

Test(session, attributes_of_another_version)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = NULL;
    struct newer_attr newer;

    memset(&newer, 0, sizeof(newer));
    newer.known.size = sizeof(newer.known) - 1;
    open_refused(roster, &newer.known, -EINVAL);
    newer.known.size = sizeof(newer);
    newer.unknown[31] = 1;
    open_refused(roster, &newer.known, -E2BIG);
    newer.unknown[31] = 0;
    newer.known.user = "u";
    unit_ok(roster_session_open(roster, &newer.known, &session));
    cr_assert_str_eq(roster_identity_user(unit_look(session)->identity), "u");
    unit_end(roster, session);
}

Test(session, strings_too_long)
{
    static char text[ROSTER_IDENTITY_MAX + 2];
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;

    memset(text, 'x', sizeof(text) - 1);
    attr.user = text;
    open_refused(roster, &attr, -ENAMETOOLONG);
    attr.user = text + 1;
    unit_ok(roster_session_open(roster, &attr, &session));
    attr.attributes = "y";
    open_refused(roster, &attr, -ENAMETOOLONG);
    cr_assert_eq(strlen(roster_identity_user(unit_look(session)->identity)), ROSTER_IDENTITY_MAX);
    unit_end(roster, session);
}

Test(session, an_id_that_is_in_use)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL, *again = NULL;

    attr.id = 42;
    unit_ok(roster_session_open(roster, &attr, &session));
    open_refused(roster, &attr, -EEXIST);
    unit_ok(roster_read_lock(roster));
    cr_assert_eq(roster_lookup(roster, 42), session);
    roster_read_unlock(roster);
    unit_close(session);
    unit_ok(roster_session_open(roster, &attr, &again));
    unit_end(roster, again);
}

/* A caller's id may be the one that the roster would give next. */
Test(session, chosen_ids_skip_those_in_use)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *callers[3], *next;
    uint64_t i;

    for (i = 0; i < 3; i++) {
        attr.id = i + 1;
        unit_ok(roster_session_open(roster, &attr, &callers[i]));
    }
    next = unit_open(roster);
    cr_assert_eq(roster_session_id(next), 4);
    unit_close(next);
    next = unit_open(roster);
    cr_assert_eq(roster_session_id(next), 5, "never the same twice");
    unit_close(next);
    for (i = 0; i < 3; i++)
        unit_close(callers[i]);
    unit_destroy(roster);
}

Test(session, the_limit)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *sessions[5], *more = NULL;
    struct roster *roster;
    int i;

    options.max_sessions = 5;
    options.tick_ms = ROSTER_TICK_MANUAL;
    roster = unit_roster_with(&options);
    for (i = 0; i < 5; i++)
        sessions[i] = unit_open(roster);
    open_refused(roster, NULL, -EUSERS);
    open_refused(roster, NULL, -EUSERS);
    cr_assert_eq(unit_stats(roster).sessions_refused, 2);
    unit_close(sessions[3]);
    unit_ok(roster_session_open(roster, NULL, &more));
    open_refused(roster, NULL, -EUSERS);
    sessions[3] = more;
    for (i = 0; i < 5; i++)
        unit_close(sessions[i]);
    cr_assert_eq(unit_stats(roster).sessions_peak, 5);
    unit_destroy(roster);
}

/* Clients cannot take the last places, and the limits follow while sessions are open. */
Test(session, places_for_administrators)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *clients[2], *admin, *internal, *none = NULL;
    struct roster *roster = unit_roster(NULL);

    cr_assert_eq(roster_set_max_sessions(NULL, 1, 0), -EINVAL);
    cr_assert_eq(roster_set_max_sessions(roster, 3, 4), -EINVAL);
    cr_assert_eq(roster_set_max_sessions(roster, 0, 1), -EINVAL);
    unit_ok(roster_set_max_sessions(roster, 4, 2));
    cr_assert_eq(unit_stats(roster).max_sessions, 4u);
    cr_assert_eq(unit_stats(roster).reserved_sessions, 2u);
    clients[0] = unit_open(roster);
    clients[1] = unit_open(roster);
    open_refused(roster, NULL, -EUSERS);
    attr.flags = ROSTER_SESSION_ADMIN;
    unit_ok(roster_session_open(roster, &attr, &admin));
    internal = unit_open_as(roster, ROSTER_SESSION_INTERNAL, 0);
    cr_assert_eq(roster_session_open(roster, &attr, &none), -EUSERS, "these have a limit, too");
    unit_ok(roster_set_max_sessions(roster, 1, 1));
    cr_assert_eq(roster_session_open(roster, &attr, &none), -EUSERS);
    unit_close(internal);
    unit_close(admin);
    unit_close(clients[0]);
    unit_close(clients[1]);
    open_refused(roster, NULL, -EUSERS);
    unit_ok(roster_session_open(roster, &attr, &admin));
    unit_ok(roster_set_max_sessions(roster, 0, 0));
    cr_assert_eq(unit_stats(roster).reserved_sessions, 0u);
    clients[0] = unit_open(roster);
    unit_close(clients[0]);
    unit_end(roster, admin);
}

/* What was reserved is given back by every way to fail. */
Test(session, errors_do_not_use_up_the_limit)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    static char text[ROSTER_IDENTITY_MAX + 2];
    struct roster_session *session, *last;
    struct roster *roster;

    options.max_sessions = 2;
    options.tick_ms = ROSTER_TICK_MANUAL;
    roster = unit_roster_with(&options);
    session = unit_open(roster);
    attr.id = roster_session_id(session);
    open_refused(roster, &attr, -EEXIST);
    attr.id = 0;
    memset(text, 'x', sizeof(text) - 1);
    attr.host = text;
    open_refused(roster, &attr, -ENAMETOOLONG);
    last = unit_open(roster);
    open_refused(roster, NULL, -EUSERS);
    unit_close(session);
    unit_end(roster, last);
}

static void all_are_bad(struct roster *roster, struct roster_session *session)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_pin *pin = NULL;

    unit_refused(roster, NULL, roster_session_close(session), -EBADF);
    unit_refused(roster, NULL, roster_session_update(session, &attr), -EBADF);
    unit_refused(roster, NULL, roster_stmt_begin(session, 0, NULL, 0, NULL, 0), -EBADF);
    unit_refused(roster, NULL, roster_stmt_begin(session, 0, "x", 1, "y", 1), -EBADF);
    unit_refused(roster, NULL, roster_stmt_end(session), -EBADF);
    unit_refused(roster, NULL, roster_txn_prepare(session), -EBADF);
    unit_refused(roster, NULL, roster_txn_activate(session, 1000), -EBADF);
    unit_refused(roster, NULL, roster_txn_begin(session, NULL), -EBADF);
    unit_refused(roster, NULL, roster_txn_begin_at(session, 1000), -EBADF);
    unit_refused(roster, NULL, roster_txn_set_state(session, ROSTER_RUN_IDLE), -EBADF);
    unit_refused(roster, NULL, roster_txn_set_progress(session, 1, 2, 3), -EBADF);
    unit_refused(roster, NULL, roster_txn_finish(session), -EBADF);
    unit_refused(roster, NULL, roster_txn_check(session), -EBADF);
    unit_refused(roster, NULL, roster_killed(session), -EBADF);
    unit_refused(roster, NULL, roster_pin_acquire(roster, session, 0, ROSTER_PIN_CURSOR, &pin),
                 -EBADF);
}

Test(session, nothing_can_be_done_with_a_closed_one)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);

    unit_ok(roster_txn_begin(session, NULL));
    unit_close(session);
    all_are_bad(roster, session);
    unit_destroy(roster);
}

Test(session, nothing_can_be_done_without_one)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    cr_assert_eq(roster_session_update(NULL, &attr), -EINVAL);
    cr_assert_eq(roster_stmt_begin(NULL, 0, NULL, 0, NULL, 0), -EINVAL);
    cr_assert_eq(roster_stmt_end(NULL), -EINVAL);
    cr_assert_eq(roster_stmt_seq(NULL), 0);
    cr_assert_eq(roster_txn_prepare(NULL), -EINVAL);
    cr_assert_eq(roster_txn_activate(NULL, 1000), -EINVAL);
    cr_assert_eq(roster_txn_begin(NULL, NULL), -EINVAL);
    cr_assert_eq(roster_txn_begin_at(NULL, 1000), -EINVAL);
    cr_assert_eq(roster_txn_set_state(NULL, ROSTER_RUN_IDLE), -EINVAL);
    cr_assert_eq(roster_txn_set_progress(NULL, 1, 2, 3), -EINVAL);
    cr_assert_eq(roster_txn_finish(NULL), -EINVAL);
    cr_assert_eq(roster_txn_check(NULL), -EINVAL);
    cr_assert_eq(roster_killed(NULL), -EINVAL);
}

/* G7: close ends whatever is open. */
Test(session, close_ends_statement_and_transaction)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    struct roster_stats stats;

    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, "d", 1));
    unit_ok(roster_txn_begin(session, NULL));
    unit_close(session);
    session = unit_open(roster);
    unit_ok(roster_txn_prepare(session));
    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, "d", 1));
    unit_close(session);
    session = unit_open(roster);
    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, "d", 1));
    unit_close(session);
    stats = unit_stats(roster);
    cr_assert_eq(stats.txns_forced, 2);
    cr_assert_eq(stats.sessions, 0);
    cr_assert_eq(unit_slots_pinned(roster), 0);
    unit_destroy(roster);
}

/* G4: what a reader has found stays readable, its memory is not used again. */
Test(session, a_closed_session_can_be_read_until_the_unlock)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    const struct roster_session *found;
    struct roster_copy copy;
    const struct roster_identity *identity;
    int i;

    attr.user = "who was found";
    attr.id = 7;
    unit_ok(roster_session_open(roster, &attr, &session));
    unit_ok(roster_txn_begin_at(session, 4711));
    unit_ok(roster_read_lock(roster));
    found = roster_lookup(roster, 7);
    identity = roster_session_look(found, &copy, NULL, 0)->identity;
    unit_close(session);
    cr_assert_null(roster_lookup(roster, 7));
    attr.user = "someone else";
    for (i = 0; i < 200; i++) {
        attr.id = (uint64_t)(100 + i);
        unit_ok(roster_session_open(roster, &attr, &session));
        cr_assert_neq(session, found);
        unit_ok(roster_txn_begin(session, NULL));
        unit_close(session);
    }
    cr_assert_eq(roster_session_look(found, &copy, NULL, 0)->start_ts, 0, "closing ended it");
    cr_assert_str_eq(roster_identity_user(identity), "who was found");
    cr_assert_eq(roster_session_id(found), 7);
    roster_read_unlock(roster);
    unit_destroy(roster);
}
