/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What is known of the safe points, and their statistics. */

#include "cluster/safe_point/safe_point.h"

#include "cluster/base/failing.h"
#include "cluster/keys/keys.h"
#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "store/base/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rst_safe_point_log(struct roster_safe_point *safe_point, enum roster_store_log_level level,
                        const char *format, ...)
{
    va_list args;

    va_start(args, format);
    rst_log_format(&safe_point->log, level, format, args);
    va_end(args);
}

/* Under lock: whether it has moved. */
static bool raise(rst_word *point, uint64_t ts)
{
    if (ts <= rst_load(point))
        return false;
    rst_store_release(point, ts);
    return true;
}

void rst_safe_point_note(struct roster_safe_point *safe_point, struct roster_failing *operation,
                         int err)
{
    struct roster_safe_point_state *state = &safe_point->state;
    const struct roster_failing *newest;

    pthread_mutex_lock(&safe_point->lock);
    rst_failing_note(operation, err, rst_store_boottime_ns(), state->errors);
    newest = rst_failing_newer(&state->leading, &state->following);
    newest = rst_failing_newer(newest, &state->acknowledging);
    state->last_error = newest->error;
    pthread_mutex_unlock(&safe_point->lock);
}

bool rst_safe_point_set_unsure(struct roster_safe_point *safe_point, bool unsure)
{
    bool before;

    pthread_mutex_lock(&safe_point->lock);
    before = safe_point->unsure;
    safe_point->unsure = unsure;
    pthread_mutex_unlock(&safe_point->lock);
    return before;
}

int rst_safe_point_learn(struct roster_safe_point *safe_point, uint64_t txn, uint64_t gc)
{
    bool moved;
    int err = 0;

    if (txn > rst_load_acquire(&safe_point->txn))
        err = rst_safe_point_admit(safe_point, safe_point->paths.txn, txn);
    if (!err && gc > rst_load_acquire(&safe_point->gc))
        err = rst_safe_point_admit(safe_point, safe_point->paths.gc, gc);
    if (err) {
        (void)rst_safe_point_set_unsure(safe_point, true);
        return err;
    }
    pthread_mutex_lock(&safe_point->lock);
    /* A watch that begins with a snapshot delivers the gc safe point before the txn safe point. */
    moved = raise(&safe_point->txn, txn > gc ? txn : gc);
    moved = raise(&safe_point->gc, gc) || moved;
    pthread_mutex_unlock(&safe_point->lock);
    if (moved)
        rst_safe_point_tell(safe_point);
    return 0;
}

void rst_safe_point_tell(struct roster_safe_point *safe_point)
{
    struct roster_safe_point_state state = {.size = sizeof(state)};

    if (!safe_point->options.change || !rst_background_tell_begin(&safe_point->background))
        return;
    /* The thread that delivers reads the values itself: they never go back. */
    while (rst_background_tell_more(&safe_point->background))
        if (!roster_safe_point_state(safe_point, &state))
            safe_point->options.change(&state, safe_point->options.change_arg);
}

uint64_t roster_gc_safe_point(const struct roster_safe_point *safe_point)
{
    return safe_point ? rst_load_acquire(&safe_point->gc) : 0;
}

uint64_t roster_txn_safe_point(const struct roster_safe_point *safe_point)
{
    return safe_point ? rst_load_acquire(&safe_point->txn) : 0;
}

int roster_safe_point_state(struct roster_safe_point *safe_point,
                            struct roster_safe_point_state *state)
{
    struct roster_safe_point_state now;
    int err = rst_safe_point_check(safe_point);

    if (!err && !state)
        err = -EINVAL;
    if (!err)
        err = rst_struct_check(state, sizeof(*state), sizeof(*state));
    if (err)
        return err;
    pthread_mutex_lock(&safe_point->lock);
    now = safe_point->state;
    pthread_mutex_unlock(&safe_point->lock);
    /* The gc safe point first: as they only rise, it is not above the txn safe point. */
    now.gc = roster_gc_safe_point(safe_point);
    now.txn = roster_txn_safe_point(safe_point);
    rst_struct_put(state, &now, sizeof(now));
    return 0;
}

int roster_safe_point_refresh(struct roster_safe_point *safe_point)
{
    RST_NOT_CANCELLED;
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    uint64_t txn = 0, gc = 0;
    int err = rst_safe_point_check(safe_point);

    if (err)
        return err;
    rst_batch_get(&batch, safe_point->paths.txn);
    rst_batch_get(&batch, safe_point->paths.gc);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, &result);
    if (err)
        return err;
    err = rst_record_or_none(&result->results[0].range, &txn);
    if (!err)
        err = rst_record_or_none(&result->results[1].range, &gc);
    roster_store_free(result);
    return err ? err : rst_safe_point_learn(safe_point, txn, gc);
}

/* The status endpoint's interface, the only place where the two libraries meet. */
const struct roster_cluster_calls *roster_cluster_calls(void)
{
    static const struct roster_cluster_calls calls = {
        sizeof(calls),           roster_syncer_stats,     roster_syncer_state_name,
        roster_safe_point_state, roster_blocker_describe,
    };

    return &calls;
}
