/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the store is made of; for its own files.
 */
#ifndef KV_STORE_PRIVATE_H
#define KV_STORE_PRIVATE_H

#include "store.h"

#include <pthread.h>

struct store_version {
    uint64_t commit_ts;
    struct store_version *older;
    struct store_version *queue_next; /* of those that made another one old */
    struct store_entry *entry;
    uint32_t len;
    bool deleted;
    char data[];
};

struct store_entry {
    uint64_t hash;
    struct store_entry *next; /* in its bucket */
    struct store_version *newest;
    size_t len;
    char key[];
};

struct store_shard {
    pthread_mutex_t lock; /* of all that the shard leads to */
    struct store_entry **buckets;
    size_t mask;
    size_t entries;
    struct store_version *queue_head;
    struct store_version **queue_tail;
} __attribute__((aligned(64)));

struct store {
    struct store_shard shards[STORE_SHARDS];
    struct roster_oracle_local *oracle;
    uint64_t hash_key[2];
    uint64_t max_bytes;
    struct store_stats stats; /* atomic, relaxed: they order nothing */
};

static inline void store_add(uint64_t *counter, uint64_t value)
{
    __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

static inline struct store_shard *store_shard_of(struct store *store, uint64_t hash)
{
    return &store->shards[hash % STORE_SHARDS];
}

/* NULL: a deletion. Returns NULL when memory is out. */
struct store_version *store_version_new(const struct slice *value);

static inline size_t store_version_size(const struct store_version *version)
{
    return sizeof(*version) + version->len;
}

/* In ascending order, so that commits cannot wait for each other in a circle. */
void store_lock(struct store *store, uint64_t shards);
void store_unlock(struct store *store, uint64_t shards);

/* The timestamp of a commit: asked for while the locks of all its shards are held. */
uint64_t store_commit_ts(struct store *store);

/* Under the shard's lock. */
struct store_entry *store_find(const struct store_shard *shard, const struct store_key *key);
void store_insert(struct store_shard *shard, struct store_entry *entry);
void store_remove(struct store_shard *shard, struct store_entry *entry);

#endif
