/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Killing many sessions at once, with one membarrier.
 *
 * Sessions are collected as a list is read. Then all of them take the steps of kill.c or kill_txn.c
 * while the kill lock is held once: each word is written, one barrier serves all, each session is
 * examined again. Then their owners are woken. The sessions found are kept until then
 * (rst_keep_begin()). The read lock is left every few sessions, and while owners are woken, so that
 * the host's grace periods wait only briefly.
 *
 * If there is no memory to collect all of them, they are killed a few at a time.
 */
#include "core/operate/kill.h"

#include "core/base/cancel.h"
#include "core/base/process.h"
#include "core/base/reclaim.h"
#include "core/base/struct_size.h"
#include "core/reader/list.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/txn_seq.h"

#include <roster/list.h>
#include <stdlib.h>
#include <string.h>

/* Sessions a read section, and those that are killed at a time when memory is out. */
#define FEW 64

/* Sessions whose lines are on their way. */
#define AHEAD 8

struct kill_all {
    struct roster *roster;
    enum roster_kill_target target;
    enum roster_kill_reason reason;
    struct roster_kill_filter filter;
    struct roster_kill_counts counts;
    uint64_t results[ROSTER_KILL_RESULTS];
    struct rst_killing *list;
    size_t n, room;
    unsigned steps;        /* in this read section */
    struct rst_moment now; /* when it began */
};

static int filter_get(struct roster_kill_filter *known, const struct roster_kill_filter *filter)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), filter);

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

/* Leaves the read lock now and then. */
static void step(struct kill_all *all)
{
    if (++all->steps % FEW)
        return;
    rst_rcu_read_unlock();
    rst_rcu_read_lock();
    all->now = rst_moment();
}

/* The n-th. Prefetches the lines of a later one. */
static struct rst_killing *listed(const struct kill_all *all, size_t n)
{
    if (n + AHEAD < all->n) {
        rst_prefetch_write(all->list[n + AHEAD].session);
        rst_prefetch(rst_load(&all->list[n + AHEAD / 2].session->view));
    }
    return &all->list[n];
}

/* In one turn of the kill lock. */
static void kill_listed(struct kill_all *all)
{
    size_t open = 0, n;
    int err;

    pthread_mutex_lock(&all->roster->kill_lock);
    for (n = 0; n < all->n; n++, step(all))
        open += rst_kill_begin(listed(all, n), all->target, all->reason);
    err = open ? rst_kill_barrier(all->roster) : 0;
    for (n = 0; n < all->n; n++, step(all)) {
        struct rst_killing *killing = listed(all, n);

        if (killing->result > 0)
            rst_kill_end(killing, all->target, all->reason, err);
    }
    pthread_mutex_unlock(&all->roster->kill_lock);
}

static struct roster_kill_info info_of(const struct kill_all *all, size_t n)
{
    struct roster_kill_info kill = rst_kill_aim(all->target, all->reason, all->filter.by);

    rst_kill_describe(&kill, &all->list[n]);
    return kill;
}

/* Kills those that were collected, and empties the list. */
static void kill_them(struct kill_all *all)
{
    struct roster_kill_info kill;
    size_t n;

    kill_listed(all);
    for (n = 0; n < all->n; n++, step(all)) {
        const struct rst_killing *killing = &all->list[n];

        all->results[rst_kill_result(killing->result)]++;
        kill = info_of(all, n);
        rst_kill_record(all->roster, killing->identity, &kill, killing->result, all->now);
    }
    rst_rcu_read_unlock();
    for (n = 0; n < all->n; n++) {
        if (!rst_side_of(all->list[n].session))
            continue;
        kill = info_of(all, n);
        rst_kill_wake(all->list[n].session, &kill, all->list[n].result);
    }
    rst_rcu_read_lock();
    all->n = 0;
}

/* What the view shows: 0, or the result that is known already. */
static int aim(const struct kill_all *all, const struct roster_session *session,
               const struct roster_shown *view, uint64_t *seq)
{
    bool seen = true;

    if (all->target == ROSTER_KILL_TARGET_CONNECTION)
        return 0;
    if (all->target == ROSTER_KILL_TARGET_STATEMENT)
        *seq = view->statement ? view->statement->seq : 0;
    else
        seen = rst_txn_seq(session, view, seq);
    /* One that may have begun since is not the one that was seen. */
    if (!seen)
        return -ESTALE;
    return *seq ? 0 : -ENOENT;
}

static int collect(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    struct kill_all *all = arg;
    const struct roster_kill_filter *filter = &all->filter;
    uint64_t seq = 0;
    int err;

    step(all);
    if (!is_meant(filter, session, view))
        return 0;
    all->counts.matched++;
    if (filter->may && !filter->may(session, view, filter->may_arg)) {
        all->counts.refused++;
        return 0;
    }
    err = aim(all, session, view, &seq);
    if (err) {
        all->results[rst_kill_result(err)]++;
        return 0;
    }
    all->list[all->n++] =
        (struct rst_killing){.session = (struct roster_session *)(uintptr_t)session,
                             .seq = seq,
                             .identity = view->identity};
    if (all->n == all->room)
        kill_them(all);
    return 0;
}

static void collect_and_kill(struct kill_all *all)
{
    struct rst_killing few[FEW];
    size_t open = (size_t)rst_load(&all->roster->registry.open);

    all->list = open < FEW ? NULL : malloc((open + FEW) * sizeof(*all->list));
    all->room = all->list ? open + FEW : FEW;
    if (!all->list)
        all->list = few;
    rst_keep_begin();
    rst_rcu_read_lock();
    all->now = rst_moment();
    if (all->filter.may)
        (void)roster_for_each(all->roster, collect, all);
    else
        (void)rst_for_each(all->roster, collect, all, NULL, 0);
    kill_them(all);
    rst_rcu_read_unlock();
    rst_keep_end();
    if (all->list != few)
        free(all->list);
}

int roster_kill_all(struct roster *roster, enum roster_kill_target target,
                    enum roster_kill_reason reason, const struct roster_kill_filter *filter,
                    struct roster_kill_counts *counts)
{
    RST_NOT_CANCELLED;
    struct kill_all all = {.roster = roster, .target = target, .reason = reason};
    int err;

    if (!roster || (unsigned)target >= ROSTER_KILL_TARGETS || !rst_kill_is_reason(reason))
        return -EINVAL;
    err = filter_get(&all.filter, filter);
    if (!err && counts)
        err = rst_struct_check(counts, sizeof(*counts), sizeof(*counts));
    if (!err && rst_process_is_other(roster->process))
        err = -ECHILD;
    if (!err && target != ROSTER_KILL_TARGET_CONNECTION)
        err = rst_owners_barrier(roster->membarrier); /* as in roster_kill() */
    if (err)
        return err;
    collect_and_kill(&all);
    all.counts.delivered = all.results[ROSTER_KILL_RESULT_DELIVERED];
    all.counts.idle = all.results[ROSTER_KILL_RESULT_NOTHING];
    all.counts.stale = all.results[ROSTER_KILL_RESULT_STALE];
    all.counts.dying = all.results[ROSTER_KILL_RESULT_DYING];
    all.counts.gone = all.results[ROSTER_KILL_RESULT_GONE];
    all.counts.unknown = all.results[ROSTER_KILL_RESULT_UNKNOWN];
    all.counts.rejected = all.results[ROSTER_KILL_RESULT_REJECTED];
    if (counts)
        rst_struct_put(counts, &all.counts, sizeof(all.counts));
    return all.counts.unknown ? -EINPROGRESS : 0;
}
