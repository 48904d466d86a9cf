/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The memory store's leases. */

#include "store/base/clock.h"
#include "store/memory/memory.h"

#include <errno.h>
#include <stdlib.h>

static struct rst_memory_lease *find_lease(const struct memory_store *store, int64_t id)
{
    size_t i;

    for (i = 0; i < store->leases.count; i++)
        if (store->leases.items[i].id == id)
            return &store->leases.items[i];
    return NULL;
}

bool rst_memory_lease_exists(const struct memory_store *store, int64_t id)
{
    return find_lease(store, id) != NULL;
}

int64_t rst_memory_next_expiry(const struct memory_store *store)
{
    int64_t next = STORE_FOREVER;
    size_t i;

    for (i = 0; i < store->leases.count; i++)
        if (store->leases.items[i].expires_ns < next)
            next = store->leases.items[i].expires_ns;
    return next;
}

/* Ends a lease with its keys, or fails and changes nothing. */
static int end_lease(struct memory_store *store, struct rst_memory_lease *lease)
{
    int err = rst_memory_erase_lease(store, lease->id);

    if (err) {
        rst_memory_roll_back(store);
        return err;
    }
    *lease = store->leases.items[--store->leases.count];
    rst_memory_commit(store);
    return 0;
}

int rst_memory_expire(struct memory_store *store)
{
    int64_t now = rst_store_boottime_ns();
    size_t i = 0;

    if (now == STORE_FOREVER)
        return -EIO; /* no lease ends for that */
    while (i < store->leases.count) {
        int err;

        if (store->leases.items[i].expires_ns > now) {
            i++;
            continue;
        }
        err = end_lease(store, &store->leases.items[i]);
        if (err)
            return err;
        store_count(&store->base.counters.leases_expired);
    }
    return 0;
}

static int grant(struct memory_store *store, int64_t ttl_ms, struct rst_memory_lease **lease)
{
    struct memory_leases *leases = &store->leases;
    int err =
        rst_memory_reserve(&leases->items, &leases->room, leases->count, sizeof(leases->items[0]));

    if (err)
        return err;
    *lease = &leases->items[leases->count++];
    (*lease)->id = ++leases->last_id;
    (*lease)->granted_ms = ttl_ms;
    return 0;
}

static void renew(struct memory_store *store, struct rst_memory_lease *lease, int64_t now)
{
    lease->expires_ns = rst_store_time_add(now, lease->granted_ms * STORE_NS_PER_MS);
    /* A new lease may be the next to run out, which is what watches wait for. */
    pthread_cond_broadcast(&store->changed);
}

static int carry_out(struct memory_store *store, const struct store_lease_call *call, int64_t now,
                     struct roster_store_lease *out)
{
    struct rst_memory_lease *lease = NULL;
    int err = rst_memory_expire(store);

    if (err)
        return err;
    if (call->verb == STORE_LEASE_GRANT)
        err = grant(store, call->ttl_ms, &lease);
    else
        lease = find_lease(store, call->id);
    if (err)
        return err;
    if (!lease)
        return -EKEYEXPIRED;
    if (call->verb == STORE_LEASE_DROP && rst_memory_lease_is_used(store, lease->id))
        return 0;
    if (call->verb == STORE_LEASE_REVOKE || call->verb == STORE_LEASE_DROP)
        return end_lease(store, lease);
    if (call->verb != STORE_LEASE_LOOK)
        renew(store, lease, now);
    out->id = lease->id;
    out->granted_ms = lease->granted_ms;
    out->asked_at_ns = now;
    out->ttl_ms = lease->expires_ns > now ? (lease->expires_ns - now) / STORE_NS_PER_MS : 0;
    return 0;
}

int rst_memory_lease(struct roster_store *base, const struct store_lease_call *call,
                     int64_t deadline, struct roster_store_lease *lease)
{
    struct memory_store *store = memory_store_of(base);
    int err;

    (void)deadline; /* nothing here waits */
    pthread_mutex_lock(&store->mutex);
    err = carry_out(store, call, rst_store_boottime_ns(), lease);
    pthread_mutex_unlock(&store->mutex);
    return err;
}
