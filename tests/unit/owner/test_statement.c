/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Statements: what is kept of them, and which calls are refused. */

#include "../unit.h"
#include "core/owner/request.h"
#include "core/roster/roster.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_TEXT ((size_t)1 << 20)
#define TEXT_LIMIT 2000

static struct roster *roster_with_limit(uint32_t text_limit)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.text_limit = text_limit;
    options.tick_ms = ROSTER_TICK_MANUAL;
    return unit_roster_with(&options);
}

static int begin(struct roster_session *session, const char *text, size_t length,
                 const char *digest, size_t digest_length)
{
    return roster_stmt_begin(session, ROSTER_COMMAND_EXECUTE, text, length, digest, digest_length);
}

static void check(const struct roster_session *session, uint64_t seq, const char *text, size_t kept,
                  size_t length, const char *digest, size_t digest_length)
{
    static char room[LONGEST_TEXT + ROSTER_DIGEST_MAX + 2];
    struct roster_copy copy;
    const struct roster_shown *view = roster_session_look(session, &copy, room, sizeof(room));
    const struct roster_statement *statement = view->statement;

    cr_assert_not_null(statement);
    cr_assert_eq(view->run_state, ROSTER_RUN_RUNNING);
    cr_assert_eq(statement->seq, seq);
    cr_assert_eq(roster_stmt_seq(session), seq);
    cr_assert_eq(statement->command, ROSTER_COMMAND_EXECUTE);
    cr_assert_eq(statement->text_length, kept);
    cr_assert_eq(statement->text_full_length, length);
    cr_assert_eq(statement->text[kept], '\0');
    if (kept)
        cr_assert_arr_eq(statement->text, text, kept);
    cr_assert_eq(statement->digest_length, digest_length);
    cr_assert_eq(statement->digest != NULL, digest_length != 0);
    if (digest_length) {
        cr_assert_arr_eq(statement->digest, digest, digest_length);
        cr_assert_eq(statement->digest[digest_length], '\0');
    }
}

static void fill_with_any_bytes(char *bytes, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        bytes[i] = (char)(i * 7);
}

/* Around every length at which another object is taken, or text is cut. */
static void all_lengths(struct roster *roster, bool in_txn)
{
    static char text[TEXT_LIMIT + 100], digest[ROSTER_DIGEST_MAX];
    struct roster_session *session = unit_open(roster);
    uint64_t seq = roster_stmt_seq(session);
    size_t length, digest_length;

    fill_with_any_bytes(text, sizeof(text));
    fill_with_any_bytes(digest, sizeof(digest));
    if (in_txn)
        unit_ok(roster_txn_begin(session, NULL));
    for (length = 0; length < sizeof(text); length += length < 300 || length > 1900 ? 1 : 97)
        for (digest_length = 0; digest_length <= ROSTER_DIGEST_MAX; digest_length += 32) {
            size_t kept = length < roster->text_limit ? length : roster->text_limit;

            unit_ok(begin(session, text, length, digest, digest_length));
            check(session, ++seq, text, kept, length, digest, digest_length);
            unit_ok(roster_stmt_end(session));
            cr_assert_null(unit_look(session)->statement);
            cr_assert_eq(roster_stmt_seq(session), seq, "ran last");
        }
    unit_close(session);
}

Test(statement, texts_and_digests_of_every_length)
{
    struct roster *roster = roster_with_limit(TEXT_LIMIT);

    all_lengths(roster, false);
    all_lengths(roster, true);
    unit_destroy(roster);
}

Test(statement, texts_where_all_fit_into_small_objects)
{
    struct roster *roster = roster_with_limit(1);

    all_lengths(roster, false);
    unit_destroy(roster);
    roster = roster_with_limit(200);
    all_lengths(roster, true);
    unit_destroy(roster);
}

Test(statement, the_longest_text_that_can_be_kept)
{
    size_t length = LONGEST_TEXT;
    struct roster *roster = roster_with_limit((uint32_t)length);
    struct roster_session *session = unit_open(roster);
    char *text = malloc(length + 1);

    fill_with_any_bytes(text, length + 1);
    unit_ok(begin(session, text, length + 1, text, ROSTER_DIGEST_MAX));
    check(session, 1, text, length, length + 1, text, ROSTER_DIGEST_MAX);
    free(text);
    unit_end(roster, session);
}

Test(statement, text_and_digest_are_copies)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    char text[] = "select 1", digest[] = "abc";

    unit_ok(begin(session, text, strlen(text), digest, strlen(digest)));
    memset(text, 'x', strlen(text));
    memset(digest, 'x', strlen(digest));
    check(session, 1, "select 1", 8, 8, "abc", 3);
    unit_end(roster, session);
}

Test(statement, no_text)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);

    unit_ok(begin(session, NULL, 0, NULL, 0));
    check(session, 1, "", 0, 0, NULL, 0);
    cr_assert_str_eq(unit_look(session)->statement->text, "");
    unit_end(roster, session);
}

static void refuse_arguments(struct roster *roster, struct roster_session *session)
{
    static char digest[ROSTER_DIGEST_MAX + 1];

    unit_refused(roster, session, begin(session, NULL, 1, NULL, 0), -EINVAL);
    unit_refused(roster, session, begin(session, "x", 1, NULL, 1), -EINVAL);
#if SIZE_MAX > UINT32_MAX
    unit_refused(roster, session, begin(session, "x", (size_t)UINT32_MAX + 1, NULL, 0), -EINVAL);
    unit_refused(roster, session, begin(session, "x", SIZE_MAX, NULL, 0), -EINVAL);
#endif
    unit_refused(roster, session, begin(session, "x", 1, digest, ROSTER_DIGEST_MAX + 1),
                 -ENAMETOOLONG);
    unit_refused(roster, session, begin(session, "x", 1, digest, SIZE_MAX), -ENAMETOOLONG);
}

Test(statement, arguments_out_of_range)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);

    refuse_arguments(roster, session);
    unit_ok(roster_txn_begin(session, NULL));
    refuse_arguments(roster, session);
    unit_ok(begin(session, "x", 1, NULL, 0));
    refuse_arguments(roster, session);
    unit_end(roster, session);
}

Test(statement, a_second_one)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);

    unit_refused(roster, session, roster_stmt_end(session), -EALREADY);
    unit_ok(begin(session, "x", 1, NULL, 0));
    unit_refused(roster, session, begin(session, "y", 1, NULL, 0), -EBUSY);
    unit_ok(roster_stmt_end(session));
    unit_refused(roster, session, roster_stmt_end(session), -EALREADY);
    unit_end(roster, session);
}

Test(statement, none_on_a_killed_connection)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);

    unit_ok(roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_CONNECTION, 0,
                        ROSTER_KILL_REASON_INTERRUPTED));
    unit_refused(roster, session, begin(session, "x", 1, NULL, 0), -ECANCELED);
    unit_refused(roster, session, begin(session, "x", 1, "d", 1), -ECANCELED);
    unit_end(roster, session);
}
