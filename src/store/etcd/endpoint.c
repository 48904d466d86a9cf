/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The choice of an endpoint. All calls use one until it fails. Then it is put aside for a time that
 * doubles with each successive failure, and the next one is used. Calls and the streams of watches
 * have separate states, since a gateway may answer one kind and cut off the other.
 */

#include "store/base/backoff.h"
#include "store/base/clock.h"
#include "store/etcd/etcd.h"

bool rst_etcd_endpoint_choose(struct etcd_store *store, enum etcd_use use, bool first,
                              size_t *index, int64_t *until)
{
    int64_t now = rst_store_monotonic_ns();
    bool found = false;
    size_t i;

    *until = STORE_FOREVER;
    pthread_mutex_lock(&store->mutex);
    for (i = 0; i < store->n_endpoints && !found; i++) {
        size_t candidate = (store->preferred + i) % store->n_endpoints;
        int64_t blocked_until = store->endpoints[candidate].health[use].blocked_until;

        found = blocked_until <= now;
        if (found || blocked_until < *until) {
            *until = blocked_until;
            *index = candidate;
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return found || first;
}

void rst_etcd_endpoint_failed(struct etcd_store *store, enum etcd_use use, size_t index,
                              const struct etcd_verdict *verdict)
{
    const struct roster_store_options *options = &store->base.options;
    struct etcd_endpoint *endpoint = &store->endpoints[index];
    int64_t now = rst_store_monotonic_ns();
    unsigned failures = 0;
    bool news = false;

    if (verdict->blameless)
        return;
    pthread_mutex_lock(&store->mutex);
    /* Calls that failed together count once. */
    if (endpoint->health[use].blocked_until <= now) {
        failures = ++endpoint->health[use].failures;
        endpoint->health[use].blocked_until =
            rst_store_time_add(now, rst_store_backoff_ns(options->backoff_min_ms,
                                                         options->backoff_max_ms, failures - 1));
        /* What fails first, as when etcd is restarted, need not be what lasts. */
        news = failures == 1 || endpoint->health[use].last_error != verdict->err;
        endpoint->health[use].last_error = verdict->err;
    }
    if (use == ETCD_CALLS && store->preferred == index)
        store->preferred = (index + 1) % store->n_endpoints;
    pthread_mutex_unlock(&store->mutex);
    if (failures == 0)
        return;
    store_count(&store->base.counters.endpoint_failures);
    if (news)
        rst_store_log(
            &store->base, ROSTER_STORE_LOG_WARNING, "etcd endpoint %s %s: %s", endpoint->url,
            use == ETCD_CALLS ? "is put aside" : "does not keep a watch open", verdict->reason);
    rst_log_flush(&store->base.log, now);
}

void rst_etcd_endpoint_worked(struct etcd_store *store, enum etcd_use use, size_t index)
{
    struct etcd_endpoint *endpoint = &store->endpoints[index];
    unsigned failures;

    pthread_mutex_lock(&store->mutex);
    failures = endpoint->health[use].failures;
    endpoint->health[use].failures = 0;
    endpoint->health[use].blocked_until = 0;
    pthread_mutex_unlock(&store->mutex);
    if (failures > 0)
        rst_store_log(&store->base, ROSTER_STORE_LOG_INFO, "etcd endpoint %s works again%s",
                      endpoint->url, use == ETCD_CALLS ? "" : " for watches");
    rst_log_flush(&store->base.log, rst_store_monotonic_ns());
}
