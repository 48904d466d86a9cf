/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The store: keys, each with a chain of versions, newest first, and the transactions on it. Start
 * timestamps and the safe point come from Roster, commit timestamps from the same oracle.
 *
 * A reader at T takes the newest version with commit_ts <= T. A commit asks for its timestamp C
 * while it holds the lock, and installs all its versions before it unlocks. A reader with T > C
 * asked for T after the lock was taken, so it waits until all is installed and sees the whole
 * commit; a reader with T < C sees none of it.
 *
 * Each version that replaces another is queued in the order of commit_ts. Once such a version is
 * at or below the safe point, no reader needs what is older: the collector takes it away. It costs
 * what there is to collect, not a walk over all keys.
 *
 * One lock and a table that does not grow keep this small: the subject here is Roster.
 */
#pragma once

#include "../resp/resp.h"

#include <pthread.h>
#include <roster/roster.h>
#include <sys/queue.h>

/*
 * Names that a transaction holds until it ends. They are advisory: reads and writes do not look at
 * them. A session that waits for one says so to the roster, with the holder, so that lists show
 * which session blocks which, and a wait that closes a circle is refused.
 */
struct locks {
    pthread_mutex_t mutex;
    void *by_name; /* for tfind() */
    uint32_t event;
    void (*released)(void *arg); /* has those who wait try again */
    void *arg;
};

struct store {
    pthread_rwlock_t lock;
    struct item **buckets;
    STAILQ_HEAD(version_queue, version) queue;
    struct roster_oracle_local *oracle;
    uint64_t seed;      /* of the hash: secret, so that no client can fill one bucket */
    uint64_t max_bytes; /* of versions; 0: no limit */
    uint64_t keys;      /* whose newest version is a value. These four: relaxed */
    uint64_t versions;  /* deletions included */
    uint64_t bytes;     /* that they take */
    uint64_t collected; /* versions */
    struct locks locks;
};

/* Returns NULL when memory is out. */
struct store *store_create(struct roster_oracle_local *oracle, uint64_t max_bytes);
void store_destroy(struct store *store);

/* Frees what no reader at or above `safe_point` can see. */
void store_collect(struct store *store, uint64_t safe_point);

enum txn_state {
    TXN_NONE,
    TXN_OPEN,
    TXN_FAILED, /* rolled back, but the client has not ended it yet */
};

struct txn {
    struct store *store;
    struct roster_session *session;
    struct roster_history *history; /* NULL: none is kept */
    enum txn_state state;
    uint64_t start_ts;
    struct item *writes; /* each with the version that it is going to install */
    void *index;         /* the writes by key, for tfind() */
    size_t count, bytes, max_bytes;
    struct lock *locks; /* that it holds */
};

/* Functions that return int return 0 (or as stated) or a negative errno. */
int txn_begin(struct txn *txn);

/* The value as the transaction sees it: its length, and appends it; both may be NULL. Returns 1, or
 * 0 when there is none. */
int txn_get(struct txn *txn, struct slice key, size_t *len, struct buf *out);

/* Writes a value, or for NULL a deletion. -EFBIG when the transaction has written too much. */
int txn_put(struct txn *txn, struct slice key, const struct slice *value);

/* Calls `each` for keys that the transaction sees, for `count` if there are as many, and moves the
 * cursor; an error of `each` ends it and is returned. `each` may put the key that it is called for,
 * which ends with a zero. */
typedef int txn_each_fn(struct slice key, void *arg);
int txn_scan(struct txn *txn, uint64_t *cursor, size_t count, txn_each_fn *each, void *arg);

/* Takes a lock. -EINPROGRESS when another transaction holds it: the session waits from then on, and
 * tries again when `released` was called; -EDEADLK when that would never end. */
int txn_lock(struct txn *txn, struct slice name);

/* Ends it, whatever is returned: -EAGAIN when another transaction committed one of its keys first,
 * -ESTALE when roster_txn_check() refuses it, -ENOSPC when the store is full. */
int txn_commit(struct txn *txn);
void txn_rollback(struct txn *txn);

/* Rolls back; the client still has to end it. */
void txn_fail(struct txn *txn);

/* locks.c: lets all locks of a transaction go, which has ended. */
void locks_release(struct txn *txn);
