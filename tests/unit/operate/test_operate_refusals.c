/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What operates a server where it can do nothing: in a thread that gets no memory for its first
 * call, behind a reader that stays inside, in a forked child. It says so and changes nothing.
 */

#include "core/roster/roster.h"
#include "core/roster/thread.h"
#include "core/sql/conn_ids.h"
#include "operate.h"
#include "unit/failing.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>

static const uint64_t tables[] = {1};
static const struct roster_schema_job job = {
    .id = 1, .version = 2, .tables = tables, .n_tables = 1};

struct scene {
    struct roster *roster;
    struct roster_watchdog *watchdog;
    struct roster_conn_ids *ids;
};

/* Ids that have come round, so that each new one is looked for among the sessions. */
static void scene_init(struct scene *scene)
{
    struct roster_watchdog_options watched = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_conn_ids_options options = ROSTER_CONN_IDS_OPTIONS_INIT;

    scene->roster = operate_roster(NULL);
    watched.interval_ms = ROSTER_WATCHDOG_MANUAL;
    cr_assert_eq(roster_watchdog_start(scene->roster, &watched, &scene->watchdog), 0);
    options.server = ROSTER_CONN_SERVER_32_MAX + 1;
    options.roster = scene->roster;
    cr_assert_eq(roster_conn_ids_create(&options, &scene->ids), 0);
    scene->ids->next_64 = RST_CONN_LOCALS_64;
}

static void scene_end(struct scene *scene)
{
    uint64_t id;

    cr_assert_eq(roster_conn_ids_next(scene->ids, &id), 0);
    cr_assert_eq(roster_conn_ids_destroy(scene->ids), 0);
    cr_assert_eq(roster_watchdog_stop(scene->watchdog), 0);
    unit_destroy(scene->roster);
}

/* A thread that only reads a roster, or kills in it, needs no context: a thread's first call is
 * allowed.
 */
static void *first_calls(void *arg)
{
    struct scene *scene = arg;
    struct roster *roster = scene->roster;
    struct roster_schema_verdict verdict;
    uint64_t id;

    failing_all();
    cr_expect_eq(roster_read_lock(roster), 0);
    roster_read_unlock(roster);
    cr_expect_eq(roster_kill_all(roster, ROSTER_KILL_TARGET_STATEMENT,
                                 ROSTER_KILL_REASON_INTERRUPTED, NULL, NULL),
                 0);
    cr_expect_eq(roster_schema_check(roster, &job, 1, &verdict), 0);
    cr_expect_eq(roster_watchdog_run_once(scene->watchdog), 0);
    cr_expect_eq(roster_conn_ids_next(scene->ids, &id), 0);
    cr_expect_eq(roster_conn_ids_release(scene->ids, id), 0);
    cr_expect_eq(failing_none(), 0);
    return NULL;
}

Test(operate_refusals, a_thread_without_memory)
{
    struct roster *others[RST_CONTEXTS - 1];
    struct roster_session *session;
    struct scene scene;
    pthread_t thread;
    size_t n;

    scene_init(&scene);
    session = operate_open(scene.roster, ROSTER_SESSION_USER, NULL);
    /* This thread has all the contexts that there is memory for. */
    for (n = 0; n < RST_CONTEXTS - 1; n++) {
        others[n] = operate_roster(NULL);
        unit_close(operate_open(others[n], ROSTER_SESSION_USER, NULL));
    }
    cr_assert_eq(pthread_create(&thread, NULL, first_calls, &scene), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(roster_killed(session), 0);
    unit_close(session);
    for (n = 0; n < RST_CONTEXTS - 1; n++)
        unit_destroy(others[n]);
    scene_end(&scene);
}

Test(operate_refusals, a_forked_child)
{
    struct roster_session *session;
    struct scene scene;
    uint64_t id;

    scene_init(&scene);
    session = operate_open(scene.roster, ROSTER_SESSION_USER, NULL);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_lock_wait_begin(session), 0);
    unit_in_child(roster_lock_wait_end(session) == -ECHILD &&
                  roster_conn_ids_next(scene.ids, &id) == -ECHILD);
    cr_assert_eq(roster_lock_wait_end(session), 0);
    unit_close(session);
    scene_end(&scene);
}
