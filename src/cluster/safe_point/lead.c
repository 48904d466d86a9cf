/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Leading: one server at a time computes the safe points, to avoid duplicate work. The leader's key
 * is under its server's lease and disappears with it. Two leaders at once, or a frozen one that
 * resumes, are harmless, see safe_point/safe_point.h.
 */

#include "cluster/base/failing.h"
#include "cluster/keys/keys.h"
#include "cluster/safe_point/safe_point.h"
#include "cluster/syncer/syncer.h"
#include "store/base/backoff.h"
#include "store/base/clock.h"

#include <string.h>

/* The first of the looks for acknowledgements after the txn safe point has moved. */
#define ACK_LOOK_MS INT64_C(20)
#define NOT_LIVE_MS INT64_C(200)
#define RETRY_MS 200
/* The delay of the next round after servers were requested to give up what they hold. */
#define ASKED_MS 200

static void set_leads(struct roster_safe_point *safe_point, bool leads, int64_t revision)
{
    bool changed;

    pthread_mutex_lock(&safe_point->lock);
    changed = safe_point->state.leads != leads;
    safe_point->state.leads = leads;
    safe_point->leader_revision = leads ? revision : 0;
    if (changed && !leads) { /* what blocks them now is known to another server */
        memset(&safe_point->state.txn_blocker, 0, sizeof(safe_point->state.txn_blocker));
        memset(&safe_point->state.gc_blocker, 0, sizeof(safe_point->state.gc_blocker));
        memset(&safe_point->state.abandoned_holder, 0, sizeof(safe_point->state.abandoned_holder));
        safe_point->state.abandoned = 0;
    }
    pthread_mutex_unlock(&safe_point->lock);
    if (!changed)
        return;
    rst_safe_point_log(safe_point, ROSTER_STORE_LOG_INFO, "server %s %s", safe_point->server_id,
                       leads ? "leads" : "no longer leads");
    rst_safe_point_tell(safe_point);
}

/* A round that did not begin: the leader is no longer known. */
static void count_failure(struct roster_safe_point *safe_point, int err)
{
    pthread_mutex_lock(&safe_point->lock);
    safe_point->state.failures++;
    safe_point->state.leader[0] = '\0';
    pthread_mutex_unlock(&safe_point->lock);
    rst_safe_point_note(safe_point, &safe_point->state.leading, err);
}

/* Under lock: an event, unless it names the leader that the newest one has named. */
static void log_leader(struct roster_safe_point *safe_point)
{
    const char *leader = safe_point->state.leader;

    if (!safe_point->options.syncer || !strcmp(safe_point->logged_leader, leader))
        return;
    memcpy(safe_point->logged_leader, leader, sizeof(safe_point->logged_leader));
    rst_cluster_logged(safe_point->options.syncer->roster, ROSTER_LOGGED_LEADER,
                       !*leader                                ? "none"
                       : strcmp(leader, safe_point->server_id) ? "other"
                                                               : "self",
                       leader, 0);
}

void rst_safe_point_name_leader(struct roster_safe_point *safe_point, struct roster_store_bytes id)
{
    rst_paths_show(safe_point->state.leader, sizeof(safe_point->state.leader), id);
    log_leader(safe_point);
}

static void name_leader(struct roster_safe_point *safe_point, struct roster_store_bytes id)
{
    pthread_mutex_lock(&safe_point->lock);
    rst_safe_point_name_leader(safe_point, id);
    pthread_mutex_unlock(&safe_point->lock);
}

static void name_own(struct roster_safe_point *safe_point)
{
    name_leader(safe_point, roster_store_text(safe_point->server_id));
}

/* Takes the leader's key if it is free. Stores whether it is ours. */
static int campaign(struct roster_safe_point *safe_point, int64_t lease, bool *leads)
{
    struct roster_store_txn_result *result = NULL;
    const struct roster_store_range *range;
    struct batch batch = {.n_ops = 0};
    int64_t revision = 0;
    bool ours = false;
    int err;

    rst_batch_if_revision(&batch, safe_point->paths.leader, 0);
    rst_batch_put(&batch, safe_point->paths.leader, roster_store_text(safe_point->server_id),
                  lease);
    rst_batch_otherwise_get(&batch, safe_point->paths.leader);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, &result);
    if (!err && result->succeeded) {
        ours = true;
        revision = result->revision;
        name_own(safe_point);
    } else if (!err) {
        range = &result->results[0].range;
        ours = range->count != 0 && range->kvs[0].lease == lease;
        revision = range->count == 0 ? 0 : range->kvs[0].mod_revision;
        if (range->count != 0 && !ours)
            name_leader(safe_point, range->kvs[0].value);
        else if (ours)
            name_own(safe_point);
    }
    roster_store_free(result);
    if (err)
        count_failure(safe_point, err);
    else if (!ours) /* there is nothing to lead, and no round will say that the store works */
        rst_safe_point_note(safe_point, &safe_point->state.leading, 0);
    set_leads(safe_point, ours, revision);
    *leads = ours;
    return err;
}

/* For keys that go with the server's lease at the latest. */
static void run_and_forget(struct roster_safe_point *safe_point, const struct batch *batch)
{
    int err = rst_batch_run(batch, safe_point->store, (int)safe_point->options.timeout_ms, NULL);

    if (err)
        rst_safe_point_log(safe_point, ROSTER_STORE_LOG_WARNING,
                           "server %s could not withdraw: its keys stay until its lease ends",
                           safe_point->server_id);
}

/* No thread acknowledges for this server any more, so its record has to state what it needs. */
static void withdraw_ack(struct roster_safe_point *safe_point)
{
    struct batch batch = {.n_ops = 0};
    bool may_stand;

    pthread_mutex_lock(&safe_point->lock);
    may_stand = safe_point->ack_may_stand;
    pthread_mutex_unlock(&safe_point->lock);
    if (!may_stand || !rst_syncer_live_lease(safe_point->options.syncer))
        return;
    rst_syncer_ack_stands(safe_point->options.syncer, 0);
    rst_batch_delete(&batch, safe_point->paths.ack);
    run_and_forget(safe_point, &batch);
}

void rst_safe_point_resign(struct roster_safe_point *safe_point)
{
    struct batch batch = {.n_ops = 0};
    int64_t revision;

    if (!safe_point->options.syncer)
        return;
    withdraw_ack(safe_point);
    pthread_mutex_lock(&safe_point->lock);
    revision = safe_point->leader_revision;
    pthread_mutex_unlock(&safe_point->lock);
    if (revision == 0)
        return;
    rst_batch_if_revision(&batch, safe_point->paths.leader, revision);
    rst_batch_delete(&batch, safe_point->paths.leader);
    run_and_forget(safe_point, &batch);
    set_leads(safe_point, false, 0);
}

/* How long until the next look: soon, then later and later, while servers have to acknowledge. */
static int64_t pause_ms(struct roster_safe_point *safe_point,
                        const struct roster_safe_point_result *gc)
{
    int64_t rest = rst_store_remaining_ms(safe_point->txn_due),
            soon = ACK_LOOK_MS << safe_point->waits;

    if (gc->blocker.kind != ROSTER_BLOCKER_ACK) {
        safe_point->waits = 0;
        return rest;
    }
    if (safe_point->waits < 16)
        safe_point->waits++;
    return soon < rest ? soon : rest;
}

static void warn_of(struct roster_safe_point *safe_point, const char *which,
                    const struct roster_blocker *blocker)
{
    char text[512];

    if (blocker->kind == ROSTER_BLOCKER_UNREADABLE)
        rst_safe_point_log(safe_point, ROSTER_STORE_LOG_ERROR, "the %s safe point is stuck: %s",
                           which, roster_blocker_describe(blocker, text, sizeof(text)));
}

/* After a failure: soon, then later and later, not later than without one. */
static int64_t retry_ms(struct roster_safe_point *safe_point)
{
    int most = (int)safe_point->options.interval_ms, least = most < RETRY_MS ? most : RETRY_MS;
    uint64_t times;

    pthread_mutex_lock(&safe_point->lock);
    times = safe_point->state.leading.times;
    pthread_mutex_unlock(&safe_point->lock);
    return rst_store_backoff_ns(least, most, times < 16 ? (unsigned)times : 16) / STORE_NS_PER_MS;
}

/* Servers were requested to give up what they hold; they do so at once, not after an interval. */
static bool take_asked(struct roster_safe_point *safe_point)
{
    bool asked;

    pthread_mutex_lock(&safe_point->lock);
    asked = safe_point->asked;
    safe_point->asked = false;
    pthread_mutex_unlock(&safe_point->lock);
    return asked && safe_point->options.interval_ms > ASKED_MS;
}

static int64_t lead(struct roster_safe_point *safe_point)
{
    int64_t lease = rst_syncer_live_lease(safe_point->options.syncer);
    struct roster_safe_point_result txn = {.size = sizeof(txn)}, gc;
    bool due, leads;
    int err;

    if (lease == 0) {
        set_leads(safe_point, false, 0);
        return NOT_LIVE_MS;
    }
    if (campaign(safe_point, lease, &leads))
        return retry_ms(safe_point);
    if (!leads)
        return safe_point->options.interval_ms;
    /* Between two moves of the txn safe point only the acknowledgements of the last one count. */
    due = rst_store_monotonic_ns() >= safe_point->txn_due;
    if (due)
        safe_point->txn_due = rst_store_time_add(rst_store_monotonic_ns(),
                                                 safe_point->options.interval_ms * STORE_NS_PER_MS);
    err = rst_safe_point_round(safe_point, due ? &txn : NULL, &gc);
    warn_of(safe_point, "txn", &txn.blocker);
    warn_of(safe_point, "gc", &gc.blocker);
    if (err) {
        safe_point->txn_due = 0;
        return retry_ms(safe_point);
    }
    if (take_asked(safe_point))
        safe_point->txn_due =
            rst_store_time_add(rst_store_monotonic_ns(), ASKED_MS * STORE_NS_PER_MS);
    return pause_ms(safe_point, &gc);
}

void rst_safe_point_lead_duty(void *arg)
{
    struct roster_safe_point *safe_point = arg;
    int64_t pause;

    /* Until the time set below, or until it is woken earlier. */
    rst_background_set_due(&safe_point->background, SAFE_POINT_LEAD, STORE_FOREVER);
    if (!safe_point->options.syncer)
        return;
    pause = lead(safe_point);
    pthread_mutex_lock(&safe_point->lock);
    if (rst_background_due(&safe_point->background, SAFE_POINT_LEAD) == STORE_FOREVER)
        rst_background_set_due(&safe_point->background, SAFE_POINT_LEAD,
                               rst_background_in(pause * STORE_NS_PER_MS));
    pthread_mutex_unlock(&safe_point->lock);
    rst_log_flush(&safe_point->log, rst_store_monotonic_ns());
}
