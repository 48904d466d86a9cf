/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
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

#include "buf.h"

#include <roster/oracle.h>
#include <roster/session.h>
#include <stdint.h>

#define STORE_SHARDS 32

struct store;

/* A key, and where it belongs. */
struct store_key {
    uint64_t hash;
    struct slice bytes;
};

struct store_stats {
    uint64_t keys;      /* whose newest version is no deletion */
    uint64_t versions;  /* kept now, deletions included */
    uint64_t bytes;     /* that they take */
    uint64_t collected; /* deleted by the collector since the start */
};

/* One write of a transaction, complete with all memory that installing it will need. */
struct store_write {
    struct store_key key; /* its bytes are in the entry */
    struct store_entry *entry;
    struct store_version *version;
};

/* Returns NULL when memory is out. No more than `max_bytes` of versions are kept; 0: no limit. */
struct store *store_create(struct roster_oracle_local *oracle, uint64_t max_bytes);
void store_destroy(struct store *store);
void store_stats(const struct store *store, struct store_stats *stats);

struct store_key store_key(const struct store *store, struct slice bytes);

/* An order of keys; 0 for the same key. */
int store_key_compare(const struct store_key *a, const struct store_key *b);

/* The bit of the shard where it belongs. */
uint64_t store_key_shard(const struct store_key *key);

/* A write of the key, of nothing yet. Returns NULL when memory is out. */
struct store_write *store_write_new(const struct store_key *key);
void store_write_free(struct store_write *write);

/* Makes it a value, or for NULL a deletion, in place of what it was. Returns 0 or -ENOMEM. */
int store_write_set(struct store_write *write, const struct slice *value);

/* The value that it writes, NULL for a deletion. */
const char *store_write_value(const struct store_write *write, size_t *len);

/* Appends the value that the key had at `ts`. Returns 1, or 0 when it had none. */
int store_read(struct store *store, const struct store_key *key, uint64_t ts, struct buf *out);

/* How many keys had a value at `ts`. */
uint64_t store_count(struct store *store, uint64_t ts);

/*
 * Installs all writes at one timestamp if nobody committed one of the keys after `start_ts`; they
 * are still to be freed. `session` has the transaction open and keeps it open until this has
 * returned: its pin keeps the collector from deletions that the conflict check needs.
 *
 * Returns 0; -EAGAIN when somebody else was first; -ESTALE when roster_txn_check() says that it
 * cannot be told any more; -ENOSPC when the store is full. After an error nothing has happened.
 */
int store_commit(struct store *store, struct roster_session *session, uint64_t start_ts,
                 struct store_write *const *writes, size_t count, uint64_t shards);

/* Deletes all keys at one timestamp. Returns 0, or -ENOMEM and nothing has happened. */
int store_flush(struct store *store);

/* Collects all that nobody at or above `safe_point` can see; the number of versions deleted. */
uint64_t store_collect(struct store *store, uint64_t safe_point);

#endif
