/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Setting the rules that limit the sessions of groups. Letters and numbers are those of
 * core/roster/quota.h.
 */
#include "core/roster/quota.h"

#include "core/base/cancel.h"
#include "core/base/process.h"
#include "core/base/reclaim.h"
#include "core/base/struct_size.h"
#include "core/roster/registry.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <errno.h>
#include <roster/quota.h>
#include <stdlib.h>
#include <string.h>

/* Rules that take the place of others. */
struct rules {
    struct rst_rule *list;
    size_t count;
    size_t bytes;  /* that they take */
    unsigned bits; /* what they are about */
};

static void rules_free(struct rules *rules)
{
    size_t n;

    for (n = 0; n < rules->count; n++)
        free(rules->list[n].value);
    free(rules->list);
}

static int rule_copy(struct rst_rule *to, const struct roster_quota_rule *from, size_t size)
{
    struct roster_quota_rule known;
    size_t length;
    int err =
        from->size == size ? rst_struct_get(&known, sizeof(known), sizeof(known), from) : -EINVAL;

    if (err)
        return err;
    if ((unsigned)known.by >= ROSTER_GROUP_BYS || known.reserved > known.limit)
        return -EINVAL;
    if (known.value && strnlen(known.value, ROSTER_IDENTITY_MAX + 1) > ROSTER_IDENTITY_MAX)
        return -ENAMETOOLONG;
    to->by = known.by;
    to->limit = known.limit;
    to->reserved = known.reserved;
    if (!known.value)
        return 0;
    length = strlen(known.value) + 1;
    to->value = malloc(length);
    if (!to->value)
        return -ENOMEM;
    memcpy(to->value, known.value, length);
    return 0;
}

static int rules_copy(struct rules *rules, const struct roster_quota_rule *from, size_t count)
{
    const void *at = from;
    int err = 0;
    size_t n;

    memset(rules, 0, sizeof(*rules));
    if (!count)
        return 0;
    rules->list = calloc(count, sizeof(*rules->list));
    if (!rules->list)
        return -ENOMEM;
    while (!err && rules->count < count) {
        err = rule_copy(&rules->list[rules->count], at, from->size);
        rules->count += !err;
        at = (const char *)at + from->size;
    }
    qsort(rules->list, rules->count, sizeof(*rules->list), rst_rules_compare);
    rules->bytes = count * sizeof(*rules->list);
    for (n = 0; n < rules->count; n++) {
        rules->bits |= 1u << rules->list[n].by;
        rules->bytes += rules->list[n].value ? strlen(rules->list[n].value) + 1 : 0;
        if (!err && n && !rst_rules_compare(&rules->list[n - 1], &rules->list[n]))
            err = -EINVAL;
    }
    if (err)
        rules_free(rules);
    return err;
}

struct walk {
    struct roster *roster;
    unsigned bits;
    bool clear; /* nothing is counted by these any more */
};

/* c */
static int walk_batch(struct roster_session *const *batch, unsigned n, void *arg)
{
    const struct walk *walk = arg;
    unsigned i;
    int err = 0;

    rst_test_point("quota: sessions found");
    rst_quota_lock(walk->roster);
    for (i = 0; i < n && !err; i++)
        if (walk->clear)
            batch[i]->counted &= (uint8_t)~walk->bits;
        else
            err = rst_quota_count(walk->roster, batch[i], walk->bits);
    rst_quota_unlock(walk->roster);
    return err;
}

/* b and c */
static int walk(struct roster *roster, unsigned bits, bool clear)
{
    struct walk all = {roster, bits, clear};
    int err = rst_rcu_barrier(); /* b */

    if (err)
        return err;
    rst_test_point("quota: owners have looked");
    rst_rcu_read_lock();
    err = rst_registry_walk(&roster->registry, walk_batch, &all);
    rst_rcu_read_unlock();
    return err;
}

static void set_counting(struct roster *roster, unsigned bits)
{
    rst_store(&roster->registry.counting, bits); /* a: pairs with 2 */
}

/* Removes marks left from before, and waits for owners that leave with one. */
static int clear_stale(struct roster *roster)
{
    int err;

    if (!roster->quota->stale)
        return 0;
    err = walk(roster, roster->quota->stale, true);
    if (err)
        return err;
    rst_test_point("quota: marks are taken away");
    err = rst_rcu_barrier();
    if (!err)
        roster->quota->stale = 0;
    return err;
}

/* Has these not counted any more. Where no grace period can be had, the next call clears up. */
static void stop_counting(struct roster *roster, unsigned bits)
{
    rst_quota_lock(roster);
    set_counting(roster, (unsigned)rst_load(&roster->registry.counting) & ~bits);
    rst_quota_drop(roster, bits);
    rst_quota_unlock(roster);
    roster->quota->stale |= bits;
    rst_test_point("quota: counting ends");
    (void)clear_stale(roster);
}

static int start_counting(struct roster *roster, unsigned bits)
{
    int err;

    rst_quota_lock(roster);
    set_counting(roster, (unsigned)rst_load(&roster->registry.counting) | bits);
    rst_quota_unlock(roster);
    rst_test_point("quota: counting begins");
    err = walk(roster, bits, false);
    if (err)
        stop_counting(roster, bits);
    return err;
}

/* d: under the lock. The old rules are in `rules` afterwards. */
static void enforce(struct roster *roster, struct rules *rules)
{
    struct rst_quota *quota = roster->quota;
    struct rules before = {.list = quota->rules, .count = quota->rule_count};

    rst_account_change(&roster->account, &quota->rule_bytes, rules->bytes);
    quota->rules = rules->list;
    quota->rule_count = rules->count;
    quota->version++;
    *rules = before;
}

static int set(struct roster *roster, struct rules *rules)
{
    unsigned counted, bits = rules->bits;
    int err = clear_stale(roster);

    if (err)
        return err;
    counted = (unsigned)rst_load(&roster->registry.counting);
    if (bits & ~counted)
        err = start_counting(roster, bits & ~counted);
    if (err)
        return err;
    rst_quota_lock(roster);
    enforce(roster, rules);
    rst_quota_unlock(roster);
    if (counted & ~bits)
        stop_counting(roster, counted & ~bits);
    return 0;
}

int roster_quota_set(struct roster *roster, const struct roster_quota_rule *rules, size_t count)
{
    RST_NOT_CANCELLED;
    struct rules copied;
    int err;

    if (!roster || (count && !rules))
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    if (urcu_bp_read_ongoing())
        return -EBUSY;
    err = rules_copy(&copied, rules, count);
    if (err)
        return err;
    pthread_mutex_lock(&roster->quota->setting);
    err = set(roster, &copied);
    pthread_mutex_unlock(&roster->quota->setting);
    rules_free(&copied);
    return err;
}
