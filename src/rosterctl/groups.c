/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * groups: which users, databases and applications have the most sessions, and how many they may
 * have.
 */
#include "rosterctl/rosterctl.h"

#include "core/base/count.h"

#include <stdio.h>

static const struct column columns[] = {
    {"by", "BY", COLUMN_TEXT, 0},
    {"value", "VALUE", COLUMN_TEXT, 40},
    {"sessions", "SESSIONS", COLUMN_NUMBER, 0},
    {"limit", "LIMIT", COLUMN_NUMBER, 0},
    {"reserved", "RESERVED", COLUMN_NUMBER, 0},
    {"refused", "REFUSED", COLUMN_NUMBER, 0},
};

static void print_rest(const json_t *kind)
{
    char by[32];

    text_string(json_object_get(kind, "by"), by, sizeof(by));
    printf(
        "%s: %lld session%s, of these %lld in groups not listed and %lld whose group is not known; "
        "%lld rule%s, %lld refused\n",
        by, (long long)json_integer_value(json_object_get(kind, "sessions")),
        count_s((uint64_t)json_integer_value(json_object_get(kind, "sessions"))),
        (long long)json_integer_value(json_object_get(kind, "others")),
        (long long)json_integer_value(json_object_get(kind, "unknown")),
        (long long)json_integer_value(json_object_get(kind, "rules")),
        count_s((uint64_t)json_integer_value(json_object_get(kind, "rules"))),
        (long long)json_integer_value(json_object_get(kind, "refused_total")));
}

int ctl_groups(const struct options *options)
{
    struct reply reply = ctl_ask(options, "GET", "/groups");
    const json_t *rows = json_object_get(reply.json, "rows"),
                 *kinds = json_object_get(reply.json, "kinds");
    size_t n;

    if (reply.code == CTL_OK &&
        !table_print_for_program(options, reply.json, rows, columns, COUNT_OF(columns))) {
        table_print(rows, columns, COUNT_OF(columns), "reserved,refused,limit");
        for (n = 0; n < json_array_size(kinds); n++)
            print_rest(json_array_get(kinds, n));
    }
    return ctl_finish(options, &reply);
}
