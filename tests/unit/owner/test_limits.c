/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What sessions use and may use. */

#include "../operate/operate.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include <criterion/criterion.h>

Test(limits, use_is_what_was_told_last_and_publishes_no_view)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    const struct roster_shown *view;

    unit_ok(roster_txn_begin(session, NULL));
    view = session->view;
    cr_assert_eq(roster_session_memory(session), 0);
    cr_assert_eq(roster_session_disk(session), 0);
    cr_assert_eq(roster_session_set_memory(session, 123), 0);
    cr_assert_eq(roster_session_set_disk(session, UINT64_MAX), 0);
    cr_assert_eq(roster_session_memory(session), 123);
    cr_assert_eq(roster_session_disk(session), UINT64_MAX);
    cr_assert_eq(roster_session_set_memory(session, 0), 0);
    cr_assert_eq(roster_session_memory(session), 0);
    cr_assert_eq(session->view, view);
    unit_end(roster, session);
}

Test(limits, each_limit_is_of_its_own)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);

    for (int i = 0; i < ROSTER_LIMITS; i++)
        cr_assert_eq(roster_session_limit(session, (enum roster_limit)i), 0);
    for (int i = 0; i < ROSTER_LIMITS; i++)
        cr_assert_eq(roster_session_set_limit(session, (enum roster_limit)i, 100U + (unsigned)i),
                     0);
    for (int i = 0; i < ROSTER_LIMITS; i++)
        cr_assert_eq(roster_session_limit(session, (enum roster_limit)i), 100U + (unsigned)i);
    unit_end(roster, session);
}

Test(limits, the_next_session_in_the_same_slot_starts_with_none)
{
    enum { ROUNDS = 5000 };
    static struct roster_session *seen[ROUNDS];
    struct roster *roster = operate_roster(NULL);
    bool reused = false;

    for (int i = 0; i < ROUNDS && !reused; i++) {
        struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);

        for (int j = 0; j < i && !reused; j++)
            reused = seen[j] == session;
        seen[i] = session;
        cr_assert_eq(roster_session_memory(session), 0);
        cr_assert_eq(roster_session_disk(session), 0);
        cr_assert_eq(roster_session_limit(session, ROSTER_LIMIT_IDLE), 0);
        cr_assert_eq(roster_session_set_memory(session, 1), 0);
        cr_assert_eq(roster_session_set_disk(session, 1), 0);
        cr_assert_eq(roster_session_set_limit(session, ROSTER_LIMIT_IDLE, 1), 0);
        unit_close(session);
        if (i % 100 == 99)
            usleep(50 * 1000); /* grace periods pass */
    }
    cr_assert(reused, "no slot was used again, so this test has seen nothing");
    unit_destroy(roster);
}

Test(limits, arguments_are_checked)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);

    cr_assert_eq(roster_session_set_memory(NULL, 1), -EINVAL);
    cr_assert_eq(roster_session_set_disk(NULL, 1), -EINVAL);
    cr_assert_eq(roster_session_set_limit(NULL, ROSTER_LIMIT_IDLE, 1), -EINVAL);
    cr_assert_eq(roster_session_set_limit(session, (enum roster_limit)ROSTER_LIMITS, 1), -EINVAL);
    cr_assert_eq(roster_session_set_limit(session, (enum roster_limit) - 1, 1), -EINVAL);
    cr_assert_eq(roster_session_limit(session, (enum roster_limit)ROSTER_LIMITS), 0);
    cr_assert_eq(roster_session_limit(NULL, ROSTER_LIMIT_IDLE), 0);
    cr_assert_eq(roster_session_memory(NULL), 0);
    cr_assert_eq(roster_session_disk(NULL), 0);
    unit_in_child(roster_session_set_disk(session, 1) == -ECHILD &&
                  roster_session_set_limit(session, ROSTER_LIMIT_IDLE, 1) == -ECHILD);
    unit_close(session);
    cr_assert_eq(roster_session_set_memory(session, 1), -EBADF);
    cr_assert_eq(roster_session_set_disk(session, 1), -EBADF);
    cr_assert_eq(roster_session_set_limit(session, ROSTER_LIMIT_IDLE, 1), -EBADF);
    unit_destroy(roster);
}
