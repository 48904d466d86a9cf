/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The store: keys, each with a chain of versions. Who needs which version is not its business:
 * timestamps, the minimum and the safe point come from Roster.
 *
 *     shard -> hash table -> entry (a key) -> newest version -> older -> ... -> oldest
 *
 * A version has the timestamp of the commit that made it. A reader at T takes the newest version
 * with commit_ts <= T. A commit locks every shard that it writes, asks the oracle for its
 * timestamp C while it holds them, installs all its versions and unlocks. So a reader with T > C
 * asked for T after those locks were taken, finds them held until all is installed, and sees the
 * whole commit; a reader with T < C sees none of it.
 *
 * The collector deletes what nobody at or above the safe point P can see: every version that has
 * a newer one with commit_ts <= P. Each version that makes another one old is queued in its shard
 * when it is installed; the queue is in order of commit_ts, so collecting costs what there is to
 * collect and not a walk over all keys.
 */
#ifndef KV_STORE_H
#define KV_STORE_H

#include "reply.h"

#include <pthread.h>
#include <roster/oracle.h>
#include <roster/session.h>
#include <sys/queue.h>

#define STORE_SHARDS 32
#define STORE_ALL_SHARDS ((UINT64_C(1) << STORE_SHARDS) - 1)

struct store_version {
    uint64_t commit_ts;
    struct store_version *older;
    STAILQ_ENTRY(store_version) queue; /* of those that made another one old */
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

STAILQ_HEAD(store_queue, store_version);

struct store_shard {
    pthread_mutex_t lock; /* of all that the shard leads to */
    struct store_entry **buckets;
    size_t mask;
    size_t entries;
    struct store_queue queue;
} __attribute__((aligned(64)));

struct store_stats {
    uint64_t keys;      /* whose newest version is no deletion */
    uint64_t versions;  /* kept now, deletions included */
    uint64_t bytes;     /* that they take */
    uint64_t collected; /* deleted by the collector since the start */
};

struct store {
    struct store_shard shards[STORE_SHARDS];
    struct roster_oracle_local *oracle;
    uint64_t hash_key[2];
    uint64_t max_bytes;
    struct store_stats stats; /* atomic, relaxed: they order nothing */
};

/* A key, and where it belongs. */
struct store_key {
    uint64_t hash;
    struct slice bytes;
};

/* One write of a transaction, complete with all memory that installing it will need. */
struct store_write {
    struct store_key key; /* its bytes are in the entry */
    struct store_write *next;
    struct store_entry *entry;
    struct store_version *version;
};

/* Returns NULL when memory is out. No more than `max_bytes` of versions are kept; 0: no limit. */
struct store *store_create(struct roster_oracle_local *oracle, uint64_t max_bytes);
void store_destroy(struct store *store);

uint64_t store_hash(const uint64_t key[2], const char *data, size_t len);
struct store_key store_key(const struct store *store, struct slice bytes);

static inline struct store_shard *store_shard(struct store *store, uint64_t hash)
{
    return &store->shards[hash % STORE_SHARDS];
}

/* Locks shards, a bit for each, in ascending order: commits cannot wait for each other in a circle.
 */
void store_lock(struct store *store, uint64_t shards);
void store_unlock(struct store *store, uint64_t shards);

/* Under the shard's lock. */
struct store_entry *store_find(const struct store_shard *shard, const struct store_key *key);
void store_insert(struct store_shard *shard, struct store_entry *entry);
void store_remove(struct store_shard *shard, struct store_entry *entry);

/* The timestamp of a commit: asked for while the locks of all its shards are held. */
uint64_t store_commit_ts(struct store *store);

/* Appends the value that the key had at `ts`. Returns 1, or 0 when it had none. */
int store_read(struct store *store, const struct store_key *key, uint64_t ts, struct buf *out);

/* How many keys had a value at `ts`. */
uint64_t store_count(struct store *store, uint64_t ts);

/*
 * Calls `each` for the keys of one bucket that have a value at `ts`, and moves the cursor to the
 * next bucket; 0 is the first one, and comes again after the last. A key that has a value all the
 * time is met at least once, also when tables grow in between: buckets come in the order of their
 * reversed bits (Noordhuis, for Redis), in which a bucket and those that it was split into are
 * neighbours. `each` is called under the lock of the shard.
 */
void store_scan(struct store *store, uint64_t ts, uint64_t *cursor,
                void (*each)(struct slice key, void *arg), void *arg);

/* A write of the key, of nothing yet. Returns NULL when memory is out. */
struct store_write *store_write_new(const struct store_key *key);
void store_write_free(struct store_write *write);

/* Makes it a value, or for NULL a deletion, in place of what it was. Returns 0 or -ENOMEM. */
int store_write_set(struct store_write *write, const struct slice *value);

/*
 * Installs a list of writes at one timestamp if nobody committed one of the keys after `start_ts`;
 * they are still to be freed. `session` has the transaction open and keeps it open until this has
 * returned: its pin keeps the collector from deletions that the conflict check needs.
 *
 * Returns 0; -EAGAIN when somebody else was first; -ESTALE when roster_txn_check() says that it
 * cannot be told any more; -ENOSPC when the store is full. After an error nothing has happened.
 */
int store_commit(struct store *store, struct roster_session *session, uint64_t start_ts,
                 struct store_write *writes, uint64_t shards);

/* Deletes all keys at one timestamp. Returns 0, or -ENOMEM and nothing has happened. */
int store_flush(struct store *store);

/* Collects all that nobody at or above `safe_point` can see. */
void store_collect(struct store *store, uint64_t safe_point);

#endif
