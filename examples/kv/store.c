/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The store: keys, versions and their collection.
 */
#include "config.h"

#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS (1U << 18)
#define SLICE 512 /* versions that are collected under one lock */

static void count(uint64_t *counter, uint64_t value)
{
    __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

struct store *store_create(struct roster_oracle_local *oracle, uint64_t max_bytes)
{
    struct store *store = calloc(1, sizeof(*store));
    pthread_rwlockattr_t attr;

    if (!store)
        return NULL;
    store->oracle = oracle;
    store->max_bytes = max_bytes;
    store->buckets = calloc(BUCKETS, sizeof(struct store_entry *));
    STAILQ_INIT(&store->queue);
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&store->lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    if (store->buckets && getrandom(&store->seed, sizeof(store->seed), 0) == sizeof(store->seed))
        return store;
    store_destroy(store);
    return NULL;
}

void store_destroy(struct store *store)
{
    struct store_version *version;
    struct store_entry *entry;
    size_t n;

    for (n = 0; store->buckets && n < BUCKETS; n++)
        while ((entry = store->buckets[n])) {
            store->buckets[n] = entry->next;
            while ((version = entry->newest)) {
                entry->newest = version->older;
                free(version);
            }
            free(entry);
        }
    free(store->buckets);
    pthread_rwlock_destroy(&store->lock);
    free(store);
}

void store_lock(struct store *store)
{
    pthread_rwlock_wrlock(&store->lock);
}

void store_unlock(struct store *store)
{
    pthread_rwlock_unlock(&store->lock);
}

uint64_t store_commit_ts(struct store *store)
{
    uint64_t ts;

    roster_oracle_local_allocate(store->oracle, &ts); /* never fails */
    return ts;
}

/* A polynomial over a prime field at a secret point (Carter and Wegman). */
static struct store_entry **bucket_of(const struct store *store, struct slice key)
{
    const uint64_t prime = 2147483647, at = store->seed % (prime - 1) + 1;
    uint64_t hash = 1;
    size_t n;

    for (n = 0; n < key.len; n++)
        hash = (hash * at + (unsigned char)key.data[n] + 1) % prime;
    return &store->buckets[hash * at % prime % BUCKETS];
}

struct store_entry *store_find(const struct store *store, struct slice key)
{
    struct store_entry *entry = *bucket_of(store, key);

    while (entry && (entry->key.len != key.len || memcmp(entry->key.data, key.data, key.len) != 0))
        entry = entry->next;
    return entry;
}

struct store_entry *store_entry_new(struct slice key)
{
    struct store_entry *entry = malloc(sizeof(*entry) + key.len);

    if (!entry)
        return NULL;
    memcpy(entry->bytes, key.data, key.len);
    entry->newest = NULL;
    entry->key = (struct slice){entry->bytes, key.len};
    return entry;
}

struct store_version *store_version_new(const struct slice *value)
{
    size_t len = value ? value->len : 0;
    struct store_version *version = malloc(sizeof(*version) + len);

    if (!version)
        return NULL;
    version->deleted = !value;
    version->len = len;
    if (len)
        memcpy(version->data, value->data, len);
    return version;
}

/* What a reader at `ts` sees of a key; NULL for nothing. */
static const struct store_version *visible(const struct store_entry *entry, uint64_t ts)
{
    const struct store_version *version = entry ? entry->newest : NULL;

    while (version && version->commit_ts > ts)
        version = version->older;
    return version && !version->deleted ? version : NULL;
}

static void push(struct store *store, struct store_entry *entry, struct store_version *version,
                 uint64_t commit_ts)
{
    count(&store->keys,
          (uint64_t)!version->deleted - (uint64_t)(visible(entry, UINT64_MAX) != NULL));
    count(&store->versions, 1);
    count(&store->bytes, sizeof(*version) + version->len);
    version->commit_ts = commit_ts;
    version->entry = entry;
    version->older = entry->newest;
    entry->newest = version;
    if (version->older)
        STAILQ_INSERT_TAIL(&store->queue, version, queue);
}

void store_install(struct store *store, struct store_entry **entry, struct store_version **version,
                   uint64_t commit_ts)
{
    struct store_entry **bucket = bucket_of(store, (*entry)->key);
    struct store_entry *known = store_find(store, (*entry)->key);

    if ((*version)->deleted && !visible(known, UINT64_MAX))
        return; /* there is nothing to delete */
    if (!known) {
        known = *entry;
        known->next = *bucket;
        *bucket = known;
        *entry = NULL;
    }
    push(store, known, *version, commit_ts);
    *version = NULL;
}

int store_read(struct store *store, struct slice key, uint64_t ts, struct buf *out)
{
    const struct store_version *version;

    pthread_rwlock_rdlock(&store->lock);
    version = visible(store_find(store, key), ts);
    if (version)
        buf_append(out, version->data, version->len);
    pthread_rwlock_unlock(&store->lock);
    return version != NULL;
}

uint64_t store_scan(struct store *store, uint64_t ts, uint64_t cursor, store_each_fn *each,
                    void *arg)
{
    const struct store_entry *entry = NULL;

    pthread_rwlock_rdlock(&store->lock);
    while (cursor < BUCKETS && !entry)
        entry = store->buckets[cursor++];
    for (; entry; entry = entry->next)
        if (visible(entry, ts))
            each(entry->key, arg);
    pthread_rwlock_unlock(&store->lock);
    return cursor < BUCKETS ? cursor : 0;
}

static void free_all(struct store_queue *queue)
{
    struct store_version *version;

    while ((version = STAILQ_FIRST(queue))) {
        STAILQ_REMOVE_HEAD(queue, queue);
        free(version);
    }
}

/* Under the lock: memory for all deletions comes first. */
static int flush(struct store *store, struct store_queue *deletions)
{
    struct store_version *version;
    struct store_entry *entry;
    uint64_t n, commit_ts;

    for (n = 0; n < store->keys; n++) {
        version = store_version_new(NULL);
        if (!version)
            return -ENOMEM;
        STAILQ_INSERT_HEAD(deletions, version, queue);
    }
    commit_ts = store_commit_ts(store);
    for (n = 0; n < BUCKETS; n++)
        for (entry = store->buckets[n]; entry; entry = entry->next)
            if (!entry->newest->deleted) {
                version = STAILQ_FIRST(deletions);
                STAILQ_REMOVE_HEAD(deletions, queue);
                push(store, entry, version, commit_ts);
            }
    return 0;
}

int store_flush(struct store *store)
{
    struct store_queue deletions = STAILQ_HEAD_INITIALIZER(deletions);
    int err;

    store_lock(store);
    err = flush(store, &deletions);
    store_unlock(store);
    free_all(&deletions);
    return err;
}

static void drop(struct store *store, struct store_version *version)
{
    count(&store->versions, (uint64_t)-1);
    count(&store->bytes, -(uint64_t)(sizeof(*version) + version->len));
    count(&store->collected, 1);
    free(version);
}

/* A reader at or above the safe point sees `version` or a newer one: what is older goes. That is
 * one version: what was older still has gone when that one was taken from the queue. */
static void collect(struct store *store, struct store_version *version)
{
    struct store_entry *entry = version->entry, **link;

    drop(store, version->older);
    version->older = NULL;
    if (!version->deleted || entry->newest != version)
        return;
    for (link = bucket_of(store, entry->key); *link != entry; link = &(*link)->next)
        ;
    *link = entry->next;
    free(entry);
    drop(store, version);
}

void store_collect(struct store *store, uint64_t safe_point)
{
    struct store_version *version;
    int n;

    do {
        store_lock(store);
        for (n = 0; n < SLICE && (version = STAILQ_FIRST(&store->queue)) &&
                    version->commit_ts <= safe_point;
             n++) {
            STAILQ_REMOVE_HEAD(&store->queue, queue);
            collect(store, version);
        }
        store_unlock(store);
    } while (n == SLICE);
}
