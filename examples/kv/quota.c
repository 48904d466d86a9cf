/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * --quota: how many connections each user or application may have.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RULES 64

/* LIMIT or LIMIT/RESERVED. */
static int parse_numbers(const char *text, struct roster_quota_rule *rule)
{
    char *end;

    if (*text < '0' || *text > '9')
        return -EINVAL;
    rule->limit = strtoull(text, &end, 10);
    if (*end == '/' && end[1] >= '0' && end[1] <= '9')
        rule->reserved = strtoull(end + 1, &end, 10);
    return *end ? -EINVAL : 0;
}

/* BY:NUMBERS is for each, BY=VALUE:NUMBERS for one. */
static int parse_rule(char *text, struct roster_quota_rule *rule)
{
    char *colon = strrchr(text, ':'), *equals = strchr(text, '=');
    unsigned by = 0;

    if (!colon)
        return -EINVAL;
    *colon = '\0';
    if (equals && equals < colon) {
        *equals = '\0';
        rule->value = equals + 1;
    }
    while (by < ROSTER_GROUP_BYS &&
           strcmp(text, roster_group_by_name((enum roster_group_by)by)) != 0)
        by++;
    rule->by = (enum roster_group_by)by; /* an unknown one is refused later */
    return parse_numbers(colon + 1, rule);
}

int quota_set(struct roster *roster, const char *text)
{
    struct roster_quota_rule rules[RULES];
    char *copy = strdup(text), *rest = copy, *one;
    size_t count = 0;
    int err = copy ? 0 : -ENOMEM;

    while (!err && (one = strsep(&rest, ","))) {
        rules[count] = (struct roster_quota_rule)ROSTER_QUOTA_RULE_INIT;
        err = parse_rule(one, &rules[count]);
        if (++count == RULES && rest)
            err = -E2BIG;
    }
    if (!err)
        err = roster_quota_set(roster, rules, count);
    free(copy);
    return err;
}
