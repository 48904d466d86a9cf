/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The memory store: opening, closing, reading and transactions. */

#include "store/base/arena.h"
#include "store/base/log.h"
#include "store/base/clock.h"
#include "store/memory/memory.h"

#include <errno.h>
#include <stdlib.h>

static int memory_open(const char *address, const struct roster_store_options *options,
                       struct roster_store **out, const struct store_error *error)
{
    struct memory_store *store;

    if (address[0] != '\0')
        return rst_store_error_set(
            error, -EINVAL, "store \"memory:%s\": a memory store has no address; write \"memory\"",
            shown_url(address).text);
    store = calloc(1, sizeof(*store));
    if (!store)
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    store->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    store->changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    rst_store_begin(&store->base, options);
    store->revision = 1; /* as in etcd, so that no revision in use is 0 */
    store->engine = rst_memory_engine;
    *out = &store->base;
    return 0;
}

static void memory_close(struct roster_store *base)
{
    struct memory_store *store = memory_store_of(base);

    rst_memory_table_free(store);
    free(store->leases.items);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

/* This store cannot be exchanged for another one. */
static int memory_rebind(struct roster_store *base)
{
    (void)base;
    return 0;
}

static int read_range(struct memory_store *store, const struct roster_store_keys *keys,
                      uint32_t limit, struct roster_store_range *range)
{
    int err = rst_memory_expire(store);

    if (!err)
        err = rst_store_eval_range(&store->engine, keys, limit, range, range);
    range->revision = store->revision;
    return err;
}

static int memory_get(struct roster_store *base, const struct roster_store_keys *keys,
                      uint32_t limit, int64_t deadline, struct roster_store_range **range)
{
    struct memory_store *store = memory_store_of(base);
    struct roster_store_range *r = rst_store_arena_new(sizeof(*r), base->options.max_result_bytes);
    int err;

    (void)deadline; /* nothing here waits */
    if (!r)
        return -ENOMEM;
    pthread_mutex_lock(&store->mutex);
    err = read_range(store, keys, limit, r);
    pthread_mutex_unlock(&store->mutex);
    if (err) {
        roster_store_free(r);
        return err;
    }
    *range = r;
    return 0;
}

static int run_txn(struct memory_store *store, const struct roster_store_txn *txn,
                   struct roster_store_txn_result **result)
{
    int err = rst_memory_expire(store);

    if (!err)
        err = rst_store_eval_txn(&store->engine, txn, store->base.options.max_result_bytes, result);
    if (err) {
        rst_memory_roll_back(store);
        return err;
    }
    rst_memory_commit(store);
    rst_store_eval_stamp(*result, store->revision);
    return 0;
}

static int memory_txn(struct roster_store *base, const struct roster_store_txn *txn,
                      int64_t deadline, struct roster_store_txn_result **result)
{
    struct memory_store *store = memory_store_of(base);
    int err;

    (void)deadline; /* nothing here waits */
    pthread_mutex_lock(&store->mutex);
    err = run_txn(store, txn, result);
    pthread_mutex_unlock(&store->mutex);
    return err;
}

const struct store_kind rst_store_memory_kind = {
    .scheme = "memory",
    .open = memory_open,
    .close = memory_close,
    .rebind = memory_rebind,
    .get = memory_get,
    .txn = memory_txn,
    .lease = rst_memory_lease,
    .watch_open = rst_memory_watch_open,
    .watch_next = rst_memory_watch_next,
    .watch_wake = rst_memory_watch_wake,
    .watch_close = rst_memory_watch_close,
};
