/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The store: creation, locks, keys and reads.
 */
#include "config.h"

#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_BUCKETS 64

struct store *store_create(struct roster_oracle_local *oracle, uint64_t max_bytes)
{
    struct store *store = aligned_alloc(64, sizeof(*store));
    struct store_shard *shard;
    bool good;

    if (!store)
        return NULL;
    memset(store, 0, sizeof(*store));
    store->oracle = oracle;
    store->max_bytes = max_bytes;
    good = getrandom(store->hash_key, sizeof(store->hash_key), 0) == sizeof(store->hash_key);
    for (shard = store->shards; shard < store->shards + STORE_SHARDS; shard++) {
        pthread_mutex_init(&shard->lock, NULL);
        STAILQ_INIT(&shard->queue);
        shard->mask = FIRST_BUCKETS - 1;
        shard->buckets = calloc(FIRST_BUCKETS, sizeof(struct store_entry *));
        good = good && shard->buckets;
    }
    if (good)
        return store;
    store_destroy(store);
    return NULL;
}

static void shard_destroy(struct store_shard *shard)
{
    struct store_version *version;
    struct store_entry *entry;
    size_t n;

    for (n = 0; shard->buckets && n <= shard->mask; n++)
        while ((entry = shard->buckets[n])) {
            shard->buckets[n] = entry->next;
            while ((version = entry->newest)) {
                entry->newest = version->older;
                free(version);
            }
            free(entry);
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

    roster_oracle_local_allocate(store->oracle, &ts); /* never fails */
    return ts;
}

struct store_key store_key(const struct store *store, struct slice bytes)
{
    return (struct store_key){store_hash(store->hash_key, bytes.data, bytes.len), bytes};
}

/* The low bits of the hash chose the shard. */
static struct store_entry **bucket_of(const struct store_shard *shard, uint64_t hash)
{
    return &shard->buckets[hash / STORE_SHARDS & shard->mask];
}

struct store_entry *store_find(const struct store_shard *shard, const struct store_key *key)
{
    struct store_entry *entry = *bucket_of(shard, key->hash);

    while (entry && (entry->hash != key->hash || entry->len != key->bytes.len ||
                     memcmp(entry->key, key->bytes.data, entry->len) != 0))
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
    struct store_entry **old = shard->buckets, *entry;
    size_t count = shard->mask + 1, n;
    struct store_entry **buckets = calloc(2 * count, sizeof(struct store_entry *));

    if (!buckets)
        return;
    shard->buckets = buckets;
    shard->mask = 2 * count - 1;
    for (n = 0; n < count; n++)
        while ((entry = old[n])) {
            old[n] = entry->next;
            insert(shard, entry);
        }
    free(old);
}

void store_insert(struct store_shard *shard, struct store_entry *entry)
{
    if (shard->entries++ > shard->mask)
        grow(shard);
    insert(shard, entry);
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
    struct store_shard *shard = store_shard(store, key->hash);
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

uint64_t store_count(struct store *store, uint64_t ts)
{
    const struct store_entry *entry;
    struct store_shard *shard;
    uint64_t count = 0;
    size_t n;

    for (shard = store->shards; shard < store->shards + STORE_SHARDS; shard++) {
        pthread_mutex_lock(&shard->lock);
        for (n = 0; n <= shard->mask; n++)
            for (entry = shard->buckets[n]; entry; entry = entry->next)
                count += visible(entry, ts) != NULL;
        pthread_mutex_unlock(&shard->lock);
    }
    return count;
}

static uint64_t reverse(uint64_t bits)
{
    uint64_t reversed = 0;
    int n;

    for (n = 0; n < 64; n++, bits >>= 1)
        reversed = reversed << 1 | (bits & 1);
    return reversed;
}

void store_scan(struct store *store, uint64_t ts, uint64_t *cursor,
                void (*each)(struct slice key, void *arg), void *arg)
{
    uint64_t number = *cursor % STORE_SHARDS, bucket = *cursor / STORE_SHARDS;
    struct store_shard *shard = &store->shards[number];
    const struct store_entry *entry;

    pthread_mutex_lock(&shard->lock);
    for (entry = shard->buckets[bucket & shard->mask]; entry; entry = entry->next)
        if (visible(entry, ts))
            each((struct slice){entry->key, entry->len}, arg);
    bucket = reverse(reverse(bucket | ~(uint64_t)shard->mask) + 1);
    pthread_mutex_unlock(&shard->lock);
    if (!bucket)
        number++;
    *cursor = number == STORE_SHARDS ? 0 : bucket * STORE_SHARDS + number;
}
