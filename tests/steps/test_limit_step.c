/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* max_sessions is never exceeded, also when the last place is wanted twice at once. */

#include "steps.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/roster.h>

#define MOST 3

static struct roster *roster;

struct opening {
    struct roster_session *session;
    int err;
};

static void open_one(void *arg)
{
    struct opening *opening = arg;

    opening->err = roster_session_open(roster, NULL, &opening->session);
}

/* One opener has counted the places and stands still, while another one takes the last place. */
static void last_place_wanted_twice(uint64_t limit)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_stats stats = {.size = sizeof(stats)};
    struct opening before[MOST] = {{NULL, 0}}, first, second;
    struct steps opener = {.fn = open_one, .arg = &first, .point = "open: places counted"};
    uint64_t n;

    options.max_sessions = limit;
    cr_assert_eq(roster_create(&options, &roster), 0);
    for (n = 0; n + 1 < limit; n++) {
        open_one(&before[n]);
        cr_assert_eq(before[n].err, 0);
    }
    cr_assert(steps_start(&opener));
    open_one(&second);
    cr_assert_eq(second.err, 0);
    steps_finish(&opener);
    cr_assert_eq(first.err, -EUSERS);
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_assert(stats.sessions == limit && stats.sessions_peak == limit);
    cr_assert_eq(stats.sessions_refused, 1);
    cr_assert_eq(roster_session_close(second.session), 0);
    while (n--)
        cr_assert_eq(roster_session_close(before[n].session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

Test(limit_step, of_one)
{
    last_place_wanted_twice(1);
}

Test(limit_step, of_more)
{
    last_place_wanted_twice(MOST);
}

/* An opener has counted the places and stands still, while there come to be fewer of them. */
static void limit_lowered(uint64_t most, uint64_t reserved, int expected)
{
    struct opening before, first;
    struct steps opener = {.fn = open_one, .arg = &first, .point = "open: places counted"};
    struct roster_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_create(NULL, &roster), 0);
    open_one(&before);
    cr_assert_eq(before.err, 0);
    cr_assert(steps_start(&opener));
    cr_assert_eq(roster_set_max_sessions(roster, most, reserved), 0);
    steps_finish(&opener);
    cr_assert_eq(first.err, expected);
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_assert_eq(stats.sessions, expected ? 1 : 2);
    cr_assert_eq(stats.sessions_refused, expected ? 1 : 0);
    if (!expected)
        cr_assert_eq(roster_session_close(first.session), 0);
    cr_assert_eq(roster_session_close(before.session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

/* From the call's return on no session is opened beyond it. */
Test(limit_step, lowered_meanwhile)
{
    limit_lowered(1, 0, -EUSERS);
    limit_lowered(2, 1, -EUSERS);
    limit_lowered(2, 0, 0);
}
