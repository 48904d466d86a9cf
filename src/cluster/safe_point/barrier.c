/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Barriers. Each has a lease of its own, so it expires by the store's clock and is never seen
 * afterwards. Setting a barrier compares it with the txn safe point and rewrites that key, so no
 * leader that has not seen the barrier can pass it.
 */

#include "cluster/keys/keys.h"
#include "cluster/safe_point/safe_point.h"
#include "core/base/cancel.h"
#include "store/base/kind.h"

#include <errno.h>
#include <roster/barrier.h>
#include <roster/store_lease.h>
#include <roster/timestamp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 8

static int path_of(const struct roster_safe_point *safe_point, const char *name,
                   char path[2 * PATHS_SIZE])
{
    if (!safe_point || rst_paths_check_name(name))
        return -EINVAL;
    snprintf(path, 2 * PATHS_SIZE, "%s%s", safe_point->paths.barriers, name);
    return 0;
}

/* A lease that a barrier hung on, or that was not needed; else it ends by itself. Others may have
 * put the barrier on one that more of their keys hang on, which is theirs to end. */
static void drop_lease(struct roster_safe_point *safe_point, int64_t lease)
{
    int timeout = (int)safe_point->options.timeout_ms, err = 0;

    if (lease != 0)
        err = rst_store_lease_drop(safe_point->store, lease, timeout);
    (void)err;
}

static int64_t lease_of(const struct roster_store_range *range)
{
    return range->count == 0 ? 0 : range->kvs[0].lease;
}

static int put_barrier(struct roster_safe_point *safe_point, const char *path, uint64_t ts,
                       int64_t lease, const struct roster_store_txn_result *read)
{
    const struct roster_store_range *txn = &read->results[0].range, *old = &read->results[1].range;
    struct roster_store_txn_result *result = NULL;
    char text[RECORD_SIZE], again[RECORD_SIZE];
    struct batch batch = {.n_ops = 0};
    uint64_t txn_safe_point = 0;
    int err = rst_record_or_none(txn, &txn_safe_point);

    if (err)
        return err;
    if (ts < txn_safe_point)
        return -ESTALE;
    rst_batch_if_revision(&batch, safe_point->paths.txn, rst_record_revision(txn));
    rst_batch_if_revision(&batch, path, rst_record_revision(old));
    rst_batch_put(&batch, path, rst_record_format(ts, text), lease);
    rst_batch_put(&batch, safe_point->paths.txn,
                  rst_record_format(txn_safe_point == 0 ? 1 : txn_safe_point, again), 0);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, &result);
    if (!err && !result->succeeded)
        err = -ERESTART;
    roster_store_free(result);
    return err;
}

/* Whether the txn safe point that was read is below the one that was known before. */
static bool has_gone_back(const struct roster_store_range *range, uint64_t known)
{
    uint64_t txn;

    return !rst_record_or_none(range, &txn) && txn < known;
}

static int set_once(struct roster_safe_point *safe_point, const char *path, uint64_t ts,
                    int64_t lease)
{
    /* Known before the store is read: another thread may learn more in that time. */
    uint64_t known = roster_txn_safe_point(safe_point);
    struct roster_store_txn_result *read = NULL;
    struct batch batch = {.n_ops = 0};
    int err;

    rst_batch_get(&batch, safe_point->paths.txn);
    rst_batch_get(&batch, path);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, &read);
    if (err)
        return err;
    err = has_gone_back(&read->results[0].range, known)
              ? -EREMCHG
              : put_barrier(safe_point, path, ts, lease, read);
    if (!err)
        drop_lease(safe_point, lease_of(&read->results[1].range));
    roster_store_free(read);
    return err;
}

int roster_barrier_set(struct roster_safe_point *safe_point, const char *name, uint64_t ts,
                       int64_t ttl_ms)
{
    int i;

    RST_NOT_CANCELLED;
    struct roster_store_lease lease = {0};
    char path[2 * PATHS_SIZE];
    int err = path_of(safe_point, name, path);

    if (err || ts == 0 || ts == ROSTER_TS_MAX || ttl_ms <= 0 ||
        (ttl_ms > ROSTER_STORE_MAX_TTL_MS && ttl_ms != ROSTER_BARRIER_FOREVER))
        return -EINVAL;
    if (ttl_ms != ROSTER_BARRIER_FOREVER)
        err = roster_store_lease_grant(safe_point->store, ttl_ms,
                                       (int)safe_point->options.timeout_ms, &lease);
    if (err)
        return err;
    err = -ERESTART;
    for (i = 0; i < ATTEMPTS && err == -ERESTART; i++)
        err = set_once(safe_point, path, ts, lease.id);
    if (err && err != -EINPROGRESS)
        drop_lease(safe_point, lease.id);
    return err;
}

int roster_barrier_delete(struct roster_safe_point *safe_point, const char *name)
{
    RST_NOT_CANCELLED;
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    char path[2 * PATHS_SIZE];
    int err = path_of(safe_point, name, path);

    if (err)
        return err;
    rst_batch_get(&batch, path);
    rst_batch_delete(&batch, path);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, &result);
    if (!err && result->results[1].deleted == 0)
        err = -ENOENT;
    else if (!err)
        drop_lease(safe_point, lease_of(&result->results[0].range));
    roster_store_free(result);
    return err;
}

static int fill(struct roster_safe_point *safe_point, const struct roster_store_kv *kv,
                struct roster_barrier *barrier)
{
    struct roster_store_lease lease = {0};
    int err;

    rst_paths_show(barrier->name, sizeof(barrier->name),
                   rst_paths_below(kv, safe_point->paths.barriers));
    if (rst_record_parse(kv->value, &barrier->ts))
        barrier->ts = 0;
    barrier->ttl_ms = ROSTER_BARRIER_FOREVER;
    if (kv->lease == 0)
        return 0;
    err = roster_store_lease_time_to_live(safe_point->store, kv->lease,
                                          (int)safe_point->options.timeout_ms, &lease);
    barrier->ttl_ms = lease.ttl_ms;
    return err == -EKEYEXPIRED ? 0 : err; /* since it was read, and nothing is left of it */
}

int roster_barrier_list(struct roster_safe_point *safe_point, struct roster_barrier **barriers,
                        size_t *count)
{
    size_t i;

    RST_NOT_CANCELLED;
    struct roster_store_range *range = NULL;
    struct roster_barrier *list;
    struct roster_store_keys keys;
    int err = rst_safe_point_check(safe_point);

    if (!err && (!barriers || !count))
        err = -EINVAL;
    if (err)
        return err;
    keys = roster_store_prefix(roster_store_text(safe_point->paths.barriers));
    err =
        roster_store_get(safe_point->store, &keys, 0, (int)safe_point->options.timeout_ms, &range);
    if (err)
        return err;
    *count = range->count;
    *barriers = NULL;
    if (range->count != 0) {
        list = calloc(range->count, sizeof(*list));
        err = list ? 0 : -ENOMEM;
        for (i = 0; !err && i < range->count; i++)
            err = fill(safe_point, &range->kvs[i], &list[i]);
        if (err)
            free(list);
        else
            *barriers = list;
    }
    roster_store_free(range);
    return err;
}
