/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The verdict, for servers that really have what it tells of. */

#include "config.h"

#include "client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <roster/timestamp.h>

static struct fixture fixture;
static struct roster_store *store;
static uint64_t ahead_ms;

static int now(void *arg, uint64_t *ts)
{
    static uint64_t logical;
    struct timespec time;

    (void)arg;
    clock_gettime(CLOCK_REALTIME, &time);
    *ts = roster_ts_compose((uint64_t)time.tv_sec * 1000 + ahead_ms,
                            __atomic_add_fetch(&logical, 1, __ATOMIC_RELAXED));
    return 0;
}

static void serve(struct roster_options options)
{
    options.oracle = now;
    cr_assert_eq(roster_create(&options, &fixture.roster), 0);
    fixture.options.size = sizeof(fixture.options);
    fixture.options.cluster = roster_cluster_calls();
}

static void start(void)
{
    cr_assert_eq(roster_status_start(fixture.roster, &fixture.options, &fixture.status), 0);
}

static void stop(void)
{
    roster_status_stop(fixture.status);
    roster_safe_point_destroy(fixture.options.safe_point);
    roster_syncer_destroy(fixture.options.syncer);
    roster_store_close(store);
    cr_assert_eq(roster_destroy(fixture.roster), 0);
}

TestSuite(status_verdict);

static struct roster_options plain(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    return options;
}

static void join(const char *id, uint32_t ttl_ms)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = id};

    options.ttl_ms = ttl_ms;
    if (!store)
        cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_syncer_create(fixture.roster, store, &options, &fixture.options.syncer), 0);
}

/* That the worst problem is this one, what its evidence and its command have in them, and that the
 * metric says the same. */
static void expect_worst(const char *problem, const char *evidence, const char *command)
{
    json_t *json = get_json(&fixture, "/status");
    const json_t *worst = json_array_get(json_object_get(json, "problems"), 0);
    const char *name = json_string_value(json_object_get(worst, "problem"));
    char line[128];

    cr_assert(name, "nothing is wrong, should be %s", problem);
    cr_expect_str_eq(name, problem);
    cr_expect(json_is_false(json_object_get(json, "healthy")));
    cr_expect(json_is_integer(json_object_get(worst, "age_ms")));
    cr_expect(strstr(json_string_value(json_object_get(worst, "evidence")), evidence), "%s",
              json_string_value(json_object_get(worst, "evidence")));
    cr_expect(strstr(json_string_value(json_object_get(worst, "command")), command), "%s",
              json_string_value(json_object_get(worst, "command")));
    json_decref(json);
    snprintf(line, sizeof(line), "\nroster_problem{problem=\"%s\"} 1\n", problem);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, line);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_healthy 0\n");
}

static void expect_healthy(void)
{
    json_t *json = get_json(&fixture, "/status");

    cr_expect(json_is_true(json_object_get(json, "healthy")));
    cr_expect_eq(json_array_size(json_object_get(json, "problems")), 0);
    json_decref(json);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_healthy 1\n");
}

static void pass(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

Test(status_verdict, a_server_without_a_cluster_is_healthy)
{
    serve(plain());
    start();
    expect_healthy();
    stop();
}

Test(status_verdict, a_server_that_joins_lives_and_is_fenced)
{
    serve(plain());
    join("one", 300);
    start();
    expect_worst("joining", "not registered", "safepoint");
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    pass(400); /* no keep-alive comes */
    expect_worst("fenced", "fail their checks", "safepoint");
    stop();
}

Test(status_verdict, a_registered_server_is_healthy)
{
    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    start();
    expect_healthy();
    stop();
}

Test(status_verdict, another_server_lives_under_the_id)
{
    struct roster_syncer *other;
    struct roster *roster;

    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    other = fixture.options.syncer;
    roster = fixture.roster;
    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    start();
    expect_worst("refused", "another server lives under this server_id", "safepoint");
    roster_status_stop(fixture.status);
    fixture.status = NULL;
    roster_syncer_destroy(other);
    cr_assert_eq(roster_destroy(roster), 0);
    stop();
}

Test(status_verdict, a_barrier_that_was_forgotten)
{
    struct roster_safe_point_options moves = {
        .size = sizeof(moves), .oracle = now, .any_life_time = true};
    struct roster_store_op op;
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    moves.syncer = fixture.options.syncer;
    cr_assert_eq(roster_safe_point_create(store, &moves, &fixture.options.safe_point), 0);
    op = roster_store_put(roster_store_text("/roster/safepoint/barrier/forgotten"),
                          roster_store_text("5"), 0);
    cr_assert_eq(roster_store_txn(store, &txn, 1000, NULL), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    start();
    expect_worst("txn safe point stuck", "forgotten", "rosterctl barrier delete forgotten");
    stop();
}

Test(status_verdict, a_minimum_that_is_held_for_too_long)
{
    struct roster_session *session;

    fixture.options.old_ms = 20;
    serve(plain());
    start();
    session = fixture_open(&fixture, "a");
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    pass(100);
    expect_worst("minimum too old", "the transaction of session 1", "kill 1");
    cr_assert_eq(roster_txn_finish(session), 0);
    expect_healthy();
    cr_assert_eq(roster_session_close(session), 0);
    stop();
}

Test(status_verdict, sessions_near_their_limit)
{
    struct roster_session *sessions[9];
    struct roster_options options = plain();
    size_t n;

    options.max_sessions = 10;
    serve(options);
    start();
    for (n = 0; n < 9; n++) {
        expect_healthy();
        sessions[n] = fixture_open(&fixture, "a");
    }
    expect_worst("sessions near their limit", "9 of 10", "ps --command=Sleep");
    for (n = 0; n < 9; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    expect_healthy();
    stop();
}

Test(status_verdict, a_backlog_near_its_limit)
{
    struct roster_session *session;
    struct roster_options options = plain();

    options.backlog_limit = 1 << 20;
    serve(options);
    start();
    cr_assert_eq(roster_read_lock(fixture.roster), 0);
    while (roster_session_open(fixture.roster, NULL, &session) == 0)
        cr_assert_eq(roster_session_close(session), 0);
    expect_worst("backlog near its limit", "wait for a reader", "status");
    roster_read_unlock(fixture.roster);
    stop();
}

Test(status_verdict, a_clock_that_was_set_back)
{
    ahead_ms = 5000;
    serve(plain());
    start();
    expect_worst("clock ahead", "ahead of this server's clock", "timesync");
    stop();
}
