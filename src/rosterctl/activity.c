/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * activity: what the active sessions did.
 */
#include "rosterctl/rosterctl.h"

#include "core/base/ascii.h"
#include "core/base/count.h"
#include "core/base/when.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_BY "state,wait"
#define HOUR_MS 3600000

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

/* Whether "state,wait" names a column: "wait" has two. */
static bool is_named(const char *by, const char *key)
{
    size_t length;

    for (;; by += length + 1) {
        length = strcspn(by, ",");
        if (ascii_is(by, length, key) ||
            (ascii_is(by, length, "wait") && !strncmp(key, "wait_", 5)))
            return true;
        if (!by[length])
            return false;
    }
}

size_t activity_columns(const char *by, struct column *columns)
{
    size_t count = 0, n;

    for (n = 0; n < KNOWN; n++)
        if (is_named(by, known[n].key))
            columns[count++] = known[n];
    return count;
}

/* Sessions that were active at a time, on average. Servers of a cluster have each their "times", so
 * theirs are there already. */
static void add_averages(const json_t *reply)
{
    double times = member_value(reply, "times"), mean;
    json_t *row;
    char text[32];
    size_t n;

    json_array_foreach(json_object_get(reply, "rows"), n, row)
    {
        mean = times > 0 ? member_value(row, "samples") / times : member_value(row, "mean");
        snprintf(text, sizeof(text), "%.2f", mean);
        json_object_del(row, "mean");
        json_object_set_new(row, "average", json_string(text));
    }
}

static void print_sum(const json_t *reply)
{
    double times = member_value(reply, "times"), active = member_value(reply, "active_average"),
           dropped = member_value(reply, "dropped_average");

    if (times > 0) {
        active = member_value(reply, "active") / times;
        dropped = member_value(reply, "dropped") / times;
    }
    if (json_object_get(reply, "servers"))
        printf("%.0f server%s", member_value(reply, "servers"),
               count_s((uint64_t)member_value(reply, "servers")));
    else
        printf("sampled %.0f time%s", times, count_s((uint64_t)times));
    printf(", %.2f sessions active on average\n", active);
    if (dropped > 0)
        printf("what %.2f of them did was not kept\n", dropped);
}

static void print(const struct options *options, const json_t *reply, const char *path,
                  const char *by, const struct steps_asked *asked)
{
    const json_t *rows = json_object_get(reply, "rows");
    struct column columns[KNOWN + 2] = {{"average", "AVERAGE", COLUMN_TEXT, 0},
                                        {"samples", "SAMPLES", COLUMN_NUMBER, 0}};
    size_t count = 2 + activity_columns(by, columns + 2);

    add_averages(reply);
    if (table_print_for_program(options, reply, rows, columns, count))
        return;
    print_sum(reply);
    activity_print_peak(options, path, asked);
    table_print(rows, columns, count, "samples,wait_class,kind,application,db,server");
    table_print_cut(reply, "groups");
}

bool activity_takes(const char *word, const char *by, char *rest, size_t size)
{
    size_t used = 0, length;
    bool taken = false;

    for (*rest = '\0';; by += length + 1) {
        length = strcspn(by, ",");
        if (length == strlen(word) && !strncmp(by, word, length))
            taken = true;
        else if (used + length + 2 < size)
            used += (size_t)snprintf(rest + used, size - used, "%s%.*s", used ? "," : "",
                                     (int)length, by);
        if (!by[length])
            return taken;
    }
}

/* The time that is asked for: the last hour, unless an option says something else. Returns an exit
 * code. */
static int take_times(const struct options *options, struct steps_asked *asked)
{
    int64_t from = 0, to = 0, now = 0;

    (void)time_parse("now", &now);
    if (options->since && !time_parse(options->since, &from))
        return ctl_error(CTL_USAGE, "--since takes " WHEN_FORMS ", not \"%s\"", options->since);
    if (options->until && !time_parse(options->until, &to))
        return ctl_error(CTL_USAGE, "--until takes " WHEN_FORMS ", not \"%s\"", options->until);
    asked->to = options->until && to < now ? to : now;
    asked->from = options->since ? from : asked->to - HOUR_MS;
    if (asked->from < 1)
        asked->from = 1;
    if (!options->since || !options->until || asked->from < asked->to)
        return CTL_OK;
    return ctl_error(CTL_USAGE, "--since=%s is not before --until=%s", options->since,
                     options->until);
}

static struct reply ask_groups(const struct options *options, const char *path, const char *by)
{
    char whole[4096];

    if (options->store)
        return cluster_ask(options, servers_activity, path, by);
    snprintf(whole, sizeof(whole), "%s", path);
    ctl_add_argument(whole, sizeof(whole), "by", by);
    ctl_add_argument(whole, sizeof(whole), "limit", options->limit);
    return ctl_ask(options, "GET", whole);
}

int ctl_activity(const struct options *options)
{
    const char *by = options->by ? options->by : DEFAULT_BY;
    struct steps_asked asked = {0};
    char path[4096], rest[256];
    struct reply reply;
    int code = take_times(options, &asked);

    if (code != CTL_OK)
        return code;
    snprintf(path, sizeof(path), "/activity?from=%lld&to=%lld", (long long)asked.from,
             (long long)asked.to);
    ctl_add_who(path, sizeof(path), options);
    if (activity_takes("time", by, rest, sizeof(rest))) {
        asked.by = *rest ? rest : NULL;
        return activity_over_time(options, path, &asked);
    }
    reply = ask_groups(options, path, by);
    if (reply.code == CTL_OK)
        print(options, reply.json, path, by, &asked);
    return ctl_finish(options, &reply);
}
