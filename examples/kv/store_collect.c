/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Collecting versions that nobody can see any more.
 */
#include "config.h"

#include "store_private.h"

#include <stdlib.h>

#define SLICE 512 /* versions for which a shard stays locked: readers wait meanwhile */

static uint64_t drop(struct store *store, struct store_version *version)
{
    store_add(&store->stats.versions, (uint64_t)-1);
    store_add(&store->stats.bytes, -(uint64_t)store_version_size(version));
    store_add(&store->stats.collected, 1);
    free(version);
    return 1;
}

/* Takes the first version from the queue that is visible at the safe point; NULL for none. */
static struct store_version *take(struct store_shard *shard, uint64_t safe_point)
{
    struct store_version *version = shard->queue_head;

    if (!version || version->commit_ts > safe_point)
        return NULL;
    shard->queue_head = version->queue_next;
    if (!shard->queue_head)
        shard->queue_tail = &shard->queue_head;
    return version;
}

/* Everybody at or above the safe point sees `version` or a newer one, so what is older can go. */
static uint64_t collect_version(struct store *store, struct store_shard *shard,
                                struct store_version *version)
{
    struct store_entry *entry = version->entry;
    uint64_t count;

    /* One only: what was older still has gone when that one was taken from the queue. */
    count = drop(store, version->older);
    version->older = NULL;
    if (!version->deleted || entry->newest != version)
        return count;
    /* For everybody the key is not there, and so it is without the deletion. */
    store_remove(shard, entry);
    free(entry);
    return count + drop(store, version);
}

static uint64_t collect_slice(struct store *store, struct store_shard *shard, uint64_t safe_point,
                              bool *more)
{
    struct store_version *version;
    uint64_t count = 0;

    pthread_mutex_lock(&shard->lock);
    do {
        version = take(shard, safe_point);
        if (version)
            count += collect_version(store, shard, version);
    } while (version && count < SLICE);
    pthread_mutex_unlock(&shard->lock);
    *more = version != NULL;
    return count;
}

uint64_t store_collect(struct store *store, uint64_t safe_point)
{
    struct store_shard *shard;
    uint64_t count = 0;
    bool more;

    for (shard = store->shards; shard < store->shards + STORE_SHARDS; shard++)
        do
            count += collect_slice(store, shard, safe_point, &more);
        while (more);
    return count;
}
