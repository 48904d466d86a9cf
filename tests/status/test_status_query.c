/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What a list is asked for: the order, the limit behind it, columns, filters and their values. */

#include "client.h"

#include "core/base/when.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MANY 10002
#define OLDEST 7001 /* which of them begins its transaction first */

static struct fixture fixture;
static struct roster_session *sessions[MANY];
static size_t n_sessions;

static void start(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    memset(&fixture, 0, sizeof(fixture));
    options.tick_ms = ROSTER_TICK_MANUAL;
    cr_assert_eq(roster_create(&options, &fixture.roster), 0);
    fixture.options.size = sizeof(fixture.options);
    cr_assert_eq(roster_status_start(fixture.roster, &fixture.options, &fixture.status), 0);
}

static void stop(void)
{
    size_t n;

    for (n = 0; n < n_sessions; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    fixture_stop(&fixture);
}

TestSuite(status_query, .init = start, .fini = stop);

static struct roster_session *open_as(const char *user, const char *database)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = user;
    attr.database = database;
    cr_assert_eq(roster_session_open(fixture.roster, &attr, &sessions[n_sessions]), 0);
    return sessions[n_sessions++];
}

/* Makes what comes now younger than what was before. */
static void pass(void)
{
    struct timespec moment = {0, 2000000};

    nanosleep(&moment, NULL);
    cr_assert_eq(roster_tick(fixture.roster), 0);
}

/* The members `key` of all rows, with blanks between them. */
static void expect_rows(const char *path, const char *key, const char *wanted)
{
    json_t *json = get_json(&fixture, path), *row;
    char got[1024] = "";
    size_t n, length = 0;

    json_array_foreach(json_object_get(json, "rows"), n, row)
    {
        const char *text = json_string_value(json_object_get(row, key));

        length += (size_t)snprintf(got + length, sizeof(got) - length, "%s%s", n ? " " : "",
                                   text ? text : "-");
        cr_assert_lt(length, sizeof(got));
    }
    cr_expect_str_eq(got, wanted, "%s: %s, should be %s", path, got, wanted);
    json_decref(json);
}

/* The limit applies to what is sorted, however many there are. */
Test(status_query, the_oldest_of_ten_thousand)
{
    char wanted[32];
    json_t *json;
    size_t n;

    for (n = 0; n < MANY; n++)
        (void)open_as("a", NULL);
    cr_assert_eq(roster_txn_begin(sessions[OLDEST], NULL), 0);
    pass();
    for (n = 0; n < MANY; n++)
        if (n != OLDEST)
            cr_assert_eq(roster_txn_begin(sessions[n], NULL), 0);
    snprintf(wanted, sizeof(wanted), "%d", OLDEST + 1);
    expect_rows("/trx?sort=-age_ms&limit=1&columns=session_id", "session_id", wanted);
    expect_rows("/trx?sort=id&limit=1", "session_id", wanted);
    json = get_json(&fixture, "/trx?sort=-age_ms&limit=200&columns=session_id");
    cr_expect_eq(json_integer_value(json_object_get(json, "matched")), MANY);
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), 200);
    cr_expect(json_is_null(json_object_get(json, "next")));
    json_decref(json);
    json = get_json(&fixture, "/trx?sort=-session_id&limit=1000000&columns=session_id");
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), MANY);
    json_decref(json);
}

/* Every place of the heap, with more rows than it has room for, in both directions. */
Test(status_query, rows_come_in_their_order)
{
    static const char *const users[] = {"m", "beatrice the second", "z",    "beatrice", "", "M",
                                        "y", "beatrice the first",  "\xff", "b"};
    size_t n;

    for (n = 0; n < sizeof(users) / sizeof(users[0]); n++)
        (void)open_as(users[n], n % 2 ? "odd" : "even");
    expect_rows("/processlist?sort=user", "id", "5 6 10 4 8 2 1 7 3 9");
    expect_rows("/processlist?sort=-user", "id", "9 3 7 1 2 8 4 10 6 5");
    expect_rows("/processlist?sort=user&limit=4", "id", "5 6 10 4");
    expect_rows("/processlist?sort=-user&limit=6", "id", "9 3 7 1 2 8");
    expect_rows("/processlist?sort=-id&limit=3", "id", "10 9 8");
    expect_rows("/processlist?sort=id&limit=3", "id", "1 2 3");
    expect_rows("/processlist?sort=db", "id", "1 3 5 7 9 2 4 6 8 10");
    expect_rows("/processlist?sort=-db&limit=6", "id", "2 4 6 8 10 1");
    for (n = 0; n < 3; n++) {
        cr_assert_eq(roster_session_set_memory(sessions[2 * n], 100 - n), 0);
        pass();
        cr_assert_eq(roster_stmt_begin(sessions[n + 4], ROSTER_COMMAND_QUERY, "x", 1, "", 0), 0);
    }
    expect_rows("/processlist?sort=-mem&limit=3", "id", "1 3 5");
    expect_rows("/processlist?sort=-time_ms&limit=3&command=query", "id", "5 6 7");
    expect_rows("/processlist?sort=time&limit=2", "id", "7 6");
    expect_rows("/processlist?sort=-command&limit=2", "id", "1 2");
}

Test(status_query, columns_are_those_asked_for)
{
    struct reply reply;
    json_t *json;

    (void)open_as("a", "d");
    json = get_json(&fixture, "/processlist?columns=db,ID,attributes");
    cr_expect_eq(json_object_size(json_array_get(json_object_get(json, "rows"), 0)), 3);
    json_decref(json);
    reply = ask(&fixture, NULL, "/processlist?columns=db,ID", NULL);
    cr_expect(strstr(reply.body, "[{\"db\":\"d\",\"id\":\"1\"}]"), "%s", reply.body);
    reply_free(&reply);
    expect_reply(&fixture, NULL, "/processlist?columns=id,nonsense", NULL, 400,
                 "columns \\u0022nonsense\\u0022: it takes id, kind, user,");
    expect_reply(&fixture, NULL, "/trx?columns=time", NULL, 400, "it takes id, start_time,");
    expect_reply(&fixture, NULL, "/trx?columns=", NULL, 400, "it takes id, start_time,");
}

/* A value that no row can have is an error that lists those that there are. */
Test(status_query, values_that_mean_nothing_are_refused)
{
    expect_reply(&fixture, NULL, "/processlist?kind=users", NULL, 400,
                 "kind \\u0022users\\u0022: it takes user, internal, background");
    expect_reply(&fixture, NULL, "/processlist?command=Qery", NULL, 400,
                 "command \\u0022Qery\\u0022: it takes Sleep, Quit,");
    expect_reply(&fixture, NULL, "/processlist?state=asleep", NULL, 400,
                 "it takes Idle, Running, LockWaiting, Committing, RollingBack, in transaction, "
                 "autocommit, invalid, pending, valid");
    expect_reply(&fixture, NULL, "/trx?state=autocommit", NULL, 400,
                 "it takes Idle, Running, LockWaiting, Committing, RollingBack\"");
    expect_reply(&fixture, NULL, "/processlist?sort=", NULL, 400, "it takes id, kind,");
    expect_reply(&fixture, NULL, "/processlist?sort=--id", NULL, 400, "sort \\u0022--id\\u0022");
    expect_reply(&fixture, NULL, "/processlist?sort=info", NULL, 400, "it takes id, kind,");
    expect_reply(&fixture, NULL, "/processlist?sort=-time&after=3", NULL, 400,
                 "after requires the order");
    expect_reply(&fixture, NULL, "/processlist?limit=1000001", NULL, 400, "from 1 to 1000000");
    expect_reply(&fixture, NULL, "/status?sort=id", NULL, 400, "unknown argument sort");
}

/* What a column displays, its filter takes. */
Test(status_query, displayed_values_are_filters)
{
    struct roster_session *in = open_as("a", "d");

    (void)open_as("b", "d");
    cr_assert_eq(roster_txn_begin(in, NULL), 0);
    cr_assert_eq(roster_stmt_begin(in, ROSTER_COMMAND_QUERY, "SELECT Needle", 13, "", 0), 0);
    expect_rows("/processlist?state=in%20transaction", "id", "1");
    expect_rows("/processlist?state=autocommit", "id", "2");
    expect_rows("/processlist?state=valid", "id", "1");
    expect_rows("/processlist?state=running", "id", "1");
    expect_rows("/trx?state=Running", "session_id", "1");
    expect_rows("/trx?state=Idle", "session_id", "");
    expect_rows("/processlist?search=needle", "id", "1");
    expect_rows("/processlist?search=nowhere", "id", "");
    expect_rows("/processlist?search=sleep", "id", "2");
    expect_rows("/processlist?host=", "id", "1 2");
    expect_rows("/processlist?application=x", "id", "");
}

/* What a point in time may be written as, an hour east of Greenwich at 2026-11-29T10:00:00Z; 0: it
 * is none. */
static const struct {
    const char *text;
    int64_t ms;
} moments[] = {
    {"now", 1795946400000},
    {"-0s", 1795946400000},
    {"-15m", 1795945500000},
    {"-15min", 1795945500000},
    {"-1.5h", 1795941000000},
    {"-2h", 1795939200000},
    {"-1d", 1795860000000},
    {"-250ms", 1795946399750},
    {"2026-11-29T10:00:00Z", 1795946400000},
    {"2026-11-29T10:00:00.25Z", 1795946400250},
    {"2026-11-29T10:00Z", 1795946400000},
    {"2026-11-29T10:00:00+02:00", 1795939200000},
    {"2026-11-29T10:00:00-02:00", 1795953600000},
    {"2026-11-29T11:00:00", 1795946400000},
    {"2026-11-29 11:00", 1795946400000},
    {"2026-11-29", 1795906800000},
    {"11:00", 1795946400000},
    {"10:59:59.5", 1795946399500},
    {"11:00:01", 1795860001000}, /* is yet to come, so it was yesterday */
    {"00:00", 1795906800000},
    {"10:00Z", 1795946400000},
    {"23:30Z", 1795908600000},
    {"12:00+02:00", 1795946400000},
    {"01:00+02:00", 1795906800000}, /* another day there */
    {"1795946400000", 1795946400000},
    {"470796572852224000", 1795946399125},
    {"1883200198627295233", 0},
    {"99999999999999999999", 0},
    {"", 0},
    {"-", 0},
    {"-2", 0},
    {"-2y", 0},
    {"--2h", 0},
    {"2h", 0},
    {"24:00", 0},
    {"10:60", 0},
    {"9:00", 0},
    {"10:00x", 0},
    {"10:", 0},
    {"-nan", 0},
    {"-0x1h", 0},
    {"-1e9h", 0},
    {"-999999999d", 0},
    {"1969-12-31T00:00Z", 0},
    {"2026-13-29", 0},
    {"2026-11-29T10:00:00.9e300", 0},
    {"2026-11-29T10:00:00+", 0},
    {"2026-11-29x", 0},
    {"2024-02-29T00:00Z", 1709164800000},
    {"2025-02-29", 0},
    {"2100-02-29", 0},
    {"2026-02-30", 0},
    {"2026-04-31T10:00", 0},
    {"3084-12-01T00:00Z", 35183376000000},
    {"3085-01-01", 0}, /* as a number it would be a timestamp, of 1970 */
    {"9999-01-01", 0},
    {"yesterday", 0},
};

/* When clocks are set back, and forward. */
Test(status_query, an_hour_that_is_there_twice_or_not_at_all)
{
    static const struct {
        int64_t now;
        const char *text;
        int64_t ms;
    } hours[] = {
        {1792895400000, "02:15", 1792890900000}, /* 03:30: the second one */
        {1792890000000, "02:15", 1792887300000}, /* 02:00 for the second time: the first one */
        {1792891800000, "02:15", 1792890900000}, /* 02:30 for the second time */
        {1792888200000, "02:15", 1792887300000}, /* 02:30 for the first time */
        {1792887000000, "02:15", 1792800900000}, /* 02:10: the day before */
        {1792895400000, "2026-10-25 02:15", 1792887300000},
        {1792895400000, "2026-10-25T02:15+01:00", 1792890900000},
        {1774749600000, "2026-03-29 03:15", 1774746900000},
        {1774749600000, "01:45", 1774745100000},
    };
    int64_t ms = 0;
    size_t n;

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    for (n = 0; n < sizeof(hours) / sizeof(hours[0]); n++) {
        cr_expect(when_parse(hours[n].text, hours[n].now, &ms), "%s", hours[n].text);
        cr_expect_eq(ms, hours[n].ms, "%zu: %s is %lld", n, hours[n].text, (long long)ms);
    }
}

/* Lists have 0 where there is none: it is not taken for "any". */
Test(status_query, a_number_of_none_is_none)
{
    static const char *const paths[] = {"/processlist?id=0", "/processlist?blocker=0", "/trx?id=0",
                                        "/holders?blocker=00"};
    size_t n;

    for (n = 0; n < sizeof(paths) / sizeof(paths[0]); n++)
        expect_reply(&fixture, NULL, paths[n], NULL, 400, " takes a number from 1");
}

Test(status_query, a_column_is_there_once)
{
    (void)open_as("a", "d");
    expect_reply(&fixture, NULL, "/processlist?columns=user,db,user,USER", NULL, 200,
                 "{\"user\":\"a\",\"db\":\"d\"}");
}

Test(status_query, a_point_in_time)
{
    static const char *const paths[] = {"/activity?from=", "/activity?to=", "/events?since="};
    char path[128];
    int64_t ms = 0;
    size_t n;
    bool is;

    setenv("TZ", "EAST-1", 1);
    for (n = 0; n < sizeof(moments) / sizeof(moments[0]); n++) {
        is = when_parse(moments[n].text, 1795946400000, &ms);
        cr_expect_eq(is, moments[n].ms != 0, "%s", moments[n].text);
        if (is && moments[n].ms)
            cr_expect_eq(ms, moments[n].ms, "%s is %lld", moments[n].text, (long long)ms);
    }
    for (n = 0; n < sizeof(paths) / sizeof(paths[0]); n++) {
        snprintf(path, sizeof(path), "%syesterday", paths[n]);
        expect_reply(&fixture, NULL, path, NULL, 400, "a time (-15m, -2h, now, 21:03, 2026-");
        snprintf(path, sizeof(path), "%s-15m", paths[n]);
        expect_reply(&fixture, NULL, path, NULL, n == 2 ? 200 : 404, ""); /* no sampler is there */
        snprintf(path, sizeof(path), "%s2026-11-29T10:00:00%%2b01:00", paths[n]);
        expect_reply(&fixture, NULL, path, NULL, n == 2 ? 200 : 404, "");
    }
}

static uint32_t event(const char *class, const char *name)
{
    uint32_t number;

    cr_assert_eq(roster_wait_event_register(class, name, &number), 0);
    return number;
}

/* Also of what a session waits for, by event, class or both, and of what it waits behind. */
Test(status_query, waits_are_columns_and_filters)
{
    struct roster_block block = ROSTER_BLOCK_INIT;
    struct roster_session *a = open_as("a", "d"), *b = open_as("b", "d"), *c = open_as("c", "d");

    (void)open_as("d", "d");
    cr_assert_eq(roster_txn_begin(a, NULL), 0);
    cr_assert_eq(roster_txn_begin(b, NULL), 0);
    cr_assert_eq(roster_txn_begin(c, NULL), 0);
    cr_assert_eq(roster_wait_begin(a, event(ROSTER_WAIT_IO, "read")), 0);
    block.event = event(ROSTER_WAIT_LOCK, "row");
    block.holder_id = 1;
    cr_assert_eq(roster_block_begin(b, &block), 0);
    pass();
    block.holder_id = 2;
    cr_assert_eq(roster_block_begin(c, &block), 0);
    expect_rows("/processlist?wait=row", "id", "2 3");
    expect_rows("/processlist?wait=lock", "id", "2 3");
    expect_rows("/processlist?wait=Lock:row", "id", "2 3");
    expect_rows("/processlist?wait=io", "id", "1");
    expect_rows("/processlist?wait=", "id", "4");
    expect_rows("/processlist?blocker=1", "id", "2");
    expect_rows("/processlist?search=rea", "id", "1");
    expect_rows("/processlist?sort=-wait_event&limit=3", "wait_event", "row row read");
    expect_rows("/trx?wait=read", "session_id", "1");
    expect_rows("/trx?blocker=2", "root_blocker", "1");
    expect_rows("/trx?blocker=2&columns=wait_class,wait_event,blocker,root_blocker", "wait_class",
                "Lock");
    expect_rows("/trx?sort=-blocker&limit=2&columns=blocker", "blocker", "2 1");
    expect_reply(&fixture, NULL, "/trx?wait=IO:row", NULL, 400,
                 "wait \\u0022IO:row\\u0022: it takes IO:read, Lock:row");
    roster_wait_end(a);
    roster_wait_end(b);
    roster_wait_end(c);
    expect_rows("/processlist?wait=Lock", "id", "");
}

Test(status_query, a_digest_is_a_filter)
{
    struct roster_session *a = open_as("a", "d"), *b = open_as("b", "d");

    cr_assert_eq(roster_stmt_begin(a, ROSTER_COMMAND_QUERY, "x", 1, "abc", 3), 0);
    cr_assert_eq(roster_stmt_begin(b, ROSTER_COMMAND_QUERY, "y", 1, "ab", 2), 0);
    expect_rows("/processlist?digest=abc", "id", "1");
    expect_rows("/processlist?digest=ab", "id", "2");
    expect_rows("/processlist?digest=a", "id", "");
}

/* All holders of the minimum: sorted, filtered and cut as the other lists are. */
Test(status_query, holders)
{
    struct roster_session *a = open_as("a", "d"), *b = open_as("b", "e");
    struct roster_pin *pins[3];
    char wanted[64];
    uint64_t now;
    json_t *json;

    cr_assert_eq(roster_pin_acquire(fixture.roster, b, 0, ROSTER_PIN_CURSOR, &pins[0]), 0);
    now = roster_pin_ts(pins[0]);
    pass();
    cr_assert_eq(roster_pin_acquire(fixture.roster, NULL, now - 4, ROSTER_PIN_BACKUP, &pins[1]), 0);
    cr_assert_eq(roster_txn_begin_at(b, now - 3), 0);
    cr_assert_eq(roster_pin_acquire(fixture.roster, a, now - 2, ROSTER_PIN_CURSOR, &pins[2]), 0);
    cr_assert_eq(roster_txn_begin_at(a, now - 1), 0);
    expect_rows("/holders", "holder", "pin transaction pin transaction pin");
    expect_rows("/holders?holder=pin", "pin_kind", "backup cursor cursor");
    expect_rows("/holders?holder=pin", "pin_id", "2 3 1");
    expect_rows("/holders?holder=Cursor&sort=-ts", "session_id", "2 1");
    expect_rows("/holders?holder=transaction", "user", "b a");
    expect_rows("/holders?user=a", "holder", "pin transaction");
    expect_rows("/holders?kind=user&db=e", "holder", "transaction pin");
    expect_rows("/holders?sort=-held_ms&limit=1", "pin_kind", "cursor");
    expect_rows("/holders?sort=user&columns=user,holder&limit=3", "user", "- a a");
    expect_rows("/holders?id=2", "holder", "transaction pin");
    json = get_json(&fixture, "/holders?limit=2&holder=pin");
    cr_expect_eq(json_integer_value(json_object_get(json, "holders")), 5);
    cr_expect_eq(json_integer_value(json_object_get(json, "matched")), 3);
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), 2);
    cr_expect(json_is_null(json_object_get(json, "next")));
    json_decref(json);
    expect_reply(&fixture, NULL, "/holders?holder=cursors", NULL, 400,
                 "holder \\u0022cursors\\u0022: it takes transaction, pin, cursor, stale read,");
    expect_reply(&fixture, NULL, "/holders?after=1", NULL, 400, "after requires the order");
    expect_reply(&fixture, NULL, "/holders?columns=mem", NULL, 400, "it takes ts, start_time,");
    expect_reply(&fixture, NULL, "/processlist?holder=pin", NULL, 400, "unknown argument holder");
    snprintf(wanted, sizeof(wanted), "%llu", (unsigned long long)now - 4);
    expect_rows("/holders?holder=backup", "ts", wanted);
    cr_assert_eq(roster_txn_finish(b), 0);
    expect_rows("/holders?holder=pin", "run_state", "- Idle Idle");
    cr_assert_eq(roster_session_close(sessions[--n_sessions]), 0); /* b: nothing is known of it */
    expect_rows("/holders?holder=pin", "session_id", "0 1 2");
    expect_rows("/holders?holder=pin", "kind", "- user user");
    expect_rows("/holders?holder=pin", "run_state", "- Idle -");
    expect_rows("/holders?holder=pin", "command", "- Sleep -");
    expect_rows("/holders?holder=pin", "user", "- a -");
    expect_rows("/holders?holder=pin", "host", "-  -");
    cr_assert_eq(roster_pin_release(pins[0]), 0);
    cr_assert_eq(roster_pin_release(pins[1]), 0);
    cr_assert_eq(roster_pin_release(pins[2]), 0);
    expect_rows("/holders", "holder", "transaction");
}

/* The best of many, in any order of arrival: what is kept of each comes along. */
Test(status_query, the_oldest_of_many_holders)
{
    struct roster_pin *pins[1000];
    json_t *json, *rows;
    uint64_t first;
    char id[24];
    size_t n;

    cr_assert_eq(roster_pin_acquire(fixture.roster, NULL, 0, ROSTER_PIN_OTHER, &pins[0]), 0);
    first = roster_pin_ts(pins[0]) - 999;
    for (n = 1; n < 1000; n++)
        cr_assert_eq(roster_pin_acquire(fixture.roster, NULL, first + (n * 7919 + 998) % 999,
                                        ROSTER_PIN_OTHER, &pins[n]),
                     0);
    json = get_json(&fixture, "/holders?limit=10");
    rows = json_object_get(json, "rows");
    cr_expect_eq(json_integer_value(json_object_get(json, "matched")), 1000);
    cr_expect_eq(json_array_size(rows), 10);
    for (n = 0; n < 10; n++) {
        const json_t *row = json_array_get(rows, n);

        snprintf(id, sizeof(id), "%llu", (unsigned long long)(first + n));
        cr_expect_str_eq(json_string_value(json_object_get(row, "ts")), id);
        cr_expect(json_is_null(json_object_get(row, "user")));
        cr_expect(json_is_null(json_object_get(row, "kind")));
    }
    json_decref(json);
    for (n = 0; n < 1000; n++)
        cr_assert_eq(roster_pin_release(pins[n]), 0);
}
