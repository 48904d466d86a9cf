/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What each path returns, as JSON and as text. */

#include "client.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static struct fixture fixture;

static void start(void)
{
    memset(&fixture, 0, sizeof(fixture));
    fixture.options.name = "the <server>";
    fixture_start(&fixture);
}

static void stop(void)
{
    fixture_stop(&fixture);
}

TestSuite(status_pages, .init = start, .fini = stop);

static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    cr_assert(value, "no %s", key);
    return json_is_null(value) ? NULL : json_string_value(value);
}

static json_int_t number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    cr_assert(json_is_integer(value), "%s is no number", key);
    return json_integer_value(value);
}

static void run(struct roster_session *session, const char *text)
{
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, strlen(text), "d1gest", 6),
                 0);
}

Test(status_pages, status_tells_the_counts)
{
    struct roster_session *session = fixture_open(&fixture, "a");
    json_t *json;

    run(session, "x");
    json = get_json(&fixture, "/status");
    cr_expect_str_eq(text_of(json, "name"), "the <server>");
    cr_expect_eq(number_of(json, "sessions"), 1);
    cr_expect_eq(number_of(json, "statements"), 1);
    cr_expect(json_is_false(json_object_get(json, "may_kill")));
    json_decref(json);
    cr_assert_eq(roster_session_close(session), 0);
}

/* Its name stands in the line of /proc/self/stat that has them. */
Test(status_pages, a_process_of_any_name_has_metrics)
{
    cr_assert_eq(prctl(PR_SET_NAME, "a) 1\n(b"), 0);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nprocess_resident_memory_bytes ");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nprocess_start_time_seconds ");
}

Test(status_pages, processlist_has_tidbs_columns)
{
    struct roster_session *idle = fixture_open(&fixture, "idle"), *busy;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    const json_t *row;
    json_t *json;
    char id[32];

    attr.user = "u";
    attr.host = "10.0.0.1:4711";
    attr.database = "test";
    attr.attributes = "k=v";
    cr_assert_eq(roster_session_open(fixture.roster, &attr, &busy), 0);
    cr_assert_eq(roster_txn_begin(busy, NULL), 0);
    run(busy, "select '</script>\"\xff' \x01");
    json = get_json(&fixture, "/processlist?full");
    cr_expect_eq(number_of(json, "matched"), 2);
    row = json_array_get(json_object_get(json, "rows"), 0);
    cr_expect_str_eq(text_of(row, "command"), "Sleep");
    cr_expect_null(text_of(row, "db"));
    cr_expect_null(text_of(row, "info"));
    cr_expect_str_eq(text_of(row, "state"), "autocommit");
    row = json_array_get(json_object_get(json, "rows"), 1);
    snprintf(id, sizeof(id), "%llu", (unsigned long long)roster_session_id(busy));
    cr_expect_str_eq(text_of(row, "id"), id);
    cr_expect_str_eq(text_of(row, "host"), "10.0.0.1:4711");
    cr_expect_str_eq(text_of(row, "db"), "test");
    cr_expect_str_eq(text_of(row, "command"), "Query");
    cr_expect_str_eq(text_of(row, "state"), "in transaction");
    cr_expect_str_eq(text_of(row, "info"), "select '</script>\"\xef\xbf\xbd' \x01");
    cr_expect_str_eq(text_of(row, "attributes"), "k=v");
    cr_expect_str_eq(text_of(row, "digest"), "d1gest");
    json_decref(json);
    cr_assert_eq(roster_session_close(busy), 0);
    cr_assert_eq(roster_session_close(idle), 0);
}

/* Markup in what a client sent reaches no browser as such, not even within JSON. */
Test(status_pages, markup_is_escaped)
{
    struct roster_session *session = fixture_open(&fixture, "<img src=x onerror=alert(1)>");
    struct reply reply = ask(&fixture, NULL, "/processlist", NULL);

    cr_expect_eq(reply.status, 200);
    cr_expect(!strchr(reply.body, '<'));
    cr_expect(strstr(reply.body, "\\u003cimg"));
    reply_free(&reply);
    cr_assert_eq(roster_session_close(session), 0);
}

/* Whatever is no UTF-8 becomes the sign for that, a byte at a time. */
Test(status_pages, texts_are_utf_8)
{
    static const struct {
        const char *user;
        const char *shown;
    } texts[] = {
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xe4\xb8\xad", "\xe4\xb8\xad"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xff", "\xef\xbf\xbd"},
        {"a\xc3", "a\xef\xbf\xbd"},
        {"\xc3(", "\xef\xbf\xbd("},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"line\nbreak", "line\nbreak"},
    };

    for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++) {
        struct roster_session *session = fixture_open(&fixture, texts[n].user);
        json_t *json = get_json(&fixture, "/processlist");
        const json_t *row = json_array_get(json_object_get(json, "rows"), 0);

        cr_expect_str_eq(text_of(row, "user"), texts[n].shown);
        json_decref(json);
        cr_assert_eq(roster_session_close(session), 0);
    }
}

Test(status_pages, info_is_cut_unless_full)
{
    struct roster_session *session = fixture_open(&fixture, "a");
    char text[301];
    json_t *json;
    int full;

    memset(text, 'x', 300);
    text[300] = '\0';
    run(session, text);
    for (full = 0; full < 2; full++) {
        json = get_json(&fixture, full ? "/processlist?full=1" : "/processlist?full=0");
        cr_expect_eq(strlen(text_of(json_array_get(json_object_get(json, "rows"), 0), "info")),
                     full ? 300 : ROSTER_ROW_INFO_CHARACTERS);
        json_decref(json);
    }
    cr_assert_eq(roster_session_close(session), 0);
}

/* What a session that is idle in its transaction did last, in every place that shows sessions. */
Test(status_pages, the_last_statement_is_shown)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    static const char *const paths[] = {"/processlist", "/processlist?full",        "/trx",
                                        "/trx?full",    "/processlist?search=Xxxx", "/minimum"};
    struct roster_session *session;
    char text[301];
    const json_t *place;
    json_t *json;
    size_t n;

    memset(text, 'x', 300);
    text[300] = '\0';
    attr.flags = ROSTER_SESSION_LAST_STATEMENT;
    cr_assert_eq(roster_session_open(fixture.roster, &attr, &session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    run(session, text);
    cr_assert_eq(roster_stmt_end(session), 0);
    for (n = 0; n < sizeof(paths) / sizeof(*paths); n++) {
        json = get_json(&fixture, paths[n]);
        place = json_object_get(json, "holder");
        if (!place)
            place = json_array_get(json_object_get(json, "rows"), 0);
        cr_assert_not_null(text_of(place, "last"), "%s", paths[n]);
        cr_expect_eq(strlen(text_of(place, "last")),
                     place == json_object_get(json, "holder") || strstr(paths[n], "full")
                         ? 300
                         : (size_t)ROSTER_ROW_INFO_CHARACTERS,
                     "%s", paths[n]);
        json_decref(json);
    }
    run(session, "y");
    json = get_json(&fixture, "/processlist");
    place = json_array_get(json_object_get(json, "rows"), 0);
    cr_expect_null(text_of(place, "last"));
    json_decref(json);
    cr_assert_eq(roster_session_close(session), 0);
}

static void expect_matched(const char *path, json_int_t matched)
{
    json_t *json = get_json(&fixture, path);

    cr_expect_eq(number_of(json, "matched"), matched, "%s: %lld rows, should be %lld", path,
                 (long long)number_of(json, "matched"), (long long)matched);
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), (size_t)matched);
    json_decref(json);
}

Test(status_pages, rows_are_filtered)
{
    struct roster_session *a = fixture_open(&fixture, "a"), *b = fixture_open(&fixture, "b");
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *internal;

    attr.kind = ROSTER_SESSION_INTERNAL;
    attr.database = "mysql";
    cr_assert_eq(roster_session_open(fixture.roster, &attr, &internal), 0);
    cr_assert_eq(roster_txn_begin(b, NULL), 0);
    cr_assert_eq(roster_txn_begin(internal, NULL), 0);
    cr_assert_eq(roster_txn_set_state(internal, ROSTER_RUN_COMMITTING), 0);
    run(b, "x");
    expect_matched("/processlist", 3);
    expect_matched("/processlist?user=a", 1);
    expect_matched("/processlist?user=nobody", 0);
    expect_matched("/processlist?user=A", 0);
    expect_matched("/processlist?db=MySQL", 0);
    expect_matched("/processlist?kind=internal", 1);
    expect_matched("/processlist?db=mysql", 1);
    expect_matched("/processlist?command=query", 1);
    expect_matched("/processlist?command=Sleep&kind=user", 1);
    expect_matched("/processlist?state=committing", 1);
    expect_matched("/processlist?in_txn", 2);
    expect_matched("/processlist?id=1", 1);
    expect_matched("/processlist?min_ms=3600000", 0);
    expect_matched("/trx", 2);
    expect_matched("/trx?user=b", 1);
    cr_assert_eq(roster_session_close(internal), 0);
    cr_assert_eq(roster_session_close(b), 0);
    cr_assert_eq(roster_session_close(a), 0);
}

Test(status_pages, pages_have_every_row_once)
{
    enum { SESSIONS = 25 };
    struct roster_session *sessions[SESSIONS];
    unsigned long long after = 0, id;
    char path[64];
    json_t *json;
    size_t n, rows = 0;

    for (n = 0; n < SESSIONS; n++)
        sessions[n] = fixture_open(&fixture, "a");
    do {
        const json_t *list;

        snprintf(path, sizeof(path), "/processlist?limit=10&after=%llu", after);
        json = get_json(&fixture, path);
        list = json_object_get(json, "rows");
        cr_assert_leq(json_array_size(list), 10);
        for (n = 0; n < json_array_size(list); n++) {
            id = strtoull(text_of(json_array_get(list, n), "id"), NULL, 10);
            cr_expect_gt(id, after);
            after = id;
            rows++;
        }
        n = text_of(json, "next") != NULL;
        if (n)
            cr_expect_eq(strtoull(text_of(json, "next"), NULL, 10), after);
        json_decref(json);
    } while (n);
    cr_expect_eq(rows, SESSIONS);
    for (n = 0; n < SESSIONS; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
}

Test(status_pages, trx_has_its_null_rules)
{
    struct roster_session *session = fixture_open(&fixture, "a");
    const json_t *row;
    uint64_t start_ts;
    json_t *json;
    char id[32];

    cr_assert_eq(roster_txn_begin(session, &start_ts), 0);
    json = get_json(&fixture, "/trx");
    row = json_array_get(json_object_get(json, "rows"), 0);
    snprintf(id, sizeof(id), "%llu", (unsigned long long)start_ts);
    cr_expect_str_eq(text_of(row, "id"), id);
    cr_expect_str_eq(text_of(row, "state"), "Idle");
    cr_expect_null(text_of(row, "current_sql_digest"));
    cr_expect(json_is_null(json_object_get(row, "waiting_start_time")));
    cr_expect(json_is_null(json_object_get(row, "waiting_time")));
    json_decref(json);
    run(session, "x");
    cr_assert_eq(roster_lock_wait_begin(session), 0);
    json = get_json(&fixture, "/trx");
    row = json_array_get(json_object_get(json, "rows"), 0);
    cr_expect_str_eq(text_of(row, "state"), "LockWaiting");
    cr_expect_str_eq(text_of(row, "current_sql_digest"), "d1gest");
    cr_expect_gt(number_of(row, "waiting_start_time"), 0);
    cr_expect_geq(number_of(row, "waiting_time"), 0);
    json_decref(json);
    cr_assert_eq(roster_session_close(session), 0);
}

Test(status_pages, minimum_names_the_holder)
{
    struct roster_session *session = fixture_open(&fixture, "the culprit");
    struct roster_pin *pin = NULL;
    json_t *json = get_json(&fixture, "/minimum");
    const json_t *holder;

    cr_expect(json_is_null(json_object_get(json, "holder")));
    json_decref(json);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    json = get_json(&fixture, "/minimum");
    holder = json_object_get(json, "holder");
    cr_expect_str_eq(text_of(holder, "kind"), "transaction");
    cr_expect_str_eq(text_of(holder, "user"), "the culprit");
    cr_expect_str_eq(text_of(holder, "session_id"), "1");
    json_decref(json);
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_pin_acquire(fixture.roster, NULL, 0, ROSTER_PIN_BACKUP, &pin), 0);
    json = get_json(&fixture, "/minimum");
    holder = json_object_get(json, "holder");
    cr_expect_str_eq(text_of(holder, "kind"), "pin");
    cr_expect_str_eq(text_of(holder, "pin_kind"), "backup");
    json_decref(json);
    cr_assert_eq(roster_pin_release(pin), 0);
    cr_assert_eq(roster_session_close(session), 0);
}

/* Looking must not move what collectors may use. */
Test(status_pages, looking_does_not_move_the_safe_point)
{
    json_t *json = get_json(&fixture, "/minimum");

    json_decref(json);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "roster_minimum_age_seconds");
    json = get_json(&fixture, "/safepoint");
    cr_expect_str_eq(text_of(json, "local_safe_point"), "0");
    cr_expect(json_is_false(json_object_get(json, "leased")));
    cr_expect(json_is_null(json_object_get(json, "syncer")));
    json_decref(json);
    cr_expect_eq(roster_local_safe_point(fixture.roster), 0);
}

Test(status_pages, head_has_no_body)
{
    struct reply reply = ask(&fixture, "HEAD", "/status", NULL);

    cr_expect_eq(reply.status, 200);
    cr_expect_eq(reply.length, 0);
    reply_free(&reply);
}

Test(status_pages, the_page_is_whole_and_asks_no_other_server)
{
    struct reply reply = ask(&fixture, NULL, "/", NULL);

    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(reply.type, "text/html; charset=utf-8");
    cr_expect(strstr(reply.body, "<!DOCTYPE html>") == reply.body);
    cr_expect(strstr(reply.body, "</html>"));
    cr_expect_null(strstr(reply.body, "://"));
    cr_expect_null(strstr(reply.body, "innerHTML"));
    reply_free(&reply);
}

Test(status_pages, metrics_come_in_the_format_that_is_asked_for)
{
    static const char *const open_metrics[] = {
        "Accept: application/openmetrics-text; version=1.0.0, text/plain; q=0.5", NULL};
    struct reply reply = ask(&fixture, NULL, "/metrics", open_metrics);

    cr_expect(strstr(reply.type, "application/openmetrics-text; version=1.0.0") == reply.type);
    cr_expect(reply.length > 6 && !strcmp(reply.body + reply.length - 6, "# EOF\n"));
    cr_expect(strstr(reply.body, "# TYPE roster_statements counter\n"));
    reply_free(&reply);
    reply = ask(&fixture, NULL, "/metrics", NULL);
    cr_expect(strstr(reply.type, "text/plain") == reply.type);
    cr_expect_null(strstr(reply.body, "# EOF"));
    cr_expect(strstr(reply.body, "# TYPE roster_statements_total counter\n"));
    reply_free(&reply);
}

Test(status_pages, nonsense_is_refused)
{
    expect_reply(&fixture, NULL, "/nowhere", NULL, 404, "no such page");
    expect_reply(&fixture, NULL, "/processlist?usr=a", NULL, 400, "unknown argument usr");
    expect_reply(&fixture, NULL, "/processlist?limit=x", NULL, 400, "limit takes a number");
    expect_reply(&fixture, NULL, "/processlist?limit=0", NULL, 400, "limit takes a number");
    expect_reply(&fixture, NULL, "/processlist?id=-1", NULL, 400, "id takes a number");
    expect_reply(&fixture, NULL, "/processlist?id=99999999999999999999", NULL, 400, "id takes");
    expect_reply(&fixture, NULL, "/processlist?full=maybe", NULL, 400, "full takes 1 or 0");
    expect_reply(&fixture, NULL, "/status?%3Cscript%3E", NULL, 400, "\\u003cscript");
    expect_reply(&fixture, NULL, "/history", NULL, 404, "not keep a history");
    expect_reply(&fixture, "DELETE", "/status", NULL, 405, "not with this method");
    expect_reply(&fixture, "GET", "/kill?id=1", NULL, 405, "not with this method");
}
