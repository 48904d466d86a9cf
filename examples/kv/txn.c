/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transactions: that of a Roster session, and what it is going to write.
 */
#include "config.h"

#include "store.h"

#include <errno.h>
#include <roster/history.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* A write holds all memory that installing it takes, so that a commit cannot fail half way. */
struct txn_write {
    struct slice key;
    struct txn_write *next;
    struct store_entry *entry;
    struct store_version *version;
};

static int compare(const void *a, const void *b)
{
    const struct slice *left = a, *right = b; /* a write begins with its key */

    if (left->len != right->len)
        return left->len < right->len ? -1 : 1;
    return memcmp(left->data, right->data, left->len);
}

static void write_free(struct txn_write *write)
{
    free(write->entry);
    free(write->version);
    free(write);
}

static void keep(void *write)
{
    (void)write; /* freed through the list */
}

static void finish(struct txn *txn)
{
    struct txn_write *write;

    if (txn->history)
        (void)roster_history_add(txn->history, txn->session);
    roster_txn_finish(txn->session);
    tdestroy(txn->index, keep);
    while ((write = txn->writes)) {
        txn->writes = write->next;
        write_free(write);
    }
    txn->index = NULL;
    txn->count = txn->bytes = 0;
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

static struct txn_write *find(const struct txn *txn, struct slice key)
{
    void *node = tfind(&key, &txn->index, compare);

    return node ? *(struct txn_write **)node : NULL;
}

int txn_get(struct txn *txn, struct slice key, struct buf *out)
{
    const struct txn_write *write = find(txn, key);

    if (interrupted(txn))
        return -EINTR;
    if (!write)
        return store_read(txn->store, key, txn->start_ts, out);
    if (write->version->deleted)
        return 0;
    buf_append(out, write->version->data, write->version->len);
    return 1;
}

static int add_write(struct txn *txn, struct slice key, struct store_version *version)
{
    struct txn_write *write = calloc(1, sizeof(*write));

    if (!write)
        return -ENOMEM;
    write->entry = store_entry_new(key);
    if (write->entry)
        write->key = write->entry->key;
    if (!write->entry || !tsearch(write, &txn->index, compare)) {
        write_free(write);
        return -ENOMEM;
    }
    write->version = version;
    write->next = txn->writes;
    txn->writes = write;
    txn->count++;
    return 0;
}

int txn_put(struct txn *txn, struct slice key, const struct slice *value)
{
    struct txn_write *write = find(txn, key);
    size_t bytes = key.len + (value ? value->len : 0) + sizeof(*write);
    struct store_version *version;
    int err = 0;

    if (interrupted(txn))
        return -EINTR;
    if (bytes > txn->max_bytes - txn->bytes)
        return -EFBIG;
    version = store_version_new(value);
    if (!version)
        return -ENOMEM;
    if (write) {
        free(write->version);
        write->version = version;
    } else {
        err = add_write(txn, key, version);
    }
    if (err)
        free(version);
    else
        txn->bytes += bytes; /* too much when a key is written again: a limit, not an account */
    return err;
}

struct scan {
    const struct txn *txn;
    size_t seen;
    store_each_fn *each;
    void *arg;
};

/* Leaves out what the transaction has written: that comes at the end. */
static void scan_key(struct slice key, void *arg)
{
    struct scan *scan = arg;

    if (find(scan->txn, key))
        return;
    scan->seen++;
    scan->each(key, scan->arg);
}

int txn_scan(struct txn *txn, uint64_t *cursor, size_t count, store_each_fn *each, void *arg)
{
    struct scan scan = {.txn = txn, .each = each, .arg = arg};
    const struct txn_write *write;

    do {
        if (interrupted(txn))
            return -EINTR;
        *cursor = store_scan(txn->store, txn->start_ts, *cursor, scan_key, &scan);
    } while (*cursor && scan.seen < count);
    for (write = *cursor ? NULL : txn->writes; write; write = write->next)
        if (!write->version->deleted)
            each(write->key, arg);
    return 0;
}

/* First committer wins. */
static int validate(const struct txn *txn)
{
    const struct txn_write *write;
    const struct store_entry *entry;

    for (write = txn->writes; write; write = write->next) {
        entry = store_find(txn->store, write->key);
        if (entry && entry->newest->commit_ts > txn->start_ts)
            return -EAGAIN;
    }
    return 0;
}

/* Only what adds a value needs room: deletions stay possible in a full store. */
static bool fits(const struct txn *txn)
{
    const struct txn_write *write = txn->writes;

    while (write && write->version->deleted)
        write = write->next;
    return !write || !txn->store->max_bytes ||
           __atomic_load_n(&txn->store->bytes, __ATOMIC_RELAXED) < txn->store->max_bytes;
}

static int install(const struct txn *txn)
{
    struct txn_write *write;
    uint64_t commit_ts = 0;
    int err;

    store_lock(txn->store);
    err = validate(txn);
    /* Vouches for deletions that validate() would have missed had they been collected. */
    if (!err)
        err = roster_txn_check(txn->session);
    if (!err)
        commit_ts = store_commit_ts(txn->store);
    for (write = err ? NULL : txn->writes; write; write = write->next)
        store_install(txn->store, &write->entry, &write->version, commit_ts);
    store_unlock(txn->store);
    return err;
}

int txn_commit(struct txn *txn)
{
    int err = !txn->writes ? roster_txn_check(txn->session) : fits(txn) ? install(txn) : -ENOSPC;

    finish(txn); /* not before all is installed: its pin keeps what validate() compares */
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
