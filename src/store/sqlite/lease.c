/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The SQLite store's leases. */

#include "store/base/clock.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>

struct lease_row {
    int64_t granted_ms;
    int64_t expires_ns;
};

int rst_sqlite_lease_next(struct sqlite_tx *tx, int64_t *id, int64_t *expires_ns)
{
    sqlite3_stmt *statement;
    int row = rst_sqlite_conn_ask(tx->conn, SQL_LEASE_NEXT, 0, &statement);

    if (row == 1) {
        *id = sqlite3_column_int64(statement, 0);
        *expires_ns = sqlite3_column_int64(statement, 1);
        /* Of number 0 are the keys that hang on none. */
        if (!rst_sqlite_conn_numbers(statement, 0, 1) || *id < 1)
            row = -EUCLEAN;
    }
    sqlite3_reset(statement);
    return row;
}

int rst_sqlite_lease_end(struct sqlite_tx *tx, int64_t id)
{
    int err = rst_sqlite_engine_erase_lease(tx, id);

    if (err)
        return err;
    rst_sqlite_tx_seal(tx);
    tx->dirty = true;
    return rst_sqlite_conn_do(tx->conn, SQL_LEASE_DELETE, id);
}

/* Whether a store grants that, and has by now. */
static bool may_stand(const struct lease_row *row, int64_t now)
{
    return row->granted_ms >= 1 && row->granted_ms <= ROSTER_STORE_MAX_TTL_MS &&
           row->expires_ns <= rst_store_time_add(now, row->granted_ms * STORE_NS_PER_MS);
}

/* 1 when there is such a lease. */
static int find_row(struct sqlite_tx *tx, int64_t id, struct lease_row *row)
{
    sqlite3_stmt *statement;
    int found = rst_sqlite_conn_ask(tx->conn, SQL_LEASE_FIND, id, &statement);

    if (found == 1) {
        row->granted_ms = sqlite3_column_int64(statement, 0);
        row->expires_ns = sqlite3_column_int64(statement, 1);
        if (!rst_sqlite_conn_numbers(statement, 0, 1) || !may_stand(row, tx->now))
            found = -EUCLEAN;
    }
    sqlite3_reset(statement);
    return found;
}

static int write_row(struct sqlite_tx *tx, int64_t id, const struct lease_row *row)
{
    int err;
    sqlite3_stmt *statement = rst_sqlite_conn_statement(tx->conn, SQL_LEASE_PUT, &err);

    if (!statement)
        return err;
    tx->dirty = true;
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int64(statement, 2, row->granted_ms);
    sqlite3_bind_int64(statement, 3, row->expires_ns);
    return rst_sqlite_conn_run(tx->conn, statement);
}

/* An id that was never given out, not even before the file was last replaced. */
static int choose_id(struct sqlite_tx *tx, int64_t *id)
{
    struct lease_row taken;
    uint64_t bits = 0;
    int found;

    do {
        found = rst_store_random(&tx->store->base, &bits);
        *id = (int64_t)(bits >> 1);
        if (!found)
            found = *id != 0 ? find_row(tx, *id, &taken) : 1;
    } while (found == 1);
    return found;
}

/* The lease to work on: a new one or the one asked for. */
static int choose(struct sqlite_tx *tx, const struct store_lease_call *call, int64_t *id,
                  struct lease_row *row)
{
    int found;

    if (call->verb == STORE_LEASE_GRANT) {
        row->granted_ms = call->ttl_ms;
        return choose_id(tx, id);
    }
    *id = call->id;
    found = find_row(tx, *id, row);
    if (found < 0)
        return found;
    return found == 1 ? 0 : -EKEYEXPIRED;
}

static int carry_out(struct sqlite_tx *tx, const struct store_lease_call *call,
                     struct roster_store_lease *lease)
{
    struct lease_row row = {0};
    int64_t id = 0;
    int err = choose(tx, call, &id, &row);

    if (err)
        return err;
    if (call->verb == STORE_LEASE_DROP) {
        err = rst_sqlite_engine_lease_is_used(tx, id);
        if (err)
            return err < 0 ? err : 0;
    }
    if (call->verb == STORE_LEASE_REVOKE || call->verb == STORE_LEASE_DROP)
        return rst_sqlite_lease_end(tx, id);
    if (call->verb != STORE_LEASE_LOOK) {
        row.expires_ns = rst_store_time_add(tx->now, row.granted_ms * STORE_NS_PER_MS);
        err = write_row(tx, id, &row);
    }
    lease->id = id;
    lease->granted_ms = row.granted_ms;
    lease->ttl_ms = row.expires_ns > tx->now ? (row.expires_ns - tx->now) / STORE_NS_PER_MS : 0;
    /* The moment that ttl_ms counts from, on the clock of this process. */
    lease->asked_at_ns = tx->now + tx->store->boottime_offset_ns;
    return err;
}

int rst_sqlite_lease(struct roster_store *base, const struct store_lease_call *call,
                     int64_t deadline, struct roster_store_lease *lease)
{
    struct sqlite_store *store = sqlite_store_of(base);
    struct sqlite_conn *conn;
    struct sqlite_tx tx;
    int err = rst_sqlite_pool_take(store, deadline, &conn);

    if (err)
        return err;
    err = rst_sqlite_tx_begin(&tx, conn, call->verb != STORE_LEASE_LOOK);
    if (!err)
        err = rst_sqlite_tx_end(&tx, carry_out(&tx, call, lease));
    rst_sqlite_pool_give(store, conn, err);
    /* Whether or not a keep-alive was lost does not matter: the one before still counts. */
    return err == -EINPROGRESS && call->verb == STORE_LEASE_KEEP ? -EIO : err;
}
