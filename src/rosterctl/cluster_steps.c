/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the active sessions of a cluster did, step by step. Servers sample at intervals of their
 * own, so what is added up are averages.
 */
#include "rosterctl/cluster.h"
#include "store/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MOST 1000
#define SERIES_MOST 64   /* those beyond are "other" */
#define OF_ONE "32"      /* that a server is asked for: all that it has */
#define LATE_MS 5000     /* a server whose newest step is older holds up no others */
#define SAMPLED_MS 10000 /* the longest interval between two samples */
#define MINUTE_MS 60000  /* by which it is known what was more than an hour ago */
#define HOUR_MS 3600000
#define FIRST 3 /* column of a series: before it are at_ms, times and dropped */

struct series {
    char *key;           /* what it is, as text */
    const char *name;    /* for people; of the reply that has it, or of `made` */
    const json_t *group; /* likewise; NULL: a class of waits */
    double sum;
};

struct steps {
    json_int_t from, to, step;
    struct series series[SERIES_MOST];
    size_t count;
    bool by_server, by_more;
    json_t *made;                               /* groups that have their server, and its names */
    double values[STEPS_MOST][SERIES_MOST + 2]; /* dropped, the series, other */
    bool any[STEPS_MOST];
};

#define DROPPED 0
#define OTHER (SERIES_MOST + 1)

/* Whether steps are those that an endpoint makes of what was asked for, by the clock of this host:
 * what is far from it would leave nothing of the others. */
static bool are_steps(const struct steps_asked *asked, const json_t *json)
{
    json_int_t step = member_whole(json, "step_ms"), from = member_whole(json, "from_ms"),
               to = member_whole(json, "to_ms"), until = (json_int_t)rst_wall_ms(),
               rounded = asked->from < until - HOUR_MS ? MINUTE_MS : SAMPLED_MS;

    if (asked->to && asked->to < until)
        until = asked->to;
    return step >= 1 && step >= asked->step && step <= asked->step + rounded &&
           from >= asked->from && from - asked->from <= step && to <= until + LATE_MS &&
           to >= until - step - SAMPLED_MS - LATE_MS;
}

/* The step that most servers have: one that samples more rarely has another one. */
static json_int_t common_step(const struct servers *servers)
{
    json_int_t best = 0;
    size_t n, m, count, most = 0;

    for (n = 0; n < servers->count; n++) {
        for (m = count = 0; m < servers->count; m++)
            count += servers->all[m].reply.code == CTL_OK &&
                     member_whole(servers->all[m].reply.json, "step_ms") ==
                         member_whole(servers->all[n].reply.json, "step_ms");
        if (servers->all[n].reply.code == CTL_OK && count > most) {
            most = count;
            best = member_whole(servers->all[n].reply.json, "step_ms");
        }
    }
    return best;
}

static void check(const struct servers *servers, const struct steps_asked *asked)
{
    json_int_t step;
    size_t n;

    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_OK && !are_steps(asked, servers->all[n].reply.json))
            servers_reject(&servers->all[n],
                           "its activity is left out: it is of another time than was asked for");
    step = common_step(servers);
    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_OK &&
            member_whole(servers->all[n].reply.json, "step_ms") != step)
            servers_reject(
                &servers->all[n],
                "its activity is left out: its steps are others than those of most servers");
}

/* With the server, where that distinguishes groups. */
static const json_t *with_server(struct steps *steps, const struct server *server,
                                 const json_t *group, const char **name)
{
    json_t *copy = json_is_object(group) ? json_deep_copy(group) : json_object();
    char text[512];

    if (!steps->by_more)
        json_object_clear(copy);
    json_object_set_new(copy, "server", json_string(server->name));
    json_array_append_new(steps->made, copy);
    snprintf(text, sizeof(text), "%s%s%s", server->name, steps->by_more ? ", " : "",
             steps->by_more ? *name : "");
    json_array_append_new(steps->made, json_string(text));
    *name = json_string_value(json_array_get(steps->made, json_array_size(steps->made) - 1));
    return json_array_get(steps->made, json_array_size(steps->made) - 2);
}

/* The place of a column among the values. */
static size_t place_of(struct steps *steps, const struct server *server, size_t column)
{
    const json_t *json = server->reply.json, *columns = json_object_get(json, "columns");
    const json_t *groups = json_object_get(json, "groups");
    const json_t *group = json_array_get(groups, column - FIRST);
    const char *name = json_string_value(json_array_get(columns, column));
    char *key;
    size_t n;

    if (!name || (column + 1 == json_array_size(columns) && !steps->by_server) ||
        (groups && !json_is_object(group) && !steps->by_server))
        return OTHER;
    if (steps->by_server)
        group = with_server(steps, server, group, &name);
    key = group ? rst_json_text(group, JSON_COMPACT | JSON_SORT_KEYS) : strdup(name);
    for (n = 0; key && n < steps->count && strcmp(steps->series[n].key, key) != 0; n++)
        ;
    if (!key || n == SERIES_MOST) {
        free(key);
        return OTHER;
    }
    if (n == steps->count)
        steps->series[steps->count++] = (struct series){key, name, group, 0};
    else
        free(key);
    return n + 1;
}

static double count_at(const json_t *point, size_t n)
{
    double count = json_number_value(json_array_get(point, n));

    return count >= 0 && count < 1e15 ? count : 0;
}

static void add_server(struct steps *steps, const struct server *server)
{
    const json_t *json = server->reply.json;
    size_t places[FIRST + 2 * SERIES_MOST], n, m, columns;
    json_int_t at;
    json_t *point;
    double times;

    columns = json_array_size(json_object_get(json, "columns"));
    if (columns > sizeof(places) / sizeof(places[0]))
        columns = sizeof(places) / sizeof(places[0]);
    for (m = FIRST; m < columns; m++)
        places[m] = place_of(steps, server, m);
    json_array_foreach(json_object_get(json, "points"), n, point)
    {
        at = ((json_int_t)count_at(point, 0) - steps->from) / steps->step;
        times = count_at(point, 1);
        if (at < 0 || at >= STEPS_MOST || times < 1)
            continue;
        steps->any[at] = true;
        steps->values[at][DROPPED] += count_at(point, 2) / times;
        for (m = FIRST; m < columns; m++)
            steps->values[at][places[m]] += count_at(point, m) / times;
    }
}

static int largest_first(const void *a, const void *b)
{
    const struct series *const *x = a, *const *y = b;

    return ((*x)->sum < (*y)->sum) - ((*x)->sum > (*y)->sum);
}

/* Groups by how much they have in all; classes of waits stay as they are. Returns how many there
 * are to be; the others go with what has no place. */
static size_t choose(struct steps *steps, const struct series **chosen, size_t most)
{
    size_t n, m, at, count = steps->count;

    for (n = 0; n < count; n++) {
        for (at = 0; at < STEPS_MOST; at++)
            steps->series[n].sum += steps->values[at][n + 1];
        chosen[n] = &steps->series[n];
    }
    if (!count || !steps->series[0].group)
        return count;
    qsort(chosen, count, sizeof(*chosen), largest_first);
    most = most < count ? most : count;
    for (m = most; m < count; m++)
        for (at = 0; at < STEPS_MOST; at++)
            steps->values[at][OTHER] += steps->values[at][chosen[m] - steps->series + 1];
    return most;
}

static json_t *put_points(const struct steps *steps, const struct series *const *chosen,
                          size_t count)
{
    json_t *points = json_array(), *point;
    size_t n, m;

    for (n = 0; n < STEPS_MOST; n++) {
        if (!steps->any[n])
            continue;
        point = json_pack("[I, i, f]", steps->from + (json_int_t)n * steps->step, 1,
                          steps->values[n][DROPPED]);
        for (m = 0; m < count; m++)
            json_array_append_new(point,
                                  json_real(steps->values[n][chosen[m] - steps->series + 1]));
        json_array_append_new(point, json_real(steps->values[n][OTHER]));
        json_array_append_new(points, point);
    }
    return points;
}

static json_t *put_all(struct steps *steps, size_t most)
{
    const struct series *chosen[SERIES_MOST];
    size_t count = choose(steps, chosen, most), n;
    json_t *columns = json_pack("[s, s, s]", "at_ms", "times", "dropped"), *groups = json_array(),
           *reply;

    for (n = 0; n < count; n++) {
        json_array_append_new(columns, json_string(chosen[n]->name));
        if (chosen[n]->group)
            json_array_append_new(groups, json_deep_copy(chosen[n]->group));
    }
    json_array_append_new(columns, json_string("other"));
    reply = json_pack("{s:I, s:I, s:I, s:o, s:o}", "from_ms", steps->from, "to_ms", steps->to,
                      "step_ms", steps->step, "columns", columns, "points",
                      put_points(steps, chosen, count));
    if (json_array_size(groups))
        json_object_set(reply, "groups", groups);
    json_decref(groups);
    return reply;
}

/* NULL: no server has any. */
static json_t *sum_up(const struct servers *servers, struct steps *steps, size_t most)
{
    json_t *reply = NULL;
    json_int_t to;
    size_t n;

    for (n = 0; n < servers->count; n++) {
        const struct server *server = &servers->all[n];

        if (server->reply.code != CTL_OK)
            continue;
        to = member_whole(server->reply.json, "to_ms");
        if (!steps->step) {
            steps->step = member_whole(server->reply.json, "step_ms");
            steps->from = member_whole(server->reply.json, "from_ms");
            steps->to = to;
        }
        steps->to = to < steps->to ? to : steps->to;
        add_server(steps, server);
    }
    if (steps->step)
        reply = put_all(steps, most);
    for (n = 0; n < steps->count; n++)
        free(steps->series[n].key);
    return reply;
}

struct reply servers_steps(struct servers *servers, const struct options *options, const char *path,
                           const void *arg)
{
    const struct steps_asked *asked = arg;
    struct reply all;
    struct steps *steps = calloc(1, sizeof(*steps));
    char rest[256] = "", whole_path[4096];

    if (!steps)
        return (struct reply){.code = CTL_FAILED, .error = "out of memory"};
    if (asked->by)
        steps->by_server = activity_takes("server", asked->by, rest, sizeof(rest));
    steps->by_more = *rest;
    steps->made = json_array();
    snprintf(whole_path, sizeof(whole_path), "%s", path);
    if (asked->by)
        ctl_add_argument(whole_path, sizeof(whole_path), "by", *rest ? rest : "kind");
    if (asked->by)
        ctl_add_argument(whole_path, sizeof(whole_path), "limit", OF_ONE);
    servers_ask(servers, options, ask_path, whole_path);
    check(servers, asked);
    all = servers_result(servers);
    if (all.code == CTL_OK)
        all.json = sum_up(servers, steps, asked->most);
    if (all.code == CTL_OK && !all.json) {
        all.code = CTL_NOT_FOUND;
        snprintf(all.error, sizeof(all.error), "no server samples its activity");
    }
    json_decref(steps->made);
    free(steps);
    return all;
}
