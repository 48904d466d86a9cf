/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the servers of a cluster have recorded, as one: the last hour, and what active sessions did.
 * Their endpoints are on one host, so a second of one is the same second of the others.
 */
#include "rosterctl/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS 3600
#define LATE 5 /* a server whose newest point is older than this holds up no others */

/* How the values of several servers become one. */
static const struct {
    const char *name;
    enum { SUM, LARGEST, FIRST } how;
} columns[] = {
    {"minimum_age_ms", LARGEST},
    {"txn_safe_point_age_ms", LARGEST},
    {"gc_safe_point_age_ms", LARGEST},
    {"sessions", SUM},
    {"statements_per_second", SUM},
    {"transactions_per_second", SUM},
    {"problem", FIRST},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct second {
    bool any;
    json_t *values[COLUMNS];
};

static size_t column_of(const json_t *names, const char *name)
{
    const char *found;
    size_t n;

    for (n = 0; n < json_array_size(names); n++) {
        found = json_string_value(json_array_get(names, n));
        if (found && !strcmp(found, name))
            return n;
    }
    return SIZE_MAX;
}

static json_int_t second_of(const json_t *row)
{
    json_int_t second = json_integer_value(json_array_get(row, 0));

    return second > 0 && second <= UINT32_MAX ? second : 0;
}

/* A clock that is not that of this host would move the hour of all servers away, so its server is
 * left out, and named. */
static void check_clocks(const struct servers *servers, json_int_t now)
{
    json_int_t theirs;
    size_t n;

    for (n = 0; n < servers->count; n++) {
        theirs = member_whole(servers->all[n].reply.json, "now");
        if (servers->all[n].reply.code == CTL_OK && (theirs < now - LATE || theirs > now + 1))
            servers_reject(&servers->all[n],
                           "its hour is left out: it says that this is second %" JSON_INTEGER_FORMAT
                           " of this host, and that is %" JSON_INTEGER_FORMAT,
                           theirs, now);
    }
}

/* From where on a line is a problem to the first of them. */
static json_int_t old_ms_of(const struct servers *servers)
{
    json_int_t old_ms = 0, one;
    size_t n;

    for (n = 0; n < servers->count; n++) {
        one = servers->all[n].reply.code == CTL_OK
                  ? member_whole(servers->all[n].reply.json, "old_ms")
                  : 0;
        if (one > 0 && (!old_ms || one < old_ms))
            old_ms = one;
    }
    return old_ms;
}

/* The newest second that all have recorded, but for those that are late. */
static json_int_t newest_of(const struct servers *servers, json_int_t now)
{
    json_int_t newest = now, last;
    const json_t *rows;
    size_t n;

    for (n = 0; n < servers->count; n++) {
        rows = json_object_get(servers->all[n].reply.json, "rows");
        last = second_of(json_array_get(rows, json_array_size(rows) - 1));
        if (servers->all[n].reply.code == CTL_OK && last >= now - LATE && last < newest)
            newest = last;
    }
    return newest;
}

/* A count that any server may claim: sums of them fit. */
static json_int_t count_of(const json_t *value)
{
    json_int_t count = json_integer_value(value);

    return count < 0 ? 0 : count < UINT32_MAX ? count : UINT32_MAX;
}

static void add_value(struct second *second, size_t column, json_t *value)
{
    json_t **sum = &second->values[column];

    if (!value || json_is_null(value))
        return;
    if (columns[column].how == FIRST ? !json_is_string(value) : !json_is_integer(value))
        return;
    if (!*sum)
        *sum = columns[column].how == SUM ? json_integer(count_of(value)) : json_copy(value);
    else if (columns[column].how == SUM)
        json_integer_set(*sum, json_integer_value(*sum) + count_of(value));
    else if (columns[column].how == LARGEST && json_integer_value(value) > json_integer_value(*sum))
        json_integer_set(*sum, json_integer_value(value));
}

static void add_server(struct second *seconds, const json_t *json, json_int_t from,
                       json_int_t newest)
{
    const json_t *names = json_object_get(json, "columns");
    size_t at[COLUMNS], n, m;
    json_int_t second;
    json_t *row;

    for (m = 0; m < COLUMNS; m++)
        at[m] = column_of(names, columns[m].name);
    json_array_foreach(json_object_get(json, "rows"), n, row)
    {
        second = second_of(row);
        if (second < from || second > newest)
            continue;
        seconds[second - from].any = true;
        for (m = 0; m < COLUMNS; m++)
            add_value(&seconds[second - from], m, json_array_get(row, at[m]));
    }
}

static json_t *put_seconds(struct second *seconds, json_int_t from, json_int_t newest)
{
    json_t *rows = json_array(), *row;
    json_int_t at;
    size_t m;

    for (at = from; at <= newest; at++) {
        struct second *second = &seconds[at - from];

        row = second->any ? json_array() : NULL;
        if (row)
            json_array_append_new(row, json_integer(at));
        for (m = 0; m < COLUMNS; m++)
            if (row)
                json_array_append_new(row, second->values[m] ? second->values[m] : json_null());
        if (row)
            json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *column_names(void)
{
    json_t *names = json_array();
    size_t m;

    json_array_append_new(names, json_string("second"));
    for (m = 0; m < COLUMNS; m++)
        json_array_append_new(names, json_string(columns[m].name));
    return names;
}

struct reply serve_timeline(struct asking *asking)
{
    struct reply reply = {.code = CTL_OK};
    const struct servers *servers = &asking->servers;
    json_int_t now, from, last;
    struct second *seconds;
    char path[128] = "/timeline";
    size_t n;

    ctl_add_argument(path, sizeof(path), "after", asking->after);
    servers_ask(&asking->servers, &asking->options, ask_path, path);
    if (servers_code(&asking->servers) == CTL_USAGE)
        return (struct reply){.code = CTL_USAGE};
    /* The second of this host in which its endpoints record now, see status/timeline.c. */
    now = (json_int_t)(rst_clock_ms(CLOCK_BOOTTIME) / 1000) + 1;
    check_clocks(servers, now);
    last = newest_of(servers, now);
    from = now - SECONDS + 1 > 1 ? now - SECONDS + 1 : 1;
    seconds = calloc(SECONDS + 1, sizeof(*seconds));
    if (!seconds)
        return serve_fail(CTL_FAILED, "out of memory");
    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_OK)
            add_server(seconds, servers->all[n].reply.json, from, last);
    reply.json =
        json_pack("{s:I, s:I, s:i, s:i, s:I, s:o, s:o}", "now_ms", (json_int_t)rst_wall_ms(), "now",
                  now, "step_ms", 1000, "points", SECONDS, "old_ms", old_ms_of(servers), "columns",
                  column_names(), "rows", put_seconds(seconds, from, last));
    free(seconds);
    return reply;
}

/* What was asked for, where it is a number; else 0. */
static json_int_t asked_number(const char *text)
{
    return text && strlen(text) < 16 && !text[strspn(text, "0123456789")] ? strtoll(text, NULL, 10)
                                                                          : 0;
}

/* As one server has them: each sample is of one time. */
static void show_as_samples(json_t *json)
{
    json_t *row;
    size_t n;

    json_object_set_new(json, "times", json_integer(1));
    json_object_set(json, "samples", json_object_get(json, "active_average"));
    json_object_set(json, "dropped", json_object_get(json, "dropped_average"));
    json_array_foreach(json_object_get(json, "rows"), n, row)
    {
        json_object_set(row, "samples", json_object_get(row, "mean"));
    }
}

struct reply serve_activity(struct asking *asking)
{
    const struct options *options = &asking->options;
    struct reply reply;
    char path[4096] = "/activity";

    ctl_add_argument(path, sizeof(path), "from", asking->from);
    ctl_add_argument(path, sizeof(path), "to", asking->to);
    ctl_add_who(path, sizeof(path), options);
    if (asking->step) {
        struct steps_asked asked = {asked_number(asking->from), asked_number(asking->to),
                                    asked_number(asking->step), asking->by,
                                    (size_t)asked_number(options->limit)};

        ctl_add_argument(path, sizeof(path), "step", asking->step);
        return servers_steps(&asking->servers, options, path, &asked);
    }
    reply = servers_activity(&asking->servers, options, path, asking->by ? asking->by : "state");
    show_as_samples(reply.json);
    serve_keep_objects(json_object_get(reply.json, "rows"));
    return reply;
}
