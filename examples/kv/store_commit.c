/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changing the store: commits, and deleting all keys.
 */
#include "config.h"

#include "store_private.h"

#include <errno.h>
#include <roster/txn.h>
#include <stdlib.h>

#define ALL_SHARDS ((UINT64_C(1) << STORE_SHARDS) - 1)

/* Makes `version` the newest of its key, under the lock of its shard. */
static void push(struct store *store, struct store_shard *shard, struct store_entry *entry,
                 struct store_version *version)
{
    bool was = entry->newest && !entry->newest->deleted;

    version->entry = entry;
    version->older = entry->newest;
    entry->newest = version;
    if (version->older) {
        *shard->queue_tail = version;
        shard->queue_tail = &version->queue_next;
    }
    store_add(&store->stats.keys, (uint64_t)!version->deleted - (uint64_t)was);
    store_add(&store->stats.versions, 1);
    store_add(&store->stats.bytes, store_version_size(version));
}

/* Takes over the write's version, and its entry when the key is new. */
static void install(struct store *store, struct store_write *write, uint64_t commit_ts)
{
    struct store_shard *shard = store_shard_of(store, write->key.hash);
    struct store_entry *entry = store_find(shard, &write->key);

    if (write->version->deleted && (!entry || entry->newest->deleted))
        return; /* nothing there to delete */
    if (!entry) {
        entry = write->entry;
        write->entry = NULL;
        store_insert(shard, entry);
    }
    write->version->commit_ts = commit_ts;
    push(store, shard, entry, write->version);
    write->version = NULL;
}

/* First committer wins. */
static int validate(struct store *store, uint64_t start_ts, struct store_write *const *writes,
                    size_t count)
{
    const struct store_entry *entry;
    size_t n;

    for (n = 0; n < count; n++) {
        entry = store_find(store_shard_of(store, writes[n]->key.hash), &writes[n]->key);
        if (entry && entry->newest->commit_ts > start_ts)
            return -EAGAIN;
    }
    return 0;
}

static bool full(const struct store *store)
{
    return store->max_bytes &&
           __atomic_load_n(&store->stats.bytes, __ATOMIC_RELAXED) >= store->max_bytes;
}

/* Only what adds a value needs room: deletions must stay possible in a full store. */
static bool fits(const struct store *store, struct store_write *const *writes, size_t count)
{
    size_t n = 0;

    while (n < count && writes[n]->version->deleted)
        n++;
    return n == count || !full(store);
}

int store_commit(struct store *store, struct roster_session *session, uint64_t start_ts,
                 struct store_write *const *writes, size_t count, uint64_t shards)
{
    uint64_t commit_ts;
    size_t n;
    int err;

    if (!fits(store, writes, count))
        return -ENOSPC;
    store_lock(store, shards);
    err = validate(store, start_ts, writes, count);
    /* Vouches for the deletions that validate() would have missed had they been collected. */
    if (!err)
        err = roster_txn_check(session);
    if (!err) {
        commit_ts = store_commit_ts(store);
        for (n = 0; n < count; n++)
            install(store, writes[n], commit_ts);
    }
    store_unlock(store, shards);
    return err;
}

/* As many deletions as there are keys with a value, linked through queue_next. */
static int deletions_for(const struct store *store, struct store_version **list)
{
    uint64_t count = __atomic_load_n(&store->stats.keys, __ATOMIC_RELAXED);
    struct store_version *version;

    for (*list = NULL; count; count--) {
        version = store_version_new(NULL);
        if (!version)
            return -ENOMEM;
        version->queue_next = *list;
        *list = version;
    }
    return 0;
}

static void flush_shard(struct store *store, struct store_shard *shard, uint64_t commit_ts,
                        struct store_version **list)
{
    struct store_version *version;
    struct store_entry *entry;
    size_t n;

    for (n = 0; n <= shard->mask; n++)
        for (entry = shard->buckets[n]; entry; entry = entry->next) {
            if (entry->newest->deleted || !*list)
                continue; /* the list ends with the last key that has a value */
            version = *list;
            *list = version->queue_next;
            version->queue_next = NULL;
            version->commit_ts = commit_ts;
            push(store, shard, entry, version);
        }
}

int store_flush(struct store *store)
{
    struct store_version *list, *next;
    uint64_t commit_ts;
    size_t n;
    int err;

    store_lock(store, ALL_SHARDS);
    err = deletions_for(store, &list);
    if (!err) {
        commit_ts = store_commit_ts(store);
        for (n = 0; n < STORE_SHARDS; n++)
            flush_shard(store, &store->shards[n], commit_ts, &list);
    }
    store_unlock(store, ALL_SHARDS);
    for (; list; list = next) {
        next = list->queue_next;
        free(list);
    }
    return err;
}
