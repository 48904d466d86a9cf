/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Following the safe points through a watch, and acknowledging them. */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cluster/batch.h"
#include "cluster/record.h"
#include "cluster/safepoint.h"
#include "cluster/store_clock.h"
#include "cluster/syncer.h"

#define PAUSE_NS (200 * STORE_NS_PER_MS)

static bool is_key(const struct roster_store_kv *kv, const char *key)
{
    return kv->key.size == strlen(key) && memcmp(kv->key.data, key, kv->key.size) == 0;
}

/* Somebody leads, or nobody does: then it is time to try. */
static void take_leader(struct roster_safepoint *safepoint, const struct roster_store_event *event)
{
    bool put = event->type == ROSTER_STORE_EVENT_PUT;
    const struct roster_store_bytes *id = &event->kv.value;

    pthread_mutex_lock(&safepoint->lock);
    snprintf(safepoint->state.leader, sizeof(safepoint->state.leader), "%.*s",
             put && id->size < INT_MAX ? (int)id->size : 0, put ? (const char *)id->data : "");
    if (!put)
        safepoint->due[SAFEPOINT_LEAD] = 0;
    pthread_cond_broadcast(&safepoint->changed);
    pthread_mutex_unlock(&safepoint->lock);
}

static void take_put(struct roster_safepoint *safepoint, const struct roster_store_kv *kv)
{
    bool txn = is_key(kv, safepoint->paths.txn), gc = is_key(kv, safepoint->paths.gc);
    uint64_t ts = 0;

    if (!txn && !gc)
        return;
    if (record_parse(kv->value, &ts) != 0) {
        safepoint_log(safepoint, ROSTER_STORE_LOG_ERROR, "%s holds no timestamp",
                      txn ? safepoint->paths.txn : safepoint->paths.gc);
        return;
    }
    safepoint_learn(safepoint, txn ? ts : 0, gc ? ts : 0);
}

static void take(struct roster_safepoint *safepoint, const struct roster_store_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        const struct roster_store_event *event = &events->events[i];

        if (is_key(&event->kv, safepoint->paths.leader))
            take_leader(safepoint, event);
        else if (event->type == ROSTER_STORE_EVENT_PUT)
            take_put(safepoint, &event->kv);
    }
}

/* Whether there is something to acknowledge; its value and the lease to do it under. */
static bool owes(struct roster_safepoint *safepoint, uint64_t *txn, int64_t *lease)
{
    bool does;

    if (safepoint->options.syncer == NULL)
        return false;
    *lease = syncer_live_lease(safepoint->options.syncer);
    *txn = roster_txn_safe_point(safepoint);
    pthread_mutex_lock(&safepoint->lock);
    does = *lease != 0 && *txn != 0 &&
           (*txn != safepoint->state.acknowledged || *lease != safepoint->acknowledged_lease);
    pthread_mutex_unlock(&safepoint->lock);
    return does;
}

/*
 * Says that this server needs nothing below the txn safe point any more. That is so as soon as it
 * is live: its record is not below the txn safe point, and protected_from is not below the record.
 */
static int acknowledge(struct roster_safepoint *safepoint, uint64_t txn, int64_t lease)
{
    struct batch batch = {.n_ops = 0};
    char text[RECORD_SIZE];
    int err;

    batch_put(&batch, safepoint->paths.ack, record_format(txn, text), lease);
    err = batch_run(&batch, safepoint->store, (int)safepoint->options.timeout_ms, NULL);
    pthread_mutex_lock(&safepoint->lock);
    if (err == 0) {
        safepoint->state.acknowledged = txn;
        safepoint->acknowledged_lease = lease;
    } else if (err != -EKEYEXPIRED) {
        safepoint->state.last_error = err;
    }
    pthread_mutex_unlock(&safepoint->lock);
    return err;
}

void safepoint_follow_duty(struct roster_safepoint *safepoint, int timeout_ms)
{
    struct roster_store_events *events = NULL;
    int64_t lease = 0;
    uint64_t txn = 0;
    int err;

    /* What is owed is not waited for: it may be due because of a new lease. */
    if (owes(safepoint, &txn, &lease) && acknowledge(safepoint, txn, lease) != 0)
        timeout_ms = timeout_ms == 0 ? 0 : 100;
    err = roster_store_watch_next(safepoint->watch, timeout_ms, &events);
    if (err == 0) {
        take(safepoint, events);
        roster_store_free(events);
    } else if (err != -ETIMEDOUT) {
        pthread_mutex_lock(&safepoint->lock);
        safepoint->due[SAFEPOINT_FOLLOW] = store_monotonic_ns() + PAUSE_NS;
        pthread_mutex_unlock(&safepoint->lock);
    }
}
