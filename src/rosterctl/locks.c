/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * locks: which sessions wait for which, as a tree, and the newest deadlocks.
 */
#include "rosterctl/rosterctl.h"

#include "core/base/clock.h"
#include "core/base/count.h"

#include <stdio.h>
#include <string.h>

#define DEEPEST 20 /* the indentation of deeper ones does not grow */
#define NARROW 60  /* columns of a terminal on which a level takes less */

/* What a narrow terminal does without, the least urgent first. */
#define SPARE "run_state,info,blocks,blocked_on,txn_ms"

static const struct column columns[] = {
    {"server", "SERVER", COLUMN_TEXT, 24},   {"tree", "SESSION", COLUMN_WHOLE, 0},
    {"user", "USER", COLUMN_TEXT, 24},       {"blocks", "BLOCKS", COLUMN_NUMBER, 0},
    {"wait_ms", "WAITED", COLUMN_MS, 0},     {"blocked_on", "FOR", COLUMN_TEXT, 40},
    {"txn_ms", "TRANSACTION", COLUMN_MS, 0}, {"run_state", "STATE", COLUMN_TEXT, 0},
    {"info", "INFO", COLUMN_TEXT, 0},
};

/* The columns of one server do not name it. */
static size_t shown_columns(const struct options *options, const struct column **shown)
{
    *shown = columns + !options->store;
    return COUNT_OF(columns) - !options->store;
}

void locks_draw_tree(const json_t *rows, int step, int deepest)
{
    size_t n;

    for (n = 0; n < json_array_size(rows); n++) {
        json_t *row = json_array_get(rows, n);
        json_int_t depth = json_integer_value(json_object_get(row, "depth"));
        char id[32], text[128];

        text_string(json_object_get(row, "id"), id, sizeof(id));
        depth = depth < 0 ? 0 : depth > deepest ? deepest : depth;
        snprintf(text, sizeof(text), "%*s%s%s", (int)depth * step, "", id,
                 json_is_true(json_object_get(row, "gone")) ? " (gone)" : "");
        json_object_set_new(row, "tree", json_string(text));
    }
}

/* "session 4 (alice)". */
static void print_member(const char *before, const json_t *wait)
{
    char id[32], user[160];

    text_string(json_object_get(wait, "id"), id, sizeof(id));
    text_string(json_object_get(wait, "user"), user, sizeof(user));
    printf("%ssession %s%s%s%s", before, *id ? id : "?", *user ? " (" : "", user, *user ? ")" : "");
}

static void print_deadlock(const json_t *deadlock)
{
    const json_t *waits = json_object_get(deadlock, "waits");
    json_int_t members = json_integer_value(json_object_get(deadlock, "members"));
    char number[32], what[256], age[32], server[136];
    uint64_t at_ms = (uint64_t)json_integer_value(json_object_get(deadlock, "at_ms"));
    size_t n;

    text_string(json_object_get(deadlock, "number"), number, sizeof(number));
    text_ms((double)rst_since(rst_wall_ms(), at_ms), age, sizeof(age));
    text_string(json_object_get(deadlock, "server"), server, sizeof(server));
    printf("deadlock %s%s%s, %s ago, of %lld session%s:\n", number, *server ? " of " : "", server,
           age, (long long)members, count_s((uint64_t)members));
    for (n = 0; n < json_array_size(waits); n++) {
        const json_t *wait = json_array_get(waits, n);
        size_t next = n + 1 < (size_t)members ? n + 1 : 0; /* the last waited for the first */

        text_string(json_object_get(wait, "blocked_on"), what, sizeof(what));
        print_member("  ", wait);
        print_member(" waited for ", json_array_get(waits, next));
        printf(": %s%s\n", *what ? what : "an unknown lock", n ? "" : "; its wait was refused");
    }
}

static void print(const struct options *options, const json_t *json)
{
    const struct column *shown;
    size_t count = shown_columns(options, &shown);
    const json_t *rows = json_object_get(json, "rows"),
                 *deadlocks = json_object_get(json, "deadlocks");
    size_t n;

    if (json_array_size(rows))
        table_print(rows, shown, count, SPARE);
    else
        puts("no session waits for another one");
    table_print_cut(json, "sessions");
    for (n = 0; n < json_array_size(deadlocks); n++)
        print_deadlock(json_array_get(deadlocks, n));
}

int ctl_locks(const struct options *options)
{
    char path[256] = "/locks";
    struct reply reply;
    const json_t *rows;
    const struct column *shown;
    size_t count = shown_columns(options, &shown);
    bool narrow;

    ctl_add_argument(path, sizeof(path), "limit", options->limit);
    reply = options->store ? cluster_ask(options, servers_locks, path, NULL)
                           : ctl_ask(options, "GET", path);
    rows = json_object_get(reply.json, "rows");
    narrow = table_width() > 0 && table_width() < NARROW;
    if (reply.code == CTL_OK && !options->json)
        locks_draw_tree(rows, narrow ? 1 : 2, narrow ? DEEPEST / 2 : DEEPEST);
    if (reply.code == CTL_OK && !table_print_for_program(options, reply.json, rows, shown, count))
        print(options, reply.json);
    return ctl_finish(options, &reply);
}
