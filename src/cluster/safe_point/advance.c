/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Moving the safe points, each by a compare-and-swap on the revision that was read. */

#include "cluster/keys/keys.h"
#include "cluster/safe_point/safe_point.h"
#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "store/base/backoff.h"
#include "store/base/clock.h"

#include <errno.h>
#include <roster/timestamp.h>
#include <string.h>

#define ATTEMPTS 8

/* Compare-and-swap of one safe point: 0, -ERESTART when it was another one, or an error. */
static int swap(struct roster_safe_point *safe_point, const char *key, int64_t revision,
                uint64_t ts)
{
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    char text[RECORD_SIZE];
    int err;

    rst_batch_if_revision(&batch, key, revision);
    rst_batch_put(&batch, key, rst_record_format(ts, text), 0);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, &result);
    if (!err && !result->succeeded) {
        err = -ERESTART;
        pthread_mutex_lock(&safe_point->lock);
        safe_point->state.conflicts++;
        pthread_mutex_unlock(&safe_point->lock);
    }
    roster_store_free(result);
    return err;
}

/* One attempt of one safe point. */
typedef int attempt_fn(struct roster_safe_point *safe_point, uint64_t target,
                       struct roster_safe_point_result *result);

static int try_txn(struct roster_safe_point *safe_point, uint64_t target,
                   struct roster_safe_point_result *result)
{
    struct survey survey;
    uint64_t limit = 0;
    int err = rst_survey_begin(safe_point, &survey, &result->blocker);

    result->before = result->after = survey.txn;
    if (!err && target < survey.txn)
        err = -ERANGE;
    if (!err)
        err = rst_survey_txn(safe_point, &survey, target, &limit, &result->blocker);
    if (!err && limit > survey.txn) {
        err = swap(safe_point, safe_point->paths.txn, survey.txn_revision, limit);
        if (!err)
            result->after = limit;
    }
    if (!err)
        err = rst_safe_point_learn(safe_point, result->after, survey.gc);
    rst_survey_end(&survey);
    return err;
}

/* How far this server has acknowledged, if it has. */
static uint64_t own_ack(struct roster_safe_point *safe_point)
{
    struct roster_syncer *syncer = safe_point->options.syncer;

    return syncer ? rst_syncer_ack_limit(syncer) : UINT64_MAX;
}

static int try_gc(struct roster_safe_point *safe_point, uint64_t target,
                  struct roster_safe_point_result *result)
{
    struct survey survey;
    int err = rst_survey_begin(safe_point, &survey, &result->blocker);

    result->before = result->after = survey.gc;
    if (!err && (target < survey.gc || target > survey.txn || target > own_ack(safe_point)))
        err = -ERANGE;
    if (!err && target > survey.gc) {
        err = swap(safe_point, safe_point->paths.gc, survey.gc_revision, target);
        if (!err)
            result->after = target;
    }
    if (!err)
        err = rst_safe_point_learn(safe_point, survey.txn, result->after);
    rst_survey_end(&survey);
    return err;
}

/* The gc safe point to the txn safe point, as far as all have acknowledged that. */
static int try_follow(struct roster_safe_point *safe_point, uint64_t unused,
                      struct roster_safe_point_result *result)
{
    struct survey survey;
    uint64_t limit = 0;
    int err = rst_survey_begin(safe_point, &survey, &result->blocker);

    (void)unused;
    result->before = result->after = survey.gc;
    result->target = survey.txn;
    if (!err)
        err = rst_survey_acks(safe_point, &survey, &limit, &result->blocker);
    if (!err && limit > survey.gc) {
        err = swap(safe_point, safe_point->paths.gc, survey.gc_revision, limit);
        if (!err)
            result->after = limit;
    }
    if (!err)
        err = rst_safe_point_learn(safe_point, survey.txn, result->after);
    rst_survey_end(&survey);
    return err;
}

static int repeat(struct roster_safe_point *safe_point, attempt_fn *attempt, uint64_t target,
                  struct roster_safe_point_result *result)
{
    int err = -ERESTART;
    unsigned i;

    for (i = 0; i < ATTEMPTS && err == -ERESTART; i++) {
        if (i > 1)
            rst_store_sleep(rst_store_backoff_ns(1, 20, i));
        memset(result, 0, sizeof(*result));
        result->target = target;
        err = attempt(safe_point, target, result);
    }
    return err;
}

static int give(struct roster_safe_point_result *to, const struct roster_safe_point_result *from,
                int err)
{
    if (to)
        rst_struct_put(to, from, sizeof(*from));
    return err;
}

static int check_result(const struct roster_safe_point_result *result)
{
    return result ? rst_struct_check(result, sizeof(*result), sizeof(*result)) : 0;
}

static int advance(struct roster_safe_point *safe_point, attempt_fn *attempt, uint64_t target,
                   struct roster_safe_point_result *result)
{
    struct roster_safe_point_result own;
    int err = rst_safe_point_check(safe_point);
    bool past = true;

    if (!err && (target == 0 || target == ROSTER_TS_MAX))
        err = -EINVAL;
    if (!err)
        err = check_result(result);
    if (!err)
        err = rst_safe_point_is_past(safe_point, target, &past);
    if (!err && !past)
        err = -ERANGE;
    if (err)
        return err;
    return give(result, &own, repeat(safe_point, attempt, target, &own));
}

int roster_safe_point_advance_txn(struct roster_safe_point *safe_point, uint64_t target,
                                  struct roster_safe_point_result *result)
{
    RST_NOT_CANCELLED;

    return advance(safe_point, try_txn, target, result);
}

int roster_safe_point_advance_gc(struct roster_safe_point *safe_point, uint64_t target,
                                 struct roster_safe_point_result *result)
{
    RST_NOT_CANCELLED;

    return advance(safe_point, try_gc, target, result);
}

/* The txn safe point, from a now that is read before the records. */
static int round_txn(struct roster_safe_point *safe_point, struct roster_safe_point_result *result)
{
    uint64_t now = 0, target;
    int err = rst_safe_point_now(safe_point, &now);

    memset(result, 0, sizeof(*result));
    if (err)
        return err;
    target = roster_ts_before(now, safe_point->options.life_time_ms);
    if (target == 0)
        return 0;
    err = repeat(safe_point, try_txn, target, result);
    if (!err && rst_abandoned_round(safe_point, now, target))
        err = repeat(safe_point, try_txn, target, result);
    /* This server's clock, or its life time, is behind that of an earlier leader. */
    return err == -ERANGE ? 0 : err;
}

int rst_safe_point_round(struct roster_safe_point *safe_point, struct roster_safe_point_result *txn,
                         struct roster_safe_point_result *gc)
{
    int err = txn ? round_txn(safe_point, txn) : 0, gc_err;

    memset(gc, 0, sizeof(*gc));
    gc_err = repeat(safe_point, try_follow, 0, gc);
    if (!err)
        err = gc_err;
    pthread_mutex_lock(&safe_point->lock);
    safe_point->state.rounds++;
    safe_point->state.failures += err != 0;
    if (txn)
        safe_point->state.txn_blocker = txn->blocker;
    safe_point->state.gc_blocker = gc->blocker;
    pthread_mutex_unlock(&safe_point->lock);
    rst_safe_point_note(safe_point, &safe_point->state.leading, err);
    return err;
}

int roster_safe_point_round(struct roster_safe_point *safe_point,
                            struct roster_safe_point_result *txn,
                            struct roster_safe_point_result *gc)
{
    RST_NOT_CANCELLED;
    struct roster_safe_point_result own_txn, own_gc;
    int err = rst_safe_point_check(safe_point);

    if (!err && !safe_point->options.oracle)
        err = -EINVAL;
    if (!err)
        err = check_result(txn);
    if (!err)
        err = check_result(gc);
    if (err)
        return err;
    err = rst_safe_point_round(safe_point, &own_txn, &own_gc);
    (void)give(txn, &own_txn, 0);
    return give(gc, &own_gc, err);
}
