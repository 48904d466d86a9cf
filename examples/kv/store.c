/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Keys, versions and their collection; transactions, and what they are going to write.
 */
#include "store.h"

#include <errno.h>
#include <roster/history.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS (1U << 18)
#define BATCH 512 /* versions that are collected under one lock */

struct version {
    uint64_t commit_ts; /* 0: its transaction has not committed */
    struct version *older;
    STAILQ_ENTRY(version) queue;
    struct item *entry;
    size_t len;
    bool deleted;
    char data[];
};

/* A key of the store, or one that a transaction has written: so a commit, which moves it from there
 * to here, needs no memory and cannot fail half way. */
struct item {
    struct slice key;  /* first, for slice_compare() */
    struct item *next; /* in its bucket, or of its transaction */
    struct version *newest;
    char bytes[]; /* of the key, and a final zero */
};

struct store *store_create(struct roster_oracle_local *oracle, uint64_t max_bytes)
{
    struct store *store = calloc(1, sizeof(*store));
    pthread_rwlockattr_t attr;

    if (!store)
        return NULL;
    store->oracle = oracle;
    store->max_bytes = max_bytes;
    store->buckets = calloc(BUCKETS, sizeof(struct item *));
    STAILQ_INIT(&store->queue);
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&store->lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    pthread_mutex_init(&store->locks.mutex, NULL);
    if (store->buckets && getrandom(&store->seed, sizeof(store->seed), 0) == sizeof(store->seed))
        return store;
    store_destroy(store);
    return NULL;
}

static void free_entries(struct item *entry)
{
    struct version *version;
    struct item *next;

    for (; entry; entry = next) {
        next = entry->next;
        while ((version = entry->newest)) {
            entry->newest = version->older;
            free(version);
        }
        free(entry);
    }
}

void store_destroy(struct store *store)
{
    size_t n;

    if (!store)
        return;
    for (n = 0; store->buckets && n < BUCKETS; n++)
        free_entries(store->buckets[n]);
    free(store->buckets);
    pthread_mutex_destroy(&store->locks.mutex);
    pthread_rwlock_destroy(&store->lock);
    free(store);
}

/* The link to a key, or where that would be. The hash is a polynomial over a prime field at a
 * secret point (Carter and Wegman). */
static struct item **find(const struct store *store, struct slice key)
{
    const uint64_t prime = 2147483647, at = store->seed % (prime - 1) + 1;
    struct item **link;
    uint64_t hash = 1;
    size_t n;

    for (n = 0; n < key.len; n++)
        hash = (hash * at + (unsigned char)key.data[n] + 1) % prime;
    link = &store->buckets[hash * at % prime % BUCKETS];
    while (*link && slice_compare(&(*link)->key, &key))
        link = &(*link)->next;
    return link;
}

/* What a reader at `ts` sees of a key; NULL for nothing. */
static const struct version *visible(const struct item *entry, uint64_t ts)
{
    const struct version *version = entry ? entry->newest : NULL;

    while (version && version->commit_ts > ts)
        version = version->older;
    return version && !version->deleted ? version : NULL;
}

/* Takes what a transaction has written of a key. */
static void install(struct store *store, struct item *write, uint64_t commit_ts)
{
    struct version *version = write->newest;
    struct item **link = find(store, write->key), *entry = *link;
    bool seen = visible(entry, UINT64_MAX);

    write->next = NULL;
    if (version->deleted && !seen) {
        free_entries(write); /* there is nothing to delete */
        return;
    }
    count_add(&store->keys, (uint64_t)!version->deleted - (uint64_t)seen);
    count_add(&store->versions, 1);
    count_add(&store->bytes, sizeof(*version) + version->len);
    version->commit_ts = commit_ts;
    version->entry = entry ? entry : write;
    if (!entry) {
        *link = write;
        return;
    }
    version->older = entry->newest;
    entry->newest = version;
    STAILQ_INSERT_TAIL(&store->queue, version, queue);
    free(write);
}

static void drop(struct store *store, struct version *version)
{
    count_add(&store->versions, (uint64_t)-1);
    count_add(&store->bytes, -(uint64_t)(sizeof(*version) + version->len));
    count_add(&store->collected, 1);
    free(version);
}

/* A reader at or above the safe point sees `version` or a newer one: what is older goes. That is
 * one version: what was older still has gone when that one was taken from the queue. */
static void collect(struct store *store, struct version *version)
{
    struct item *entry = version->entry;

    drop(store, version->older);
    version->older = NULL;
    if (!version->deleted || entry->newest != version)
        return;
    *find(store, entry->key) = entry->next;
    free(entry);
    drop(store, version);
}

void store_collect(struct store *store, uint64_t safe_point)
{
    struct version *version;
    int n;

    do {
        pthread_rwlock_wrlock(&store->lock);
        for (n = 0; n < BATCH && (version = STAILQ_FIRST(&store->queue)) &&
                    version->commit_ts <= safe_point;
             n++) {
            STAILQ_REMOVE_HEAD(&store->queue, queue);
            collect(store, version);
        }
        pthread_rwlock_unlock(&store->lock);
    } while (n == BATCH);
}

static struct item *find_write(const struct txn *txn, struct slice key)
{
    struct item *const *node = tfind(&key, &txn->index, slice_compare);

    return node ? *node : NULL;
}

int txn_begin(struct txn *txn)
{
    int err = roster_txn_begin(txn->session, &txn->start_ts);

    if (!err)
        txn->state = TXN_OPEN;
    return err;
}

/* Long statements ask here whether they were killed. */
static int interrupted(const struct txn *txn)
{
    return roster_killed(txn->session) ? -EINTR : 0;
}

int txn_get(struct txn *txn, struct slice key, size_t *len, struct buf *out)
{
    const struct item *write = find_write(txn, key);
    const struct version *version;

    if (interrupted(txn))
        return -EINTR;
    pthread_rwlock_rdlock(&txn->store->lock);
    version = visible(write ? write : *find(txn->store, key), txn->start_ts);
    if (len)
        *len = version ? version->len : 0;
    if (version && out)
        buf_append(out, version->data, version->len);
    pthread_rwlock_unlock(&txn->store->lock);
    return version != NULL;
}

static struct version *new_version(const struct slice *value)
{
    size_t len = value ? value->len : 0;
    struct version *version = malloc(sizeof(*version) + len);

    if (!version)
        return NULL;
    *version = (struct version){.len = len, .deleted = !value};
    if (len)
        memcpy(version->data, value->data, len);
    return version;
}

static struct item *add_write(struct txn *txn, struct slice key)
{
    struct item *write = malloc(sizeof(*write) + key.len + 1);

    if (!write)
        return NULL;
    *write = (struct item){.key = {write->bytes, key.len}, .next = txn->writes};
    memcpy(write->bytes, key.data, key.len);
    write->bytes[key.len] = '\0';
    if (!tsearch(write, &txn->index, slice_compare)) {
        free(write);
        return NULL;
    }
    txn->writes = write;
    txn->count++;
    return write;
}

int txn_put(struct txn *txn, struct slice key, const struct slice *value)
{
    struct item *write = find_write(txn, key);
    size_t bytes = key.len + (value ? value->len : 0) + sizeof(*write);
    struct version *version;

    if (interrupted(txn))
        return -EINTR;
    /* Deletions are bounded by what there is to delete. */
    if (value && (txn->bytes > txn->max_bytes || bytes > txn->max_bytes - txn->bytes))
        return -EFBIG;
    version = new_version(value);
    if (!write && version)
        write = add_write(txn, key);
    if (!write || !version) {
        free(version);
        return -ENOMEM;
    }
    free(write->newest);
    write->newest = version;
    txn->bytes += bytes; /* too much when a key is written again: a limit, not an account */
    return 0;
}

/* The keys of the first bucket at or after the cursor that has any, without those that the
 * transaction has written. */
static int scan_bucket(struct txn *txn, uint64_t *cursor, size_t *seen, txn_each_fn *each,
                       void *arg)
{
    const struct item *entry = NULL;
    int err = interrupted(txn);

    pthread_rwlock_rdlock(&txn->store->lock);
    while (*cursor < BUCKETS && !entry)
        entry = txn->store->buckets[(*cursor)++];
    for (; !err && entry; entry = entry->next)
        if (visible(entry, txn->start_ts) && !find_write(txn, entry->key)) {
            ++*seen;
            err = each(entry->key, arg);
        }
    pthread_rwlock_unlock(&txn->store->lock);
    if (*cursor >= BUCKETS)
        *cursor = 0;
    return err;
}

int txn_scan(struct txn *txn, uint64_t *cursor, size_t count, txn_each_fn *each, void *arg)
{
    const struct item *write;
    size_t seen = 0;
    int err;

    do {
        err = scan_bucket(txn, cursor, &seen, each, arg);
    } while (!err && *cursor && seen < count);
    for (write = *cursor ? NULL : txn->writes; !err && write; write = write->next)
        if (!write->newest->deleted)
            err = each(write->key, arg);
    return err;
}

static int commit(struct txn *txn)
{
    struct store *store = txn->store;
    struct item *write, *entry;
    uint64_t commit_ts;
    int err = 0;

    pthread_rwlock_wrlock(&store->lock);
    for (write = txn->writes; !err && write; write = write->next) {
        entry = *find(store, write->key);
        if (entry && entry->newest->commit_ts > txn->start_ts)
            err = -EAGAIN; /* the first committer wins */
    }
    /* Vouches for deletions that the loop would have missed had they been collected. */
    if (!err)
        err = roster_txn_check(txn->session);
    if (!err)
        err = roster_oracle_local_allocate(store->oracle, &commit_ts);
    while (!err && (write = txn->writes)) {
        txn->writes = write->next;
        install(store, write, commit_ts);
    }
    pthread_rwlock_unlock(&store->lock);
    return err;
}

/* Only what adds a value needs room: deletions stay possible in a full store. */
static bool fits(const struct txn *txn)
{
    const struct item *write = txn->writes;

    while (write && write->newest->deleted)
        write = write->next;
    return !write || !txn->store->max_bytes ||
           __atomic_load_n(&txn->store->bytes, __ATOMIC_RELAXED) < txn->store->max_bytes;
}

static void keep(void *write)
{
    (void)write; /* freed through the list, or the store's by now */
}

static void finish(struct txn *txn, enum txn_state state)
{
    if (txn->history)
        (void)roster_history_add(txn->history, txn->session);
    roster_txn_finish(txn->session);
    locks_release(txn);
    tdestroy(txn->index, keep);
    free_entries(txn->writes);
    txn->index = txn->writes = NULL;
    txn->count = txn->bytes = 0;
    txn->state = state;
}

int txn_commit(struct txn *txn)
{
    int err = !txn->writes ? roster_txn_check(txn->session) : fits(txn) ? commit(txn) : -ENOSPC;

    finish(txn, TXN_NONE); /* not before all is installed: its pin keeps what commit() compares */
    return err;
}

void txn_rollback(struct txn *txn)
{
    if (txn->state == TXN_OPEN)
        finish(txn, TXN_NONE);
    txn->state = TXN_NONE;
}

void txn_fail(struct txn *txn)
{
    finish(txn, TXN_FAILED);
}
