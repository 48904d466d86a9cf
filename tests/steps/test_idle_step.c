/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A session that wakes up while a watchdog finds it idle for too long is not killed for that. */

#include "core/operate/watchdog.h"
#include "steps.h"

#include <criterion/criterion.h>

#include <roster/roster.h>

#define SECOND UINT64_C(1000000000)

struct scene {
    struct roster *roster;
    struct roster_session *session;
    struct roster_watchdog *watchdog;
    uint64_t now;
};

static void walk(void *arg)
{
    struct scene *scene = arg;

    cr_expect_eq(rst_watchdog_walk(scene->watchdog, scene->now), 0);
}

static void set_up(struct scene *scene)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_watchdog_options watched = ROSTER_WATCHDOG_OPTIONS_INIT;

    options.tick_ms = ROSTER_TICK_MANUAL;
    watched.interval_ms = ROSTER_WATCHDOG_MANUAL;
    watched.idle_ms = 1000;
    cr_assert_eq(roster_create(&options, &scene->roster), 0);
    cr_assert_eq(roster_session_open(scene->roster, NULL, &scene->session), 0);
    cr_assert_eq(roster_watchdog_start(scene->roster, &watched, &scene->watchdog), 0);
    scene->now = rst_ticker_now(&scene->roster->ticker) + 10 * SECOND;
    rst_store(&scene->roster->ticker.now, scene->now);
}

static void tear_down(struct scene *scene)
{
    cr_assert_eq(roster_watchdog_stop(scene->watchdog), 0);
    cr_assert_eq(roster_session_close(scene->session), 0);
    cr_assert_eq(roster_destroy(scene->roster), 0);
}

Test(idle_step, it_wakes_up_in_time)
{
    struct scene scene;
    struct steps walker = {.fn = walk, .arg = &scene, .point = "watchdog: idle for too long"};

    set_up(&scene);
    cr_assert(steps_start(&walker));
    cr_assert_eq(roster_stmt_begin(scene.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
    cr_assert_eq(roster_stmt_end(scene.session), 0);
    steps_finish(&walker);
    cr_assert_eq(roster_killed(scene.session), 0);
    tear_down(&scene);
}

Test(idle_step, it_does_not_wake_up)
{
    struct scene scene;
    struct steps walker = {.fn = walk, .arg = &scene, .point = "watchdog: idle for too long"};

    set_up(&scene);
    cr_assert(steps_start(&walker));
    steps_finish(&walker);
    cr_assert_eq(roster_killed(scene.session), ROSTER_KILL_REASON_IDLE | ROSTER_KILLED_CONNECTION);
    tear_down(&scene);
}
