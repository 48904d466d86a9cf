/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The SQLite store: opening, closing, reading and transactions. */

#include "store/base/arena.h"
#include "store/base/clock.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <roster/error.h>
#include <signal.h>
#include <stdlib.h>

/* Looks into the file, which may be new, and finds out which one it is. */
static int inspect(struct sqlite_conn *conn, struct sqlite_file_id *file, int64_t *id,
                   const struct store_error *error)
{
    sqlite3_stmt *statement;
    int err = rst_sqlite_schema_prepare(conn, error), row;

    if (!err)
        err = rst_sqlite_conn_identify(conn, file);
    if (err)
        return err;
    row = rst_sqlite_conn_ask(conn, SQL_STATE_GET, 0, &statement);
    if (row != 1)
        return row < 0 ? row : -EUCLEAN;
    *id = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return 0;
}

/* Opens or creates the file and makes it the one that the handle is about. */
static int bind_file(struct sqlite_store *store, const struct store_error *error)
{
    struct sqlite_conn *conn = NULL;
    struct sqlite_file_id file;
    int64_t id = 0;
    int err =
        rst_sqlite_conn_open(store, !store->base.options.must_exist,
                             rst_store_deadline_in(store->base.options.call_timeout_ms), &conn);

    if (!err)
        err = inspect(conn, &file, &id, error);
    if (err) {
        if (conn)
            rst_sqlite_conn_close(conn);
        /* Where none is bound yet, a file that has gone is one that is missing. */
        if (err == -EREMCHG)
            return rst_store_error_set(error, -ENOENT,
                                       "SQLite file %s was deleted or replaced while it was "
                                       "opened; open it again",
                                       store->path);
        return err;
    }
    pthread_mutex_lock(&store->mutex);
    store->file = file;
    store->id = id;
    store->seen = 0;
    store->parted = false;
    conn->generation = ++store->generation;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->mutex);
    rst_sqlite_pool_empty(store);
    rst_sqlite_pool_give(store, conn, 0);
    return 0;
}

static void sqlite_close(struct roster_store *base)
{
    struct sqlite_store *store = sqlite_store_of(base);

    rst_sqlite_pool_empty(store);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->mutex);
    free(store->path);
    free(store);
}

/* Names the error where it has no text yet. */
static int open_error(const struct sqlite_store *store, int err, const struct store_error *error)
{
    if (error->text && error->size > 0 && error->text[0] != '\0')
        return err;
    switch (err) {
    case -ENOLCK:
        return rst_store_error_set(error, err,
                                   "SQLite file %s stayed locked; find out which process holds it",
                                   store->path);
    case -EUCLEAN:
        return rst_store_error_set(
            error, err,
            "SQLite file %s is damaged or not an SQLite file; move it away, or name "
            "another",
            store->path);
    case -EROFS:
        return rst_store_error_set(error, err,
                                   "SQLite file %s is read-only; give this user the right to write "
                                   "it and its directory, on a file system that is not read-only",
                                   store->path);
    case -EACCES:
        return rst_store_error_set(
            error, err,
            "SQLite file %s cannot be opened; give this user the right to write "
            "it and its directory",
            store->path);
    case -ENOSPC:
        return rst_store_error_set(error, err, "the disk of SQLite file %s is full; make room",
                                   store->path);
    default:
        return rst_store_error_set(error, err, "SQLite file %s cannot be opened: %s", store->path,
                                   roster_store_strerror(err));
    }
}

/* SQLite may have been built for one thread, or the host may have configured it for one: then what
 * it allocates as mutexes is one and the same nothing. */
static int check_threads(const struct store_error *error)
{
    sqlite3_mutex *one, *other;
    bool same, none;

    if (!sqlite3_threadsafe())
        return rst_store_error_set(error, -ENOTSUP,
                                   "SQLite %s was built for programs with one thread; install one "
                                   "that was not",
                                   sqlite3_libversion());
    one = sqlite3_mutex_alloc(SQLITE_MUTEX_FAST);
    other = sqlite3_mutex_alloc(SQLITE_MUTEX_FAST);
    none = !one || !other;
    same = one == other;
    sqlite3_mutex_free(one);
    sqlite3_mutex_free(other);
    if (none)
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    return same ? rst_store_error_set(error, -ENOTSUP,
                                      "this program has configured SQLite for one thread "
                                      "(SQLITE_CONFIG_SINGLETHREAD); the store needs another mode")
                : 0;
}

static int sqlite_open(const char *address, const struct roster_store_options *options,
                       struct roster_store **out, const struct store_error *error)
{
    struct sqlite_store *store;
    int err = check_threads(error);

    if (err)
        return err;
    store = calloc(1, sizeof(*store));
    if (!store)
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    store->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    store->changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    rst_store_begin(&store->base, options);
    err = rst_sqlite_file_locate(address, options, &store->path, error);
    if (!err) {
        err = rst_sqlite_boot_identify(store->boot, &store->boottime_offset_ns);
        if (err)
            rst_store_error_set(error, err,
                                "/proc/sys/kernel/random/boot_id cannot be read, without "
                                "which leases look like those of an earlier "
                                "boot; mount /proc");
    }
    if (err) {
        free(store->path);
        free(store);
        return err;
    }
    err = bind_file(store, error);
    if (err) {
        open_error(store, err, error);
        sqlite_close(&store->base);
        return err;
    }
    *out = &store->base;
    return 0;
}

static int sqlite_rebind(struct roster_store *base)
{
    struct sqlite_store *store = sqlite_store_of(base);
    const struct store_error silent = {0};
    bool parted;

    pthread_mutex_lock(&store->mutex);
    parted = store->parted;
    pthread_mutex_unlock(&store->mutex);
    if (parted)
        rst_sqlite_pool_empty(store); /* or the next connection shares their index */
    return bind_file(store, &silent);
}

static int read_range(struct sqlite_conn *conn, const struct roster_store_keys *keys,
                      uint32_t limit, struct roster_store_range *range)
{
    struct sqlite_tx tx;
    int err = rst_sqlite_tx_begin(&tx, conn, false);

    if (err)
        return err;
    range->revision = tx.state.revision;
    return rst_sqlite_tx_end(&tx, rst_store_eval_range(&tx.engine, keys, limit, range, range));
}

static int sqlite_get(struct roster_store *base, const struct roster_store_keys *keys,
                      uint32_t limit, int64_t deadline, struct roster_store_range **range)
{
    struct sqlite_store *store = sqlite_store_of(base);
    struct roster_store_range *r = rst_store_arena_new(sizeof(*r), base->options.max_result_bytes);
    struct sqlite_conn *conn;
    int err = r ? rst_sqlite_pool_take(store, deadline, &conn) : -ENOMEM;

    if (!err) {
        err = read_range(conn, keys, limit, r);
        rst_sqlite_pool_give(store, conn, err);
    }
    if (err) {
        roster_store_free(r);
        return err;
    }
    *range = r;
    return 0;
}

static int run_txn(struct sqlite_conn *conn, const struct roster_store_txn *txn,
                   struct roster_store_txn_result **result)
{
    struct sqlite_tx tx;
    int err = rst_sqlite_tx_begin(&tx, conn, rst_store_txn_changes(txn));

    if (err)
        return err;
    err = rst_store_eval_txn(&tx.engine, txn, conn->store->base.options.max_result_bytes, result);
    err = rst_sqlite_tx_end(&tx, err);
    if (!err) {
        rst_store_eval_stamp(*result, tx.state.revision);
    } else {
        roster_store_free(*result);
        *result = NULL;
    }
    return err;
}

static int sqlite_txn(struct roster_store *base, const struct roster_store_txn *txn,
                      int64_t deadline, struct roster_store_txn_result **result)
{
    struct sqlite_store *store = sqlite_store_of(base);
    struct sqlite_conn *conn;
    int err = rst_sqlite_pool_take(store, deadline, &conn);

    if (err)
        return err;
    err = run_txn(conn, txn, result);
    rst_sqlite_pool_give(store, conn, err);
    return err;
}

const struct store_kind rst_store_sqlite_kind = {
    .scheme = "sqlite",
    .raises = SIGXFSZ,
    .open = sqlite_open,
    .close = sqlite_close,
    .rebind = sqlite_rebind,
    .get = sqlite_get,
    .txn = sqlite_txn,
    .lease = rst_sqlite_lease,
    .watch_open = rst_sqlite_watch_open,
    .watch_next = rst_sqlite_watch_next,
    .watch_wake = rst_sqlite_watch_wake,
    .watch_close = rst_sqlite_watch_close,
};
