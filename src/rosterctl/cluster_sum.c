/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the servers of a cluster have in common: trees of waits, which do not reach from one server
 * to another, and activity, which is added up.
 */
#include "rosterctl/cluster.h"
#include "store/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MOST ((json_int_t)1 << 50) /* the sums of all servers fit as well */

/* A count. Another server may answer anything, and what is added up here is of all. */
double member_number(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));

    return n < 0 ? 0 : (double)(n < COUNT_MOST ? n : COUNT_MOST);
}

json_int_t member_whole(const json_t *object, const char *key)
{
    return (json_int_t)member_number(object, key);
}

/* A row, its value, and its place before they are sorted. */
struct place {
    json_t *row;
    double value;
    size_t n;
};

static int by_value(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = (x->value > y->value) - (x->value < y->value);

    return order ? order : (x->n > y->n) - (x->n < y->n);
}

json_t *rows_sort(json_t *rows, const char *key)
{
    size_t count = json_array_size(rows), n;
    struct place *all = calloc(count + 1, sizeof(*all));
    bool down = *key == '-';
    json_t *in_order, *row;
    double value;

    if (!all)
        return rows; /* rather all of them than their order */
    in_order = json_array();
    json_array_foreach(rows, n, row)
    {
        value = member_value(row, key + down);
        all[n] = (struct place){row, down ? -value : value, n};
    }
    qsort(all, count, sizeof(*all), by_value);
    for (n = 0; n < count; n++)
        json_array_append(in_order, all[n].row);
    free(all);
    json_decref(rows);
    return in_order;
}

bool rows_wanted(const struct options *options, size_t otherwise, size_t *most)
{
    char *end = NULL;

    *most = otherwise;
    if (options->limit && *options->limit >= '0' && *options->limit <= '9')
        *most = strtoul(options->limit, &end, 10);
    return !options->limit || (end && !*end && *most);
}

static struct reply no_limit(const struct options *options)
{
    return (struct reply){
        .code = ctl_error(CTL_USAGE, "limit takes a number from 1, not \"%s\"", options->limit)};
}

/* A tree of a server: a root, and the rows below it. */
struct tree {
    const struct server *server;
    json_t *rows; /* of the server */
    size_t first, count;
    double longest; /* wait in it */
};

static int by_size(const struct tree *x, const struct tree *y)
{
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    if (x->longest > y->longest || x->longest < y->longest)
        return x->longest > y->longest ? -1 : 1;
    return strcmp(x->server->name, y->server->name);
}

/* Goes on to the server's next tree; its count is 0 at the end. */
static void next_tree(struct tree *tree)
{
    const json_t *row;

    tree->first += tree->count;
    tree->count = 0;
    tree->longest = 0;
    while ((row = json_array_get(tree->rows, tree->first + tree->count)) &&
           (!tree->count || member_number(row, "depth") >= 1)) {
        if (member_number(row, "wait_ms") > tree->longest)
            tree->longest = member_number(row, "wait_ms");
        tree->count++;
    }
}

static void put_tree(const struct tree *tree, size_t most, json_t *rows)
{
    json_t *row;
    size_t n;

    for (n = 0; n < tree->count && json_array_size(rows) < most; n++) {
        row = json_array_get(tree->rows, tree->first + n);
        json_object_set_new(row, "server", json_string(tree->server->name));
        json_array_append(rows, row);
    }
}

/* The trees of all servers, the largest first. Those of a server stay in its order: it has counted
 * all of a tree, and since when its sessions wait, while the rows here may be cut by a limit, and
 * say how long at moments that differ. */
static void put_trees(const struct servers *servers, size_t most, json_t *rows)
{
    struct tree *heads = calloc(servers->count + 1, sizeof(*heads)), *best;
    size_t n;

    for (n = 0; heads && n < servers->count; n++) {
        heads[n].server = &servers->all[n];
        heads[n].rows = json_object_get(servers->all[n].reply.json, "rows");
        next_tree(&heads[n]);
    }
    while (heads && json_array_size(rows) < most) {
        best = NULL;
        for (n = 0; n < servers->count; n++)
            if (heads[n].count && (!best || by_size(&heads[n], best) < 0))
                best = &heads[n];
        if (!best)
            break;
        put_tree(best, most, rows);
        next_tree(best);
    }
    free(heads);
}

struct reply servers_locks(struct servers *servers, const struct options *options, const char *path,
                           const void *unused)
{
    json_t *rows, *deadlocks, *deadlock;
    struct reply all;
    double waits = 0, matched = 0, total = 0;
    size_t n, m, most;

    (void)unused;
    if (!rows_wanted(options, 1000, &most))
        return no_limit(options);
    all = servers_round(servers, options, ask_path, path);
    rows = json_array();
    deadlocks = json_array();
    for (n = 0; n < servers->count; n++) {
        const json_t *json = servers->all[n].reply.json;

        waits += member_number(json, "waits");
        matched += member_number(json, "matched");
        total += member_number(json, "deadlocks_total");
        json_array_foreach(json_object_get(json, "deadlocks"), m, deadlock)
        {
            json_object_set_new(deadlock, "server", json_string(servers->all[n].name));
            json_array_append(deadlocks, deadlock);
        }
    }
    deadlocks = rows_sort(deadlocks, "-at_ms");
    put_trees(servers, most, rows);
    all.json = json_pack("{s:I, s:I, s:o, s:I, s:o}", "waits", (json_int_t)waits, "matched",
                         (json_int_t)matched, "rows", rows, "deadlocks_total", (json_int_t)total,
                         "deadlocks", deadlocks);
    return all;
}

/* What distinguishes a row from others, as text; NULL: memory is out. */
static char *key_of(const json_t *row)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)row);
    char *key;

    json_object_del(copy, "samples");
    key = rst_json_text(copy, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(copy);
    return key;
}

/* Adds what sessions of one server did to what those of others did. Servers sample at intervals of
 * their own, so averages are what can be added. */
static void add_row(json_t *groups, json_t *row, double times)
{
    double samples = member_number(row, "samples"), average = times > 0 ? samples / times : 0;
    char *key = key_of(row);
    json_t *group = key ? json_object_get(groups, key) : NULL;

    if (!group && key) {
        group = row;
        json_object_set(groups, key, group);
    } else if (group) {
        average += member_value(group, "mean");
        samples += member_number(group, "samples");
    }
    if (group) {
        json_object_set_new(group, "mean", json_real(average));
        json_object_set_new(group, "samples", json_integer((json_int_t)samples));
    }
    free(key);
}

static json_t *sum(const struct servers *servers, bool by_server, bool by_more, size_t most)
{
    json_t *groups = json_object(), *rows = json_array(), *row;
    double active = 0, dropped = 0, times;
    size_t n, m, answered = 0;
    const char *key;

    for (n = 0; n < servers->count; n++) {
        const json_t *json = servers->all[n].reply.json;

        times = member_number(json, "times");
        if (servers->all[n].reply.code != CTL_OK)
            continue;
        answered++;
        active += times > 0 ? member_number(json, "active") / times : 0;
        dropped += times > 0 ? member_number(json, "dropped") / times : 0;
        json_array_foreach(json_object_get(json, "rows"), m, row)
        {
            if (!by_more)
                json_object_del(row, "kind");
            if (by_server)
                json_object_set_new(row, "server", json_string(servers->all[n].name));
            add_row(groups, row, times);
        }
    }
    json_object_foreach(groups, key, row)
    {
        json_array_append(rows, row);
    }
    rows = rows_sort(rows, "-mean");
    m = json_array_size(rows);
    while (json_array_size(rows) > most)
        json_array_remove(rows, json_array_size(rows) - 1);
    json_decref(groups);
    return json_pack("{s:I, s:f, s:f, s:I, s:o}", "servers", (json_int_t)answered, "active_average",
                     active, "dropped_average", dropped, "matched", (json_int_t)m, "rows", rows);
}

struct reply servers_activity(struct servers *servers, const struct options *options,
                              const char *path, const void *by)
{
    char rest[256], whole[4096];
    struct reply all;
    bool by_server;
    size_t most;

    if (!rows_wanted(options, 1000, &most))
        return no_limit(options);
    by_server = activity_takes("server", by, rest, sizeof(rest));
    snprintf(whole, sizeof(whole), "%s", path);
    ctl_add_argument(whole, sizeof(whole), "by", *rest ? rest : "kind");
    ctl_add_argument(whole, sizeof(whole), "limit", "10000"); /* it is of the sum */
    all = servers_round(servers, options, ask_path, whole);
    all.json = sum(servers, by_server, *rest, most);
    return all;
}
