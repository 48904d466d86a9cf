/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Rules that limit the sessions of groups, as a line of text for configuration files.
 */
#include "core/base/process.h"
#include "core/roster/roster.h"

#include <errno.h>
#include <roster/error.h>
#include <roster/quota.h>
#include <roster/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits alone. Returns what follows them, or NULL. */
static char *parse_number(char *text, uint64_t *number)
{
    char *end;
    int before = errno;
    bool fits;

    if (*text < '0' || *text > '9')
        return NULL;
    errno = 0;
    *number = strtoull(text, &end, 10);
    fits = !errno;
    errno = before;
    return fits ? end : NULL;
}

/* GROUP:LIMIT or GROUP=VALUE:LIMIT, with /RESERVED or without. Returns NULL, or what is wrong. */
static const char *parse_rule(char *text, struct roster_quota_rule *rule)
{
    char *colon = strrchr(text, ':'), *equals = strchr(text, '='), *end;
    unsigned by = 0;

    if (!colon)
        return "has no ':' before a limit";
    end = parse_number(colon + 1, &rule->limit);
    if (end && *end == '/')
        end = parse_number(end + 1, &rule->reserved);
    if (!end || *end)
        return "has no limit, or no limit/reserved, in decimal digits behind its ':'";
    if (rule->reserved > rule->limit)
        return "reserves more places than there are";
    *colon = '\0';
    if (equals && equals < colon) {
        *equals = '\0';
        rule->value = equals + 1;
    }
    while (by < ROSTER_GROUP_BYS &&
           strcmp(text, roster_group_by_name((enum roster_group_by)by)) != 0)
        by++;
    rule->by = (enum roster_group_by)by;
    return by < ROSTER_GROUP_BYS ? NULL : "is not about a user, database or application";
}

static size_t count_rules(const char *text)
{
    size_t count = *text != '\0';

    while ((text = strchr(text, ','))) {
        count++;
        text++;
    }
    return count;
}

static int set(struct roster *roster, const char *text, char *copy, struct roster_quota_rule *rules,
               size_t count, char *why, size_t size)
{
    const char *wrong = NULL, *rule = text;
    char *rest = copy;
    size_t n;
    int err;

    for (n = 0; n < count; n++) {
        rule = text + (rest - copy);
        rules[n] = (struct roster_quota_rule)ROSTER_QUOTA_RULE_INIT;
        wrong = parse_rule(strsep(&rest, ","), &rules[n]);
        if (wrong) {
            snprintf(why, size, "rule %zu, \"%.*s\", %s", n + 1, (int)strcspn(rule, ","), rule,
                     wrong);
            return -EINVAL;
        }
    }
    err = roster_quota_set(roster, rules, count);
    snprintf(why, size, "%s",
             err == -EINVAL ? "two of the rules are for the same sessions" : roster_strerror(err));
    return err;
}

int roster_quota_set_text(struct roster *roster, const char *text, char *why, size_t size)
{
    size_t count = text ? count_rules(text) : 0, bytes = text ? strlen(text) + 1 : 0;
    struct roster_quota_rule *rules;
    char *copy;
    int err;

    if (!roster || !text || (size && !why))
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    copy = malloc(bytes);
    rules = copy ? calloc(count + 1, sizeof(*rules)) : NULL;
    err = rules ? 0 : -ENOMEM;
    if (rules)
        err = set(roster, text, memcpy(copy, text, bytes), rules, count, why, size);
    else
        snprintf(why, size, "%s", roster_strerror(err));
    if (size)
        roster_text_show(why, strlen(why), why, size);
    free(rules);
    free(copy);
    return err;
}
