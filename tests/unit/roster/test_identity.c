/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Identities: how they are built, and how a session's is replaced. */

#include "../unit.h"
#include "core/roster/identity.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct rst_account account;
static struct rst_heap heap;

static void make_heap(void)
{
    rst_heap_init(&heap, &account);
}

TestSuite(identity, .init = make_heap);

static void fill(char *text, size_t length, char with)
{
    memset(text, with, length);
    text[length] = '\0';
}

Test(identity, each_string_is_known_by_itself)
{
    const char *strings[RST_IDENTITY_FIELDS];
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_identity *identity = NULL;
    unsigned known, i;

    for (known = 0; known < 1U << RST_IDENTITY_FIELDS; known++) {
        for (i = 0; i < RST_IDENTITY_FIELDS; i++)
            strings[i] = known >> i & 1 ? &"abcde"[i] : NULL;
        attr.user = strings[0];
        attr.host = strings[1];
        attr.database = strings[2];
        attr.application = strings[3];
        attr.attributes = strings[4];
        unit_ok(rst_identity_build(&heap, &attr, NULL, &identity));
#define check(i, get)                                                                              \
    do {                                                                                           \
        cr_assert_eq(get(identity) != NULL, strings[i] != NULL);                                   \
        if (strings[i])                                                                            \
            cr_assert_str_eq(get(identity), strings[i]);                                           \
    } while (0)
        check(0, roster_identity_user);
        check(1, roster_identity_host);
        check(2, roster_identity_database);
        check(3, roster_identity_application);
        check(4, roster_identity_attributes);
        rst_identity_free(&heap, identity, NULL);
    }
}

Test(identity, of_a_session_without_identity_nothing_is_known)
{
    cr_assert_null(roster_identity_user(NULL));
    cr_assert_null(roster_identity_host(NULL));
    cr_assert_null(roster_identity_database(NULL));
    cr_assert_null(roster_identity_application(NULL));
    cr_assert_null(roster_identity_attributes(NULL));
}

Test(identity, the_limit_is_for_all_strings_together)
{
    static char text[5][ROSTER_IDENTITY_MAX / 5 + 100];
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_identity *identity = NULL, *before;
    int i;

    for (i = 0; i < 5; i++)
        fill(text[i], ROSTER_IDENTITY_MAX / 5, (char)('a' + i));
    fill(text[4], ROSTER_IDENTITY_MAX - 4 * (ROSTER_IDENTITY_MAX / 5), 'e');
    attr.user = text[0];
    attr.host = text[1];
    attr.database = text[2];
    attr.application = text[3];
    attr.attributes = text[4];
    unit_ok(rst_identity_build(&heap, &attr, NULL, &identity));
    cr_assert_str_eq(roster_identity_user(identity), text[0]);
    cr_assert_str_eq(roster_identity_attributes(identity), text[4]);
    before = identity;
    strcat(text[2], "x");
    cr_assert_eq(rst_identity_build(&heap, &attr, NULL, &identity), -ENAMETOOLONG);
    cr_assert_eq(identity, before);
    cr_assert_eq(strlen(roster_identity_database(identity)), ROSTER_IDENTITY_MAX / 5);
    rst_identity_free(&heap, identity, NULL);
}

/* A session has room for a short identity; a longer one is allocated. */
Test(identity, short_ones_are_built_at_home)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    union {
        struct roster_identity identity;
        char bytes[RST_IDENTITY_HOME + 1];
    } home;
    struct roster_identity *identity = NULL;
    static char text[RST_IDENTITY_HOME + 1];
    size_t room = RST_IDENTITY_HOME - RST_IDENTITY_TEXT - 1, length;

    attr.user = text;
    for (length = RST_IDENTITY_HOME; length > 0; length--) {
        home.bytes[RST_IDENTITY_HOME] = '!';
        fill(text, length, 'x');
        unit_ok(rst_identity_build(&heap, &attr, &home.identity, &identity));
        cr_assert_eq(identity == &home.identity, length <= room, "%zu", length);
        cr_assert_str_eq(roster_identity_user(identity), text);
        cr_assert_eq(home.bytes[RST_IDENTITY_HOME], '!');
        rst_identity_free(&heap, identity, &home.identity);
    }
    fill(text, RST_IDENTITY_HOME, 'y');
    unit_ok(rst_identity_build(&heap, &attr, &home.identity, &identity));
    cr_assert_str_eq(roster_identity_user(identity), text);
    rst_identity_free(&heap, identity, &home.identity);
    rst_identity_free(&heap, &home.identity, &home.identity);
}

/* What roster-bench's row "memory" opens; a session with it has to take less than 400 bytes. */
Test(identity, forty_bytes_in_four_strings_need_no_allocation)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster *roster = unit_roster(NULL);
    const struct roster_identity *identity;
    struct roster_session *session;

    attr.user = "user_0000001";
    attr.host = "10.11.0.1:40000";
    attr.database = "db_00001";
    attr.application = "batch";
    cr_assert_eq(strlen(attr.user) + strlen(attr.host) + strlen(attr.database) +
                     strlen(attr.application),
                 40);
    unit_ok(roster_session_open(roster, &attr, &session));
    identity = unit_look(session)->identity;
    cr_assert_eq(identity, rst_session_home(session));
    cr_assert_str_eq(roster_identity_application(identity), "batch");
    unit_end(roster, session);
}

Test(identity, update_replaces_all_five)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    const struct roster_identity *identity;

    attr.user = "u";
    attr.host = "h";
    attr.attributes = "x";
    unit_ok(roster_session_open(roster, &attr, &session));
    attr.host = NULL;
    attr.user = "v";
    attr.database = "d";
    attr.application = "a";
    unit_ok(roster_session_update(session, &attr));
    identity = unit_look(session)->identity;
    cr_assert_str_eq(roster_identity_user(identity), "v");
    cr_assert_null(roster_identity_host(identity), "not known again");
    cr_assert_str_eq(roster_identity_database(identity), "d");
    cr_assert_str_eq(roster_identity_application(identity), "a");
    cr_assert_str_eq(roster_identity_attributes(identity), "x");
    unit_end(roster, session);
}

Test(identity, update_looks_at_the_strings_alone)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = unit_open(roster);
    uint64_t id = roster_session_id(session);

    attr.id = UINT64_MAX;
    attr.kind = (enum roster_session_kind)99;
    attr.flags = 99;
    attr.user = "u";
    unit_ok(roster_session_update(session, &attr));
    cr_assert_eq(roster_session_id(session), id);
    cr_assert_eq(roster_session_kind(session), ROSTER_SESSION_USER);
    cr_assert_eq(roster_session_flags(session), 0);
    unit_end(roster, session);
}

/* Readers get them by a copy in the identity, which an update replaces. */
Test(identity, update_keeps_id_kind_and_flags)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;

    attr.id = 4711;
    attr.kind = ROSTER_SESSION_INTERNAL;
    attr.flags = ROSTER_SESSION_NON_PINNING;
    unit_ok(roster_session_open(roster, &attr, &session));
    attr = (struct roster_session_attr)ROSTER_SESSION_ATTR_INIT;
    attr.user = "u";
    unit_ok(roster_session_update(session, &attr));
    cr_assert_eq(roster_session_id(session), 4711);
    cr_assert_eq(roster_session_kind(session), ROSTER_SESSION_INTERNAL);
    cr_assert_eq(roster_session_flags(session), ROSTER_SESSION_NON_PINNING);
    unit_end(roster, session);
}

/* Through pointers, so that those of the library are called and not the ones compiled into here. */
Test(identity, the_library_has_the_inline_functions_too)
{
    uint64_t (*volatile since)(const struct roster_session *, const struct roster_shown *) =
        roster_session_since;
    uint64_t (*volatile id)(const struct roster_session *) = roster_session_id;
    const char *(*volatile user)(const struct roster_identity *) = roster_identity_user;
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    const struct roster_shown *view;

    attr.id = 4711;
    attr.user = "u";
    unit_ok(roster_session_open(roster, &attr, &session));
    view = unit_look(session);
    cr_assert_eq(since(session, view), roster_session_since(session, view));
    cr_assert_eq(id(session), 4711);
    cr_assert_eq(id(NULL), 0);
    cr_assert_str_eq(user(view->identity), "u");
    cr_assert_null(user(NULL));
    unit_end(roster, session);
}

struct newer_attr {
    struct roster_session_attr known;
    unsigned char unknown[8];
};

Test(identity, update_refuses)
{
    static char text[ROSTER_IDENTITY_MAX + 2];
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    struct newer_attr attr;

    memset(&attr, 0, sizeof(attr));
    attr.known.size = sizeof(attr.known);
    unit_refused(roster, session, roster_session_update(session, NULL), -EINVAL);
    attr.known.size = sizeof(attr.known) - 1;
    unit_refused(roster, session, roster_session_update(session, &attr.known), -EINVAL);
    attr.known.size = sizeof(attr);
    attr.unknown[7] = 1;
    unit_refused(roster, session, roster_session_update(session, &attr.known), -E2BIG);
    attr.unknown[7] = 0;
    unit_ok(roster_session_update(session, &attr.known));
    fill(text, ROSTER_IDENTITY_MAX + 1, 'x');
    attr.known.application = text;
    unit_refused(roster, session, roster_session_update(session, &attr.known), -ENAMETOOLONG);
    unit_end(roster, session);
}

/* G4: readers keep the identity that they have found. */
Test(identity, the_old_one_can_be_read_until_the_unlock)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    const struct roster_shown *view;
    int i;

    attr.user = "old";
    unit_ok(roster_session_open(roster, &attr, &session));
    unit_ok(roster_read_lock(roster));
    view = unit_look(session);
    attr.user = "new";
    for (i = 0; i < 300; i++)
        unit_ok(roster_session_update(session, &attr));
    cr_assert_str_eq(roster_identity_user(view->identity), "old");
    roster_read_unlock(roster);
    unit_end(roster, session);
}

/* On request what is too long is cut, at the end of a character. */
Test(identity, is_truncated_on_request)
{
    static char path[ROSTER_IDENTITY_MAX + 3];
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster *roster = unit_roster(NULL);
    const struct roster_identity *identity;
    struct roster_session *session;
    size_t n;

    for (n = 0; n + 2 < sizeof(path); n += 2) { /* of two bytes each */
        path[n] = '\xc3';
        path[n + 1] = '\xa9';
    }
    attr.user = "u";
    attr.database = path;
    attr.application = "later";
    cr_assert_eq(roster_session_open(roster, &attr, &session), -ENAMETOOLONG);
    attr.flags = ROSTER_SESSION_TRUNCATE;
    unit_ok(roster_session_open(roster, &attr, &session));
    identity = unit_look(session)->identity;
    cr_assert_eq(strlen(roster_identity_database(identity)), ROSTER_IDENTITY_MAX - 2);
    cr_assert_str_eq(roster_identity_user(identity), "u");
    cr_assert_str_eq(roster_identity_application(identity), "l");
    attr.flags = 0; /* it is the session's that counts */
    attr.user = "other";
    unit_ok(roster_session_update(session, &attr));
    cr_assert_str_eq(roster_identity_user(unit_look(session)->identity), "other");
    unit_end(roster, session);
}
