/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the servers of a cluster have recorded, as one: the last hour, and what active sessions did.
 * Their endpoints are on one host, so a second of one is the same second of the others.
 */
#include "config.h"

#include "rosterctl/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS 3600
#define LATE 5 /* a server whose newest point is older than this holds up no others */
#define STEPS_MOST 1000
#define CLASSES_MOST 32
#define INTERVAL_MOST_MS 10000 /* between two samples of activity */

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

static json_int_t whole(const json_t *object, const char *key)
{
    return (json_int_t)member_number(object, key);
}

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

/* The second of this host in which its endpoints record now, see status/timeline.c. */
static json_int_t this_second(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (json_int_t)now.tv_sec + 1;
}

/* A clock that is not that of this host would move the hour of all servers away, so its server is
 * left out, and named. */
static void check_clocks(const struct servers *servers, json_int_t now)
{
    json_int_t theirs;
    size_t n;

    for (n = 0; n < servers->count; n++) {
        theirs = whole(servers->all[n].reply.json, "now");
        if (servers->all[n].reply.code == CTL_OK && (theirs < now - LATE || theirs > now + 1))
            serve_reject(&servers->all[n],
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
        one =
            servers->all[n].reply.code == CTL_OK ? whole(servers->all[n].reply.json, "old_ms") : 0;
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
    now = this_second();
    check_clocks(servers, now);
    last = newest_of(servers, now);
    from = now - SECONDS + 1 > 1 ? now - SECONDS + 1 : 1;
    seconds = calloc(SECONDS + 1, sizeof(*seconds));
    if (!seconds)
        return serve_fail(CTL_FAILED, "out of memory");
    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_OK)
            add_server(seconds, servers->all[n].reply.json, from, last);
    reply.json = json_pack("{s:I, s:I, s:i, s:i, s:I, s:o, s:o}", "now_ms", serve_wall_ms(), "now",
                           now, "step_ms", 1000, "points", SECONDS, "old_ms", old_ms_of(servers),
                           "columns", column_names(), "rows", put_seconds(seconds, from, last));
    free(seconds);
    return reply;
}

/* Steps of the activity: averages, which can be added where servers sample at intervals of their
 * own. */
struct steps {
    json_int_t from, step;
    json_t *names;                               /* of the classes */
    double values[STEPS_MOST][CLASSES_MOST + 1]; /* the first is what was not kept */
    bool any[STEPS_MOST];
};

static size_t class_of(struct steps *steps, const char *name)
{
    size_t n = name ? column_of(steps->names, name) : SIZE_MAX;

    if (n == SIZE_MAX && name && json_array_size(steps->names) < CLASSES_MOST - 1) {
        n = json_array_size(steps->names);
        json_array_append_new(steps->names, json_string(name));
    }
    return n == SIZE_MAX ? CLASSES_MOST : n + 1;
}

static double count_at(const json_t *point, size_t n)
{
    double count = json_number_value(json_array_get(point, n));

    return count >= 0 && count < 1e15 ? count : 0;
}

static void add_steps(struct steps *steps, const json_t *json)
{
    const json_t *names = json_object_get(json, "columns");
    json_int_t at;
    json_t *point;
    double times;
    size_t n, m;

    json_array_foreach(json_object_get(json, "points"), n, point)
    {
        at = ((json_int_t)count_at(point, 0) - steps->from) / steps->step;
        times = count_at(point, 1);
        if (at < 0 || at >= STEPS_MOST || times < 1)
            continue;
        steps->any[at] = true;
        steps->values[at][0] += count_at(point, 2) / times;
        for (m = 3; m < json_array_size(point) && m < json_array_size(names); m++)
            steps->values[at][class_of(steps, json_string_value(json_array_get(names, m)))] +=
                count_at(point, m) / times;
    }
}

static json_t *put_steps(const struct steps *steps)
{
    size_t n, m, count = json_array_size(steps->names);
    json_t *points = json_array();

    for (n = 0; n < STEPS_MOST; n++) {
        json_t *point = steps->any[n] ? json_array() : NULL;

        if (!point)
            continue;
        json_array_append_new(point, json_integer(steps->from + (json_int_t)n * steps->step));
        json_array_append_new(point, json_integer(1));
        for (m = 0; m <= count; m++)
            json_array_append_new(point, json_real(steps->values[n][m]));
        json_array_append_new(points, point);
    }
    return points;
}

static json_t *step_names(const struct steps *steps)
{
    json_t *names = json_pack("[s, s, s]", "at_ms", "times", "dropped");

    json_array_extend(names, steps->names);
    return names;
}

/* What was asked for, where it is a number; 0: it is none. */
static json_int_t asked_number(const char *text)
{
    return text && strlen(text) < 16 && !text[strspn(text, "0123456789")] ? strtoll(text, NULL, 10)
                                                                          : 0;
}

/* Whether steps are those that an endpoint makes of what was asked for, by the clock of this host:
 * what is far from it would leave nothing of the others. */
static bool are_steps(const struct asking *asking, const json_t *json)
{
    json_int_t step = whole(json, "step_ms"), from = whole(json, "from_ms"),
               to = whole(json, "to_ms"), least = asked_number(asking->step),
               after = asked_number(asking->from), until = asked_number(asking->to),
               now = serve_wall_ms();

    if (!until || until > now)
        until = now;
    return step >= 1 && step >= least && step <= least + INTERVAL_MOST_MS && from >= after &&
           from - after <= step && to <= until + LATE * 1000 &&
           to >= until - step - INTERVAL_MOST_MS - LATE * 1000;
}

/* The step that most servers have: one that samples more rarely has another one. */
static json_int_t common_step(const struct servers *servers)
{
    json_int_t best = 0;
    size_t n, m, count, most = 0;

    for (n = 0; n < servers->count; n++) {
        for (m = count = 0; m < servers->count; m++)
            count += servers->all[m].reply.code == CTL_OK &&
                     whole(servers->all[m].reply.json, "step_ms") ==
                         whole(servers->all[n].reply.json, "step_ms");
        if (servers->all[n].reply.code == CTL_OK && count > most) {
            most = count;
            best = whole(servers->all[n].reply.json, "step_ms");
        }
    }
    return best;
}

static void check_steps(const struct asking *asking)
{
    const struct servers *servers = &asking->servers;
    json_int_t step;
    size_t n;

    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_OK && !are_steps(asking, servers->all[n].reply.json))
            serve_reject(&servers->all[n],
                         "its activity is left out: it is of another time than was asked for");
    step = common_step(servers);
    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_OK &&
            whole(servers->all[n].reply.json, "step_ms") != step)
            serve_reject(
                &servers->all[n],
                "its activity is left out: its steps are others than those of most servers");
}

static struct reply sum_steps(const struct asking *asking)
{
    struct reply reply = {.code = CTL_NOT_FOUND, .error = "no server samples its activity"};
    struct steps *steps = calloc(1, sizeof(*steps));
    json_int_t to = 0, one;
    size_t n;

    if (!steps)
        return serve_fail(CTL_FAILED, "out of memory");
    check_steps(asking);
    steps->names = json_array();
    for (n = 0; n < asking->servers.count; n++) {
        const json_t *json = asking->servers.all[n].reply.json;

        if (asking->servers.all[n].reply.code != CTL_OK)
            continue;
        if (!steps->step) {
            steps->step = whole(json, "step_ms");
            steps->from = whole(json, "from_ms");
            to = whole(json, "to_ms");
        }
        one = whole(json, "to_ms");
        to = one < to ? one : to;
        add_steps(steps, json);
    }
    if (steps->step) {
        reply.code = CTL_OK;
        reply.json =
            json_pack("{s:I, s:I, s:I, s:o, s:o}", "from_ms", steps->from, "to_ms", to, "step_ms",
                      steps->step, "columns", step_names(steps), "points", put_steps(steps));
    }
    json_decref(steps->names);
    free(steps);
    return reply;
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
    ctl_add_argument(path, sizeof(path), "state", options->state);
    ctl_add_argument(path, sizeof(path), "wait", options->wait_event);
    ctl_add_argument(path, sizeof(path), "digest", options->digest);
    ctl_add_argument(path, sizeof(path), "user", options->user);
    ctl_add_argument(path, sizeof(path), "db", options->db);
    ctl_add_argument(path, sizeof(path), "application", options->application);
    ctl_add_argument(path, sizeof(path), "kind", options->kind);
    if (asking->step) {
        ctl_add_argument(path, sizeof(path), "step", asking->step);
        servers_ask(&asking->servers, options, ask_path, path);
        if (servers_code(&asking->servers) == CTL_USAGE)
            return (struct reply){.code = CTL_USAGE};
        return sum_steps(asking);
    }
    reply = servers_activity(&asking->servers, options, path, asking->by ? asking->by : "state");
    show_as_samples(reply.json);
    serve_keep_objects(json_object_get(reply.json, "rows"));
    return reply;
}
