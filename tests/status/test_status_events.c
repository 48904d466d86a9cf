/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* GET /events: of servers to which it really happens. */

#include "client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/store_lease.h>
#include <roster/syncer.h>

static struct fixture fixture;

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* Of all events, or those after one, "KIND WHAT NAME; " each; of verdicts the names alone. */
static void expect_events(const char *path, const char *wanted)
{
    json_t *json = get_json(&fixture, path), *row;
    char got[2048] = "";
    size_t n, length = 0;

    json_array_foreach(json_object_get(json, "rows"), n, row)
    {
        length +=
            (size_t)snprintf(got + length, sizeof(got) - length, "%s%s %s %s", n ? "; " : "",
                             text_of(row, "kind"), text_of(row, "what"), text_of(row, "name"));
        cr_assert_lt(length, sizeof(got));
    }
    cr_expect_str_eq(got, wanted, "%s: %s, should be %s", path, got, wanted);
    json_decref(json);
}

static int drain(void *arg)
{
    (void)arg;
    return -EALREADY;
}

static void start(void)
{
    memset(&fixture, 0, sizeof(fixture));
    fixture.options.token = "secret";
    fixture.options.drain = drain;
    fixture_start(&fixture);
}

static void stop(void)
{
    fixture_stop(&fixture);
}

TestSuite(status_events);

/* Who asked is the user at the other end, and text stays text. */
Test(status_events, kills_and_drains_over_http, .init = start, .fini = stop)
{
    static const char *const token[] = {"Authorization: Bearer secret", NULL};
    struct roster_session *session = fixture_open(&fixture, "m\xe2\x80\xae<b>\x1b[2J\xff");
    const json_t *row;
    char by[64], words[256];
    json_t *json;

    expect_events("/events", "");
    expect_reply(&fixture, "POST", "/kill?id=1&target=statement", NULL, 401, "token");
    expect_events("/events", "");
    expect_reply(&fixture, "POST", "/kill?id=1&target=statement", token, 409, "idle");
    expect_reply(&fixture, "POST", "/kill?id=1", token, 200, "delivered");
    expect_reply(&fixture, "POST", "/drain", token, 409, "already");
    expect_events("/events", "kill statement ; kill connection ; drain asked ");
    json = get_json(&fixture, "/events");
    row = json_array_get(json_object_get(json, "rows"), 1);
    snprintf(by, sizeof(by), "uid %u at the status endpoint", (unsigned)geteuid());
    cr_expect_str_eq(text_of(row, "by"), by);
    cr_expect_str_eq(text_of(row, "session_id"), "1");
    cr_expect_str_eq(text_of(row, "reason"), "interrupted");
    cr_expect_eq(json_integer_value(json_object_get(row, "result")), 0);
    cr_expect_eq(json_integer_value(json_object_get(row, "count")), 1);
    cr_expect_str_eq(text_of(row, "user"), "m\xe2\x80\xae<b>\x1b[2J\xef\xbf\xbd");
    snprintf(
        words, sizeof(words),
        "connection of session 1, user m\xe2\x80\xae<b>\x1b[2J\xef\xbf\xbd, by %s, interrupted: "
        "delivered",
        by);
    cr_expect_str_eq(text_of(row, "words"), words);
    row = json_array_get(json_object_get(json, "rows"), 2);
    cr_expect_str_eq(text_of(row, "by"), by);
    cr_expect_eq(json_integer_value(json_object_get(row, "result")), -EALREADY);
    snprintf(words, sizeof(words), "asked by %s: %s", by, roster_strerror(-EALREADY));
    cr_expect_str_eq(text_of(row, "words"), words);
    json_decref(json);
    expect_reply(&fixture, NULL, "/events", NULL, 200, "m\\u202e\\u003cb\\u003e\\u001b[2J");
    cr_assert_eq(roster_session_close(session), 0);
}

/* Nothing is lost on the way, and what was dropped is counted. */
Test(status_events, reading_goes_on_where_it_stopped, .init = start, .fini = stop)
{
    char path[128], next[32] = "0", first[32] = "";
    uint64_t id, counted = 0;
    size_t n, rows;
    json_t *json;

    for (id = 1; id <= 1500; id++)
        cr_assert_eq(roster_kill(fixture.roster, id, ROSTER_KILL_TARGET_CONNECTION, 0,
                                 ROSTER_KILL_REASON_INTERRUPTED),
                     -ESRCH);
    do {
        snprintf(path, sizeof(path), "/events?limit=300&since=%s", next);
        json = get_json(&fixture, path);
        rows = json_array_size(json_object_get(json, "rows"));
        for (n = 0; n < rows; n++)
            cr_assert_eq(
                strtoull(text_of(json_array_get(json_object_get(json, "rows"), n), "session_id"),
                         NULL, 10),
                501 + counted++);
        cr_expect_eq(json_integer_value(json_object_get(json, "missed")),
                     *first || !rows ? 0 : 500);
        cr_expect(json_is_false(json_object_get(json, "restarted")));
        cr_expect_eq(json_integer_value(json_object_get(json, "dropped")), 500);
        snprintf(next, sizeof(next), "%s", text_of(json, "next"));
        if (!*first)
            snprintf(first, sizeof(first), "%s", next);
        json_decref(json);
    } while (rows);
    cr_expect_eq(counted, 1000);
    for (n = 0; n < 2; n++) { /* before the first one, and after the last one */
        snprintf(path, sizeof(path), "/events?limit=1&since=%" PRIu64,
                 (uint64_t)(n ? strtoull(next, NULL, 10) + 1 : 1));
        json = get_json(&fixture, path);
        cr_expect(json_is_true(json_object_get(json, "restarted")));
        cr_expect_eq(json_integer_value(json_object_get(json, "missed")), 500);
        json_decref(json);
    }
    expect_reply(&fixture, NULL, "/events?since=x", NULL, 400, "since takes the id");
    expect_reply(&fixture, NULL, "/events?user=a", NULL, 400, "unknown argument");
    expect_reply(&fixture, "POST", "/events", NULL, 405, "");
}

Test(status_events, what_is_wrong_appears_and_is_gone)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *session;

    memset(&fixture, 0, sizeof(fixture));
    options.max_sessions = 1;
    cr_assert_eq(roster_create(&options, &fixture.roster), 0);
    fixture.options.size = sizeof(fixture.options);
    cr_assert_eq(roster_status_start(fixture.roster, &fixture.options, &fixture.status), 0);
    session = fixture_open(&fixture, "a");
    json_decref(get_json(&fixture, "/status"));
    json_decref(get_json(&fixture, "/status"));
    expect_events("/events", "verdict appeared sessions near their limit");
    cr_assert_eq(roster_session_close(session), 0);
    json_decref(get_json(&fixture, "/status"));
    expect_events("/events", "verdict appeared sessions near their limit; "
                             "verdict cleared sessions near their limit");
    stop();
}

/* Works by hand until there are `events` of them; what is due later comes in time. */
static void run_until(uint64_t events)
{
    struct roster_event_log_state state = {.size = sizeof(state)};
    int n;

    for (n = 0; n < 10000 && state.events < events; n++) {
        cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
        cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
        cr_assert_eq(roster_event_log_state(fixture.roster, &state), 0);
        usleep(1000);
    }
}

/* Joins, leads, loses its lease, and gets another one. */
Test(status_events, a_server_of_a_cluster)
{
    struct roster_syncer_options reports = {.size = sizeof(reports), .server_id = "one"};
    struct roster_safe_point_options moves = {.size = sizeof(moves), .any_life_time = true};
    struct roster_store_op op = {0};
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    struct roster_oracle_local *clock;
    struct roster_store *store;

    memset(&fixture, 0, sizeof(fixture));
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_oracle_local_create(&clock), 0);
    cr_assert_eq(roster_create(NULL, &fixture.roster), 0);
    cr_assert_eq(roster_syncer_create(fixture.roster, store, &reports, &fixture.options.syncer), 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    moves.syncer = fixture.options.syncer;
    moves.oracle = roster_oracle_local_read;
    moves.oracle_arg = clock;
    cr_assert_eq(roster_safe_point_create(store, &moves, &fixture.options.safe_point), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    fixture.options.size = sizeof(fixture.options);
    fixture.options.cluster = roster_cluster_calls();
    cr_assert_eq(roster_status_start(fixture.roster, &fixture.options, &fixture.status), 0);
    expect_events("/events", "lease granted one; server live one; leader self one");
    op = roster_store_delete(roster_store_key(roster_store_text("/roster/server/minstartts/one")));
    cr_assert_eq(roster_store_txn(store, &txn, 1000, NULL), 0);
    run_until(9);
    expect_events("/events", "lease granted one; server live one; leader self one; lease lost one; "
                             "fence fenced one; lease granted one; server live one; leader none ; "
                             "leader self one");
    roster_status_stop(fixture.status);
    roster_safe_point_destroy(fixture.options.safe_point);
    roster_syncer_destroy(fixture.options.syncer);
    roster_store_close(store);
    cr_assert_eq(roster_destroy(fixture.roster), 0);
    roster_oracle_local_destroy(clock);
}
