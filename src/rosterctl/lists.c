/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ps, trx and history.
 */
#include "config.h"

#include "rosterctl.h"

#include <stdio.h>
#include <time.h>

static const struct column ps_columns[] = {
    {"id", "ID", COLUMN_NUMBER, 0},         {"kind", "KIND", COLUMN_TEXT, 0},
    {"user", "USER", COLUMN_TEXT, 24},      {"host", "HOST", COLUMN_TEXT, 48},
    {"db", "DB", COLUMN_TEXT, 24},          {"application", "NAME", COLUMN_TEXT, 24},
    {"command", "COMMAND", COLUMN_TEXT, 0}, {"time_ms", "TIME", COLUMN_MS, 0},
    {"state", "STATE", COLUMN_TEXT, 0},     {"statement", "STATEMENT", COLUMN_NUMBER, 0},
    {"info", "INFO", COLUMN_TEXT, 0},
};

static const struct column trx_columns[] = {
    {"session_id", "SESSION", COLUMN_NUMBER, 0},
    {"kind", "KIND", COLUMN_TEXT, 0},
    {"user", "USER", COLUMN_TEXT, 24},
    {"db", "DB", COLUMN_TEXT, 24},
    {"id", "START_TS", COLUMN_NUMBER, 0},
    {"age_ms", "AGE", COLUMN_MS, 0},
    {"state", "STATE", COLUMN_TEXT, 0},
    {"waiting_time", "WAITING", COLUMN_MS, 0},
    {"mem_buffer_keys", "KEYS", COLUMN_NUMBER, 0},
    {"mem_buffer_bytes", "BYTES", COLUMN_NUMBER, 0},
    {"current_sql_digest", "DIGEST", COLUMN_TEXT, 64},
};

static const struct column history_columns[] = {
    {"hash", "HASH", COLUMN_NUMBER, 0},
    {"count", "COUNT", COLUMN_NUMBER, 0},
    {"max_duration_ms", "LONGEST", COLUMN_MS, 0},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int show_once(const struct options *options, const char *path, const struct column *columns,
                     size_t count)
{
    struct reply reply = ctl_rows(options, path);
    int code = reply.code;
    json_t *rows;

    if (code != CTL_OK) {
        code = ctl_fail(options, &reply);
    } else {
        rows = json_object_get(reply.json, "rows");
        if (options->sort && table_sort(rows, columns, count, options->sort))
            code = ctl_error(CTL_USAGE, "there is no column %s to sort by", options->sort);
        else if (options->json)
            json_dumpf(rows, stdout, JSON_INDENT(1));
        else
            table_print(rows, columns, count);
        if (options->json)
            putchar('\n');
    }
    reply_free(&reply);
    return code;
}

static int show(const struct options *options, const char *path, const struct column *columns,
                size_t count)
{
    struct timespec pause = {(time_t)options->watch_s, 0};
    int code = show_once(options, path, columns, count);

    pause.tv_nsec = (long)((options->watch_s - (double)pause.tv_sec) * 1e9);
    while (options->watch_s > 0 && code == CTL_OK) {
        fflush(stdout);
        nanosleep(&pause, NULL);
        fputs(options->json ? "" : "\033[H\033[2J", stdout);
        code = show_once(options, path, columns, count);
    }
    return code;
}

int ctl_ps(const struct options *options)
{
    return show(options, "/processlist", ps_columns, COUNT_OF(ps_columns));
}

int ctl_trx(const struct options *options)
{
    return show(options, "/trx", trx_columns, COUNT_OF(trx_columns));
}

int ctl_history(const struct options *options)
{
    struct reply reply = ctl_ask(options, "GET", "/history");
    const json_t *rows = json_object_get(reply.json, "rows"), *row;
    int code = reply.code;
    size_t n, m;

    if (code != CTL_OK) {
        code = ctl_fail(options, &reply);
    } else if (options->json) {
        json_dumpf(rows, stdout, JSON_INDENT(1));
        putchar('\n');
    } else {
        table_print(rows, history_columns, COUNT_OF(history_columns));
        for (n = 0; options->full && n < json_array_size(rows); n++) {
            row = json_object_get(json_array_get(rows, n), "all_sql_digests");
            for (m = 0; m < json_array_size(row); m++) {
                char text[256];

                text_clean(json_string_value(json_array_get(row, m)), text, sizeof(text));
                printf("%s  %s\n",
                       json_string_value(json_object_get(json_array_get(rows, n), "hash")), text);
            }
        }
    }
    reply_free(&reply);
    return code;
}
