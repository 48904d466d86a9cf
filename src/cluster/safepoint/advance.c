/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Moving the safe points, each by a compare-and-swap on the revision that was read. */

#include "config.h"

#include <errno.h>
#include <string.h>

#include <roster/timestamp.h>

#include "cluster/base/options.h"
#include "cluster/keys/batch.h"
#include "cluster/keys/record.h"
#include "cluster/safepoint/safepoint.h"
#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "store/base/backoff.h"
#include "store/base/clock.h"

#define ATTEMPTS 8

/* Compare-and-swap of one safe point: 0, -EAGAIN when it was another one, or an error. */
static int swap(struct roster_safepoint *safepoint, const char *key, int64_t revision, uint64_t ts)
{
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    char text[RECORD_SIZE];
    int err;

    batch_if_revision(&batch, key, revision);
    batch_put(&batch, key, record_format(ts, text), 0);
    err = batch_run(&batch, safepoint->store, (int)safepoint->options.timeout_ms, &result);
    if (err == 0 && !result->succeeded) {
        err = -EAGAIN;
        pthread_mutex_lock(&safepoint->lock);
        safepoint->state.conflicts++;
        pthread_mutex_unlock(&safepoint->lock);
    }
    roster_store_free(result);
    return err;
}

/* One attempt of one safe point. */
typedef int attempt_fn(struct roster_safepoint *safepoint, uint64_t target,
                       struct roster_safepoint_result *result);

static int try_txn(struct roster_safepoint *safepoint, uint64_t target,
                   struct roster_safepoint_result *result)
{
    struct survey survey;
    uint64_t limit = 0;
    int err = survey_begin(safepoint, &survey, &result->blocker);

    result->before = result->after = survey.txn;
    if (err == 0 && target < survey.txn)
        err = -ERANGE;
    if (err == 0)
        err = survey_txn(safepoint, &survey, target, &limit, &result->blocker);
    if (err == 0 && limit > survey.txn) {
        err = swap(safepoint, safepoint->paths.txn, survey.txn_revision, limit);
        if (err == 0)
            result->after = limit;
    }
    if (err == 0)
        err = safepoint_learn(safepoint, result->after, survey.gc);
    survey_end(&survey);
    return err;
}

/* How far this server has acknowledged, if it has. */
static uint64_t own_ack(struct roster_safepoint *safepoint)
{
    struct roster_syncer *syncer = safepoint->options.syncer;

    return syncer == NULL ? UINT64_MAX : syncer_ack_limit(syncer);
}

static int try_gc(struct roster_safepoint *safepoint, uint64_t target,
                  struct roster_safepoint_result *result)
{
    struct survey survey;
    int err = survey_begin(safepoint, &survey, &result->blocker);

    result->before = result->after = survey.gc;
    if (err == 0 && (target < survey.gc || target > survey.txn || target > own_ack(safepoint)))
        err = -ERANGE;
    if (err == 0 && target > survey.gc) {
        err = swap(safepoint, safepoint->paths.gc, survey.gc_revision, target);
        if (err == 0)
            result->after = target;
    }
    if (err == 0)
        err = safepoint_learn(safepoint, survey.txn, result->after);
    survey_end(&survey);
    return err;
}

/* The gc safe point to the txn safe point, as far as all have acknowledged that. */
static int try_follow(struct roster_safepoint *safepoint, uint64_t unused,
                      struct roster_safepoint_result *result)
{
    struct survey survey;
    uint64_t limit = 0;
    int err = survey_begin(safepoint, &survey, &result->blocker);

    (void)unused;
    result->before = result->after = survey.gc;
    result->target = survey.txn;
    if (err == 0)
        err = survey_acks(safepoint, &survey, &limit, &result->blocker);
    if (err == 0 && limit > survey.gc) {
        err = swap(safepoint, safepoint->paths.gc, survey.gc_revision, limit);
        if (err == 0)
            result->after = limit;
    }
    if (err == 0)
        err = safepoint_learn(safepoint, survey.txn, result->after);
    survey_end(&survey);
    return err;
}

static int repeat(struct roster_safepoint *safepoint, attempt_fn *attempt, uint64_t target,
                  struct roster_safepoint_result *result)
{
    int err = -EAGAIN;

    for (unsigned i = 0; i < ATTEMPTS && err == -EAGAIN; i++) {
        if (i > 1)
            store_sleep_until(store_monotonic_ns() + store_backoff_ns(1, 20, i));
        memset(result, 0, sizeof(*result));
        result->target = target;
        err = attempt(safepoint, target, result);
    }
    return err;
}

static int give(struct roster_safepoint_result *to, const struct roster_safepoint_result *from,
                int err)
{
    if (to != NULL) {
        *to = *from;
        to->size = sizeof(*to);
    }
    return err;
}

static int check_result(const struct roster_safepoint_result *result)
{
    return result == NULL ? 0 : options_check_size(result->size, sizeof(*result));
}

static int advance(struct roster_safepoint *safepoint, attempt_fn *attempt, uint64_t target,
                   struct roster_safepoint_result *result)
{
    struct roster_safepoint_result own;
    int err = check_result(result);
    bool past = true;

    if (safepoint == NULL || target == 0 || target == ROSTER_TS_MAX)
        return -EINVAL;
    if (err == 0)
        err = safepoint_is_past(safepoint, target, &past);
    if (err == 0 && !past)
        err = -ERANGE;
    if (err != 0)
        return err;
    return give(result, &own, repeat(safepoint, attempt, target, &own));
}

int roster_safepoint_advance_txn(struct roster_safepoint *safepoint, uint64_t target,
                                 struct roster_safepoint_result *result)
{
    RST_NOT_CANCELLED;

    return advance(safepoint, try_txn, target, result);
}

int roster_safepoint_advance_gc(struct roster_safepoint *safepoint, uint64_t target,
                                struct roster_safepoint_result *result)
{
    RST_NOT_CANCELLED;

    return advance(safepoint, try_gc, target, result);
}

/* The txn safe point, from a now that is asked for before the records are read. */
static int round_txn(struct roster_safepoint *safepoint, struct roster_safepoint_result *result)
{
    uint64_t now = 0, target;
    int err = safepoint_now(safepoint, &now);

    memset(result, 0, sizeof(*result));
    if (err != 0)
        return err;
    target = roster_ts_before(now, safepoint->options.life_time_ms);
    if (target == 0)
        return 0;
    err = repeat(safepoint, try_txn, target, result);
    /* This server's clock, or its life time, is behind that of an earlier leader. */
    return err == -ERANGE ? 0 : err;
}

int safepoint_round(struct roster_safepoint *safepoint, struct roster_safepoint_result *txn,
                    struct roster_safepoint_result *gc)
{
    int err = txn == NULL ? 0 : round_txn(safepoint, txn), gc_err;

    memset(gc, 0, sizeof(*gc));
    gc_err = repeat(safepoint, try_follow, 0, gc);
    if (err == 0)
        err = gc_err;
    pthread_mutex_lock(&safepoint->lock);
    safepoint->state.rounds++;
    safepoint->state.failures += err != 0;
    if (txn != NULL)
        safepoint->state.txn_blocker = txn->blocker;
    safepoint->state.gc_blocker = gc->blocker;
    pthread_mutex_unlock(&safepoint->lock);
    safepoint_note(safepoint, &safepoint->state.leading, err);
    return err;
}

int roster_safepoint_round(struct roster_safepoint *safepoint, struct roster_safepoint_result *txn,
                           struct roster_safepoint_result *gc)
{
    RST_NOT_CANCELLED;
    struct roster_safepoint_result own_txn, own_gc;
    int err;

    if (safepoint == NULL || safepoint->options.oracle == NULL)
        return -EINVAL;
    err = check_result(txn);
    if (err == 0)
        err = check_result(gc);
    if (err != 0)
        return err;
    err = safepoint_round(safepoint, &own_txn, &own_gc);
    (void)give(txn, &own_txn, 0);
    return give(gc, &own_gc, err);
}
