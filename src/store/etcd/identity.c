/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Whether the same cluster still answers. A rebuilt cluster has another id, unless it has the same
 * names and addresses. But then, as after a restored backup, its revision has gone back; a
 * linearizable reply of the same cluster never shows that.
 */

#include "store/etcd/etcd.h"
#include "store/etcd/json.h"

#include <errno.h>

int rst_etcd_identity_begin(struct etcd_store *store, struct etcd_identity *before)
{
    pthread_mutex_lock(&store->mutex);
    *before = store->identity;
    pthread_mutex_unlock(&store->mutex);
    return before->changed ? -EREMCHG : 0;
}

static int compare(struct etcd_identity *identity, const struct etcd_identity *before,
                   uint64_t cluster, bool linearizable, int64_t revision)
{
    /* The reply to a request from before a rebind is not evidence about the time after it. */
    if (before->generation != identity->generation)
        return -EREMCHG;
    if (!identity->known) {
        identity->known = true;
        identity->cluster = cluster;
    }
    if (identity->cluster != cluster || (linearizable && revision < before->seen)) {
        identity->changed = true;
        return -EREMCHG;
    }
    if (linearizable && revision > identity->seen)
        identity->seen = revision;
    return 0;
}

int rst_etcd_identity_check(struct etcd_store *store, const struct etcd_identity *before,
                            const json_t *answer, bool linearizable, int64_t *revision)
{
    const json_t *header;
    uint64_t cluster = 0;
    int64_t now = 0;
    int err = rst_store_json_get(answer, "header", JSON_OBJECT, &header);

    if (!err)
        err = rst_store_json_get_id(header, "cluster_id", &cluster);
    /* Where a stream ends, there is no revision. */
    if (!err)
        err = rst_store_json_get_int(header, "revision", linearizable ? 1 : 0, &now);
    /* Of every revision there is a next one. */
    if (!err && (cluster == 0 || now == INT64_MAX))
        err = -EPROTO;
    if (err)
        return err;
    pthread_mutex_lock(&store->mutex);
    err = compare(&store->identity, before, cluster, linearizable, now);
    pthread_mutex_unlock(&store->mutex);
    if (err)
        rst_store_log(&store->base, ROSTER_STORE_LOG_ERROR,
                      "another etcd cluster has answered, or one whose history was lost: "
                      "its id is %llx, its revision %lld",
                      (unsigned long long)cluster, (long long)now);
    if (revision)
        *revision = now;
    return err;
}

void rst_etcd_identity_reset(struct etcd_store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->identity = (struct etcd_identity){.generation = store->identity.generation + 1};
    pthread_mutex_unlock(&store->mutex);
}
