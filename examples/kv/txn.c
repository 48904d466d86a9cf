/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
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
#include <string.h>

/* Any order of keys will do; a write begins with its key. */
static int compare(const void *a, const void *b)
{
    const struct store_key *left = a, *right = b;

    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    if (left->bytes.len != right->bytes.len)
        return left->bytes.len < right->bytes.len ? -1 : 1;
    return memcmp(left->bytes.data, right->bytes.data, left->bytes.len);
}

static void keep(void *write)
{
    (void)write; /* freed through the list */
}

static void finish(struct txn *txn)
{
    struct store_write *write;

    if (txn->history)
        (void)roster_history_add(txn->history, txn->session);
    roster_txn_finish(txn->session);
    tdestroy(txn->index, keep);
    while ((write = txn->writes)) {
        txn->writes = write->next;
        store_write_free(write);
    }
    txn->index = NULL;
    txn->count = txn->bytes = 0;
    txn->shards = 0;
    txn->state = TXN_NONE;
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

    if (interrupted(txn))
        return -EINTR;
    if (!write)
        return store_read(txn->store, &key, txn->start_ts, out);
    if (write->version->deleted)
        return 0;
    buf_append(out, write->version->data, write->version->len);
    return 1;
}

static int add_write(struct txn *txn, const struct store_key *key, const struct slice *value)
{
    struct store_write *write = store_write_new(key);

    if (!write)
        return -ENOMEM;
    if (store_write_set(write, value) || !tsearch(&write->key, &txn->index, compare)) {
        store_write_free(write);
        return -ENOMEM;
    }
    write->next = txn->writes;
    txn->writes = write;
    txn->count++;
    txn->shards |= UINT64_C(1) << key->hash % STORE_SHARDS;
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
    const struct store_write *write;
    struct buf unused = {0};

    *count = store_count(txn->store, txn->start_ts);
    for (write = txn->writes; write; write = write->next) {
        *count -= (uint64_t)store_read(txn->store, &write->key, txn->start_ts, &unused);
        *count += !write->version->deleted;
    }
    buf_free(&unused);
    return interrupted(txn);
}

struct scan {
    const struct txn *txn;
    size_t seen;
    void (*each)(struct slice key, void *arg);
    void *arg;
};

/* Leaves out what the transaction has written: that is told at the end. */
static void scan_key(struct slice name, void *arg)
{
    struct scan *scan = arg;
    struct store_key key = store_key(scan->txn->store, name);

    if (find(scan->txn, &key))
        return;
    scan->seen++;
    scan->each(name, scan->arg);
}

int txn_scan(struct txn *txn, uint64_t *cursor, size_t count,
             void (*each)(struct slice key, void *arg), void *arg)
{
    struct scan scan = {.txn = txn, .each = each, .arg = arg};
    const struct store_write *write;
    size_t buckets;

    for (buckets = 0; scan.seen < count && buckets < 10 * count; buckets++) {
        if (interrupted(txn))
            return -EINTR;
        store_scan(txn->store, txn->start_ts, cursor, scan_key, &scan);
        if (!*cursor)
            break;
    }
    for (write = *cursor ? NULL : txn->writes; write; write = write->next)
        if (!write->version->deleted)
            each(write->key.bytes, arg);
    return 0;
}

int txn_commit(struct txn *txn)
{
    int err = txn->writes
                  ? store_commit(txn->store, txn->session, txn->start_ts, txn->writes, txn->shards)
                  : roster_txn_check(txn->session);

    finish(txn); /* not before everything is installed, see store_commit() */
    return err;
}

void txn_rollback(struct txn *txn)
{
    if (txn->state == TXN_OPEN)
        finish(txn);
    txn->state = TXN_NONE;
}

void txn_fail(struct txn *txn)
{
    finish(txn);
    txn->state = TXN_FAILED;
}
