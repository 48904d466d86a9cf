/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Changing the store: writes and their commit, deleting all keys, and collecting old versions.
 */
#include "config.h"

#include "store.h"

#include <errno.h>
#include <roster/txn.h>
#include <stdlib.h>
#include <string.h>

#define SLICE 512 /* versions for which a shard stays locked: readers wait meanwhile */

static void add(uint64_t *counter, uint64_t value)
{
    __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

struct store_write *store_write_new(const struct store_key *key)
{
    struct store_write *write = calloc(1, sizeof(*write));
    struct store_entry *entry = calloc(1, sizeof(*entry) + key->bytes.len);

    if (!write || !entry) {
        free(write);
        free(entry);
        return NULL;
    }
    entry->hash = key->hash;
    entry->len = key->bytes.len;
    memcpy(entry->key, key->bytes.data, key->bytes.len);
    write->key = (struct store_key){key->hash, {entry->key, entry->len}};
    write->entry = entry;
    return write;
}

void store_write_free(struct store_write *write)
{
    free(write->entry);
    free(write->version);
    free(write);
}

/* NULL: a deletion. Returns NULL when memory is out. */
static struct store_version *version_new(const struct slice *value)
{
    size_t len = value ? value->len : 0;
    struct store_version *version = malloc(sizeof(*version) + len);

    if (!version)
        return NULL;
    memset(version, 0, sizeof(*version));
    version->deleted = !value;
    version->len = (uint32_t)len; /* no request is that long */
    if (len)
        memcpy(version->data, value->data, len);
    return version;
}

int store_write_set(struct store_write *write, const struct slice *value)
{
    struct store_version *version = version_new(value);

    if (!version)
        return -ENOMEM;
    free(write->version);
    write->version = version;
    return 0;
}

/* Makes `version` the newest of its key, under the lock of its shard. */
static void push(struct store *store, struct store_entry *entry, struct store_version *version,
                 uint64_t commit_ts)
{
    bool was = entry->newest && !entry->newest->deleted;

    version->commit_ts = commit_ts;
    version->entry = entry;
    version->older = entry->newest;
    entry->newest = version;
    if (version->older)
        STAILQ_INSERT_TAIL(&store_shard(store, entry->hash)->queue, version, queue);
    add(&store->stats.keys, (uint64_t)!version->deleted - (uint64_t)was);
    add(&store->stats.versions, 1);
    add(&store->stats.bytes, sizeof(*version) + version->len);
}

/* Takes over the write's version, and its entry when the key is new. */
static void install(struct store *store, struct store_write *write, uint64_t commit_ts)
{
    struct store_shard *shard = store_shard(store, write->key.hash);
    struct store_entry *entry = store_find(shard, &write->key);

    if (write->version->deleted && (!entry || entry->newest->deleted))
        return; /* nothing there to delete */
    if (!entry) {
        entry = write->entry;
        write->entry = NULL;
        store_insert(shard, entry);
    }
    push(store, entry, write->version, commit_ts);
    write->version = NULL;
}

/* First committer wins. */
static int validate(struct store *store, uint64_t start_ts, const struct store_write *write)
{
    const struct store_entry *entry;

    for (; write; write = write->next) {
        entry = store_find(store_shard(store, write->key.hash), &write->key);
        if (entry && entry->newest->commit_ts > start_ts)
            return -EAGAIN;
    }
    return 0;
}

/* Only what adds a value needs room: deletions must stay possible in a full store. */
static bool fits(const struct store *store, const struct store_write *write)
{
    while (write && write->version->deleted)
        write = write->next;
    return !write || !store->max_bytes ||
           __atomic_load_n(&store->stats.bytes, __ATOMIC_RELAXED) < store->max_bytes;
}

int store_commit(struct store *store, struct roster_session *session, uint64_t start_ts,
                 struct store_write *writes, uint64_t shards)
{
    uint64_t commit_ts;
    int err;

    if (!fits(store, writes))
        return -ENOSPC;
    store_lock(store, shards);
    err = validate(store, start_ts, writes);
    /* Vouches for the deletions that validate() would have missed had they been collected. */
    if (!err)
        err = roster_txn_check(session);
    if (!err)
        for (commit_ts = store_commit_ts(store); writes; writes = writes->next)
            install(store, writes, commit_ts);
    store_unlock(store, shards);
    return err;
}

/* As many deletions as there are keys with a value. */
static int deletions_for(const struct store *store, struct store_queue *list)
{
    uint64_t count = __atomic_load_n(&store->stats.keys, __ATOMIC_RELAXED);
    struct store_version *version;

    for (; count; count--) {
        version = version_new(NULL);
        if (!version)
            return -ENOMEM;
        STAILQ_INSERT_HEAD(list, version, queue);
    }
    return 0;
}

static void flush_shard(struct store *store, struct store_shard *shard, uint64_t commit_ts,
                        struct store_queue *list)
{
    struct store_version *version;
    struct store_entry *entry;
    size_t n;

    for (n = 0; n <= shard->mask; n++)
        for (entry = shard->buckets[n]; entry; entry = entry->next) {
            version = STAILQ_FIRST(list);
            if (entry->newest->deleted || !version)
                continue; /* the list ends with the last key that has a value */
            STAILQ_REMOVE_HEAD(list, queue);
            push(store, entry, version, commit_ts);
        }
}

int store_flush(struct store *store)
{
    struct store_queue list = STAILQ_HEAD_INITIALIZER(list);
    struct store_version *version;
    uint64_t commit_ts;
    size_t n;
    int err;

    store_lock(store, STORE_ALL_SHARDS);
    err = deletions_for(store, &list);
    if (!err)
        for (n = 0, commit_ts = store_commit_ts(store); n < STORE_SHARDS; n++)
            flush_shard(store, &store->shards[n], commit_ts, &list);
    store_unlock(store, STORE_ALL_SHARDS);
    while ((version = STAILQ_FIRST(&list))) {
        STAILQ_REMOVE_HEAD(&list, queue);
        free(version);
    }
    return err;
}

static size_t drop(struct store *store, struct store_version *version)
{
    add(&store->stats.versions, (uint64_t)-1);
    add(&store->stats.bytes, -(uint64_t)(sizeof(*version) + version->len));
    add(&store->stats.collected, 1);
    free(version);
    return 1;
}

/* Everybody at or above the safe point sees `version` or a newer one, so what is older can go. */
static size_t collect(struct store *store, struct store_shard *shard, struct store_version *version)
{
    struct store_entry *entry = version->entry;
    /* One only: what was older still has gone when that one was taken from the queue. */
    size_t count = drop(store, version->older);

    version->older = NULL;
    if (!version->deleted || entry->newest != version)
        return count;
    /* For everybody the key is not there, and so it is without the deletion. */
    store_remove(shard, entry);
    free(entry);
    return count + drop(store, version);
}

/* The first version in the queue, once it is visible at the safe point; else NULL. */
static struct store_version *next_to_collect(const struct store_shard *shard, uint64_t safe_point)
{
    struct store_version *version = STAILQ_FIRST(&shard->queue);

    return version && version->commit_ts <= safe_point ? version : NULL;
}

/* Returns whether there is more. */
static bool collect_slice(struct store *store, struct store_shard *shard, uint64_t safe_point)
{
    struct store_version *version;
    size_t count = 0;

    pthread_mutex_lock(&shard->lock);
    while ((version = next_to_collect(shard, safe_point)) && count < SLICE) {
        STAILQ_REMOVE_HEAD(&shard->queue, queue);
        count += collect(store, shard, version);
    }
    pthread_mutex_unlock(&shard->lock);
    return version != NULL;
}

void store_collect(struct store *store, uint64_t safe_point)
{
    struct store_shard *shard;

    for (shard = store->shards; shard < store->shards + STORE_SHARDS; shard++)
        while (collect_slice(store, shard, safe_point))
            ;
}
