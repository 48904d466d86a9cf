/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transactions of the server: a transaction of a Roster session, and what it is going to write.
 */
#ifndef KV_TXN_H
#define KV_TXN_H

#include "store.h"

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
    struct store_write *writes;
    size_t count; /* of them */
    size_t bytes;
    size_t max_bytes;
    uint64_t shards; /* that the writes belong to */
    void *index;     /* the writes in order of their keys, for tfind() */
};

/* Functions that return int return 0 (or what is said) or a negative errno. */

int txn_begin(struct txn *txn);

/* Appends the key's value as the transaction sees it. Returns 1, or 0 when it has none. */
int txn_get(struct txn *txn, struct slice name, struct buf *out);

/* Writes a value, or for NULL a deletion. -EFBIG when the transaction has written too much. */
int txn_put(struct txn *txn, struct slice name, const struct slice *value);

/* Counts the keys that the transaction sees. */
int txn_count(struct txn *txn, uint64_t *count);

/*
 * Calls `each` for some of the keys that the transaction sees, at least `count` if there are, and
 * moves the cursor, see store_scan(). `each` may not call back.
 */
int txn_scan(struct txn *txn, uint64_t *cursor, size_t count,
             void (*each)(struct slice key, void *arg), void *arg);

/* Ends it, whatever is returned. -EAGAIN when another transaction was first. */
int txn_commit(struct txn *txn);

/* Ends it, in any state. */
void txn_rollback(struct txn *txn);

/* Rolls back, but remembers so that nothing more is done in it. */
void txn_fail(struct txn *txn);

#endif
