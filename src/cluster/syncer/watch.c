/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Watches the record: a server that does not hear of its lease's end from a keep-alive, or whose
 * record was deleted by hand, is fenced as soon as the store reports it. */

#include "cluster/keys/keys.h"
#include "cluster/syncer/syncer.h"
#include "core/scanner/lease.h"
#include "store/base/backoff.h"
#include "store/base/clock.h"

#include <errno.h>

#define PAUSE_MS 200
#define PAUSE_MOST_MS 30000

/* The record vanished, or hangs on another lease, at this revision. */
static void gone(struct roster_syncer *syncer, int64_t revision, int reason)
{
    int64_t lease = 0;

    pthread_mutex_lock(&syncer->lock);
    if (revision > syncer->gone_at)
        syncer->gone_at = revision;
    if (syncer->registered && revision > syncer->registered_at)
        lease = syncer->lease;
    pthread_mutex_unlock(&syncer->lock);
    rst_syncer_lost(syncer, lease, reason);
    rst_syncer_tell(syncer);
}

/*
 * Ours by its lease. What this server wrote is not above what it protects, unless it was lowered
 * since: whether that is the reason, the next report asks the store.
 */
static void look_at_record(struct roster_syncer *syncer, const struct roster_store_kv *kv)
{
    uint64_t record = UINT64_MAX;

    if (!rst_record_parse(kv->value, &record) && record <= rst_lease_record(syncer->roster))
        return;
    pthread_mutex_lock(&syncer->lock);
    syncer->recheck = syncer->registered;
    rst_syncer_set_due(syncer, SYNCER_REPORT, 0);
    pthread_mutex_unlock(&syncer->lock);
}

static void take_event(struct roster_syncer *syncer, const struct roster_store_event *event)
{
    bool foreign;

    if (event->type == ROSTER_STORE_EVENT_DELETE) {
        gone(syncer, event->kv.mod_revision, -EKEYEXPIRED);
        return;
    }
    pthread_mutex_lock(&syncer->lock);
    foreign = syncer->registered && event->kv.lease != syncer->lease;
    pthread_mutex_unlock(&syncer->lock);
    if (foreign)
        gone(syncer, event->kv.mod_revision, -EEXIST);
    else
        look_at_record(syncer, &event->kv);
}

static void take(struct roster_syncer *syncer, const struct roster_store_events *events)
{
    size_t i;

    if (events->snapshot && events->count == 0)
        gone(syncer, events->revision, -EKEYEXPIRED);
    for (i = 0; i < events->count; i++)
        take_event(syncer, &events->events[i]);
}

/* The pause grows while the watch fails; success of other operations does not shorten it. */
static void pause_watch(struct roster_syncer *syncer)
{
    uint64_t times;

    pthread_mutex_lock(&syncer->lock);
    times = syncer->stats.watching.times;
    rst_syncer_set_due(syncer, SYNCER_WATCH,
                       rst_background_in(rst_store_backoff_ns(PAUSE_MS, PAUSE_MOST_MS,
                                                              times < 16 ? (unsigned)times : 16)));
    pthread_mutex_unlock(&syncer->lock);
}

void rst_syncer_watch_duty(struct roster_syncer *syncer, int timeout_ms)
{
    struct roster_store_events *events = NULL;
    int err = roster_store_watch_next(syncer->watch, timeout_ms, &events);

    if (!err) {
        take(syncer, events);
        roster_store_free(events);
    }
    /* By hand nothing is waited for: that there is nothing new is a success. */
    if (err == -ETIMEDOUT && timeout_ms == 0)
        rst_syncer_note(syncer, &syncer->stats.watching, 0, NULL);
    else if (err != -ECANCELED)
        rst_syncer_note(syncer, &syncer->stats.watching, err, NULL);
    if (err && err != -ETIMEDOUT)
        pause_watch(syncer);
}
