/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Metrics of groups of sessions: no more than GROUPS_SHOWN of a kind, however many names clients
 * invent.
 */
#include "status/metrics.h"

#include "status/groups.h"

#include <inttypes.h>
#include <roster/text.h>
#include <string.h>

/* Values as labels show them: two groups that look alike would be one series twice, and a scrape
 * with that is refused as a whole. So they become one. */
static void merge_alike(struct shown_groups *shown)
{
    size_t n, m, kept = 0;

    for (n = 0; n < shown->count; n++) {
        struct roster_group *group = &shown->list[n];

        (void)roster_text_show(group->value, strlen(group->value), group->value,
                               sizeof(group->value));
        for (m = 0; m < kept && strcmp(shown->list[m].value, group->value) != 0; m++)
            ;
        if (m < kept)
            shown->list[m].sessions += group->sessions;
        else
            shown->list[kept++] = *group;
    }
    shown->count = kept;
}

static void put_sample(struct out *out, const char *name, enum roster_group_by by,
                       const char *group, const char *value, uint64_t number)
{
    rst_status_text_printf(out->text, "%s{by=\"%s\",", name, roster_group_by_name(by));
    if (group)
        rst_status_text_printf(out->text, "group=\"%s\",", group);
    rst_status_text_put(out->text, "value=\"");
    rst_metric_value(out, value);
    rst_status_text_printf(out->text, "} %" PRIu64 "\n", number);
}

void rst_metrics_put_groups(struct out *out, struct roster *roster)
{
    struct shown_groups shown[ROSTER_GROUP_BYS];
    unsigned by;
    size_t n;

    for (by = 0; by < ROSTER_GROUP_BYS; by++) {
        if (rst_groups_look(roster, (enum roster_group_by)by, &shown[by]))
            return;
        merge_alike(&shown[by]);
    }
    rst_metric_family(out, "roster_group_sessions", "gauge",
                      "Sessions of the largest groups (top), of all others, and of those in none "
                      "because it is not known (unknown).");
    for (by = 0; by < ROSTER_GROUP_BYS; by++) {
        for (n = 0; n < shown[by].count; n++)
            put_sample(out, "roster_group_sessions", (enum roster_group_by)by, "top",
                       shown[by].list[n].value, shown[by].list[n].sessions);
        put_sample(out, "roster_group_sessions", (enum roster_group_by)by, "others", "",
                   shown[by].sum.others);
        put_sample(out, "roster_group_sessions", (enum roster_group_by)by, "unknown", "",
                   shown[by].sum.unknown);
    }
    rst_metric_family(out, "roster_group_limit", "gauge",
                      "The most sessions that the rule of a group allows, of the largest groups "
                      "that have one.");
    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        for (n = 0; n < shown[by].count; n++)
            if (shown[by].list[n].limit)
                put_sample(out, "roster_group_limit", (enum roster_group_by)by, NULL,
                           shown[by].list[n].value, shown[by].list[n].limit);
    rst_metric_family(out, "roster_group_refused", "counter",
                      "Sessions refused because of the rule of a group.");
    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        rst_status_text_printf(out->text, "roster_group_refused_total{by=\"%s\"} %" PRIu64 "\n",
                               roster_group_by_name((enum roster_group_by)by),
                               shown[by].sum.refused);
}
