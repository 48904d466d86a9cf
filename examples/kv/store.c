/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store: creation, locks, keys and reads.
 */
#include "config.h"

#include "store_private.h"

#include "hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_BUCKETS 64

struct store *store_create(struct roster_oracle_local *oracle, uint64_t max_bytes)
{
    struct store *store = aligned_alloc(64, sizeof(*store));
    struct store_shard *shard;

    if (!store)
        return NULL;
    memset(store, 0, sizeof(*store));
    store->oracle = oracle;
    store->max_bytes = max_bytes;
    for (shard = store->shards; shard < store->shards + STORE_SHARDS; shard++) {
        pthread_mutex_init(&shard->lock, NULL);
        shard->queue_tail = &shard->queue_head;
        shard->mask = FIRST_BUCKETS - 1;
        shard->buckets = calloc(FIRST_BUCKETS, sizeof(struct store_entry *));
    }
    for (shard = store->shards; shard < store->shards + STORE_SHARDS; shard++)
        if (!shard->buckets)
            break;
    if (shard == store->shards + STORE_SHARDS &&
        getrandom(store->hash_key, sizeof(store->hash_key), 0) == sizeof(store->hash_key))
        return store;
    store_destroy(store);
    return NULL;
}

static void entry_free(struct store_entry *entry)
{
    struct store_version *version = entry->newest, *older;

    for (; version; version = older) {
        older = version->older;
        free(version);
    }
    free(entry);
}

static void shard_destroy(struct store_shard *shard)
{
    struct store_entry *entry, *next;
    size_t n;

    for (n = 0; shard->buckets && n <= shard->mask; n++)
        for (entry = shard->buckets[n]; entry; entry = next) {
            next = entry->next;
            entry_free(entry);
        }
    free(shard->buckets);
    pthread_mutex_destroy(&shard->lock);
}

void store_destroy(struct store *store)
{
    struct store_shard *shard;

    for (shard = store->shards; shard < store->shards + STORE_SHARDS; shard++)
        shard_destroy(shard);
    free(store);
}

void store_stats(const struct store *store, struct store_stats *stats)
{
    stats->keys = __atomic_load_n(&store->stats.keys, __ATOMIC_RELAXED);
    stats->versions = __atomic_load_n(&store->stats.versions, __ATOMIC_RELAXED);
    stats->bytes = __atomic_load_n(&store->stats.bytes, __ATOMIC_RELAXED);
    stats->collected = __atomic_load_n(&store->stats.collected, __ATOMIC_RELAXED);
}

void store_lock(struct store *store, uint64_t shards)
{
    for (; shards; shards &= shards - 1)
        pthread_mutex_lock(&store->shards[__builtin_ctzll(shards)].lock);
}

void store_unlock(struct store *store, uint64_t shards)
{
    for (; shards; shards &= shards - 1)
        pthread_mutex_unlock(&store->shards[__builtin_ctzll(shards)].lock);
}

uint64_t store_commit_ts(struct store *store)
{
    uint64_t ts;

    roster_oracle_local_get(store->oracle, &ts); /* never fails */
    return ts;
}

/* The low bits of the hash chose the shard. */
static struct store_entry **bucket_of(const struct store_shard *shard, uint64_t hash)
{
    return &shard->buckets[hash / STORE_SHARDS & shard->mask];
}

static bool has_key(const struct store_entry *entry, const struct store_key *key)
{
    return entry->hash == key->hash && entry->len == key->bytes.len &&
           !memcmp(entry->key, key->bytes.data, entry->len);
}

struct store_entry *store_find(const struct store_shard *shard, const struct store_key *key)
{
    struct store_entry *entry = *bucket_of(shard, key->hash);

    while (entry && !has_key(entry, key))
        entry = entry->next;
    return entry;
}

static void insert(struct store_shard *shard, struct store_entry *entry)
{
    struct store_entry **bucket = bucket_of(shard, entry->hash);

    entry->next = *bucket;
    *bucket = entry;
}

/* Doubles the table; when memory is out it goes on with the small one. */
static void grow(struct store_shard *shard)
{
    struct store_entry **old = shard->buckets, *entry, *next;
    size_t count = shard->mask + 1, n;
    struct store_entry **buckets = calloc(2 * count, sizeof(struct store_entry *));

    if (!buckets)
        return;
    shard->buckets = buckets;
    shard->mask = 2 * count - 1;
    for (n = 0; n < count; n++)
        for (entry = old[n]; entry; entry = next) {
            next = entry->next;
            insert(shard, entry);
        }
    free(old);
}

void store_insert(struct store_shard *shard, struct store_entry *entry)
{
    if (shard->entries > shard->mask)
        grow(shard);
    insert(shard, entry);
    shard->entries++;
}

void store_remove(struct store_shard *shard, struct store_entry *entry)
{
    struct store_entry **link = bucket_of(shard, entry->hash);

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    shard->entries--;
}

/* What a reader at `ts` sees of a key; NULL for nothing. */
static const struct store_version *visible(const struct store_entry *entry, uint64_t ts)
{
    const struct store_version *version = entry->newest;

    while (version && version->commit_ts > ts)
        version = version->older;
    return version && !version->deleted ? version : NULL;
}

int store_read(struct store *store, const struct store_key *key, uint64_t ts, struct buf *out)
{
    struct store_shard *shard = store_shard_of(store, key->hash);
    const struct store_version *version;
    const struct store_entry *entry;

    pthread_mutex_lock(&shard->lock);
    entry = store_find(shard, key);
    version = entry ? visible(entry, ts) : NULL;
    if (version)
        buf_append(out, version->data, version->len);
    pthread_mutex_unlock(&shard->lock);
    return version != NULL;
}

static uint64_t count_shard(struct store_shard *shard, uint64_t ts)
{
    const struct store_entry *entry;
    uint64_t count = 0;
    size_t n;

    pthread_mutex_lock(&shard->lock);
    for (n = 0; n <= shard->mask; n++)
        for (entry = shard->buckets[n]; entry; entry = entry->next)
            count += visible(entry, ts) != NULL;
    pthread_mutex_unlock(&shard->lock);
    return count;
}

uint64_t store_count(struct store *store, uint64_t ts)
{
    struct store_shard *shard;
    uint64_t count = 0;

    for (shard = store->shards; shard < store->shards + STORE_SHARDS; shard++)
        count += count_shard(shard, ts);
    return count;
}
