/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The table of groups. See quota.h.
 *
 * Clients choose the names of groups and could make them collide in a hash table; the C library's
 * tree stays balanced for any names.
 */
#include "core/roster/quota.h"

#include "core/base/count.h"
#include "core/roster/event_log.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <inttypes.h>
#include <roster/text.h>
#include <roster/view.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED_LOOKED_AT 256
#define TREE_NODE (4 * sizeof(void *)) /* that tsearch() allocates for one */

/* What a tree is ordered by. */
struct key {
    const char *value;
    size_t length;
};

struct rst_group {
    struct key key; /* the first member */
    enum roster_group_by by;
    uint64_t sessions;
    uint64_t refused;
    uint64_t version;                   /* of the rules that `rule` is of */
    struct rst_rule *rule;              /* NULL: none */
    struct cds_list_head among_refused; /* where it has refusals */
    char value[];
};

struct rst_quota *rst_quota_create(void)
{
    struct rst_quota *quota = malloc(sizeof(*quota));

    if (quota)
        *quota = (struct rst_quota){.setting = PTHREAD_MUTEX_INITIALIZER,
                                    .lock = PTHREAD_MUTEX_INITIALIZER,
                                    .refused_groups = CDS_LIST_HEAD_INIT(quota->refused_groups)};
    return quota;
}

void rst_quota_destroy(struct roster *roster)
{
    struct rst_quota *quota = roster->quota;
    size_t n;

    if (!quota)
        return;
    rst_quota_drop(roster, UINT32_MAX);
    for (n = 0; n < quota->rule_count; n++)
        free(quota->rules[n].value);
    free(quota->rules);
    pthread_mutex_destroy(&quota->lock);
    pthread_mutex_destroy(&quota->setting);
    free(quota);
}

void rst_quota_lock(struct roster *roster)
{
    pthread_mutex_lock(&roster->quota->lock);
}

void rst_quota_unlock(struct roster *roster)
{
    pthread_mutex_unlock(&roster->quota->lock);
}

void rst_values_of(struct rst_values *values, const struct roster_identity *identity)
{
    unsigned by;

    values->value[ROSTER_GROUP_USER] = roster_identity_user(identity);
    values->value[ROSTER_GROUP_DATABASE] = roster_identity_database(identity);
    values->value[ROSTER_GROUP_APPLICATION] = roster_identity_application(identity);
    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        values->length[by] = values->value[by] ? strlen(values->value[by]) : 0;
}

int rst_values_kept(struct rst_values *values, const struct roster_session_attr *attr)
{
    static const enum rst_identity_field fields[ROSTER_GROUP_BYS] = {
        [ROSTER_GROUP_USER] = RST_IDENTITY_USER,
        [ROSTER_GROUP_DATABASE] = RST_IDENTITY_DATABASE,
        [ROSTER_GROUP_APPLICATION] = RST_IDENTITY_APPLICATION,
    };
    const char *strings[RST_IDENTITY_FIELDS];
    size_t lengths[RST_IDENTITY_FIELDS];
    unsigned by;

    if (rst_identity_strings(attr, strings, lengths) == SIZE_MAX)
        return -ENAMETOOLONG;
    for (by = 0; by < ROSTER_GROUP_BYS; by++) {
        values->value[by] = strings[fields[by]];
        values->length[by] = lengths[fields[by]];
    }
    return 0;
}

static int compare_keys(const void *one, const void *other)
{
    const struct key *a = one, *b = other;
    int order = memcmp(a->value, b->value, a->length < b->length ? a->length : b->length);

    return order ? order : (a->length > b->length) - (a->length < b->length);
}

int rst_rules_compare(const void *one, const void *other)
{
    const struct rst_rule *a = one, *b = other;

    if (a->by != b->by)
        return (a->by > b->by) - (a->by < b->by);
    if (!a->value || !b->value)
        return !!a->value - !!b->value;
    return strcmp(a->value, b->value);
}

/* The rule for a value; NULL: none. */
static struct rst_rule *rule_for(const struct rst_quota *quota, enum roster_group_by by,
                                 const char *value)
{
    struct rst_rule wanted = {.by = by, .value = (char *)(uintptr_t)value}, *found = NULL;

    if (!quota->rule_count)
        return NULL;
    found = bsearch(&wanted, quota->rules, quota->rule_count, sizeof(wanted), rst_rules_compare);
    wanted.value = NULL;
    return found ? found
                 : bsearch(&wanted, quota->rules, quota->rule_count, sizeof(wanted),
                           rst_rules_compare);
}

static struct rst_group *find(const struct rst_quota *quota, enum roster_group_by by,
                              const char *value, size_t length)
{
    struct key key = {value, length};
    struct rst_group *const *found = tfind(&key, &quota->trees[by], compare_keys);

    return found ? *found : NULL;
}

static size_t bytes_of(const struct rst_group *group)
{
    return sizeof(*group) + group->key.length + 1 + TREE_NODE;
}

/* Of a group that is in no tree. */
static void free_group(void *of)
{
    struct rst_group *group = of;

    if (group->refused)
        cds_list_del(&group->among_refused);
    free(group);
}

static void account(struct roster *roster, enum roster_group_by by, uint64_t bytes)
{
    roster->quota->bytes[by] += (size_t)bytes;
    rst_fetch_add(&roster->account.memory, bytes);
}

/* Finds or makes a group, which has no session so far; NULL: -ENOMEM. */
static struct rst_group *need(struct roster *roster, enum roster_group_by by, const char *value,
                              size_t length)
{
    struct rst_quota *quota = roster->quota;
    struct rst_group *group = find(quota, by, value, length);

    if (group)
        return group;
    group = malloc(sizeof(*group) + length + 1);
    if (!group)
        return NULL;
    memset(group, 0, sizeof(*group));
    memcpy(group->value, value, length);
    group->value[length] = '\0';
    group->key = (struct key){group->value, length};
    group->by = by;
    if (!tsearch(group, &quota->trees[by], compare_keys)) {
        free(group);
        return NULL;
    }
    account(roster, by, bytes_of(group));
    return group;
}

static void free_if_empty(struct roster *roster, struct rst_group *group)
{
    if (!group || group->sessions)
        return;
    tdelete(group, &roster->quota->trees[group->by], compare_keys);
    account(roster, group->by, -(uint64_t)bytes_of(group));
    free_group(group);
}

static struct rst_rule *rule_of(const struct rst_quota *quota, struct rst_group *group)
{
    if (group->version != quota->version) {
        group->rule = rule_for(quota, group->by, group->value);
        group->version = quota->version;
    }
    return group->rule;
}

/* How many sessions a group may have before one more is refused. */
static uint64_t places(const struct rst_rule *rule, bool privileged)
{
    return !rule || !rule->limit ? UINT64_MAX : rule->limit - (privileged ? 0 : rule->reserved);
}

bool rst_group_value(char *to, const char *value, size_t length)
{
    rst_event_log_text(to, ROSTER_GROUP_VALUE, value, length);
    return length >= ROSTER_GROUP_VALUE;
}

/* Of the group that `why` names, in words. */
static void explain(struct roster_quota_refusal *why)
{
    const char *by = roster_group_by_name(why->by);
    char value[ROSTER_GROUP_VALUE], reserved[64] = "";

    (void)roster_text_show(why->value, strlen(why->value), value, sizeof(value));
    if (why->reserved)
        snprintf(reserved, sizeof(reserved), ", %" PRIu64 " of them reserved", why->reserved);
    snprintf(why->text, sizeof(why->text),
             "%s \"%s\" has %" PRIu64 " session%s: the rule for %s%s allows %" PRIu64
             "%s; close one, or have the rule changed",
             by, value, why->sessions, count_s(why->sessions), why->each ? "each " : "this ", by,
             why->limit, reserved);
}

static int refuse(struct rst_quota *quota, struct rst_group *group,
                  struct roster_quota_refusal *why)
{
    struct rst_rule *rule = group->rule;

    if (group->refused++)
        cds_list_del(&group->among_refused);
    cds_list_add(&group->among_refused, &quota->refused_groups);
    rule->refused++;
    quota->refused[group->by]++;
    memset(why, 0, sizeof(*why));
    why->size = sizeof(*why);
    why->by = group->by;
    why->each = !rule->value;
    why->limit = rule->limit;
    why->reserved = rule->reserved;
    why->sessions = group->sessions;
    (void)rst_group_value(why->value, group->value, group->key.length);
    explain(why);
    return -EDQUOT;
}

/*
 * The groups for what `bits` say, with room in each; those that are the same as in `same` are NULL
 * and need none. `why` NULL: whether there is room or not. Of those made, the caller fills or frees
 * all. Returns 0, -EDQUOT or -ENOMEM.
 */
static int find_room(struct roster *roster, const struct rst_values *values, unsigned bits,
                     const struct rst_values *same, bool privileged,
                     struct rst_group *groups[ROSTER_GROUP_BYS], struct roster_quota_refusal *why)
{
    unsigned by;

    for (by = 0; by < ROSTER_GROUP_BYS; by++) {
        const char *value = values->value[by];

        if (!(bits & 1u << by) || !value)
            continue;
        if (same && same->value[by] && !strcmp(value, same->value[by]))
            continue;
        groups[by] = need(roster, (enum roster_group_by)by, value, values->length[by]);
        if (!groups[by])
            return -ENOMEM;
        if (why && groups[by]->sessions >= places(rule_of(roster->quota, groups[by]), privileged))
            return refuse(roster->quota, groups[by], why);
    }
    return 0;
}

static void free_empty(struct roster *roster, struct rst_group *groups[ROSTER_GROUP_BYS])
{
    unsigned by;

    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        free_if_empty(roster, groups[by]);
}

static void enter(struct rst_group *groups[ROSTER_GROUP_BYS])
{
    unsigned by;

    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        if (groups[by])
            groups[by]->sessions++;
}

static unsigned counting(const struct roster *roster)
{
    return (unsigned)rst_load(&roster->registry.counting);
}

int rst_quota_take(struct roster *roster, const struct rst_values *values, bool privileged,
                   uint8_t *mark, struct roster_quota_refusal *why)
{
    struct rst_group *groups[ROSTER_GROUP_BYS] = {NULL};
    unsigned bits = counting(roster);
    int err = find_room(roster, values, bits, NULL, privileged, groups, why);

    /* In the registry last: no place that is given back was ever taken. */
    if (!err)
        err = rst_registry_reserve(&roster->registry, privileged);
    if (!err) {
        enter(groups);
        *mark = (uint8_t)(bits | RST_COUNTED);
    }
    free_empty(roster, groups);
    return err;
}

static void leave(struct roster *roster, enum roster_group_by by, const char *value, size_t length)
{
    struct rst_group *group = find(roster->quota, by, value, length);

    group->sessions--;
    free_if_empty(roster, group);
}

void rst_quota_give(struct roster *roster, const struct rst_values *values, unsigned mark)
{
    unsigned by, bits = mark & counting(roster);

    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        if ((bits & 1u << by) && values->value[by])
            leave(roster, (enum roster_group_by)by, values->value[by], values->length[by]);
}

int rst_quota_move(struct roster *roster, const struct roster_session *session,
                   const struct rst_values *to, struct roster_quota_refusal *why)
{
    struct rst_group *groups[ROSTER_GROUP_BYS] = {NULL};
    unsigned by, bits = session->counted & counting(roster);
    struct rst_values from;
    int err;

    rst_values_of(&from, session->identity);
    err = find_room(roster, to, bits, &from, rst_is_privileged(session->kind, session->flags),
                    groups, why);
    if (!err)
        enter(groups);
    free_empty(roster, groups);
    for (by = 0; !err && by < ROSTER_GROUP_BYS; by++)
        if ((bits & 1u << by) && from.value[by] && (groups[by] || !to->value[by]))
            leave(roster, (enum roster_group_by)by, from.value[by], from.length[by]);
    return err;
}

int rst_quota_count(struct roster *roster, struct roster_session *session, unsigned bits)
{
    struct rst_group *groups[ROSTER_GROUP_BYS] = {NULL};
    struct rst_values values;
    int err;

    if (session->counted & RST_LEFT)
        return 0;
    bits &= ~(unsigned)session->counted;
    rst_values_of(&values, rst_dereference(&session->identity));
    err = find_room(roster, &values, bits, NULL, false, groups, NULL);
    if (!err) {
        enter(groups);
        session->counted |= (uint8_t)(bits | RST_COUNTED);
    }
    free_empty(roster, groups);
    return err;
}

void rst_quota_drop(struct roster *roster, unsigned bits)
{
    struct rst_quota *quota = roster->quota;
    unsigned by;

    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        if (bits & 1u << by) {
            tdestroy(quota->trees[by], free_group);
            quota->trees[by] = NULL;
            account(roster, (enum roster_group_by)by, -(uint64_t)quota->bytes[by]);
        }
}

void rst_quota_describe(struct roster *roster, const char *value, size_t length,
                        struct roster_group *group)
{
    struct rst_quota *quota = roster->quota;
    const struct rst_group *found = find(quota, group->by, value, length);
    const struct rst_rule *rule = rule_for(quota, group->by, value);

    group->limit = rule ? rule->limit : 0;
    group->reserved = rule ? rule->reserved : 0;
    group->refused = found ? found->refused : 0;
}

size_t rst_quota_full(struct roster *roster, struct roster_group *groups, size_t most)
{
    struct rst_quota *quota = roster->quota;
    struct rst_group *group;
    size_t count = 0, looked = 0;

    cds_list_for_each_entry (group, &quota->refused_groups, among_refused) {
        const struct rst_rule *rule = rule_of(quota, group);

        if (count == most || looked++ == REFUSED_LOOKED_AT)
            break;
        if (group->sessions < places(rule, false))
            continue;
        groups[count] = (struct roster_group){.by = group->by,
                                              .sessions = group->sessions,
                                              .limit = rule->limit,
                                              .reserved = rule->reserved,
                                              .refused = group->refused};
        groups[count].cut = rst_group_value(groups[count].value, group->value, group->key.length);
        count++;
    }
    return count;
}

void rst_quota_leave_slow(struct roster_session *session)
{
    struct roster *roster = rst_session_roster(session);
    struct rst_values values;

    rst_values_of(&values, session->identity);
    rst_quota_lock(roster);
    rst_quota_give(roster, &values, session->counted);
    session->counted = RST_LEFT;
    rst_quota_unlock(roster);
}
