/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * barrier and gc: straight on the store in which a cluster meets, whether a server runs or not.
 */
#include "rosterctl/rosterctl.h"

#include <errno.h>
#include <roster/barrier.h>
#include <roster/error.h>
#include <roster/safe_point.h>
#include <roster/text.h>
#include <roster/timestamp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TS_FORM "ts="
#define NAME_MOST (sizeof(((struct roster_barrier *)NULL)->name) - 1)

struct cluster {
    struct roster_store *store;
    struct roster_safe_point *safe_point;
};

static void close_cluster(struct cluster *cluster)
{
    roster_safe_point_destroy(cluster->safe_point);
    roster_store_close(cluster->store);
}

/* Returns an exit code; the error has been printed. */
static int open_cluster(const struct options *options, struct cluster *cluster)
{
    struct roster_safe_point_options how = {.size = sizeof(how)};
    int code = ctl_open_store(options, &cluster->store), err;

    if (code != CTL_OK)
        return code;
    how.prefix = options->prefix;
    err = roster_safe_point_create(cluster->store, &how, &cluster->safe_point);
    if (err)
        roster_store_close(cluster->store);
    return err ? ctl_store_failed(options, err, roster_store_strerror(err)) : CTL_OK;
}

/* What the seconds and the milliseconds since 1970 look like, from 2001 to 2100. */
#define LEAST_S UINT64_C(1000000000)
#define MOST_S UINT64_C(4102444800)

/* A number is a timestamp; else it is one of the oracle's at a point in time. "ts=" says that it is
 * one, however small: what an oracle of the server's own counts may look like a time. */
static bool parse_ts(const char *text, uint64_t *ts)
{
    int64_t ms;
    char *end;

    bool is_ts = !strncmp(text, TS_FORM, sizeof(TS_FORM) - 1);

    if (is_ts)
        text += sizeof(TS_FORM) - 1;
    if (text_is_number(text)) {
        errno = 0;
        *ts = strtoull(text, &end, 10);
        return !errno && *ts && *ts != ROSTER_TS_MAX;
    }
    if (is_ts)
        return false;
    if (!time_parse(text, &ms) || ms <= 0)
        return false;
    *ts = roster_ts_compose((uint64_t)ms, 0);
    return true;
}

static bool parse_ttl(const char *text, int64_t *ttl_ms)
{
    *ttl_ms = ROSTER_BARRIER_FOREVER;
    if (!text)
        return true;
    errno = 0;
    *ttl_ms = text_is_number(text) ? strtoll(text, NULL, 10) : 0;
    return !errno && *ttl_ms > 0 && *ttl_ms <= ROSTER_STORE_MAX_TTL_MS;
}

/* Milliseconds since 1970 that such a number may be, 0 for none. As a timestamp it would be one of
 * the first hours of 1970, which no safe point passes: the barrier would hold nothing, or all. */
static uint64_t looks_like_ms(const char *text, uint64_t ts)
{
    if (text[strspn(text, "0123456789")])
        return 0;
    if (ts >= LEAST_S && ts < MOST_S)
        return ts * 1000;
    return ts >= LEAST_S * 1000 && ts < MOST_S * 1000 ? ts : 0;
}

static bool is_name(const char *name)
{
    return *name && strlen(name) <= NAME_MOST && !strchr(name, '/');
}

static void say_barrier(const char *name, const char *what)
{
    char shown[NAME_MOST + 1];

    roster_text_show(name, strlen(name), shown, sizeof(shown));
    printf("barrier %s %s\n", shown, what);
}

/* What was done, for a program. */
static void print_barrier(const struct options *options, json_t *row, const char *result)
{
    static const struct column columns[] = {{"name", "", COLUMN_TEXT, 0},
                                            {"result", "", COLUMN_TEXT, 0},
                                            {"ts", "", COLUMN_TEXT, 0},
                                            {"ttl_ms", "", COLUMN_NUMBER, 0}};

    json_object_set_new(row, "result", json_string(result));
    table_print_record(options, row, columns, 4);
}

static json_t *barrier_row(const char *name, uint64_t ts, int64_t ttl_ms)
{
    char text[32];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)ts);
    return json_pack("{s:o, s:s, s:o}", "name", text_json(name), "ts", text, "ttl_ms",
                     ttl_ms == ROSTER_BARRIER_FOREVER ? json_null() : json_integer(ttl_ms));
}

/* The present of this host, which a safe point may have passed by the time that the store is asked,
 * or by a clock that is a little ahead: for a second it is the present again. */
static int set_now(struct cluster *cluster, const char *name, uint64_t *ts, int64_t ttl_ms)
{
    const struct timespec pause = {0, 10000000};
    uint64_t began_ms = rst_monotonic_ms();
    int err;

    while (parse_ts("now", ts)) {
        err = roster_barrier_set(cluster->safe_point, name, *ts, ttl_ms);
        if (err != -ESTALE || rst_since(rst_monotonic_ms(), began_ms) > 1000)
            return err;
        nanosleep(&pause, NULL);
    }
    return -ESTALE;
}

static int barrier_set(const struct options *options, struct cluster *cluster)
{
    uint64_t ts, unix_ms;
    int64_t ttl_ms;
    char when[64], stands[128];
    int err;

    if (!parse_ts(options->args[2], &ts))
        return ctl_error(
            CTL_USAGE,
            "\"%s\" is not a timestamp: it takes a number, now, -2h or 2026-11-29T10:00Z",
            options->args[2]);
    unix_ms = looks_like_ms(options->args[2], ts);
    if (unix_ms) {
        time_show((int64_t)unix_ms, when, sizeof(when));
        return ctl_error(CTL_USAGE,
                         "\"%s\" looks like a Unix time (%s), and not like a timestamp: write %llu "
                         "for that time, or " TS_FORM "%s if it is a timestamp",
                         options->args[2], when, (unsigned long long)roster_ts_compose(unix_ms, 0),
                         options->args[2]);
    }
    if (!parse_ttl(options->ttl_ms, &ttl_ms))
        return ctl_error(CTL_USAGE, "--ttl-ms takes milliseconds from 1 to %lld, not \"%s\"",
                         (long long)ROSTER_STORE_MAX_TTL_MS, options->ttl_ms);
    err = strcmp(options->args[2], "now")
              ? roster_barrier_set(cluster->safe_point, options->args[1], ts, ttl_ms)
              : set_now(cluster, options->args[1], &ts, ttl_ms);
    if (err)
        return ctl_store_failed(options, err, roster_store_strerror(err));
    time_show((int64_t)roster_ts_physical_ms(ts), when, sizeof(when));
    snprintf(stands, sizeof(stands), "stands at %llu (%s)", (unsigned long long)ts, when);
    if (ctl_for_program(options))
        print_barrier(options, barrier_row(options->args[1], ts, ttl_ms), "set");
    else
        say_barrier(options->args[1], stands);
    return CTL_OK;
}

static int barrier_delete(const struct options *options, struct cluster *cluster)
{
    int err = roster_barrier_delete(cluster->safe_point, options->args[1]);

    if (err == -ENOENT)
        return ctl_error(CTL_NOT_FOUND, "there is no barrier %s", options->args[1]);
    if (err)
        return ctl_store_failed(options, err, roster_store_strerror(err));
    if (ctl_for_program(options))
        print_barrier(options, json_pack("{s:o}", "name", text_json(options->args[1])), "deleted");
    else
        say_barrier(options->args[1], "is gone");
    return CTL_OK;
}

static int barrier_list(const struct options *options, struct cluster *cluster)
{
    static const struct column columns[] = {
        {"name", "NAME", COLUMN_WHOLE, 0},
        {"ts", "TIMESTAMP", COLUMN_NUMBER, 0},
        {"ttl_ms", "ENDS IN", COLUMN_MS, 0},
        {"ts", "AT", COLUMN_WHEN, 0},
    };
    struct roster_barrier *barriers = NULL;
    json_t *rows = json_array();
    size_t count = 0, n;
    int err = roster_barrier_list(cluster->safe_point, &barriers, &count);

    for (n = 0; !err && n < count; n++)
        json_array_append_new(rows,
                              barrier_row(barriers[n].name, barriers[n].ts, barriers[n].ttl_ms));
    for (n = 0; !ctl_for_program(options) && n < json_array_size(rows); n++)
        if (json_is_null(json_object_get(json_array_get(rows, n), "ttl_ms")))
            json_object_set_new(json_array_get(rows, n), "ttl_ms", json_string("never"));
    if (!err && !table_print_for_program(options, rows, rows, columns, 3))
        table_print(rows, columns, 4, "ts,ttl_ms,ts");
    json_decref(rows);
    free(barriers);
    return err ? ctl_store_failed(options, err, roster_store_strerror(err)) : CTL_OK;
}

int ctl_barrier(const struct options *options)
{
    static const struct {
        const char *name;
        int args;
        int (*run)(const struct options *options, struct cluster *cluster);
    } actions[] = {
        {"set", 3, barrier_set}, {"list", 1, barrier_list}, {"delete", 2, barrier_delete}};
    struct cluster cluster = {NULL, NULL};
    size_t n;
    int code;

    for (n = 0; n < sizeof(actions) / sizeof(actions[0]); n++) {
        if (!options->n_args || strcmp(options->args[0], actions[n].name) != 0 ||
            options->n_args != actions[n].args)
            continue;
        if (options->n_args > 1 && !is_name(options->args[1]))
            return ctl_error(CTL_USAGE, "the name of a barrier has 1 to %zu bytes and no slash",
                             NAME_MOST);
        code = open_cluster(options, &cluster);
        if (code != CTL_OK)
            return code;
        code = actions[n].run(options, &cluster);
        close_cluster(&cluster);
        return code;
    }
    return ctl_error(CTL_USAGE, "barrier takes set NAME TIMESTAMP, list, or delete NAME");
}

static double age_ms(uint64_t ts)
{
    uint64_t now = 0;

    (void)parse_ts("now", &now);
    return (double)roster_ts_physical_ms(now) - (double)roster_ts_physical_ms(ts);
}

static void print_point(const char *name, uint64_t ts)
{
    double age = age_ms(ts);
    char ms[64], when[64];

    text_ms(age < 0 ? -age : age, ms, sizeof(ms));
    time_show((int64_t)roster_ts_physical_ms(ts), when, sizeof(when));
    if (!ts)
        printf("%s: none\n", name);
    else if (!roster_ts_physical_ms(ts))
        printf("%s: %llu, none was computed so far\n", name, (unsigned long long)ts);
    else
        printf("%s: %llu (%s), %s %s\n", name, (unsigned long long)ts, when, ms,
               age < 0 ? "ahead of this clock" : "old");
}

static void print_points_csv(uint64_t txn, uint64_t gc)
{
    static const struct column columns[] = {{"safe_point", "", COLUMN_TEXT, 0},
                                            {"ts", "", COLUMN_TEXT, 0},
                                            {"age_ms", "", COLUMN_NUMBER, 0}};
    const uint64_t points[] = {txn, gc};
    json_t *rows = json_array(), *row;
    char text[32];
    size_t n;

    for (n = 0; n < 2; n++) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)points[n]);
        row = json_pack("{s:s, s:s}", "safe_point", n ? "gc" : "txn", "ts", text);
        if (roster_ts_physical_ms(points[n]))
            json_object_set_new(row, "age_ms", json_integer((json_int_t)age_ms(points[n])));
        json_array_append_new(rows, row);
    }
    table_print_csv(rows, columns, 3);
    json_decref(rows);
}

int ctl_gc(const struct options *options)
{
    struct cluster cluster = {NULL, NULL};
    uint64_t txn, gc;
    int code, err;

    if (options->n_args != 1 || strcmp(options->args[0], "status") != 0)
        return ctl_error(CTL_USAGE, "gc takes status");
    code = open_cluster(options, &cluster);
    if (code != CTL_OK)
        return code;
    err = roster_safe_point_refresh(cluster.safe_point);
    txn = roster_txn_safe_point(cluster.safe_point);
    gc = roster_gc_safe_point(cluster.safe_point);
    if (err)
        code = ctl_store_failed(options, err, roster_store_strerror(err));
    else if (options->json)
        printf("{\"txn_safe_point\": \"%llu\", \"gc_safe_point\": \"%llu\"}\n",
               (unsigned long long)txn, (unsigned long long)gc);
    else if (options->csv)
        print_points_csv(txn, gc);
    else {
        print_point("txn safe point", txn);
        print_point("gc safe point", gc);
    }
    close_cluster(&cluster);
    return code;
}
