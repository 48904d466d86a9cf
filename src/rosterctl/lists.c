/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * ps, trx, holders and history.
 */
#include "rosterctl/rosterctl.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const struct column ps_columns[] = {
    {"id", "ID", COLUMN_NUMBER, 0},
    {"kind", "KIND", COLUMN_TEXT, 0},
    {"user", "USER", COLUMN_TEXT, 24},
    {"host", "HOST", COLUMN_TEXT, 48},
    {"db", "DB", COLUMN_TEXT, 24},
    {"application", "NAME", COLUMN_TEXT, 24},
    {"command", "COMMAND", COLUMN_TEXT, 0},
    {"time_ms", "TIME", COLUMN_MS, 0},
    {"state", "STATE", COLUMN_TEXT, 0},
    {"statement", "STATEMENT", COLUMN_ID, 0},
    {"wait_event", "WAITS FOR", COLUMN_WAIT, 48},
    {"info", "INFO", COLUMN_TEXT, 0},
    {"last", "LAST", COLUMN_TEXT, 0},
};

static const struct column trx_columns[] = {
    {"session_id", "SESSION", COLUMN_NUMBER, 0},
    {"kind", "KIND", COLUMN_TEXT, 0},
    {"user", "USER", COLUMN_TEXT, 24},
    {"db", "DB", COLUMN_TEXT, 24},
    {"id", "START_TS", COLUMN_NUMBER, 0},
    {"start_time", "BEGAN", COLUMN_WHEN, 0},
    {"age_ms", "AGE", COLUMN_MS, 0},
    {"state", "STATE", COLUMN_TEXT, 0},
    {"wait_event", "WAITS FOR", COLUMN_WAIT, 48},
    {"waiting_time", "WAITING", COLUMN_MS, 0},
    {"mem_buffer_keys", "KEYS", COLUMN_NUMBER, 0},
    {"mem_buffer_bytes", "BYTES", COLUMN_NUMBER, 0},
    {"current_sql_digest", "DIGEST", COLUMN_TEXT, 64},
    {"last", "LAST", COLUMN_TEXT, 100},
};

static const struct column holder_columns[] = {
    {"held_ms", "FOR", COLUMN_MS, 0},        {"holder", "HELD BY", COLUMN_TEXT, 0},
    {"pin_kind", "KIND", COLUMN_TEXT, 0},    {"pin_id", "PIN", COLUMN_ID, 0},
    {"session_id", "SESSION", COLUMN_ID, 0}, {"user", "USER", COLUMN_TEXT, 24},
    {"db", "DB", COLUMN_TEXT, 24},           {"application", "NAME", COLUMN_TEXT, 24},
    {"ts", "TS", COLUMN_NUMBER, 0},          {"start_time", "AT", COLUMN_WHEN, 0},
    {"run_state", "STATE", COLUMN_TEXT, 0},  {"wait_event", "WAITS FOR", COLUMN_WAIT, 48},
    {"info", "INFO", COLUMN_TEXT, 0},        {"last", "LAST", COLUMN_TEXT, 0},
};

static const struct column history_columns[] = {
    {"hash", "HASH", COLUMN_NUMBER, 0},
    {"count", "COUNT", COLUMN_NUMBER, 0},
    {"max_duration_ms", "LONGEST", COLUMN_MS, 0},
};

/* How many rows a terminal has for a list that is watched: below its title, above the line that
 * counts the others. 0: no terminal, or it need not be seen at a glance. */
static size_t rows_to_see(const struct options *options)
{
    struct winsize size = {0};

    if (options->watch_s <= 0 || ctl_for_program(options) || options->limit ||
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
        return 0;
    return size.ws_row > 3 ? (size_t)size.ws_row - 2 : 1;
}

/* The width of the terminal, where nothing else was asked for. */
static size_t width_of(const struct options *options)
{
    return options->columns || options->full ? 0 : table_width();
}

/* A list of the server's. */
struct list {
    const char *path, *what;
    const struct column *columns;
    size_t count;
    const char *spare; /* what a terminal that is too narrow does without, the least urgent first */
};

/* Nothing scrolls away: lines end where the terminal does, and the rest is counted. */
static void print_some(json_t *reply, const struct list *list, size_t see, size_t width)
{
    json_t *rows = json_object_get(reply, "rows");
    size_t all = (size_t)json_integer_value(json_object_get(reply, "matched"));

    while (json_array_size(rows) > see)
        json_array_remove(rows, json_array_size(rows) - 1);
    fputs(table_can_move() ? "\033[?7l" : "", stdout);
    table_print_within(rows, list->columns, list->count, width, list->spare);
    fputs(table_can_move() ? "\033[?7h" : "", stdout);
    if (all > see)
        printf("and %zu more%s", all - see, table_can_move() ? "" : "\n");
}

static void print_list(const struct options *options, json_t *reply, const struct list *list,
                       size_t see)
{
    json_t *rows = json_object_get(reply, "rows");

    if (table_print_for_program(options, reply, rows, list->columns, list->count))
        return;
    if (see) {
        print_some(reply, list, see, width_of(options));
    } else {
        table_print_within(rows, list->columns, list->count, width_of(options), list->spare);
        table_print_cut(reply, list->what);
    }
}

/* A list as it is asked for, with names for people turned into the server's. */
struct wanted {
    struct options asked;
    struct column columns[COLUMNS_MOST];
    size_t count;
    char sort[64], names[1024], keys[COLUMNS_MOST][64], limit[24];
};

/* What is in no table goes to the server by the name it was given. */
static void take_column(struct wanted *wanted, const struct column *columns, size_t count,
                        const char *name, size_t length)
{
    const struct column *known = column_find(columns, count, name, length);
    struct column *column = &wanted->columns[wanted->count];
    char *key = wanted->keys[wanted->count];
    size_t used = strlen(wanted->names);

    snprintf(key, sizeof(wanted->keys[0]), "%.*s", (int)length, name);
    *column = known ? *known : (struct column){key, key, COLUMN_TEXT, 0};
    snprintf(wanted->names + used, sizeof(wanted->names) - used, "%s%s", wanted->count ? "," : "",
             column->key);
    wanted->count++;
}

static void take_columns(struct wanted *wanted, const struct column *columns, size_t count,
                         const char *names)
{
    size_t length;

    for (;; names += length + 1) {
        length = strcspn(names, ",");
        if (wanted->count < COLUMNS_MOST)
            take_column(wanted, columns, count, names, length);
        if (!names[length])
            break;
    }
    wanted->asked.columns = wanted->names;
}

static void take_sort(struct wanted *wanted, const struct column *columns, size_t count,
                      const char *sort)
{
    const char *name = sort + (*sort == '-');
    const struct column *known = column_find(columns, count, name, strlen(name));

    snprintf(wanted->sort, sizeof(wanted->sort), "%s%s", name == sort ? "" : "-",
             known ? known->key : name);
    wanted->asked.sort = wanted->sort;
}

/* Of a cluster: which server a row is of comes first, and what rows are merged by is asked for. */
static void take_server(struct wanted *wanted, const struct column *columns, size_t count)
{
    const char *key = wanted->sort + (*wanted->sort == '-');
    size_t used = strlen(wanted->names);

    if (!wanted->asked.columns) {
        memcpy(wanted->columns, columns, count * sizeof(*columns));
        wanted->count = count;
    } else if (*key) {
        snprintf(wanted->names + used, sizeof(wanted->names) - used, ",%s", key);
    }
    if (wanted->count == COLUMNS_MOST)
        wanted->count--;
    memmove(wanted->columns + 1, wanted->columns, wanted->count * sizeof(*columns));
    wanted->columns[0] = (struct column){"server", "SERVER", COLUMN_TEXT, 24};
    wanted->count++;
}

/* Asks for no more than will be seen. `*began`: a list was shown, now or before. */
static int show_once(const struct options *options, const struct list *list, bool *began)
{
    size_t see = rows_to_see(options);
    struct wanted wanted = {.asked = *options};
    struct list shown = *list;
    struct reply reply;

    if (see) {
        snprintf(wanted.limit, sizeof(wanted.limit), "%zu", see);
        wanted.asked.limit = wanted.limit;
    }
    if (options->sort)
        take_sort(&wanted, list->columns, list->count, options->sort);
    if (options->columns)
        take_columns(&wanted, list->columns, list->count, options->columns);
    if (options->store)
        take_server(&wanted, list->columns, list->count);
    if (wanted.count) {
        shown.columns = wanted.columns;
        shown.count = wanted.count;
    }
    reply = options->store ? cluster_ask(&wanted.asked, servers_rows, list->path, NULL)
                           : ctl_rows(&wanted.asked, list->path);
    if (reply.code == CTL_OK)
        print_list(options, reply.json, &shown, see);
    *began = *began || reply.code == CTL_OK;
    return ctl_finish(options, &reply);
}

/* What was watched is watched on while servers do not answer, or the store fails: that is when it
 * is looked at. */
static int show(const struct options *options, const struct list *list)
{
    struct timespec pause = {(time_t)options->watch_s, 0};
    bool began = false;
    int code = show_once(options, list, &began);

    pause.tv_nsec = (long)((options->watch_s - (double)pause.tv_sec) * 1e9);
    while (options->watch_s > 0 && began && code != CTL_USAGE && code != CTL_FORBIDDEN) {
        if (fflush(stdout))
            return ctl_error(CTL_FAILED, "cannot write");
        nanosleep(&pause, NULL);
        if (!ctl_for_program(
                options)) /* what cannot move its cursor, such as a file, goes on below */
            fputs(table_can_move() ? "\033[H\033[2J" : "\n", stdout);
        code = show_once(options, list, &began);
    }
    return code;
}

int ctl_ps(const struct options *options)
{
    static const struct list list = {
        "/processlist", "sessions", ps_columns, COUNT_OF(ps_columns),
        "last,statement,kind,host,db,application,command,wait_event,state,info"};

    return show(options, &list);
}

int ctl_trx(const struct options *options)
{
    static const struct list list = {
        "/trx", "transactions", trx_columns, COUNT_OF(trx_columns),
        "last,kind,mem_buffer_bytes,start_time,db,mem_buffer_keys,id,waiting_time,"
        "current_sql_digest,wait_event,state"};

    return show(options, &list);
}

/* The oldest first, also of several servers. */
int ctl_holders(const struct options *options)
{
    static const struct list list = {
        "/holders", "holders", holder_columns, COUNT_OF(holder_columns),
        "last,info,ts,start_time,db,wait_event,application,run_state,pin_id,pin_kind"};
    struct options asked = *options;

    if (!asked.sort)
        asked.sort = "ts";
    return show(&asked, &list);
}

static void print_digests(const json_t *row)
{
    const json_t *digests = json_object_get(row, "all_sql_digests");
    char hash[32], text[256];
    size_t n;

    text_string(json_object_get(row, "hash"), hash, sizeof(hash));
    for (n = 0; n < json_array_size(digests); n++) {
        text_string(json_array_get(digests, n), text, sizeof(text));
        printf("%s  %s\n", hash, text);
    }
}

int ctl_history(const struct options *options)
{
    struct reply reply = ctl_ask(options, "GET", "/history");
    const json_t *rows = json_object_get(reply.json, "rows");
    size_t n, count = COUNT_OF(history_columns);

    if (reply.code == CTL_OK &&
        !table_print_for_program(options, rows, rows, history_columns, count)) {
        table_print(rows, history_columns, count, "");
        for (n = 0; options->full && n < json_array_size(rows); n++)
            print_digests(json_array_get(rows, n));
    }
    return ctl_finish(options, &reply);
}
