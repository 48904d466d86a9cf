/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Which users, databases or applications have the most sessions, in fixed memory.
 *
 * A walk keeps a fixed number of candidates, each with a count. A session with another value
 * becomes a candidate if there is room. Otherwise all counts decrease by one, and those that reach
 * 0 make room (Misra and Gries, 1982). At the end every value with more than one in (candidates +
 * 1) of all sessions is a candidate. If any count was decreased, a second walk counts the
 * candidates.
 */
#include "core/base/process.h"
#include "core/base/struct_size.h"
#include "core/roster/quota.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <errno.h>
#include <roster/quota.h>
#include <roster/view.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES ROSTER_GROUPS_FOUND
#define PLACES (2 * CANDIDATES)

struct candidate {
    const char *value; /* of an identity, so readable until the read lock is left */
    uint64_t count;
};

struct count {
    enum roster_group_by by;
    bool again; /* the second walk */
    bool exact;
    unsigned used;
    uint64_t sessions;
    uint64_t unknown;
    struct candidate list[CANDIDATES];
    uint16_t places[PLACES]; /* of candidates, plus 1, by the hash of their value; 0: free */
};

const char *roster_group_by_name(enum roster_group_by by)
{
    static const char *const names[ROSTER_GROUP_BYS] = {
        [ROSTER_GROUP_USER] = "user",
        [ROSTER_GROUP_DATABASE] = "database",
        [ROSTER_GROUP_APPLICATION] = "application",
    };

    return (unsigned)by < ROSTER_GROUP_BYS ? names[by] : "unknown";
}

static const char *value_of(const struct roster_session *session, enum roster_group_by by)
{
    const struct roster_identity *identity = rst_dereference(&session->identity);

    return by == ROSTER_GROUP_USER       ? roster_identity_user(identity)
           : by == ROSTER_GROUP_DATABASE ? roster_identity_database(identity)
                                         : roster_identity_application(identity);
}

/* FNV-1a. Clients may have their names meet: a table of this size bears it. */
static unsigned hash(const char *value)
{
    uint32_t hash = 2166136261u;

    for (; *value; value++)
        hash = (hash ^ (unsigned char)*value) * 16777619u;
    return hash;
}

/* The place of a value, or the free place for it. */
static uint16_t *place_of(struct count *count, const char *value)
{
    unsigned at = hash(value);

    while (count->places[at % PLACES] &&
           strcmp(count->list[count->places[at % PLACES] - 1].value, value) != 0)
        at++;
    return &count->places[at % PLACES];
}

/* Takes one from each, and keeps those that have any left. */
static void take_one_from_each(struct count *count)
{
    unsigned n, kept = 0;

    count->exact = false;
    memset(count->places, 0, sizeof(count->places));
    for (n = 0; n < count->used; n++)
        if (--count->list[n].count)
            count->list[kept++] = count->list[n];
    count->used = kept;
    for (n = 0; n < kept; n++)
        *place_of(count, count->list[n].value) = (uint16_t)(n + 1);
}

static void add(struct count *count, const char *value)
{
    uint16_t *place = place_of(count, value);

    if (*place) {
        count->list[*place - 1].count++;
    } else if (count->again) {
        ; /* one of the others */
    } else if (count->used < CANDIDATES) {
        count->list[count->used] = (struct candidate){value, 1};
        *place = (uint16_t)++count->used;
    } else {
        take_one_from_each(count);
    }
}

static int add_batch(struct roster_session *const *batch, unsigned n, void *arg)
{
    struct count *count = arg;
    const char *value;
    unsigned i;

    for (i = 0; i < n; i++)
        rst_prefetch(rst_load(&batch[i]->identity));
    count->sessions += n;
    for (i = 0; i < n; i++) {
        value = value_of(batch[i], count->by);
        if (value)
            add(count, value);
        else
            count->unknown++;
    }
    return 0;
}

static int by_count(const void *one, const void *other)
{
    const struct candidate *a = one, *b = other;

    return a->count != b->count ? (a->count < b->count) - (a->count > b->count)
                                : strcmp(a->value, b->value);
}

static void walk_all(struct roster *roster, struct count *count)
{
    unsigned n;

    count->exact = true;
    (void)rst_registry_walk(&roster->registry, add_batch, count);
    if (!count->exact) {
        count->again = true;
        count->sessions = count->unknown = 0;
        for (n = 0; n < count->used; n++)
            count->list[n].count = 0;
        (void)rst_registry_walk(&roster->registry, add_batch, count);
    }
    qsort(count->list, count->used, sizeof(*count->list), by_count);
}

static size_t put(struct roster *roster, const struct count *count, struct roster_group *groups,
                  size_t most, struct roster_groups *sum)
{
    struct rst_quota *quota = roster->quota;
    size_t n, shown;

    rst_quota_lock(roster);
    sum->refused = quota->refused[count->by];
    for (n = 0; n < quota->rule_count; n++)
        sum->rules += quota->rules[n].by == count->by;
    for (shown = 0; shown < most && shown < count->used && count->list[shown].count; shown++) {
        const char *value = count->list[shown].value;
        size_t length = strlen(value);

        memset(&groups[shown], 0, sizeof(*groups));
        groups[shown].by = count->by;
        groups[shown].sessions = count->list[shown].count;
        groups[shown].cut = rst_group_value(groups[shown].value, value, length);
        rst_quota_describe(roster, value, length, &groups[shown]);
        sum->others -= groups[shown].sessions;
    }
    rst_quota_unlock(roster);
    return shown;
}

int roster_groups_top(struct roster *roster, enum roster_group_by by, struct roster_group *groups,
                      size_t *count, struct roster_groups *sum)
{
    struct roster_groups known = {.size = sizeof(known)};
    struct count *all;
    int err;

    if (!roster || !count || !sum || (*count && !groups) || (unsigned)by >= ROSTER_GROUP_BYS)
        return -EINVAL;
    err = rst_struct_check(sum, sizeof(known), sizeof(known));
    if (err)
        return err;
    all = calloc(1, sizeof(*all));
    if (!all)
        return -ENOMEM;
    all->by = by;
    err = roster_read_lock(roster);
    if (!err) {
        walk_all(roster, all);
        known.sessions = all->sessions;
        known.unknown = all->unknown;
        known.others = all->sessions - all->unknown;
        *count = put(roster, all, groups, *count, &known);
        roster_read_unlock(roster);
        rst_struct_put(sum, &known, sizeof(known));
    }
    free(all);
    return err;
}

int roster_groups_full(struct roster *roster, struct roster_group *groups, size_t *count)
{
    if (!roster || !count || (*count && !groups))
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    rst_quota_lock(roster);
    *count = rst_quota_full(roster, groups, *count);
    rst_quota_unlock(roster);
    return 0;
}
