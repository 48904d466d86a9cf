/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The public calls: check, count and hand over to the kind of store. */

#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "store/base/clock.h"
#include "store/base/foreign.h"
#include "store/base/kind.h"
#include "store/base/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int64_t call_deadline(const struct roster_store *store, int timeout_ms)
{
    return rst_store_deadline_in(timeout_ms < 0 ? store->options.call_timeout_ms : timeout_ms);
}

static int count_call(struct roster_store *store, int err)
{
    store_count(&store->counters.calls);
    if (err)
        store_count(&store->counters.failures);
    if (err == -EINPROGRESS)
        store_count(&store->counters.unknown);
    return err;
}

const char *roster_store_url(const struct roster_store *store)
{
    return store ? store->url : NULL;
}

int roster_store_rebind(struct roster_store *store)
{
    RST_NOT_CANCELLED;
    int err = rst_store_check(store);

    if (!err) {
        STORE_HOLDS_SIGNAL(store->kind);
        err = store->kind->rebind(store);
    }
    if (!err)
        __atomic_fetch_add(&store->rebinds, 1, __ATOMIC_RELEASE);
    return err;
}

int roster_store_get(struct roster_store *store, const struct roster_store_keys *keys,
                     uint32_t limit, int timeout_ms, struct roster_store_range **range)
{
    RST_NOT_CANCELLED;
    int err;

    if (!range)
        return -EINVAL;
    *range = NULL;
    err = keys ? rst_store_check(store) : -EINVAL;
    if (err)
        return err;
    err = rst_store_check_keys(keys, true);
    if (!err) {
        STORE_HOLDS_SIGNAL(store->kind);
        err = store->kind->get(store, keys, limit, call_deadline(store, timeout_ms), range);
    }
    return count_call(store, err);
}

int roster_store_txn(struct roster_store *store, const struct roster_store_txn *txn, int timeout_ms,
                     struct roster_store_txn_result **result)
{
    RST_NOT_CANCELLED;
    struct roster_store_txn_result *unwanted = NULL;
    int err = txn ? rst_store_check(store) : -EINVAL;

    if (result)
        *result = NULL;
    if (err)
        return err;
    err = rst_store_check_txn(txn);
    if (!err) {
        STORE_HOLDS_SIGNAL(store->kind);
        err = store->kind->txn(store, txn, call_deadline(store, timeout_ms),
                               result ? result : &unwanted);
    }
    roster_store_free(unwanted);
    return count_call(store, err);
}

static int lease_call(struct roster_store *store, bool valid, const struct store_lease_call *call,
                      int timeout_ms, struct roster_store_lease *lease)
{
    RST_NOT_CANCELLED;
    int err = valid && lease ? rst_store_check(store) : -EINVAL;

    if (err)
        return err;
    memset(lease, 0, sizeof(*lease));
    {
        STORE_HOLDS_SIGNAL(store->kind);
        err = store->kind->lease(store, call, call_deadline(store, timeout_ms), lease);
    }
    return count_call(store, err);
}

int roster_store_lease_grant(struct roster_store *store, int64_t ttl_ms, int timeout_ms,
                             struct roster_store_lease *lease)
{
    struct store_lease_call call = {.verb = STORE_LEASE_GRANT, .ttl_ms = ttl_ms};

    return lease_call(store, ttl_ms >= 1 && ttl_ms <= ROSTER_STORE_MAX_TTL_MS, &call, timeout_ms,
                      lease);
}

int roster_store_lease_keep_alive(struct roster_store *store, int64_t id, int timeout_ms,
                                  struct roster_store_lease *lease)
{
    struct store_lease_call call = {.verb = STORE_LEASE_KEEP, .id = id};

    return lease_call(store, id >= 1, &call, timeout_ms, lease);
}

int roster_store_lease_time_to_live(struct roster_store *store, int64_t id, int timeout_ms,
                                    struct roster_store_lease *lease)
{
    struct store_lease_call call = {.verb = STORE_LEASE_LOOK, .id = id};

    return lease_call(store, id >= 1, &call, timeout_ms, lease);
}

int roster_store_lease_revoke(struct roster_store *store, int64_t id, int timeout_ms)
{
    struct store_lease_call call = {.verb = STORE_LEASE_REVOKE, .id = id};
    struct roster_store_lease lease;

    return lease_call(store, id >= 1, &call, timeout_ms, &lease);
}

int rst_store_lease_drop(struct roster_store *store, int64_t id, int timeout_ms)
{
    struct store_lease_call call = {.verb = STORE_LEASE_DROP, .id = id};
    struct roster_store_lease lease;

    return lease_call(store, id >= 1, &call, timeout_ms, &lease);
}

int roster_store_stats(const struct roster_store *store, struct roster_store_stats *stats)
{
    struct roster_store_stats now = {0};
    const struct store_counters *c;
    int err = stats ? rst_store_check(store) : -EINVAL;

    if (!err)
        err = rst_struct_check(stats, sizeof(now), sizeof(now));
    if (err)
        return err;
    c = &store->counters;
    now.calls = rst_load(&c->calls);
    now.failures = rst_load(&c->failures);
    now.unknown = rst_load(&c->unknown);
    now.requests = rst_load(&c->requests);
    now.retries = rst_load(&c->retries);
    now.endpoint_failures = rst_load(&c->endpoint_failures);
    now.authentications = rst_load(&c->authentications);
    now.watch_restarts = rst_load(&c->watch_restarts);
    now.watch_snapshots = rst_load(&c->watch_snapshots);
    now.leases_expired = rst_load(&c->leases_expired);
    rst_struct_put(stats, &now, sizeof(now));
    return 0;
}
