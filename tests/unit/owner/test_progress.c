/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* How far a statement has come. */

#include "../unit.h"
#include "core/roster/side.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

static struct roster *roster;
static struct roster_session *session;
static uint32_t phase;

static void init(void)
{
    roster = unit_roster(NULL);
    session = unit_open(roster);
    unit_ok(roster_wait_event_register("Phase", "sort", &phase));
}

static void fini(void)
{
    unit_end(roster, session);
}

TestSuite(progress, .init = init, .fini = fini);

static void run(void)
{
    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
}

static struct roster_progress progress(int known)
{
    struct roster_progress found;

    cr_assert_eq(roster_session_progress(session, unit_look(session), &found), known);
    return found;
}

Test(progress, is_shown_while_the_statement_runs)
{
    const struct roster_shown *view;
    struct roster_entry entry;
    char room[64];

    run();
    cr_assert_eq(progress(0).done, 0u);
    view = session->view;
    unit_ok(roster_stmt_set_progress(session, phase, 10, 100));
    unit_ok(roster_stmt_set_progress(session, phase, 11, 100));
    cr_assert_eq(session->view, view, "no view is published");
    cr_assert_eq(progress(1).done, 11u);
    cr_assert_eq(progress(1).total, 100u);
    cr_assert_eq(progress(1).phase, phase);
    unit_ok(roster_look(roster, roster_session_id(session), &entry, room, sizeof(room)));
    cr_assert_eq(entry.progress_done, 11u);
    cr_assert_eq(entry.progress_total, 100u);
    cr_assert_str_eq(entry.phase, "sort");
    unit_ok(roster_stmt_set_progress(session, 0, UINT64_MAX, ROSTER_PROGRESS_MAX));
    cr_assert_eq(progress(1).done, UINT64_MAX);
    cr_assert_eq(progress(1).total, ROSTER_PROGRESS_MAX);
    cr_assert_eq(progress(1).phase, 0u);
    unit_ok(roster_stmt_end(session));
    cr_assert_eq(progress(0).total, 0u);
    run();
    cr_assert_eq(progress(0).done, 0u, "the next statement has none");
    unit_ok(roster_stmt_set_progress(session, phase, 1, 0));
    cr_assert_eq(progress(1).total, 0u);
    unit_ok(roster_stmt_end(session));
}

Test(progress, refuses_what_means_nothing)
{
    struct roster_progress found = {.done = 1};
    uint32_t other = phase + 1;

    cr_assert_eq(roster_stmt_set_progress(session, phase, 1, 2), -EINVAL, "no statement runs");
    run();
    cr_assert_eq(roster_stmt_set_progress(NULL, phase, 1, 2), -EINVAL);
    cr_assert_eq(roster_stmt_set_progress(session, other, 1, 2), -EINVAL);
    cr_assert_eq(roster_stmt_set_progress(session, phase, 1, ROSTER_PROGRESS_MAX + 1), -EINVAL);
    cr_assert_eq(progress(0).done, 0u);
    cr_assert_eq(roster_session_progress(NULL, NULL, &found), 0);
    cr_assert_eq(found.done, 0u);
    cr_assert_eq(roster_session_progress(session, unit_look(session), NULL), 0);
    unit_ok(roster_stmt_end(session));
}

Test(progress, closed_sessions_have_none)
{
    struct roster_session *closed = unit_open(roster);
    struct roster_block block = {.size = sizeof(block), .holder_id = 1, .event = phase};
    uint64_t generation;

    unit_close(closed);
    cr_assert_eq(roster_stmt_set_progress(closed, phase, 1, 2), -EBADF);
    cr_assert_eq(roster_block_begin(closed, &block), -EBADF);
    cr_assert_eq(roster_session_generation(closed, &generation), -EBADF);
}

/* In each statement but for the first time: the words of the side, and no view. */
Test(progress, is_two_stores)
{
    struct unit_state before, after;
    struct rst_side side;
    uint64_t done;

    run();
    unit_ok(roster_stmt_set_progress(session, phase, 0, 100));
    for (done = 1; done < 4; done++) {
        unit_state_take(&before, roster, session);
        memcpy(&side, session->side, sizeof(side));
        unit_ok(roster_stmt_set_progress(session, phase, done, 100 + done));
        unit_state_take(&after, roster, session);
        cr_expect_null(unit_state_differs(&before, &after));
        cr_expect_eq(unit_words_changed(&side, session->side, sizeof(side)), 2u);
    }
    (void)roster_stmt_end(session);
}
