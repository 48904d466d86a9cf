/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * events: what has happened to the server.
 */
#include "rosterctl/rosterctl.h"

#include "core/base/count.h"
#include "core/base/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT 1500
#define AT_ONCE "1000"
#define PAGES_MOST 100 /* of a server that keeps fewer than two of them */

static const struct column columns[] = {
    {"server", "SERVER", COLUMN_TEXT, 24},   {"id", "ID", COLUMN_NUMBER, 0},
    {"last_ms", "LAST", COLUMN_NUMBER, 0},   {"kind", "KIND", COLUMN_TEXT, 0},
    {"what", "WHAT", COLUMN_TEXT, 0},        {"name", "NAME", COLUMN_TEXT, 0},
    {"count", "COUNT", COLUMN_NUMBER, 0},    {"by", "BY", COLUMN_TEXT, 0},
    {"session_id", "SESSION", COLUMN_ID, 0}, {"user", "USER", COLUMN_TEXT, 0},
    {"reason", "REASON", COLUMN_TEXT, 0},    {"result", "RESULT", COLUMN_NUMBER, 0},
    {"text", "TEXT", COLUMN_TEXT, 0},
};

/* Where the output stands. */
struct output {
    const struct options *options;
    char after[24];   /* the number of the last event */
    int64_t since_ms; /* only what happened then or later */
    bool began;       /* something was printed */
    bool answers;     /* the server did, the last time */
};

static void print_line(const json_t *event)
{
    char kind[64], server[136], words[TEXT], when[40];

    time_show(json_integer_value(json_object_get(event, "last_ms")), when, sizeof(when));
    member_text(event, "kind", kind, sizeof(kind));
    member_text(event, "server", server, sizeof(server));
    member_text(event, "words", words, sizeof(words));
    printf("%s  ", when);
    if (*server)
        printf("%-12s  ", server);
    printf("%-13s  %s\n", kind, words);
}

static void keep_since(json_t *rows, int64_t since_ms)
{
    json_t *kept = json_array(), *row;
    size_t n;

    json_array_foreach(rows, n, row)
    {
        if (json_integer_value(json_object_get(row, "last_ms")) >= since_ms)
            json_array_append(kept, row);
    }
    json_array_clear(rows);
    json_array_extend(rows, kept);
    json_decref(kept);
}

static void print_rows(void *arg, json_t *rows)
{
    struct output *output = arg;
    const struct options *options = output->options;
    const struct column *shown = columns + !options->store;
    size_t n, count = COUNT_OF(columns) - !options->store;

    if (options->csv)
        table_print_csv(rows, shown, count);
    else
        for (n = 0; n < json_array_size(rows); n++)
            if (options->json)
                ctl_print_json(json_array_get(rows, n), JSON_COMPACT);
            else
                print_line(json_array_get(rows, n));
    output->began = true;
}

/* What the reply leaves out, on standard error, where it does not mix with the rows. */
static void print_gaps(const json_t *reply)
{
    json_int_t missed = json_integer_value(json_object_get(reply, "missed"));

    if (json_is_true(json_object_get(reply, "restarted")))
        ctl_error(CTL_OK, "that number is not of this log: the server was restarted");
    if (missed)
        ctl_error(CTL_OK, "%lld event%s had to make room before these", (long long)missed,
                  count_s((uint64_t)missed));
}

/* All events that are there now. */
static int show_new(struct output *output)
{
    struct reply reply;
    char path[128];
    size_t count, pages = 0;
    int code;

    do {
        if (pages++ == PAGES_MOST && !output->options->follow)
            return ctl_error(CTL_FAILED, "the events do not end: this is no status endpoint");
        snprintf(path, sizeof(path), "/events?limit=" AT_ONCE "&since=%s", output->after);
        reply = ctl_ask(output->options, "GET", path);
        code = reply.code;
        count = json_array_size(json_object_get(reply.json, "rows"));
        if (code == CTL_OK) {
            if (strcmp(output->after, "0") != 0)
                print_gaps(reply.json);
            keep_since(json_object_get(reply.json, "rows"), output->since_ms);
            print_rows(output, json_object_get(reply.json, "rows"));
            member_text(reply.json, "next", output->after, sizeof(output->after));
        } else if (code != CTL_NO_SERVER || output->answers || !output->began) {
            ctl_fail(output->options, &reply); /* once */
        }
        output->answers = code == CTL_OK;
        reply_free(&reply);
    } while (code == CTL_OK && count && pages <= PAGES_MOST);
    return code;
}

int ctl_events(const struct options *options)
{
    const struct timespec pause = {1, 0};
    struct output output = {.options = options, .after = "0"};
    const char *since = options->since;
    bool number = !options->store && since && text_is_number(since) &&
                  strtoull(since, NULL, 10) >= WHEN_TS_MOST;
    int code;

    if (number)
        snprintf(output.after, sizeof(output.after), "%.20s", since);
    else if (since && !time_parse(since, &output.since_ms))
        return ctl_error(CTL_USAGE, "--since takes " WHEN_FORMS "%s, not \"%s\"",
                         options->store ? "" : ", or the id of an event", since);
    if (options->store)
        return cluster_events(options, output.since_ms, print_rows, &output);
    code = show_new(&output);
    /* A server that was there may be so again. */
    while (options->follow && (code == CTL_OK || (code == CTL_NO_SERVER && output.began))) {
        if (fflush(stdout))
            return ctl_error(CTL_FAILED, "cannot write");
        nanosleep(&pause, NULL);
        code = show_new(&output);
    }
    return code;
}
