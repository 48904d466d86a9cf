/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The contents of the SQLite file:
 *
 *   state  one row: the file's identity, the revision, up to where history was dropped, and the
 *          boot under which the leases were granted
 *   kv     the keys
 *   event  the changes of the last revisions, for watches; version 0 is a deletion
 *   lease  the leases
 */

#include "store/base/backoff.h"
#include "store/base/clock.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x526f7374 /* "Rost" */
#define SCHEMA_VERSION 1

static const char schema[] =
    "CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL,"
    " revision INTEGER NOT NULL, compacted INTEGER NOT NULL, boot TEXT NOT NULL);"
    "CREATE TABLE kv (key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL,"
    " create_revision INTEGER NOT NULL, mod_revision INTEGER NOT NULL,"
    " version INTEGER NOT NULL, lease INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX kv_lease ON kv (lease, key) WHERE lease <> 0;"
    "CREATE TABLE event (revision INTEGER NOT NULL, place INTEGER NOT NULL, key BLOB NOT NULL,"
    " value BLOB NOT NULL, create_revision INTEGER NOT NULL, version INTEGER NOT NULL,"
    " lease INTEGER NOT NULL, PRIMARY KEY (revision, place)) WITHOUT ROWID;"
    "CREATE TABLE lease (id INTEGER PRIMARY KEY, granted_ms INTEGER NOT NULL,"
    " expires_ns INTEGER NOT NULL);"
    "CREATE INDEX lease_expires ON lease (expires_ns);";

/* The first column of the first row as a number. */
static int query_number(struct sqlite_conn *conn, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(conn->db, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? 0
                            : rst_sqlite_conn_errno(conn, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
}

/* What is in the file: 0 nothing yet, 1 a store of ours, or -EMEDIUMTYPE and others. */
static int inspect(struct sqlite_conn *conn, const struct store_error *error)
{
    int64_t application = 0, version = 0, objects = 0;
    int err = query_number(conn, "PRAGMA application_id", &application);

    if (!err)
        err = query_number(conn, "PRAGMA user_version", &version);
    if (!err)
        err = query_number(conn, "SELECT count(*) FROM sqlite_master", &objects);
    if (err)
        return err;
    if (application == 0 && version == 0 && objects == 0)
        return 0;
    if (application != APPLICATION_ID)
        return rst_store_error_set(
            error, -EMEDIUMTYPE, "SQLite file %s belongs to another application; name another file",
            conn->store->path);
    if (version != SCHEMA_VERSION)
        return rst_store_error_set(error, -EMEDIUMTYPE,
                                   "SQLite file %s has format %lld and this library knows only %d; "
                                   "use the version of Roster that made it",
                                   conn->store->path, (long long)version, SCHEMA_VERSION);
    return 1;
}

/* The same when no transaction is open: all of it at one moment, as another process may be filling
 * the file. */
static int inspect_alone(struct sqlite_conn *conn, const struct store_error *error)
{
    int found = rst_sqlite_conn_exec(conn, "BEGIN");

    if (found != 0)
        return found;
    found = inspect(conn, error);
    if (!sqlite3_get_autocommit(conn->db))
        sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
    return found;
}

static int fill(struct sqlite_conn *conn)
{
    char rest[300];
    uint64_t id = 0;
    int err = rst_store_random(&conn->store->base, &id);

    if (!err)
        err = rst_sqlite_conn_exec(conn, schema);
    if (err)
        return err;
    /* Revisions begin at 1, as in etcd, so that no revision in use is 0. */
    snprintf(rest, sizeof(rest),
             "INSERT INTO state (one, id, revision, compacted, boot) VALUES (1, %lld, 1, 0, '%s');"
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             (long long)(id >> 1), conn->store->boot, APPLICATION_ID, SCHEMA_VERSION);
    return rst_sqlite_conn_exec(conn, rest);
}

/* Several processes may do this at the same moment; the first one to write fills the file. */
static int create(struct sqlite_conn *conn, const struct store_error *error)
{
    int err = rst_sqlite_conn_exec(conn, "BEGIN IMMEDIATE");
    int found;

    if (err)
        return err;
    found = inspect(conn, error);
    if (found < 0)
        err = found;
    else if (found == 0)
        err = fill(conn);
    if (!err)
        err = rst_sqlite_conn_exec(conn, "COMMIT");
    if (err && !sqlite3_get_autocommit(conn->db))
        sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

/* Asks for the mode. Returns 1 if it is in use now, 0 if another one is, or an error. */
static int ask_for_wal(struct sqlite_conn *conn, int *rc)
{
    sqlite3_stmt *statement = NULL;
    const char *mode;
    int err = 0;

    *rc = sqlite3_prepare_v2(conn->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (*rc == SQLITE_OK)
        *rc = sqlite3_step(statement);
    if (*rc != SQLITE_ROW) {
        err = rst_sqlite_conn_errno(conn, *rc);
    } else {
        mode = (const char *)sqlite3_column_text(statement, 0);
        err = mode ? strcmp(mode, "wal") == 0 : -ENOMEM;
    }
    sqlite3_finalize(statement);
    return err;
}

/*
 * Changing the mode needs the file for itself, and SQLite does not wait for that by itself. Nor
 * does it say when it could not for a reason that has passed by now, such as memory: asked again,
 * it says the same only where the mode cannot be had.
 */
static int use_wal(struct sqlite_conn *conn, const struct store_error *error)
{
    unsigned failures = 0, others = 0;
    int rc, wal;

    for (;;) {
        wal = ask_for_wal(conn, &rc);
        if (wal == 0 && others++ == 0)
            continue;
        if ((rc & 0xff) != SQLITE_BUSY || !rst_store_remaining_ns(conn->deadline))
            break;
        rst_store_sleep(rst_store_backoff_ns(1, 20, failures++));
    }
    if (wal != 0)
        return wal == 1 ? 0 : wal;
    return rst_store_error_set(
        error, -EINVAL,
        "SQLite file %s cannot be used by several processes because its file "
        "system has no shared memory; put it on a local file system",
        conn->store->path);
}

static int check_integrity(struct sqlite_conn *conn, const struct store_error *error)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(conn->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    const char *result = NULL;
    int err = 0;

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        result = (const char *)sqlite3_column_text(statement, 0);
    if (rc != SQLITE_ROW)
        err = rst_sqlite_conn_errno(conn, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
    else if (!result)
        err = -ENOMEM;
    else if (strcmp(result, "ok") != 0)
        err = rst_store_error_set(error, -EUCLEAN, "SQLite file %s is damaged: %s",
                                  conn->store->path, result);
    sqlite3_finalize(statement);
    return err;
}

int rst_sqlite_schema_prepare(struct sqlite_conn *conn, const struct store_error *error)
{
    int found, err;

    if (sqlite3_db_readonly(conn->db, "main") == 1)
        return -EROFS;
    found = inspect_alone(conn, error);
    if (found < 0)
        return found;
    err = use_wal(conn, error);
    if (!err && found == 0)
        err = create(conn, error);
    return err ? err : check_integrity(conn, error);
}
