/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Creation and destruction of a view of the safe points, and what it knows. */

#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/base/failing.h"
#include "cluster/base/options.h"
#include "cluster/keys/batch.h"
#include "cluster/keys/record.h"
#include "cluster/safepoint/safepoint.h"
#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "store/base/clock.h"
#include "store/base/message.h"
#include "store/base/threads.h"

void safepoint_log(struct roster_safepoint *safepoint, enum roster_store_log_level level,
                   const char *format, ...)
{
    va_list args;

    va_start(args, format);
    rst_message_log(safepoint->options.log, safepoint->options.log_arg, level, format, args);
    va_end(args);
}

/* Under lock: whether it has moved. */
static bool raise(atomic_uint_fast64_t *point, uint64_t ts)
{
    if (ts <= atomic_load_explicit(point, memory_order_relaxed))
        return false;
    atomic_store_explicit(point, ts, memory_order_release);
    return true;
}

void safepoint_note(struct roster_safepoint *safepoint, struct roster_failing *operation, int err)
{
    struct roster_safepoint_state *state = &safepoint->state;
    const struct roster_failing *newest;

    pthread_mutex_lock(&safepoint->lock);
    failing_note(operation, err, store_boottime_ns());
    newest = failing_newer(&state->leading, &state->following);
    newest = failing_newer(newest, &state->acknowledging);
    state->last_error = newest->error;
    pthread_mutex_unlock(&safepoint->lock);
}

bool safepoint_set_unsure(struct roster_safepoint *safepoint, bool unsure)
{
    bool before;

    pthread_mutex_lock(&safepoint->lock);
    before = safepoint->unsure;
    safepoint->unsure = unsure;
    pthread_mutex_unlock(&safepoint->lock);
    return before;
}

int safepoint_learn(struct roster_safepoint *safepoint, uint64_t txn, uint64_t gc)
{
    bool moved;
    int err = 0;

    if (txn > roster_txn_safe_point(safepoint))
        err = safepoint_admit(safepoint, safepoint->paths.txn, txn);
    if (err == 0 && gc > roster_gc_safe_point(safepoint))
        err = safepoint_admit(safepoint, safepoint->paths.gc, gc);
    if (err != 0) {
        (void)safepoint_set_unsure(safepoint, true);
        return err;
    }
    pthread_mutex_lock(&safepoint->lock);
    /* A watch that begins with a snapshot tells the gc safe point before the txn safe point. */
    moved = raise(&safepoint->txn, txn > gc ? txn : gc);
    moved = raise(&safepoint->gc, gc) || moved;
    pthread_mutex_unlock(&safepoint->lock);
    if (moved)
        safepoint_tell(safepoint);
    return 0;
}

void safepoint_tell(struct roster_safepoint *safepoint)
{
    struct roster_safepoint_state state = {.size = sizeof(state)};

    if (safepoint->options.change == NULL || !rst_background_tell_begin(&safepoint->background))
        return;
    /* What is told was read by the one who tells, so it never goes back. */
    while (rst_background_tell_more(&safepoint->background))
        if (roster_safepoint_get_state(safepoint, &state) == 0)
            safepoint->options.change(safepoint->options.change_arg, &state);
}

uint64_t roster_gc_safe_point(const struct roster_safepoint *safepoint)
{
    return atomic_load_explicit(&safepoint->gc, memory_order_acquire);
}

uint64_t roster_txn_safe_point(const struct roster_safepoint *safepoint)
{
    return atomic_load_explicit(&safepoint->txn, memory_order_acquire);
}

int roster_safepoint_get_state(struct roster_safepoint *safepoint,
                               struct roster_safepoint_state *state)
{
    int err;

    if (safepoint == NULL || state == NULL)
        return -EINVAL;
    err = options_check_size(state->size, sizeof(*state));
    if (err != 0)
        return err;
    pthread_mutex_lock(&safepoint->lock);
    *state = safepoint->state;
    pthread_mutex_unlock(&safepoint->lock);
    state->size = sizeof(*state);
    /* The gc safe point first: as they only rise, it is not above the txn safe point. */
    state->gc = roster_gc_safe_point(safepoint);
    state->txn = roster_txn_safe_point(safepoint);
    return 0;
}

int roster_safepoint_refresh(struct roster_safepoint *safepoint)
{
    RST_NOT_CANCELLED;
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    uint64_t txn = 0, gc = 0;
    int err;

    if (safepoint == NULL)
        return -EINVAL;
    batch_get(&batch, safepoint->paths.txn);
    batch_get(&batch, safepoint->paths.gc);
    err = batch_run(&batch, safepoint->store, (int)safepoint->options.timeout_ms, &result);
    if (err != 0)
        return err;
    err = record_or_none(&result->results[0].range, &txn);
    if (err == 0)
        err = record_or_none(&result->results[1].range, &gc);
    roster_store_free(result);
    return err == 0 ? safepoint_learn(safepoint, txn, gc) : err;
}
