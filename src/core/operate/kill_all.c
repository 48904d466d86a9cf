/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Killing many sessions at once.
 */
#include "core/operate/kill.h"
#include "core/roster/kill_word.h"

#include "core/base/struct_size.h"
#include "core/roster/roster.h"
#include "core/roster/txn_seq.h"

#include <roster/list.h>
#include <string.h>

struct kill_all {
    struct roster *roster;
    enum roster_kill_target target;
    enum roster_kill_reason reason;
    struct roster_kill_filter filter;
    struct roster_kill_counts counts;
};

static int filter_get(struct roster_kill_filter *known, const struct roster_kill_filter *filter)
{
    static const struct roster_kill_filter all = ROSTER_KILL_FILTER_INIT;
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), filter ? filter : &all);

    if (err)
        return err;
    if ((known->kinds & ~RST_KILL_ALL_KINDS) || known->reserved)
        return -EINVAL;
    if (!known->kinds)
        known->kinds = RST_KILL_ALL_KINDS;
    return 0;
}

static bool is_meant(const struct roster_kill_filter *filter, const struct roster_session *session,
                     const struct roster_shown *view)
{
    const char *user;

    if (!(filter->kinds & ROSTER_KIND_BIT(roster_session_kind(session))))
        return false;
    if (filter->except && roster_session_id(session) == filter->except)
        return false;
    if (!filter->user)
        return true;
    user = roster_identity_user(view->identity);
    return user && strcmp(user, filter->user) == 0;
}

static uint64_t *counter_of(struct roster_kill_counts *counts, int err)
{
    switch (err) {
    case 0:
        return &counts->delivered;
    case -ENOENT:
        return &counts->idle;
    case -ESTALE:
        return &counts->stale;
    case -EALREADY:
        return &counts->dying;
    case -EINPROGRESS:
        return &counts->unknown;
    default: /* -ESRCH */
        return &counts->gone;
    }
}

static int kill_one(const struct roster_session *session, const struct roster_shown *view,
                    void *arg)
{
    struct kill_all *all = arg;
    const struct roster_kill_filter *filter = &all->filter;
    struct roster_kill_info kill = rst_kill_aim(all->target, all->reason, filter->by);
    bool seen = true;
    int err;

    if (!is_meant(filter, session, view))
        return 0;
    all->counts.matched++;
    if (filter->may && !filter->may(session, view, filter->may_arg)) {
        all->counts.refused++;
        return 0;
    }
    if (all->target == ROSTER_KILL_TARGET_STATEMENT)
        kill.stmt_seq = view->statement ? view->statement->seq : 0;
    else if (all->target == ROSTER_KILL_TARGET_TRANSACTION)
        seen = rst_txn_seq(session, view, &kill.txn_seq);
    /* One that may have begun since is not the one that was seen. */
    if (!seen)
        err = -ESTALE;
    else if (all->target != ROSTER_KILL_TARGET_CONNECTION && !kill.stmt_seq && !kill.txn_seq)
        err = -ENOENT;
    else
        err = rst_kill_session(all->roster, (struct roster_session *)(uintptr_t)session, &kill);
    ++*counter_of(&all->counts, err);
    return 0;
}

int roster_kill_all(struct roster *roster, enum roster_kill_target target,
                    enum roster_kill_reason reason, const struct roster_kill_filter *filter,
                    struct roster_kill_counts *counts)
{
    struct kill_all all = {roster, target, reason, ROSTER_KILL_FILTER_INIT, {0}};
    int err;

    if (!roster || (unsigned)target > ROSTER_KILL_TARGET_TRANSACTION || !rst_kill_is_reason(reason))
        return -EINVAL;
    err = filter_get(&all.filter, filter);
    if (!err && counts)
        err = rst_struct_check(counts, sizeof(*counts), sizeof(*counts));
    if (!err && target != ROSTER_KILL_TARGET_CONNECTION)
        err = rst_owners_barrier(roster->membarrier); /* as in roster_kill() */
    if (!err)
        err = roster_read_lock(roster);
    if (err)
        return err;
    (void)roster_for_each(roster, kill_one, &all);
    roster_read_unlock(roster);
    if (counts)
        rst_struct_put(counts, &all.counts, sizeof(all.counts));
    return all.counts.unknown ? -EINPROGRESS : 0;
}
