/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * G5 for transactions: the killer stands still at each step of operate/kill_txn.c while the owner
 * finishes the transaction that was meant and begins another one, at the same timestamp. That one
 * is never hit.
 */

#include "steps.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <errno.h>
#include <roster/roster.h>

static int same(void *arg, uint64_t *ts)
{
    (void)arg;
    *ts = 1000;
    return 0;
}

struct aim {
    struct roster *roster;
    uint64_t session, seq;
    int result;
};

static uint64_t number_of(const struct roster_session *session)
{
    struct roster_copy copy;

    return roster_txn_seq(session, roster_session_look(session, &copy, NULL, 0));
}

static void kill_it(void *arg)
{
    struct aim *aim = arg;

    aim->result =
        roster_kill_txn(aim->roster, aim->session, 1000, aim->seq, ROSTER_KILL_REASON_INTERRUPTED);
}

/* Where the owner goes on to another transaction, and where it asks in that one. */
struct stops {
    char leaves[40], asks[40];
    bool is_installed; /* the killer gets to where the owner asks */
};

ParameterizedTestParameters(kill_txn_step, the_next_one_is_not_hit)
{
    static struct stops stops[] = {
        {"kill: transaction marked", "kill: transaction killed", false},
        {"kill: transaction seen", "kill: transaction killed", false},
        {"kill: transaction killed", "kill: transaction gone", true},
    };

    return cr_make_param_array(struct stops, stops, sizeof(stops) / sizeof(stops[0]));
}

ParameterizedTest(struct stops *stops, kill_txn_step, the_next_one_is_not_hit)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *session;
    struct aim aim = {.result = 1};
    struct steps killer = {.fn = kill_it, .arg = &aim, .point = stops->leaves};

    options.oracle = same;
    cr_assert_eq(roster_create(&options, &aim.roster), 0);
    cr_assert_eq(roster_session_open(aim.roster, NULL, &session), 0);
    aim.session = roster_session_id(session);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    aim.seq = number_of(session);
    cr_assert_neq(aim.seq, 0);
    cr_assert(steps_start(&killer));
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_expect_eq(roster_killed(session), 0, "before the killer goes on");
    cr_expect_eq(steps_go_to(&killer, stops->asks), stops->is_installed, "%s", stops->leaves);
    cr_expect_eq(roster_killed(session), 0, "the next one was hit");
    steps_finish(&killer);
    cr_expect_eq(aim.result, -ESTALE, "%s: %d", stops->leaves, aim.result);
    cr_expect_eq(roster_killed(session), 0, "the next one was hit");
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(aim.roster), 0);
}
