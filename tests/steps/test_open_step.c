/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Opening a session beside a drain, in every order: an open that is refused has shown nothing to
 * anyone, and a session that was opened is not overlooked. And beside the table that grows.
 */

#include "core/roster/roster.h"
#include "steps.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/roster.h>

static struct roster *roster;

struct opening {
    struct roster_session *session;
    unsigned wakes;
    int err;
};

struct draining {
    struct roster_drain_report report;
    int err;
};

static void wake(uint64_t session_id, void *arg)
{
    struct opening *opening = arg;

    (void)session_id;
    opening->wakes++;
}

static void open_one(void *arg)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct opening *opening = arg;

    attr.wake = wake;
    attr.wake_arg = opening;
    opening->err = roster_session_open(roster, &attr, &opening->session);
}

static int do_not_wait(const struct roster_drain_progress *progress, void *arg)
{
    (void)progress;
    (void)arg;
    return 1;
}

static void drain_all(void *arg)
{
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct draining *draining = arg;

    options.progress = do_not_wait;
    draining->report.size = sizeof(draining->report);
    draining->err = roster_drain(roster, &options, &draining->report);
}

static void check(const struct opening *opening, const struct draining *draining, const char *where)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_stats(roster, &stats), 0);
    if (opening->err) {
        cr_assert_eq(opening->err, -ESHUTDOWN, "%s", where);
        cr_assert_eq(opening->wakes, 0, "%s: woken after -ESHUTDOWN", where);
        cr_assert(stats.sessions_opened == 0 && stats.sessions == 0 && stats.sessions_peak == 0,
                  "%s: counted after -ESHUTDOWN", where);
        return;
    }
    cr_assert_eq(draining->err, -ETIMEDOUT, "%s: a session slipped through", where);
    cr_assert_eq(draining->report.remaining, 1, "%s", where);
    cr_assert_eq(roster_session_close(opening->session), 0);
}

/* The opener stands at `at` while a drain runs to its end, or to where it stands itself. */
static void one_order(const char *at, const char *drainer_at)
{
    struct opening opening = {NULL, 0, 0};
    struct draining draining = {.err = 0};
    struct steps opener = {.fn = open_one, .arg = &opening, .point = at};
    struct steps drainer = {.fn = drain_all, .arg = &draining, .point = drainer_at};

    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert(steps_start(&opener), "nothing passes \"%s\"", at);
    cr_assert_eq(steps_start(&drainer), drainer_at != NULL);
    if (!drainer_at)
        steps_finish(&drainer);
    steps_finish(&opener);
    if (drainer_at)
        steps_finish(&drainer);
    check(&opening, &draining, at);
    cr_assert_eq(roster_destroy(roster), 0);
}

static const char *const places[] = {
    "open: announced",     "open: not refused", "open: can be found",
    "open: can be walked", "open: done",
};

Test(open_step, beside_a_whole_drain)
{
    size_t n;

    for (n = 0; n < sizeof(places) / sizeof(places[0]); n++)
        one_order(places[n], NULL);
}

Test(open_step, ends_within_a_look_of_the_drain)
{
    size_t n;

    for (n = 0; n < sizeof(places) / sizeof(places[0]); n++)
        one_order(places[n], "drain: openings counted");
}

Test(open_step, ends_before_the_drain_has_fenced_owners)
{
    size_t n;

    for (n = 0; n < sizeof(places) / sizeof(places[0]); n++)
        one_order(places[n], "drain: announced");
}

Test(open_step, is_refused_once_the_drain_is_announced)
{
    struct opening opening = {NULL, 0, 0};
    struct draining draining = {.err = 0};
    struct steps drainer = {.fn = drain_all, .arg = &draining, .point = "drain: announced"};

    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert(steps_start(&drainer));
    open_one(&opening);
    steps_finish(&drainer);
    cr_assert_eq(opening.err, -ESHUTDOWN);
    cr_assert_eq(draining.err, 0);
    check(&opening, &draining, "drain announced");
    cr_assert_eq(roster_destroy(roster), 0);
}

static void reclaim(void *arg)
{
    cr_expect_eq(roster_reclaim(arg), 0);
}

/* No later open asks for what is missing. */
Test(open_step, a_table_grows_with_what_came_while_it_grew)
{
    enum { FEW = 300, MANY = 3000 };
    static struct roster_session *sessions[MANY];
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct steps steps = {.fn = reclaim, .point = "hints: added"};
    unsigned n;

    options.flags = ROSTER_RECLAIM_MANUAL;
    cr_assert_eq(roster_create(&options, &roster), 0);
    steps.arg = roster;
    for (n = 0; n < FEW; n++)
        cr_assert_eq(roster_session_open(roster, NULL, &sessions[n]), 0);
    cr_assert(steps_start(&steps));
    for (; n < MANY; n++)
        cr_assert_eq(roster_session_open(roster, NULL, &sessions[n]), 0);
    steps_finish(&steps);
    cr_expect_geq(roster->registry.buckets, MANY);
    cr_expect_geq(roster->registry.hints.sessions, MANY);
    for (n = 0; n < MANY; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    for (n = 0; n < 10; n++)
        reclaim(roster);
    cr_assert_eq(roster_destroy(roster), 0);
}
