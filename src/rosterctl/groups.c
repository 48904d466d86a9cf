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
        "%s: %.0f session%s, of these %.0f in groups not listed and %.0f whose group is not known; "
        "%.0f rule%s, %.0f refused\n",
        by, member_value(kind, "sessions"), count_s((uint64_t)member_value(kind, "sessions")),
        member_value(kind, "others"), member_value(kind, "unknown"), member_value(kind, "rules"),
        count_s((uint64_t)member_value(kind, "rules")), member_value(kind, "refused_total"));
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
