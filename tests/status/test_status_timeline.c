/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The last hour as the endpoint keeps it, by a clock that the test sets: a point for each second,
 * none for a second in which nothing ran, no rate across a gap, and never more than an hour.
 */
#include "client.h"

#include "status/query.h"
#include "status/status.h"

#include <criterion/criterion.h>
#include <roster/safe_point.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR 3600

static struct roster_status status;
static int64_t second; /* of CLOCK_BOOTTIME */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_BOOTTIME || !second)
        return __real_clock_gettime(clock, now);
    *now = (struct timespec){.tv_sec = second};
    return 0;
}

static void start(void)
{
    static char address[] = "127.0.0.1:1"; /* for the commands of the verdict */

    memset(&status, 0, sizeof(status));
    status.local.listener.address = address;
    status.options.old_ms = 1000;
    second = 1000;
    cr_assert_eq(roster_create(NULL, &status.roster), 0);
    status.timeline = rst_timeline_new();
    cr_assert(status.timeline);
}

static void stop(void)
{
    second = 0;
    free(status.timeline);
    cr_assert_eq(roster_destroy(status.roster), 0);
}

TestSuite(status_timeline, .init = start, .fini = stop);

static json_t *timeline(void)
{
    struct request request = {.status = &status};
    struct query query = {.after = 0};
    json_t *json;

    cr_assert_eq(rst_status_get_timeline(&request, &query), 200);
    cr_assert(!request.text.failed);
    json = json_loadb(request.text.data, request.text.length, 0, NULL);
    cr_assert(json);
    rst_status_text_free(&request.text);
    return json;
}

static size_t count_of(const json_t *json)
{
    return json_array_size(json_object_get(json, "rows"));
}

/* A value by the name of its column. */
static const json_t *value(const json_t *json, size_t row, const char *name)
{
    const json_t *columns = json_object_get(json, "columns");
    size_t n;

    for (n = 0; n < json_array_size(columns); n++)
        if (!strcmp(json_string_value(json_array_get(columns, n)), name))
            return json_array_get(json_array_get(json_object_get(json, "rows"), row), n);
    cr_assert(false, "no column %s", name);
    return NULL;
}

Test(status_timeline, a_second_has_one_point)
{
    struct roster_session *session;
    json_t *json;

    cr_assert_eq(roster_session_open(status.roster, NULL, &session), 0);
    cr_expect_eq(rst_timeline_run(&status), 1000);
    cr_expect_eq(rst_timeline_run(&status), 1000);
    second++;
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
    (void)roster_stmt_end(session);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    (void)rst_timeline_run(&status);
    json = timeline();
    cr_assert_eq(count_of(json), 2);
    cr_expect(json_is_null(value(json, 0, "statements_per_second")), "no rate is known at first");
    cr_expect_eq(json_integer_value(value(json, 1, "statements_per_second")), 1);
    cr_expect_eq(json_integer_value(value(json, 1, "transactions_per_second")), 1);
    cr_expect_eq(json_integer_value(value(json, 1, "sessions")), 1);
    cr_expect_eq(json_integer_value(value(json, 0, "minimum_age_ms")), 0);
    cr_expect(json_is_null(value(json, 1, "txn_safe_point_age_ms")), "there is no cluster");
    cr_expect(json_is_null(value(json, 1, "problem")));
    cr_expect_eq(json_integer_value(json_object_get(json, "old_ms")), 1000);
    json_decref(json);
    cr_assert_eq(roster_session_close(session), 0);
}

Test(status_timeline, a_standstill_is_a_gap)
{
    json_t *json;

    (void)rst_timeline_run(&status);
    second++;
    (void)rst_timeline_run(&status);
    second += 10;
    (void)rst_timeline_run(&status);
    json = timeline();
    cr_assert_eq(count_of(json), 3);
    cr_expect_eq(json_integer_value(value(json, 2, "second")) -
                     json_integer_value(value(json, 1, "second")),
                 10);
    cr_expect(json_is_integer(value(json, 1, "statements_per_second")));
    cr_expect(json_is_null(value(json, 2, "statements_per_second")), "across a gap");
    json_decref(json);
}

Test(status_timeline, an_hour_is_kept)
{
    json_t *json;
    int n;

    for (n = 0; n < HOUR + 100; n++, second++)
        (void)rst_timeline_run(&status);
    second--;
    json = timeline();
    cr_expect_eq(count_of(json), (size_t)HOUR);
    cr_expect_eq(json_integer_value(value(json, HOUR - 1, "second")),
                 json_integer_value(json_object_get(json, "now")));
    json_decref(json);
    second += 2 * HOUR;
    json = timeline();
    cr_expect_eq(count_of(json), 0, "what is older than an hour is not shown");
    json_decref(json);
}

Test(status_timeline, problems_are_remembered)
{
    struct roster_options small = ROSTER_OPTIONS_INIT;
    struct roster_session *session;
    json_t *json;

    cr_assert_eq(roster_destroy(status.roster), 0);
    small.max_sessions = 1;
    cr_assert_eq(roster_create(&small, &status.roster), 0);
    cr_assert_eq(roster_session_open(status.roster, NULL, &session), 0);
    (void)rst_timeline_run(&status);
    cr_assert_eq(roster_session_close(session), 0);
    json = timeline();
    cr_expect_str_eq(json_string_value(value(json, 0, "problem")), "sessions near their limit");
    json_decref(json);
}

/* A cluster in which no safe point was computed so far: what stands in the store is of no time. */
static int no_safe_point_so_far(struct roster_safe_point *safe_point,
                                struct roster_safe_point_state *state)
{
    (void)safe_point;
    state->txn = state->gc = 1;
    state->gc_blocker = (struct roster_blocker){.kind = ROSTER_BLOCKER_ACK, .name = "b", .ts = 1};
    return 0;
}

Test(status_timeline, what_is_of_no_time_has_no_age)
{
    static const struct roster_cluster_calls calls = {
        .size = sizeof(calls),
        .safe_point_state = no_safe_point_so_far,
        .blocker_describe = roster_blocker_describe,
    };
    char nothing;
    json_t *json;

    status.options.cluster = &calls;
    status.options.safe_point = (struct roster_safe_point *)&nothing;
    (void)rst_timeline_run(&status);
    json = timeline();
    cr_expect(json_is_null(value(json, 0, "txn_safe_point_age_ms")));
    cr_expect(json_is_null(value(json, 0, "gc_safe_point_age_ms")));
    cr_expect(json_is_null(value(json, 0, "problem")), "the other server has just joined");
    json_decref(json);
    status.options.old_ms = 0;
    second++;
    (void)rst_timeline_run(&status);
    json = timeline();
    cr_expect_str_eq(json_string_value(value(json, 1, "problem")), "gc safe point stuck");
    json_decref(json);
}

/* The endpoint's own thread keeps it, and sends what is asked for. */
Test(status_timeline, the_endpoint_keeps_it, .init = NULL, .fini = NULL)
{
    struct fixture fixture = {0};
    json_t *json;

    fixture_start(&fixture);
    json = get_json(&fixture, "/timeline");
    cr_expect_geq(count_of(json), (size_t)1);
    json_decref(json);
    json = get_json(&fixture, "/timeline?after=99999999999");
    cr_expect_eq(count_of(json), 0);
    json_decref(json);
    expect_reply(&fixture, NULL, "/timeline?since=1", NULL, 400, "unknown argument since");
    expect_reply(&fixture, "POST", "/timeline", NULL, 405, "not with this method");
    fixture_stop(&fixture);
}
