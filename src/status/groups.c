/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * GET /groups, and the verdict's look at groups of sessions.
 */
#include "status/groups.h"

#include "status/query.h"
#include "status/status.h"

#include <errno.h>
#include <roster/error.h>
#include <roster/text.h>
#include <stdio.h>
#include <string.h>

int rst_groups_look(struct roster *roster, enum roster_group_by by, struct shown_groups *shown)
{
    shown->count = GROUPS_SHOWN;
    shown->sum.size = sizeof(shown->sum);
    return roster_groups_top(roster, by, shown->list, &shown->count, &shown->sum);
}

void rst_group_show(const struct roster_group *group, char *to, size_t size)
{
    char value[ROSTER_GROUP_VALUE];

    (void)roster_text_show(group->value, strlen(group->value), value, sizeof(value));
    snprintf(to, size, "%s \"%s\"%s", roster_group_by_name(group->by), value,
             group->cut ? "..." : "");
}

void rst_group_command(const struct roster_group *group, char *to, size_t size)
{
    static const char *const options[ROSTER_GROUP_BYS] = {
        [ROSTER_GROUP_USER] = "user",
        [ROSTER_GROUP_DATABASE] = "db",
        [ROSTER_GROUP_APPLICATION] = "search",
    };
    static const char word[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@-";

    if (*group->value && !group->cut && !group->value[strspn(group->value, word)])
        snprintf(to, size, "ps --command=Sleep --sort=-time -n 20 --%s=%s", options[group->by],
                 group->value);
    else
        snprintf(to, size, "groups");
}

static void put_group(struct text *text, const struct roster_group *group)
{
    rst_status_out_open(text, NULL, '{');
    rst_status_out_string(text, "by", roster_group_by_name(group->by));
    rst_status_out_string(text, "value", group->value);
    rst_status_out_bool(text, "cut", group->cut);
    rst_status_out_number(text, "sessions", group->sessions);
    if (group->limit)
        rst_status_out_number(text, "limit", group->limit);
    else
        rst_status_out_null(text, "limit");
    rst_status_out_number(text, "reserved", group->reserved);
    rst_status_out_number(text, "refused", group->refused);
    rst_status_out_close(text, '}');
}

/* The sessions that are in none of the groups that are shown. */
static void put_sum(struct text *text, enum roster_group_by by, const struct roster_groups *sum)
{
    rst_status_out_open(text, NULL, '{');
    rst_status_out_string(text, "by", roster_group_by_name(by));
    rst_status_out_number(text, "sessions", sum->sessions);
    rst_status_out_number(text, "others", sum->others);
    rst_status_out_number(text, "unknown", sum->unknown);
    rst_status_out_number(text, "refused_total", sum->refused);
    rst_status_out_number(text, "rules", sum->rules);
    rst_status_out_close(text, '}');
}

unsigned rst_status_get_groups(struct request *request, struct query *query)
{
    struct shown_groups shown[ROSTER_GROUP_BYS];
    struct text *text = &request->text;
    unsigned by;
    size_t n;
    int err = 0;

    (void)query;
    for (by = 0; by < ROSTER_GROUP_BYS && !err; by++)
        err = rst_groups_look(request->status->roster, (enum roster_group_by)by, &shown[by]);
    if (err)
        return rst_status_request_error(request, err);
    rst_status_out_open(text, NULL, '{');
    rst_status_out_open(text, "rows", '[');
    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        for (n = 0; n < shown[by].count; n++)
            put_group(text, &shown[by].list[n]);
    rst_status_out_close(text, ']');
    rst_status_out_open(text, "kinds", '[');
    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        put_sum(text, (enum roster_group_by)by, &shown[by].sum);
    rst_status_out_close(text, ']');
    rst_status_out_close(text, '}');
    return MHD_HTTP_OK;
}
