/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Transactions of the server.
 */
#include "config.h"

#include "txn.h"

#include <errno.h>
#include <roster/history.h>
#include <roster/kill.h>
#include <roster/txn.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return store_key_compare(a, b); /* a write begins with its key */
}

static void keep(void *write)
{
    (void)write; /* freed through the array */
}

static void forget_writes(struct txn *txn)
{
    size_t n;

    tdestroy(txn->index, keep);
    for (n = 0; n < txn->count; n++)
        store_write_free(txn->writes[n]);
    free(txn->writes);
    txn->index = NULL;
    txn->writes = NULL;
    txn->count = txn->capacity = txn->bytes = 0;
    txn->shards = 0;
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

static struct store_write *find(const struct txn *txn, const struct store_key *key)
{
    void *node = tfind(key, &txn->index, compare);

    return node ? *(struct store_write **)node : NULL;
}

int txn_get(struct txn *txn, struct slice name, struct buf *out)
{
    struct store_key key = store_key(txn->store, name);
    const struct store_write *write = find(txn, &key);
    const char *value;
    size_t len;

    if (interrupted(txn))
        return -EINTR;
    if (!write)
        return store_read(txn->store, &key, txn->start_ts, out);
    value = store_write_value(write, &len);
    if (value)
        buf_append(out, value, len);
    return value != NULL;
}

static int room_for_write(struct txn *txn)
{
    size_t capacity = txn->capacity ? 2 * txn->capacity : 4;
    struct store_write **writes;

    if (txn->count < txn->capacity)
        return 0;
    writes = realloc(txn->writes, capacity * sizeof(struct store_write *));
    if (!writes)
        return -ENOMEM;
    txn->writes = writes;
    txn->capacity = capacity;
    return 0;
}

static int add_write(struct txn *txn, const struct store_key *key, const struct slice *value)
{
    struct store_write *write;

    if (room_for_write(txn))
        return -ENOMEM;
    write = store_write_new(key);
    if (!write)
        return -ENOMEM;
    if (store_write_set(write, value) || !tsearch(&write->key, &txn->index, compare)) {
        store_write_free(write);
        return -ENOMEM;
    }
    txn->writes[txn->count++] = write;
    txn->shards |= store_key_shard(key);
    return 0;
}

int txn_put(struct txn *txn, struct slice name, const struct slice *value)
{
    struct store_key key = store_key(txn->store, name);
    struct store_write *write = find(txn, &key);
    size_t bytes = name.len + (value ? value->len : 0) + sizeof(*write);
    int err;

    if (interrupted(txn))
        return -EINTR;
    if (bytes > txn->max_bytes - txn->bytes)
        return -EFBIG;
    err = write ? store_write_set(write, value) : add_write(txn, &key, value);
    if (!err)
        txn->bytes += bytes; /* too much when a key is written again: it is a limit, no account */
    return err;
}

int txn_count(struct txn *txn, uint64_t *count)
{
    struct buf unused = {0};
    size_t n, len;
    uint64_t before;

    *count = store_count(txn->store, txn->start_ts);
    for (n = 0; n < txn->count; n++) {
        before = (uint64_t)store_read(txn->store, &txn->writes[n]->key, txn->start_ts, &unused);
        *count += (store_write_value(txn->writes[n], &len) != NULL) - before;
    }
    buf_free(&unused);
    return interrupted(txn);
}

int txn_check(struct txn *txn)
{
    return roster_txn_check(txn->session);
}

static void finish(struct txn *txn)
{
    if (txn->history)
        (void)roster_history_add(txn->history, txn->session);
    roster_txn_finish(txn->session);
    forget_writes(txn);
    txn->state = TXN_NONE;
}

int txn_commit(struct txn *txn)
{
    int err;

    if (txn->state == TXN_FAILED) {
        txn->state = TXN_NONE;
        return txn->error;
    }
    if (txn->count)
        err = store_commit(txn->store, txn->session, txn->start_ts, txn->writes, txn->count,
                           txn->shards);
    else
        err = roster_txn_check(txn->session);
    finish(txn); /* not before everything is installed, see store_commit() */
    return err;
}

void txn_rollback(struct txn *txn)
{
    if (txn->state == TXN_OPEN)
        finish(txn);
    txn->state = TXN_NONE;
}

void txn_fail(struct txn *txn, int error)
{
    finish(txn);
    txn->state = TXN_FAILED;
    txn->error = error;
}
