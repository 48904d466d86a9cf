/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * activity: what the active sessions did.
 */
#include "config.h"

#include "rosterctl/rosterctl.h"

#include "core/base/when.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_BY "state,wait"

static const struct column known[] = {
    {"server", "SERVER", COLUMN_TEXT, 24},
    {"state", "STATE", COLUMN_TEXT, 0},
    {"wait_class", "CLASS", COLUMN_TEXT, 0},
    {"wait_event", "WAIT", COLUMN_TEXT, 0},
    {"digest", "DIGEST", COLUMN_TEXT, 64},
    {"user", "USER", COLUMN_TEXT, 0},
    {"db", "DB", COLUMN_TEXT, 0},
    {"application", "NAME", COLUMN_TEXT, 0},
    {"kind", "KIND", COLUMN_TEXT, 0},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

/* The columns of the rows: how much, then what they have. */
static size_t columns_of(const json_t *rows, struct column *columns)
{
    const json_t *first = json_array_get(rows, 0);
    size_t count = 0, n;

    columns[count++] = (struct column){"average", "AVERAGE", COLUMN_TEXT, 0};
    columns[count++] = (struct column){"samples", "SAMPLES", COLUMN_NUMBER, 0};
    for (n = 0; n < KNOWN; n++)
        if (json_object_get(first, known[n].key))
            columns[count++] = known[n];
    return count;
}

static double number(const json_t *reply, const char *key)
{
    return json_number_value(json_object_get(reply, key));
}

/* Sessions that were active at a time, on average. Servers of a cluster have each their "times", so
 * theirs are there already. */
static void add_averages(const json_t *reply)
{
    double times = number(reply, "times"), mean;
    json_t *row;
    char text[32];
    size_t n;

    json_array_foreach(json_object_get(reply, "rows"), n, row)
    {
        mean = times > 0 ? number(row, "samples") / times : number(row, "mean");
        snprintf(text, sizeof(text), "%.2f", mean);
        json_object_del(row, "mean");
        json_object_set_new(row, "average", json_string(text));
    }
}

static void print_sum(const json_t *reply)
{
    double times = number(reply, "times"), active = number(reply, "active_average"),
           dropped = number(reply, "dropped_average");

    if (times > 0) {
        active = number(reply, "active") / times;
        dropped = number(reply, "dropped") / times;
    }
    if (json_object_get(reply, "servers"))
        printf("%.0f servers", number(reply, "servers"));
    else
        printf("sampled %.0f times", times);
    printf(", %.2f sessions active on average\n", active);
    if (dropped > 0)
        printf("what %.2f of them did was not kept\n", dropped);
}

static void print(const struct options *options, const json_t *reply)
{
    const json_t *rows = json_object_get(reply, "rows");
    struct column columns[KNOWN + 2];
    size_t count;

    add_averages(reply);
    if (options->json) {
        ctl_print_json(reply, JSON_INDENT(1));
        return;
    }
    count = columns_of(rows, columns);
    if (options->csv) {
        table_print_csv(rows, columns, count);
        return;
    }
    print_sum(reply);
    table_print(rows, columns, count, "samples,wait_class,kind,application,db,server");
    table_print_cut(reply, "groups");
}

int ctl_activity(const struct options *options)
{
    const char *by = options->by ? options->by : DEFAULT_BY;
    char path[4096];
    struct reply reply;
    int64_t from = 0; /* the server's default */
    int code;

    if (options->since && !time_parse(options->since, &from))
        return ctl_error(CTL_USAGE, "--since takes " WHEN_FORMS ", not \"%s\"", options->since);
    if (options->since && from < 1)
        from = 1;
    snprintf(path, sizeof(path), "/activity?from=%lld", (long long)from);
    ctl_add_argument(path, sizeof(path), "user", options->user);
    ctl_add_argument(path, sizeof(path), "db", options->db);
    ctl_add_argument(path, sizeof(path), "kind", options->kind);
    ctl_add_argument(path, sizeof(path), "state", options->state);
    ctl_add_argument(path, sizeof(path), "application", options->application);
    ctl_add_argument(path, sizeof(path), "wait", options->wait_event);
    ctl_add_argument(path, sizeof(path), "digest", options->digest);
    if (options->store) {
        reply = cluster_activity(options, path, by);
    } else {
        ctl_add_argument(path, sizeof(path), "by", by);
        ctl_add_argument(path, sizeof(path), "limit", options->limit);
        reply = ctl_ask(options, "GET", path);
    }
    code = reply.code;
    if (code == CTL_OK)
        print(options, reply.json);
    else
        code = ctl_fail(options, &reply);
    reply_free(&reply);
    return code == CTL_OK ? reply.missing : code;
}
