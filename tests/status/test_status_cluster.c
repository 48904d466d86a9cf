/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What the endpoint of a cluster's server tells, and what it says when its oracle cannot be asked.
 */

#include "client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <roster/timestamp.h>

#define RECORDS "/roster/server/minstartts/"

static struct fixture fixture;
static struct roster_store *store;
static int oracle_err;

static int told_now(void *arg, uint64_t *ts)
{
    static uint64_t logical;

    (void)arg;
    *ts = roster_ts_compose(100000000, __atomic_add_fetch(&logical, 1, __ATOMIC_RELAXED));
    return __atomic_load_n(&oracle_err, __ATOMIC_RELAXED);
}

static void put(const char *key, const char *value)
{
    struct roster_store_op op =
        roster_store_put(roster_store_text(key), roster_store_text(value), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    cr_assert_eq(roster_store_txn(store, &txn, 1000, NULL), 0);
}

/* A server that is registered and leads. */
static void start(void)
{
    struct roster_syncer_options reports = {.size = sizeof(reports), .server_id = "one"};
    struct roster_safe_point_options moves = {
        .size = sizeof(moves), .oracle = told_now, .any_life_time = true};
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.oracle = told_now;
    cr_assert_eq(roster_create(&options, &fixture.roster), 0);
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_syncer_create(fixture.roster, store, &reports, &fixture.options.syncer), 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    moves.syncer = fixture.options.syncer;
    cr_assert_eq(roster_safe_point_create(store, &moves, &fixture.options.safe_point), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    fixture.options.size = sizeof(fixture.options);
    cr_assert_eq(roster_status_start(fixture.roster, &fixture.options, &fixture.status), -EINVAL);
    fixture.options.cluster = roster_cluster_calls();
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

TestSuite(status_cluster, .init = start, .fini = stop);

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    cr_assert(text, "%s is no text", key);
    return text;
}

Test(status_cluster, a_server_that_is_registered_and_leads)
{
    json_t *json = get_json(&fixture, "/safepoint");
    const json_t *syncer = json_object_get(json, "syncer");
    const json_t *cluster = json_object_get(json, "cluster");

    cr_expect(json_is_true(json_object_get(json, "leased")));
    cr_expect(json_is_false(json_object_get(json, "fenced")));
    cr_expect_gt(json_integer_value(json_object_get(json, "lease_margin_ms")), 0);
    cr_expect_str_eq(text_of(syncer, "state"), "live");
    cr_expect_eq(json_integer_value(json_object_get(syncer, "reports")), 1);
    cr_expect_str_neq(text_of(syncer, "record"), "0");
    cr_expect(json_is_true(json_object_get(cluster, "leads")));
    cr_expect_str_neq(text_of(cluster, "txn_safe_point"), "0");
    json_decref(json);
    expect_reply(&fixture, NULL, "/status", NULL, 200, "\"server_id\":\"one\"");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "roster_lease_margin_seconds");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200,
                 "\nroster_syncer_state{state=\"live\"} 1\n");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200,
                 "\nroster_syncer_state{state=\"fenced\"} 0\n");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_syncer_reports_total 1\n");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_syncer_fences_total 0\n");
}

Test(status_cluster, what_blocks_is_named)
{
    json_t *json;

    put(RECORDS "two", "5");
    cr_assert_eq(roster_safe_point_round(fixture.options.safe_point, NULL, NULL), 0);
    json = get_json(&fixture, "/safepoint");
    cr_expect(strstr(text_of(json_object_get(json, "cluster"), "gc_blocker"), "server two"));
    json_decref(json);
    put(RECORDS "two", "yesterday");
    cr_assert_eq(roster_safe_point_round(fixture.options.safe_point, NULL, NULL), -EBADMSG);
    json = get_json(&fixture, "/safepoint");
    cr_expect(strstr(text_of(json_object_get(json, "cluster"), "txn_blocker"), RECORDS "two"));
    json_decref(json);
}

Test(status_cluster, an_oracle_that_cannot_be_asked)
{
    __atomic_store_n(&oracle_err, -EHOSTUNREACH, __ATOMIC_RELAXED);
    expect_reply(&fixture, NULL, "/minimum", NULL, 500, "no endpoint of the store");
    expect_reply(&fixture, NULL, "/safepoint", NULL, 200, "\"syncer\":{");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "roster_sessions");
}
