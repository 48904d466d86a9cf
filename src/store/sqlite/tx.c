/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Transactions on the SQLite file, and the leases that run out before each of them. */

#include "store/base/clock.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <string.h>

/* More than a file can have come to, and far from the last number. */
#define REVISION_MOST (INT64_MAX / 2)

int64_t rst_sqlite_tx_revision(struct sqlite_tx *tx)
{
    if (!tx->changed)
        tx->place = 0;
    tx->changed = true;
    tx->dirty = true;
    return tx->state.revision + 1;
}

void rst_sqlite_tx_seal(struct sqlite_tx *tx)
{
    if (tx->changed)
        tx->state.revision++;
    tx->changed = false;
}

int rst_sqlite_tx_row(const struct sqlite_tx *tx, sqlite3_stmt *statement, bool event,
                      struct roster_store_kv *kv)
{
    if (sqlite3_column_type(statement, 0) != SQLITE_BLOB ||
        sqlite3_column_type(statement, 1) != SQLITE_BLOB ||
        !rst_sqlite_conn_numbers(statement, 2, 5))
        return -EUCLEAN;
    kv->key.data = sqlite3_column_blob(statement, 0);
    kv->key.size = (size_t)sqlite3_column_bytes(statement, 0);
    kv->value.data = sqlite3_column_blob(statement, 1);
    kv->value.size = (size_t)sqlite3_column_bytes(statement, 1);
    kv->create_revision = sqlite3_column_int64(statement, 2);
    kv->mod_revision = sqlite3_column_int64(statement, 3);
    kv->version = sqlite3_column_int64(statement, 4);
    kv->lease = sqlite3_column_int64(statement, 5);
    /* A future revision would make a watch skip all changes before it. */
    if (kv->key.size == 0 || kv->lease < 0 || kv->mod_revision < 1 ||
        kv->mod_revision > tx->state.revision + tx->changed)
        return -EUCLEAN;
    if (event && kv->version == 0)
        return 0;
    if (kv->version < 1 || kv->version > kv->mod_revision || kv->create_revision < 1 ||
        kv->create_revision > kv->mod_revision)
        return -EUCLEAN;
    return 0;
}

/*
 * Another identity or a revision that went back means another file than before, even when it
 * stands in the same place.
 */
static int check_identity(struct sqlite_store *store, const struct sqlite_state *state,
                          int64_t seen_before)
{
    int err = 0;

    pthread_mutex_lock(&store->mutex);
    if (state->id != store->id || state->revision < seen_before)
        err = -EREMCHG;
    else if (state->revision > store->seen)
        store->seen = state->revision;
    pthread_mutex_unlock(&store->mutex);
    return err;
}

static int read_state(struct sqlite_tx *tx)
{
    struct sqlite_state *state = &tx->state;
    const unsigned char *boot;
    sqlite3_stmt *statement;
    int row = rst_sqlite_conn_ask(tx->conn, SQL_STATE_GET, 0, &statement);

    if (row < 0)
        return row;
    boot = row == 1 ? sqlite3_column_text(statement, 3) : NULL;
    if (row == 1 && !boot && sqlite3_errcode(tx->conn->db) == SQLITE_NOMEM)
        return -ENOMEM;
    if (!boot || !rst_sqlite_conn_numbers(statement, 0, 2))
        return -EUCLEAN;
    state->id = sqlite3_column_int64(statement, 0);
    state->revision = sqlite3_column_int64(statement, 1);
    state->compacted = sqlite3_column_int64(statement, 2);
    state->other_boot = strcmp((const char *)boot, tx->store->boot) != 0;
    sqlite3_reset(statement);
    if (state->revision < 1 || state->revision > REVISION_MOST || state->compacted < 0 ||
        state->compacted > state->revision)
        return -EUCLEAN;
    return 0;
}

static int write_state(struct sqlite_tx *tx)
{
    struct sqlite_state *state = &tx->state;
    int64_t oldest = state->revision - (int64_t)tx->store->base.options.history;
    int err;
    sqlite3_stmt *statement;

    if (oldest > state->compacted) {
        err = rst_sqlite_conn_do(tx->conn, SQL_EVENT_TRIM, oldest);
        if (err)
            return err;
        state->compacted = oldest;
    }
    statement = rst_sqlite_conn_statement(tx->conn, SQL_STATE_SET, &err);
    if (!statement)
        return err;
    sqlite3_bind_int64(statement, 1, state->revision);
    sqlite3_bind_int64(statement, 2, state->compacted);
    sqlite3_bind_text(statement, 3, tx->store->boot, -1, SQLITE_STATIC);
    return rst_sqlite_conn_run(tx->conn, statement);
}

/*
 * 1 when a lease has run out, and which one; or an error, after which the transaction may be gone:
 * what was done all the same would be done at once, and not as a whole.
 */
static int find_expired(struct sqlite_tx *tx, int64_t *id)
{
    int64_t expires_ns = 0;
    int found = rst_sqlite_lease_next(tx, id, &expires_ns);

    if (found == 1)
        found = expires_ns <= tx->now || tx->state.other_boot;
    return found;
}

static int expire(struct sqlite_tx *tx)
{
    int64_t id = 0;
    int found, err;

    while ((found = find_expired(tx, &id)) == 1) {
        err = rst_sqlite_lease_end(tx, id);
        if (err)
            return err;
        tx->expired++;
    }
    tx->dirty |= tx->state.other_boot;
    tx->state.other_boot = false;
    return found;
}

/*
 * Ends what statements have still under way. Rows point into them, so that comes last; but a
 * statement that is active at a commit keeps the log from being copied into the database.
 */
static void reset_statements(struct sqlite_conn *conn)
{
    int i;

    for (i = 0; i < SQL_N_STATEMENTS; i++)
        if (conn->statements[i])
            sqlite3_reset(conn->statements[i]);
}

static void roll_back(struct sqlite_conn *conn)
{
    reset_statements(conn);
    if (!sqlite3_get_autocommit(conn->db))
        rst_sqlite_conn_do(conn, SQL_ROLLBACK, 0);
}

static int64_t last_seen(struct sqlite_store *store)
{
    int64_t seen;

    pthread_mutex_lock(&store->mutex);
    seen = store->seen;
    pthread_mutex_unlock(&store->mutex);
    return seen;
}

/* 1 when the transaction only reads but has to write first. */
static int open_tx(struct sqlite_tx *tx)
{
    int64_t seen = last_seen(tx->store), id = 0;
    int err = rst_sqlite_conn_do(tx->conn, tx->writing ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, 0);

    if (!err)
        err = read_state(tx);
    if (!err)
        err = check_identity(tx->store, &tx->state, seen);
    if (err)
        return err;
    tx->now = rst_store_boottime_ns();
    if (tx->now == STORE_FOREVER)
        return -EIO; /* no lease ends for that */
    tx->now -= tx->store->boottime_offset_ns;
    if (tx->writing)
        return expire(tx);
    return tx->state.other_boot ? 1 : find_expired(tx, &id);
}

int rst_sqlite_tx_begin(struct sqlite_tx *tx, struct sqlite_conn *conn, bool writing)
{
    int err;

    *tx = (struct sqlite_tx){.engine = rst_sqlite_engine,
                             .store = conn->store,
                             .conn = conn,
                             .asked_to_write = writing,
                             .writing = writing};
    err = open_tx(tx);
    if (err == 1) {
        roll_back(conn);
        tx->writing = true;
        err = open_tx(tx);
    }
    if (!err && !conn->knows_beside)
        err = rst_sqlite_pool_note_beside(conn);
    if (err)
        roll_back(conn);
    return err;
}

/*
 * When the log could not be synchronized, its frames may already be there: not now, but after a
 * crash they would count. That the disk was full is no reason then, unless it was a frame that
 * could not be written. And when memory ran out, SQLite says so of the call as a whole, also when
 * that was after the commit. So that is neither done nor certainly not done.
 */
static bool may_count(struct sqlite_conn *conn, int err)
{
    int rc = sqlite3_extended_errcode(conn->db);

    return err == -EIO || err == -ENOMEM ||
           ((rc & 0xff) == SQLITE_IOERR && rc != SQLITE_IOERR_WRITE);
}

static int commit(struct sqlite_tx *tx)
{
    int err;

    reset_statements(tx->conn);
    err = rst_sqlite_conn_do(tx->conn, SQL_COMMIT, 0);
    return err && tx->asked_to_write && may_count(tx->conn, err) ? -EINPROGRESS : err;
}

/* After the commit: in the file that has our name now, or in one that was taken away. */
static int check_file(const struct sqlite_tx *tx)
{
    int err = rst_sqlite_pool_check_file(tx->store, tx->conn);

    return err && err != -EREMCHG && tx->asked_to_write ? -EINPROGRESS : err;
}

int rst_sqlite_tx_end(struct sqlite_tx *tx, int err)
{
    struct sqlite_store *store = tx->store;

    if (!err && tx->dirty) {
        rst_sqlite_tx_seal(tx);
        err = write_state(tx);
        if (!err)
            err = commit(tx);
    }
    roll_back(tx->conn);
    if (err || !tx->dirty)
        return err;
    rst_fetch_add(&store->base.counters.leases_expired, tx->expired);
    /* A client that has seen this revision must never again see an earlier one. */
    pthread_mutex_lock(&store->mutex);
    if (tx->state.id == store->id && tx->state.revision > store->seen)
        store->seen = tx->state.revision;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->mutex);
    return check_file(tx);
}
