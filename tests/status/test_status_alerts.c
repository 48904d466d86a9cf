/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Alerts that test_status_verdict.c has no server for: for each, one that really has what it warns
 * of. */

#include "alerts.h"
#include "../support/refuse_membarrier.h"
#include "troubled.h"
#include "store/base/kind.h"

#include <criterion/criterion.h>
#include <errno.h>

#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <roster/timestamp.h>

static struct store_kind kind;
static const struct store_kind *real;
static int txn_error, lease_error;

static int txn_or_error(struct roster_store *at, const struct roster_store_txn *txn,
                        int64_t deadline, struct roster_store_txn_result **result)
{
    return txn_error ? txn_error : real->txn(at, txn, deadline, result);
}

static int lease_or_error(struct roster_store *at, const struct store_lease_call *call,
                          int64_t deadline, struct roster_store_lease *lease)
{
    return lease_error ? lease_error : real->lease(at, call, deadline, lease);
}

/* A store of which every call may be refused. */
static void store_open(void)
{
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    kind = *store->kind;
    real = store->kind;
    kind.txn = txn_or_error;
    kind.lease = lease_or_error;
    store->kind = &kind;
}

static void put(const char *key, const char *value)
{
    struct roster_store_op op =
        roster_store_put(roster_store_text(key), roster_store_text(value), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    cr_assert_eq(roster_store_txn(store, &txn, 1000, NULL), 0);
}

static void put_ts(const char *key, uint64_t ts)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)ts);
    put(key, text);
}

static void run(void)
{
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
}

/* One server, whose store works so far. */
static void live_alone(void)
{
    store_open();
    serve(plain());
    join("one", 0);
    run();
}

static void create_safe_point(void)
{
    struct roster_safe_point_options moves = {
        .size = sizeof(moves), .oracle = server_now, .any_life_time = true};

    moves.syncer = fixture.options.syncer;
    cr_assert_eq(roster_safe_point_create(store, &moves, &fixture.options.safe_point), 0);
}

static void join_with(struct roster_syncer_options options)
{
    options.size = sizeof(options);
    options.server_id = "one";
    cr_assert_eq(roster_syncer_create(fixture.roster, store, &options, &fixture.options.syncer), 0);
}

TestSuite(status_alerts);

Test(status_alerts, an_oracle_that_is_behind)
{
    uint64_t ts;

    store_open();
    serve(plain());
    cr_assert_eq(server_now(NULL, &ts), 0);
    put_ts("/roster/safepoint/txn", ts + roster_ts_compose(3600000, 0));
    join("one", 0);
    run();
    start();
    expect_worst("behind", "set this server's clock", "safepoint", "RosterBehind");
    stop();
}

Test(status_alerts, a_kernel_that_refuses_membarrier)
{
    serve(plain());
    if (refuse_membarrier_to_all())
        cr_skip_test("this kernel takes no filter of system calls");
    start();
    expect_reply(&fixture, NULL, "/minimum", NULL, 500, "membarrier");
    expect_worst("membarrier refused", "allow the system call", "status",
                 "RosterMembarrierRefused");
    roster_status_stop(fixture.status); /* the roster cannot be destroyed without it */
    alerts_done();
}

Test(status_alerts, sessions_that_are_refused)
{
    struct roster_options options = plain();
    struct roster_session *session, *none = NULL;

    options.max_sessions = 1;
    serve(options);
    start();
    alerts_before(&fixture);
    session = fixture_open(&fixture, "a");
    cr_assert_eq(roster_session_open(fixture.roster, NULL, &none), -EUSERS);
    cr_assert_eq(roster_session_close(session), 0);
    expect_alert(&fixture, "RosterSessionsRefused");
    stop();
}

/* A barrier of an hour ago, by a leader for which two milliseconds are too long. */
static void abandon(enum roster_abandoned mode)
{
    struct roster_safe_point_options moves = {.size = sizeof(moves),
                                              .oracle = server_now,
                                              .any_life_time = true,
                                              .abandoned = mode,
                                              .abandoned_ms = 2};
    uint64_t ts;
    int n;

    live_alone();
    cr_assert_eq(server_now(NULL, &ts), 0);
    put_ts("/roster/safepoint/barrier/x", roster_ts_before(ts, 3600000));
    moves.syncer = fixture.options.syncer;
    cr_assert_eq(roster_safe_point_create(store, &moves, &fixture.options.safe_point), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    for (n = 0; n < 2; n++) {
        pass(5);
        cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
        cr_assert_eq(roster_safe_point_round(fixture.options.safe_point, NULL, NULL), 0);
    }
    start();
}

Test(status_alerts, a_holder_that_is_abandoned)
{
    abandon(ROSTER_ABANDONED_WARN);
    expect_worst("holder abandoned", "barrier x holds the safe points", "barrier delete x",
                 "RosterHolderAbandoned");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_abandoned_holders 1\n");
    expect_reply(&fixture, NULL, "/safepoint", NULL, 200, "\"abandoned_mode\":\"warn\"");
    expect_reply(&fixture, NULL, "/safepoint", NULL, 200, "\"abandoned_holder\":\"x\"");
    expect_reply(&fixture, NULL, "/events", NULL, 200, "too old");
    stop();
}

Test(status_alerts, a_holder_that_was_passed)
{
    abandon(ROSTER_ABANDONED_PASS);
    expect_worst("holder passed", "barrier x held the safe points", "events --since=-1h",
                 "RosterHolderPassed");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_passed_barriers_total 1\n");
    expect_reply(&fixture, NULL, "/safepoint", NULL, 200, "\"passed_barriers\":1");
    stop();
}

/* The margin is so wide that "nearly" begins after a second and lasts for ten. */
Test(status_alerts, a_lease_that_is_about_to_expire)
{
    struct roster_syncer_options options = {
        .ttl_ms = 30000, .margin_ms = 19000, .keep_alive_ms = 10000};
    struct roster_metrics metrics = {.size = sizeof(metrics)};

    store_open();
    serve(plain());
    join_with(options);
    run();
    lease_error = -EHOSTUNREACH;
    do {
        pass(20);
        cr_assert_eq(roster_metrics(fixture.roster, &metrics), 0);
    } while (metrics.lease_margin_ns >= INT64_C(10000000000));
    start();
    expect_worst("lease nearly expired", "the server is fenced in", "safepoint",
                 "RosterLeaseNearlyExpired");
    stop();
}

/* Runs until it has been fenced so often, or, for 0, until it is live. */
static void run_until(uint64_t fences)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    do {
        pass(1);
        run();
        cr_assert_eq(roster_syncer_stats(fixture.options.syncer, &stats), 0);
    } while (fences ? stats.fences < fences : stats.state != ROSTER_SYNCER_LIVE);
}

Test(status_alerts, a_server_that_is_fenced_again_and_again)
{
    struct roster_syncer_options options = {
        .keep_alive_ms = 10, .backoff_min_ms = 10, .backoff_max_ms = 10};
    uint64_t times;

    store_open();
    serve(plain());
    join_with(options);
    run_until(0);
    start();
    alerts_before(&fixture);
    for (times = 1; times <= 3; times++) {
        lease_error = -EKEYEXPIRED;
        run_until(times);
        lease_error = 0;
        run_until(0);
    }
    expect_alert(&fixture, "RosterFencesOften");
    stop();
}

Test(status_alerts, reports_that_the_store_does_not_take)
{
    live_alone();
    txn_error = -ENOSPC;
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), -ENOSPC);
    start();
    expect_worst("report overdue", "safe points are stuck", "etcdctl alarm list",
                 "RosterReportOverdue");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200,
                 "\nroster_errors_total{class=\"full\"} 1\n");
    txn_error = 0;
    stop();
}

/* Nothing fails: the syncer's thread stands still, or the server does not run it. */
Test(status_alerts, reports_that_do_not_come)
{
    struct roster_syncer_options options = {.interval_ms = 20};

    store_open();
    serve(plain());
    join_with(options);
    run();
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    start();
    pass(3100);
    expect_worst("report overdue", "one is due every 20 ms", "safepoint", "RosterReportOverdue");
    stop();
}

Test(status_alerts, a_store_that_fails)
{
    live_alone();
    create_safe_point();
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    txn_error = -EACCES;
    cr_assert_eq(roster_safe_point_round(fixture.options.safe_point, NULL, NULL), -EACCES);
    start();
    expect_worst("store failing", "moving the safe points", "safepoint", "RosterStoreFailing");
    txn_error = 0;
    stop();
}

Test(status_alerts, no_server_leads)
{
    live_alone();
    create_safe_point();
    start();
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_leader{leader=\"\"} 0\n");
    expect_alert(&fixture, "RosterNoLeader");
    stop();
}

/* A user who may write to the store chooses the name of a barrier. */
Test(status_alerts, a_name_forges_no_label_and_no_line)
{
    live_alone();
    create_safe_point();
    put("/roster/safepoint/barrier/a\"b\\c\nd\033e\xff", "5");
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    start();
    expect_reply(&fixture, NULL, "/metrics", NULL, 200,
                 "kind=\"barrier\",name=\"a\\\"b\\\\c\\nd?e?\"} ");
    expect_alert(&fixture, "RosterTxnSafePointStuck");
    stop();
}

Test(status_alerts, a_server_that_does_not_acknowledge)
{
    uint64_t ts;

    live_alone();
    create_safe_point();
    cr_assert_eq(server_now(NULL, &ts), 0);
    put_ts("/roster/server/minstartts/two", ts + roster_ts_compose(3600000, 0));
    put_ts("/roster/server/ack/two", roster_ts_compose(1000, 0));
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    cr_assert_eq(roster_safe_point_round(fixture.options.safe_point, NULL, NULL), 0);
    start();
    expect_worst("gc safe point stuck", "two", "safepoint", "RosterGcSafePointStuck");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200,
                 "roster_safe_point_blocked_seconds{safe_point=\"gc\",kind=\"acknowledgement\","
                 "name=\"two\"} ");
    stop();
}

/* What is worse comes first, whatever was found first. */
Test(status_alerts, two_problems_come_in_their_order)
{
    json_t *json, *problems;
    uint64_t ts;

    abandon(ROSTER_ABANDONED_WARN);
    cr_assert_eq(server_now(NULL, &ts), 0);
    put_ts("/roster/server/minstartts/two", ts + roster_ts_compose(3600000, 0));
    put_ts("/roster/server/ack/two", roster_ts_compose(1000, 0));
    cr_assert_eq(roster_safe_point_round(fixture.options.safe_point, NULL, NULL), 0);
    json = get_json(&fixture, "/status");
    problems = json_object_get(json, "problems");
    cr_assert_eq(json_array_size(problems), 2);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(problems, 0), "problem")),
                     "gc safe point stuck");
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(problems, 1), "problem")),
                     "holder abandoned");
    cr_expect_lt(json_integer_value(json_object_get(json_array_get(problems, 0), "rank")),
                 json_integer_value(json_object_get(json_array_get(problems, 1), "rank")));
    json_decref(json);
    stop();
}

/* The transaction of another server: that server, and no later transaction of the session. */
Test(status_alerts, the_transaction_of_another_server)
{
    uint64_t ts;
    char command[128];

    live_alone();
    create_safe_point();
    cr_assert_eq(server_now(NULL, &ts), 0);
    ts = roster_ts_before(ts, 3600000);
    put_ts("/roster/server/minstartts/two", ts);
    put("/roster/server/holder/two", "{\"kind\":\"transaction\",\"session\":4711,\"pin\":0}");
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    start();
    snprintf(command, sizeof(command),
             "rosterctl --store=\"$ROSTER_STORE\" kill --transaction=%llu two:4711",
             (unsigned long long)ts);
    expect_worst("txn safe point stuck", "two", command, "RosterTxnSafePointStuck");
    stop();
}
