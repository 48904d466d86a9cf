/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The SQLite file as a table of keys. */

#include "store/base/arena.h"
#include "store/base/bytes.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <stdlib.h>

static int find(struct store_engine *engine, struct roster_store_bytes key,
                struct roster_store_kv *kv)
{
    struct sqlite_tx *tx = sqlite_tx_of(engine);
    int err;
    sqlite3_stmt *statement = rst_sqlite_conn_statement(tx->conn, SQL_KEY_FIND, &err);

    if (!statement)
        return err;
    rst_sqlite_conn_bind(statement, 1, key);
    err = rst_sqlite_conn_step(tx->conn, statement);
    if (err != 1)
        return err;
    err = rst_sqlite_tx_row(tx, statement, false, kv);
    return err ? err : 1;
}

/* Visits what the statement returns while it is what the keys select. */
static int visit_rows(struct sqlite_tx *tx, sqlite3_stmt *statement,
                      const struct roster_store_keys *keys, store_visit_fn *visit, void *arg)
{
    int stop = 0, row;

    while (stop == 0 && (row = rst_sqlite_conn_step(tx->conn, statement)) != 0) {
        struct roster_store_kv kv = {0};

        if (row < 0)
            return row;
        row = rst_sqlite_tx_row(tx, statement, false, &kv);
        if (row != 0)
            return row;
        /* The walk begins with the key that the last page ended with. */
        if (keys->after.size > 0 && rst_store_bytes_equal(kv.key, keys->after))
            continue;
        if (!rst_store_keys_match(keys, kv.key))
            break;
        stop = visit(arg, &kv);
    }
    return stop;
}

static int walk(struct store_engine *engine, const struct roster_store_keys *keys,
                store_visit_fn *visit, void *arg)
{
    struct sqlite_tx *tx = sqlite_tx_of(engine);
    int err;
    sqlite3_stmt *statement =
        rst_sqlite_conn_statement(tx->conn, keys->prefix ? SQL_KEY_WALK : SQL_KEY_FIND, &err);

    if (!statement)
        return err;
    rst_sqlite_conn_bind(statement, 1, rst_store_keys_first(keys));
    err = visit_rows(tx, statement, keys, visit, arg);
    sqlite3_reset(statement);
    return err;
}

static int check_lease(struct store_engine *engine, int64_t lease)
{
    sqlite3_stmt *statement;
    int row = rst_sqlite_conn_ask(sqlite_tx_of(engine)->conn, SQL_LEASE_FIND, lease, &statement);

    sqlite3_reset(statement);
    if (row < 0)
        return row;
    return row == 1 ? 0 : -EKEYEXPIRED;
}

static void bind_kv(sqlite3_stmt *statement, const struct roster_store_kv *kv)
{
    rst_sqlite_conn_bind(statement, 1, kv->key);
    rst_sqlite_conn_bind(statement, 2, kv->value);
    sqlite3_bind_int64(statement, 3, kv->create_revision);
    sqlite3_bind_int64(statement, 4, kv->mod_revision);
    sqlite3_bind_int64(statement, 5, kv->version);
    sqlite3_bind_int64(statement, 6, kv->lease);
}

static int add_event(struct sqlite_tx *tx, const struct roster_store_kv *kv)
{
    int err;
    sqlite3_stmt *statement = rst_sqlite_conn_statement(tx->conn, SQL_EVENT_ADD, &err);

    if (!statement)
        return err;
    bind_kv(statement, kv);
    sqlite3_bind_int64(statement, 7, tx->place++);
    return rst_sqlite_conn_run(tx->conn, statement);
}

static int put(struct store_engine *engine, const struct roster_store_op *op)
{
    struct sqlite_tx *tx = sqlite_tx_of(engine);
    struct roster_store_kv before = {0}, kv = {0};
    int found = find(engine, op->keys.key, &before);
    sqlite3_stmt *statement;
    int err;

    if (found < 0)
        return found;
    kv.key = op->keys.key;
    kv.value = op->value;
    kv.lease = op->lease;
    kv.mod_revision = rst_sqlite_tx_revision(tx);
    kv.create_revision = found ? before.create_revision : kv.mod_revision;
    kv.version = found ? before.version + 1 : 1;
    statement = rst_sqlite_conn_statement(tx->conn, SQL_KEY_PUT, &err);
    if (!statement)
        return err;
    bind_kv(statement, &kv);
    err = rst_sqlite_conn_run(tx->conn, statement);
    return err ? err : add_event(tx, &kv);
}

static int erase_key(struct sqlite_tx *tx, struct roster_store_bytes key)
{
    struct roster_store_kv tombstone = {.key = key, .mod_revision = rst_sqlite_tx_revision(tx)};
    int err;
    sqlite3_stmt *statement = rst_sqlite_conn_statement(tx->conn, SQL_KEY_DELETE, &err);

    if (!statement)
        return err;
    rst_sqlite_conn_bind(statement, 1, key);
    err = rst_sqlite_conn_run(tx->conn, statement);
    return err ? err : add_event(tx, &tombstone);
}

/* Keys to be erased: collected first, since a walk does not like what it walks on to change. */
struct doomed {
    struct roster_store_bytes *keys;
    size_t count;
};

static int doom(void *arg, const struct roster_store_kv *kv)
{
    struct doomed *doomed = arg;

    doomed->keys =
        rst_store_arena_grow(doomed, doomed->keys, doomed->count, sizeof(doomed->keys[0]));
    if (!doomed->keys)
        return rst_store_arena_error(doomed);
    return rst_store_arena_copy(doomed, kv->key, &doomed->keys[doomed->count++]);
}

static int erase(struct store_engine *engine, const struct roster_store_keys *keys,
                 int64_t *deleted)
{
    struct doomed *doomed = rst_store_arena_new(sizeof(*doomed), SIZE_MAX);
    int err;
    size_t i;

    if (!doomed)
        return -ENOMEM;
    err = walk(engine, keys, doom, doomed);
    for (i = 0; i < doomed->count && !err; i++)
        err = erase_key(sqlite_tx_of(engine), doomed->keys[i]);
    if (!err)
        *deleted = (int64_t)doomed->count;
    roster_store_free(doomed);
    return err;
}

int rst_sqlite_engine_lease_is_used(struct sqlite_tx *tx, int64_t lease)
{
    sqlite3_stmt *statement;
    int row = rst_sqlite_conn_ask(tx->conn, SQL_KEY_OF_LEASE, lease, &statement);

    sqlite3_reset(statement);
    return row;
}

int rst_sqlite_engine_erase_lease(struct sqlite_tx *tx, int64_t lease)
{
    sqlite3_stmt *statement;
    int err, row;

    do {
        struct roster_store_kv kv = {0};

        row = rst_sqlite_conn_ask(tx->conn, SQL_KEY_OF_LEASE, lease, &statement);
        err = row < 0 ? row : 0;
        if (row == 1)
            err = rst_sqlite_tx_row(tx, statement, false, &kv);
        if (row == 1 && !err)
            err = erase_key(tx, kv.key);
        sqlite3_reset(statement);
    } while (row == 1 && !err);
    return err;
}

const struct store_engine rst_sqlite_engine = {
    .find = find, .walk = walk, .check_lease = check_lease, .put = put, .erase = erase};
