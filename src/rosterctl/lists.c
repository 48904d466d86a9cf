/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * ps, trx and history.
 */
#include "config.h"

#include "rosterctl/rosterctl.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

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

/* How many rows a terminal has for a list that is watched: below its title, above what is said of
 * the others. 0: no terminal, or it need not be seen at a glance. */
static size_t rows_to_see(const struct options *options)
{
    struct winsize size = {0};

    if (options->watch_s <= 0 || options->json || options->limit ||
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
        return 0;
    return size.ws_row > 3 ? (size_t)size.ws_row - 2 : 1;
}

/* Nothing scrolls away: lines end where the terminal does, and the rest is counted. */
static void print_some(json_t *reply, const struct column *columns, size_t count, size_t see)
{
    json_t *rows = json_object_get(reply, "rows");
    size_t all = (size_t)json_integer_value(json_object_get(reply, "matched"));

    while (json_array_size(rows) > see)
        json_array_remove(rows, json_array_size(rows) - 1);
    fputs("\033[?7l", stdout);
    table_print(rows, columns, count);
    fputs("\033[?7h", stdout);
    if (all > see)
        printf("and %zu more", all - see);
}

static int print_list(const struct options *options, json_t *reply, const struct column *columns,
                      size_t count, size_t see)
{
    json_t *rows = json_object_get(reply, "rows");

    if (options->sort && table_sort(rows, columns, count, options->sort))
        return ctl_error(CTL_USAGE, "there is no column %s to sort by", options->sort);
    if (options->json)
        ctl_print_json(rows, JSON_INDENT(1));
    else if (see)
        print_some(reply, columns, count, see);
    else
        table_print(rows, columns, count);
    return CTL_OK;
}

/* Asks for no more than will be seen; but what comes first in an order only all together tell. */
static int show_once(const struct options *options, const char *path, const struct column *columns,
                     size_t count)
{
    size_t see = rows_to_see(options);
    struct options asked = *options;
    char limit[24];
    struct reply reply;
    int code;

    snprintf(limit, sizeof(limit), "%zu", see);
    if (see && !options->sort)
        asked.limit = limit;
    reply = ctl_rows(&asked, path);
    if (reply.code == CTL_OK)
        code = print_list(options, reply.json, columns, count, see);
    else
        code = ctl_fail(options, &reply);
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
        ctl_print_json(rows, JSON_INDENT(1));
    } else {
        table_print(rows, history_columns, COUNT_OF(history_columns));
        for (n = 0; options->full && n < json_array_size(rows); n++) {
            row = json_object_get(json_array_get(rows, n), "all_sql_digests");
            for (m = 0; m < json_array_size(row); m++) {
                char hash[32], text[256];

                text_string(json_array_get(row, m), text, sizeof(text));
                text_string(json_object_get(json_array_get(rows, n), "hash"), hash, sizeof(hash));
                printf("%s  %s\n", hash, text);
            }
        }
    }
    reply_free(&reply);
    return code;
}
