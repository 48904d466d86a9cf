/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Following the safe points through a watch, and acknowledging them. */

#include "cluster/keys/keys.h"
#include "cluster/safe_point/safe_point.h"
#include "cluster/syncer/syncer.h"
#include "store/base/backoff.h"
#include "store/base/clock.h"

#include <errno.h>
#include <string.h>

#define PAUSE_MS 200
#define PAUSE_MOST_MS 5000

static bool is_key(const struct roster_store_kv *kv, const char *key)
{
    return kv->key.size == strlen(key) && memcmp(kv->key.data, key, kv->key.size) == 0;
}

/* Whether there is a leader; without one it is time to try. */
static void take_leader(struct roster_safe_point *safe_point,
                        const struct roster_store_event *event)
{
    bool put = event->type == ROSTER_STORE_EVENT_PUT;
    const struct roster_store_bytes *id = &event->kv.value;

    pthread_mutex_lock(&safe_point->lock);
    rst_safe_point_name_leader(safe_point, put ? *id : roster_store_text(""));
    if (!put)
        rst_background_set_due(&safe_point->background, SAFE_POINT_LEAD, 0);
    pthread_mutex_unlock(&safe_point->lock);
}

static void take_put(struct roster_safe_point *safe_point, const struct roster_store_kv *kv)
{
    bool txn = is_key(kv, safe_point->paths.txn), gc = is_key(kv, safe_point->paths.gc);
    uint64_t ts = 0;

    if (is_key(kv, safe_point->paths.pass))
        rst_abandoned_take_line(safe_point, kv->value);
    if (!txn && !gc)
        return;
    if (rst_record_parse(kv->value, &ts)) {
        rst_safe_point_log(safe_point, ROSTER_STORE_LOG_ERROR, "%s holds no timestamp",
                           txn ? safe_point->paths.txn : safe_point->paths.gc);
        return;
    }
    (void)rst_safe_point_learn(safe_point, txn ? ts : 0, gc ? ts : 0);
}

static void take(struct roster_safe_point *safe_point, const struct roster_store_events *events)
{
    size_t i;

    for (i = 0; i < events->count; i++) {
        const struct roster_store_event *event = &events->events[i];

        if (is_key(&event->kv, safe_point->paths.leader))
            take_leader(safe_point, event);
        else if (event->type == ROSTER_STORE_EVENT_PUT)
            take_put(safe_point, &event->kv);
    }
}

/* What is owed: which txn safe point, under which lease, and whether it is the first under that. */
struct debt {
    uint64_t txn;
    int64_t lease;
    bool first;
};

/* A safe point that was not admitted is read again: the server lives under a new lease by now, or
 * the oracle answers. */
static void learn_again(struct roster_safe_point *safe_point)
{
    if (rst_safe_point_set_unsure(safe_point, false) && roster_safe_point_refresh(safe_point))
        (void)rst_safe_point_set_unsure(safe_point, true);
}

static bool owes(struct roster_safe_point *safe_point, struct debt *debt)
{
    bool does;

    if (!safe_point->options.syncer)
        return false;
    debt->lease = rst_syncer_live_lease(safe_point->options.syncer);
    if (debt->lease != 0)
        learn_again(safe_point);
    debt->txn = roster_txn_safe_point(safe_point);
    pthread_mutex_lock(&safe_point->lock);
    debt->first = debt->lease != safe_point->acknowledged_lease;
    does = debt->lease != 0 && debt->txn != 0 &&
           (debt->first || debt->txn != safe_point->state.acknowledged);
    safe_point->ack_may_stand = safe_point->ack_may_stand || does;
    pthread_mutex_unlock(&safe_point->lock);
    return does;
}

/*
 * Until its first acknowledgement under a lease a server counts with its record, so the gc safe
 * point may be further than what it knows, and a leader may be about to move it there. Hence the
 * first one is not below the gc safe point, and is decided against it, whose key it writes again.
 */
static int decide_first(struct roster_safe_point *safe_point, struct batch *batch,
                        struct debt *debt, char again[RECORD_SIZE])
{
    struct roster_store_keys keys = roster_store_key(roster_store_text(safe_point->paths.gc));
    struct roster_store_range *range = NULL;
    uint64_t gc = 0;
    int err =
        roster_store_get(safe_point->store, &keys, 0, (int)safe_point->options.timeout_ms, &range);

    if (err)
        return err;
    err = rst_record_or_none(range, &gc);
    rst_batch_if_revision(batch, safe_point->paths.gc, rst_record_revision(range));
    roster_store_free(range);
    if (!err)
        err = rst_safe_point_learn(safe_point, 0, gc);
    if (err)
        return err;
    debt->txn = roster_txn_safe_point(safe_point);
    rst_batch_put(batch, safe_point->paths.gc, rst_record_format(gc == 0 ? 1 : gc, again), 0);
    return 0;
}

static int put_ack(struct roster_safe_point *safe_point, struct debt *debt)
{
    struct roster_store_txn_result *result = NULL;
    char text[RECORD_SIZE], again[RECORD_SIZE];
    struct batch batch = {.n_ops = 0};
    int err = 0;

    if (debt->first)
        err = decide_first(safe_point, &batch, debt, again);
    if (err)
        return err;
    rst_syncer_ack_sent(safe_point->options.syncer, debt->txn);
    rst_batch_put(&batch, safe_point->paths.ack, rst_record_format(debt->txn, text), debt->lease);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, &result);
    if (!err && !result->succeeded)
        err = -ERESTART;
    roster_store_free(result);
    return err;
}

/*
 * Says that this server needs nothing below the txn safe point any more. That is so as soon as it
 * is known here: rst_safe_point_admit() has made every check below it fail.
 */
static int acknowledge(struct roster_safe_point *safe_point, struct debt *debt)
{
    int err = put_ack(safe_point, debt);

    if (!err)
        rst_syncer_ack_stands(safe_point->options.syncer, debt->lease);
    pthread_mutex_lock(&safe_point->lock);
    if (!err) {
        safe_point->state.acknowledged = debt->txn;
        safe_point->acknowledged_lease = debt->lease;
    }
    pthread_mutex_unlock(&safe_point->lock);
    if (err != -EKEYEXPIRED && err != -ERESTART)
        rst_safe_point_note(safe_point, &safe_point->state.acknowledging, err);
    return err;
}

/* Longer and longer while it fails, but not than an acknowledgement may wait. */
static void pause_watch(struct roster_safe_point *safe_point)
{
    uint64_t times;

    pthread_mutex_lock(&safe_point->lock);
    times = safe_point->state.following.times;
    pthread_mutex_unlock(&safe_point->lock);
    rst_background_set_due(&safe_point->background, SAFE_POINT_FOLLOW,
                           rst_background_in(rst_store_backoff_ns(
                               PAUSE_MS, PAUSE_MOST_MS, times < 16 ? (unsigned)times : 16)));
}

void rst_safe_point_follow_duty(struct roster_safe_point *safe_point, int timeout_ms)
{
    struct roster_store_events *events = NULL;
    struct debt debt;
    int err;

    /* What is owed is not waited for: it may be due because of a new lease. */
    if (owes(safe_point, &debt) && acknowledge(safe_point, &debt))
        timeout_ms = timeout_ms == 0 ? 0 : 100;
    err = roster_store_watch_next(safe_point->watch, timeout_ms, &events);
    if (!err) {
        take(safe_point, events);
        roster_store_free(events);
    }
    rst_abandoned_follow(safe_point);
    if (err != -ECANCELED)
        rst_safe_point_note(safe_point, &safe_point->state.following, err == -ETIMEDOUT ? 0 : err);
    if (err && err != -ETIMEDOUT)
        pause_watch(safe_point);
}
