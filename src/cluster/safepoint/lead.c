/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Leading: one server at a time computes the safe points, so that not all do. The leader's key
 * hangs on its server's lease and goes with it. That two servers lead for a moment, or one that
 * was frozen goes on, does no harm, see safepoint.h.
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "cluster/keys/batch.h"
#include "cluster/safepoint/safepoint.h"
#include "cluster/syncer/syncer.h"
#include "store/base/backoff.h"
#include "store/base/clock.h"

/* The first of the looks for acknowledgements after the txn safe point has moved. */
#define ACK_LOOK_MS INT64_C(20)
#define NOT_LIVE_MS INT64_C(200)
#define RETRY_MS 200

static void set_leads(struct roster_safepoint *safepoint, bool leads, int64_t revision)
{
    bool changed;

    pthread_mutex_lock(&safepoint->lock);
    changed = safepoint->state.leads != leads;
    safepoint->state.leads = leads;
    safepoint->leader_revision = leads ? revision : 0;
    pthread_mutex_unlock(&safepoint->lock);
    if (!changed)
        return;
    safepoint_log(safepoint, ROSTER_STORE_LOG_INFO, "server %s %s", safepoint->server_id,
                  leads ? "leads" : "does not lead any more");
    safepoint_tell(safepoint);
}

/* A round that did not begin: who leads is not known any more. */
static void count_failure(struct roster_safepoint *safepoint, int err)
{
    pthread_mutex_lock(&safepoint->lock);
    safepoint->state.failures++;
    safepoint->state.leader[0] = '\0';
    pthread_mutex_unlock(&safepoint->lock);
    safepoint_note(safepoint, &safepoint->state.leading, err);
}

/* Whoever that is, and whether or not the watch tells it again. */
static void name_leader(struct roster_safepoint *safepoint, const void *id, size_t size)
{
    char *leader = safepoint->state.leader;

    if (size >= sizeof(safepoint->state.leader))
        size = sizeof(safepoint->state.leader) - 1;
    pthread_mutex_lock(&safepoint->lock);
    memcpy(leader, id, size);
    leader[size] = '\0';
    pthread_mutex_unlock(&safepoint->lock);
}

static void name_own(struct roster_safepoint *safepoint)
{
    name_leader(safepoint, safepoint->server_id, strlen(safepoint->server_id));
}

/* Takes the leader's key if nobody has it: whether it is ours. */
static int campaign(struct roster_safepoint *safepoint, int64_t lease, bool *leads)
{
    struct roster_store_txn_result *result = NULL;
    const struct roster_store_range *range;
    struct batch batch = {.n_ops = 0};
    int64_t revision = 0;
    bool ours = false;
    int err;

    batch_if_revision(&batch, safepoint->paths.leader, 0);
    batch_put(&batch, safepoint->paths.leader, roster_store_text(safepoint->server_id), lease);
    batch_otherwise_get(&batch, safepoint->paths.leader);
    err = batch_run(&batch, safepoint->store, (int)safepoint->options.timeout_ms, &result);
    if (err == 0 && result->succeeded) {
        ours = true;
        revision = result->revision;
        name_own(safepoint);
    } else if (err == 0) {
        range = &result->results[0].range;
        ours = range->count != 0 && range->kvs[0].lease == lease;
        revision = range->count == 0 ? 0 : range->kvs[0].mod_revision;
        if (range->count != 0 && !ours)
            name_leader(safepoint, range->kvs[0].value.data, range->kvs[0].value.size);
        else if (ours)
            name_own(safepoint);
    }
    roster_store_free(result);
    if (err != 0)
        count_failure(safepoint, err);
    set_leads(safepoint, ours, revision);
    *leads = ours;
    return err;
}

/* For keys that go with the server's lease at the latest. */
static void run_and_forget(struct roster_safepoint *safepoint, const struct batch *batch)
{
    int err = batch_run(batch, safepoint->store, (int)safepoint->options.timeout_ms, NULL);

    if (err != 0)
        safepoint_log(safepoint, ROSTER_STORE_LOG_WARNING,
                      "server %s could not withdraw: its keys stay until its lease ends",
                      safepoint->server_id);
}

/* Nobody acknowledges for this server any more, so its record has to say what it needs. */
static void withdraw_ack(struct roster_safepoint *safepoint)
{
    struct batch batch = {.n_ops = 0};
    bool may_stand;

    pthread_mutex_lock(&safepoint->lock);
    may_stand = safepoint->ack_may_stand;
    pthread_mutex_unlock(&safepoint->lock);
    if (!may_stand || syncer_live_lease(safepoint->options.syncer) == 0)
        return;
    syncer_ack_stands(safepoint->options.syncer, 0);
    batch_delete(&batch, safepoint->paths.ack);
    run_and_forget(safepoint, &batch);
}

void safepoint_resign(struct roster_safepoint *safepoint)
{
    struct batch batch = {.n_ops = 0};
    int64_t revision;

    if (safepoint->options.syncer == NULL)
        return;
    withdraw_ack(safepoint);
    pthread_mutex_lock(&safepoint->lock);
    revision = safepoint->leader_revision;
    pthread_mutex_unlock(&safepoint->lock);
    if (revision == 0)
        return;
    batch_if_revision(&batch, safepoint->paths.leader, revision);
    batch_delete(&batch, safepoint->paths.leader);
    run_and_forget(safepoint, &batch);
    set_leads(safepoint, false, 0);
}

/* How long until the next look: soon, then later and later, while servers have to acknowledge. */
static int64_t pause_ms(struct roster_safepoint *safepoint,
                        const struct roster_safepoint_result *gc)
{
    int64_t rest = store_remaining_ms(safepoint->txn_due), soon = ACK_LOOK_MS << safepoint->waits;

    if (gc->blocker.kind != ROSTER_BLOCKER_ACK) {
        safepoint->waits = 0;
        return rest;
    }
    if (safepoint->waits < 16)
        safepoint->waits++;
    return soon < rest ? soon : rest;
}

static void warn_of(struct roster_safepoint *safepoint, const char *which,
                    const struct roster_blocker *blocker)
{
    char text[512];

    if (blocker->kind == ROSTER_BLOCKER_UNREADABLE)
        safepoint_log(safepoint, ROSTER_STORE_LOG_ERROR, "the %s safe point stands still: %s",
                      which, roster_blocker_describe(blocker, text, sizeof(text)));
}

/* After a failure: soon, then later and later, not later than without one. */
static int64_t retry_ms(struct roster_safepoint *safepoint)
{
    int most = (int)safepoint->options.interval_ms, least = most < RETRY_MS ? most : RETRY_MS;
    uint64_t times;

    pthread_mutex_lock(&safepoint->lock);
    times = safepoint->state.leading.times;
    pthread_mutex_unlock(&safepoint->lock);
    return store_backoff_ns(least, most, times < 16 ? (unsigned)times : 16) / STORE_NS_PER_MS;
}

static int64_t lead(struct roster_safepoint *safepoint)
{
    int64_t lease = syncer_live_lease(safepoint->options.syncer);
    struct roster_safepoint_result txn = {.size = sizeof(txn)}, gc;
    bool due, leads;
    int err;

    if (lease == 0) {
        set_leads(safepoint, false, 0);
        return NOT_LIVE_MS;
    }
    if (campaign(safepoint, lease, &leads) != 0)
        return retry_ms(safepoint);
    if (!leads)
        return safepoint->options.interval_ms;
    /* Between two moves of the txn safe point only the acknowledgements of the last one count. */
    due = store_monotonic_ns() >= safepoint->txn_due;
    if (due)
        safepoint->txn_due =
            store_monotonic_ns() + safepoint->options.interval_ms * STORE_NS_PER_MS;
    err = safepoint_round(safepoint, due ? &txn : NULL, &gc);
    warn_of(safepoint, "txn", &txn.blocker);
    warn_of(safepoint, "gc", &gc.blocker);
    if (err != 0) {
        safepoint->txn_due = 0;
        return retry_ms(safepoint);
    }
    return pause_ms(safepoint, &gc);
}

void safepoint_lead_duty(struct roster_safepoint *safepoint)
{
    int64_t pause;

    /* Until below, or until somebody hurries. */
    rst_background_set_due(&safepoint->background, SAFEPOINT_LEAD, STORE_FOREVER);
    if (safepoint->options.syncer == NULL)
        return;
    pause = lead(safepoint);
    pthread_mutex_lock(&safepoint->lock);
    if (rst_background_due(&safepoint->background, SAFEPOINT_LEAD) == STORE_FOREVER)
        rst_background_set_due(&safepoint->background, SAFEPOINT_LEAD,
                               store_monotonic_ns() + pause * STORE_NS_PER_MS);
    pthread_mutex_unlock(&safepoint->lock);
}
