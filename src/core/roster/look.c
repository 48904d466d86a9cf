/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Looks: the copy of a statement, and another try. See look.h.
 */
#include "core/roster/look.h"

#include "core/roster/roster.h"
#include "core/roster/session.h"

const struct roster_shown rst_shown_at_rest = RST_SHOWN_AT_REST;

/*
 * Copies what fits of the text, and the digest whole or not at all, both with a NUL. The digest
 * stands at the end of the room, so that a long text does not push it out.
 */
static void copy_strings(struct roster_statement *statement, const char *text, char *room,
                         size_t size)
{
    size_t digest = statement->digest_length;
    const char *digest_from = text + statement->text_length;
    char *digest_to;

    if (digest && size > digest + 1) {
        size -= digest + 1;
        digest_to = room + size;
        rst_copy_bytes(digest_to, digest_from, digest);
        digest_to[digest] = '\0';
        statement->digest = digest_to;
    } else {
        statement->digest_length = 0;
    }
    if (statement->text_length >= size)
        statement->text_length = (uint32_t)size - 1;
    rst_copy_bytes(room, text, statement->text_length);
    room[statement->text_length] = '\0';
    statement->text = room;
}

bool rst_look_copy(const struct rst_statement *from, const rst_word *place, uint64_t life,
                   struct roster_statement *to, char *room, size_t size)
{
    uint32_t text_length, digest_length;

    /* d: member by member. A copy of words that is taken apart is loaded in other pieces than it
     * was stored in, for which a processor waits. */
    *to = (struct roster_statement){
        .seq = rst_load_shown(&from->seq),
        .since = rst_load_shown(&from->since),
        .text = "",
        .command = rst_load_shown(&from->command),
        .text_full_length = rst_load_shown(&from->text_full_length),
    };
    text_length = rst_load_shown(&from->text_length);
    digest_length = rst_load_shown(&from->digest_length);
    rst_test_point("look: statement copied");
    /* Its lengths are believed only now. */
    if (rst_unlikely(!rst_control(NO_SECOND_E) && rst_life_is_over(place, life)))
        return false;
    if (!room || !size)
        return true;
    to->text_length = text_length;
    to->digest_length = digest_length;
    copy_strings(to, rst_statement_text(from), room, size);
    rst_test_point("look: text copied");
    return rst_control(NO_SECOND_E) || !rst_life_is_over(place, life);
}

bool rst_look_statement(const struct roster_shown *view, struct roster_copy *copy, char *room,
                        size_t size)
{
    const struct rst_statement *from = rst_view_statement(&copy->shown);

    copy->shown.statement = &copy->statement;
    return rst_look_copy(from, &view->life, copy->shown.life, &copy->statement, room, size);
}

/* Owner and reader can fall into step: some tens of nanoseconds, no two times the same. */
static rst_slow void pause_slow(const struct roster_session *session, unsigned tries,
                                uint64_t *random)
{
    unsigned n;

    *random ^= rst_fetch_add(&rst_session_roster(session)->looks_again, 1);
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    for (n = (unsigned)(*random >> 33) & (tries < 8 ? 15 : 127); n; n--)
        caa_cpu_relax();
}

/* From r1 on. NULL: from a. */
static rst_always_inline const struct roster_shown *
look_at_rest(const struct roster_session *session, struct roster_copy *copy)
{
    rst_rest_prepare(copy);
    return rst_rest_look(session, copy);
}

/* A look has come to nothing. */
static rst_slow const struct roster_shown *look_again_slow(const struct roster_session *session,
                                                           struct roster_copy *copy, char *room,
                                                           size_t size)
{
    uint64_t random = (uintptr_t)copy ^ session->id;
    const struct roster_shown *view, *found;
    unsigned tries = 0;

    do {
        pause_slow(session, tries++, &random);
        view = rst_dereference(&session->view); /* a: pairs with 4 */
        rst_test_point("look: view found");
        found = view == rst_view_at_rest() ? look_at_rest(session, copy)
                                           : rst_look_try(&session->view, view, copy, room, size);
    } while (rst_unlikely(!found));
    return found;
}

/* Apart from the other, which needs fewer registers. */
static __attribute__((noinline)) const struct roster_shown *
look_at_view(const struct roster_session *session, const struct roster_shown *view,
             struct roster_copy *copy, char *room, size_t size)
{
    const struct roster_shown *found = rst_look_try(&session->view, view, copy, room, size);

    return rst_likely(found) ? found : look_again_slow(session, copy, room, size);
}

const struct roster_shown *rst_look_at(const struct roster_session *session,
                                       struct roster_copy *copy, char *room, size_t size)
{
    const struct roster_shown *view = rst_dereference(&session->view); /* a: pairs with 4 */
    const struct roster_shown *found;

    rst_test_point("look: view found");
    if (view != rst_view_at_rest())
        return look_at_view(session, view, copy, room, size);
    found = look_at_rest(session, copy);
    return rst_likely(found) ? found : look_again_slow(session, copy, room, size);
}
