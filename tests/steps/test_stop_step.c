/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A watchdog or a sampler is stopped while another thread has it work: that ends first. */

#include "steps.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <roster/roster.h>
#include <unistd.h>

static struct roster *roster;
static struct roster_session *session;
static struct roster_watchdog *watchdog;
static struct roster_activity *activity;
static int worked;
static bool is_stopped;

static void sample(void *arg)
{
    (void)arg;
    worked = roster_activity_run_once(activity);
}

static void walk(void *arg)
{
    (void)arg;
    worked = roster_watchdog_run_once(watchdog);
}

static void *stop_sampler(void *arg)
{
    cr_expect_eq(roster_activity_stop(activity), 0);
    __atomic_store_n(&is_stopped, true, __ATOMIC_RELEASE);
    return arg;
}

static void *stop_watchdog(void *arg)
{
    cr_expect_eq(roster_watchdog_stop(watchdog), 0);
    __atomic_store_n(&is_stopped, true, __ATOMIC_RELEASE);
    return arg;
}

static void stop_waits(struct steps *worker, void *(*stop)(void *))
{
    pthread_t stopper;

    cr_assert(steps_start(worker));
    cr_assert_eq(pthread_create(&stopper, NULL, stop, NULL), 0);
    usleep(100000);
    cr_assert_not(__atomic_load_n(&is_stopped, __ATOMIC_ACQUIRE), "freed under a thread inside");
    steps_finish(worker);
    cr_assert_eq(pthread_join(stopper, NULL), 0);
    cr_assert_eq(worked, 0);
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

static void open_all(void)
{
    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
}

Test(stop_step, of_a_sampler, .init = open_all)
{
    struct roster_activity_options options = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct steps worker = {.fn = sample, .point = "lock: inside"};

    options.interval_ms = ROSTER_ACTIVITY_MANUAL;
    cr_assert_eq(roster_activity_start(roster, &options, &activity), 0);
    stop_waits(&worker, stop_sampler);
}

Test(stop_step, of_a_watchdog, .init = open_all)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct steps worker = {.fn = walk, .point = "watchdog: idle for too long"};

    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.idle_ms = 1;
    cr_assert_eq(roster_watchdog_start(roster, &options, &watchdog), 0);
    usleep(20000);
    cr_assert_eq(roster_tick(roster), 0);
    stop_waits(&worker, stop_watchdog);
}
