/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* One connection to the SQLite file: opening, statements and errors. */

#include "store/base/backoff.h"
#include "store/base/clock.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <stdlib.h>

#define KEY_COLUMNS "key, value, create_revision, mod_revision, version, lease"
#define EVENT_COLUMNS "key, value, create_revision, revision, version, lease"

static const char *const texts[SQL_N_STATEMENTS] = {
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_DATA_VERSION] = "PRAGMA data_version",
    [SQL_STATE_GET] = "SELECT id, revision, compacted, boot FROM state",
    [SQL_STATE_SET] = "UPDATE state SET revision = ?1, compacted = ?2, boot = ?3",
    [SQL_KEY_FIND] = ("SELECT " KEY_COLUMNS " FROM kv WHERE key = ?1"),
    [SQL_KEY_WALK] = ("SELECT " KEY_COLUMNS " FROM kv WHERE key >= ?1 ORDER BY key"),
    [SQL_KEY_PUT] = ("INSERT OR REPLACE INTO kv (" KEY_COLUMNS ") "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
    [SQL_KEY_DELETE] = "DELETE FROM kv WHERE key = ?1",
    [SQL_KEY_OF_LEASE] = ("SELECT " KEY_COLUMNS " FROM kv WHERE lease = ?1 "
                          "ORDER BY key LIMIT 1"),
    [SQL_EVENT_ADD] = ("INSERT INTO event (" EVENT_COLUMNS ", place) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
    [SQL_EVENT_TRIM] = "DELETE FROM event WHERE revision <= ?1",
    [SQL_EVENT_WALK] = ("SELECT " EVENT_COLUMNS " FROM event WHERE revision >= ?1 "
                        "ORDER BY revision, place"),
    [SQL_LEASE_FIND] = "SELECT granted_ms, expires_ns FROM lease WHERE id = ?1",
    [SQL_LEASE_PUT] = ("INSERT OR REPLACE INTO lease (id, granted_ms, expires_ns) "
                       "VALUES (?1, ?2, ?3)"),
    [SQL_LEASE_DELETE] = "DELETE FROM lease WHERE id = ?1",
    [SQL_LEASE_NEXT] = "SELECT id, expires_ns FROM lease ORDER BY expires_ns LIMIT 1",
};

/* The errors of the newest calls that failed for the file and for its log. */
static void last_errnos(struct sqlite_conn *conn, int *of_file, int *of_log)
{
    sqlite3_file *log = NULL;

    *of_file = *of_log = 0;
    sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_LAST_ERRNO, of_file);
    sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log && log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, of_log);
}

static bool is_full(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

static int io_errno(struct sqlite_conn *conn, int rc)
{
    int of_file, of_log;

    if (rc == SQLITE_IOERR_NOMEM)
        return -ENOMEM;
    if (is_full(sqlite3_system_errno(conn->db)))
        return -ENOSPC;
    if (rc != SQLITE_IOERR_WRITE)
        return -EIO;
    /* What SQLite has done since the write may have replaced errno. */
    last_errnos(conn, &of_file, &of_log);
    return is_full(of_file) || is_full(of_log) ? -ENOSPC : -EIO;
}

static int cannot_open_errno(struct sqlite_conn *conn)
{
    /* On a read-only file system it is the files beside the database that cannot be made. */
    if (sqlite3_db_readonly(conn->db, "main") == 1)
        return -EROFS;
    switch (sqlite3_system_errno(conn->db)) {
    case ENOENT:
        return -EREMCHG;
    case ENOSPC:
    case EDQUOT:
        return -ENOSPC;
    case EROFS:
        return -EROFS;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return -ENOMEM;
    default:
        return -EACCES;
    }
}

/* SQLite calls a file corrupt, too, that the disk does not let it read. */
static int corrupt_errno(struct sqlite_conn *conn)
{
    int of_file, of_log;

    last_errnos(conn, &of_file, &of_log);
    return of_file == EIO || of_log == EIO ? -EIO : -EUCLEAN;
}

static int translate(struct sqlite_conn *conn, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT: /* by what the host has in all connections, as roster.so is */
        return -ENOLCK;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return rc == SQLITE_READONLY_DBMOVED ? -EREMCHG : -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_CANTOPEN:
        return cannot_open_errno(conn);
    case SQLITE_IOERR:
        return io_errno(conn, rc);
    case SQLITE_TOOBIG:
        return -EMSGSIZE;
    case SQLITE_CORRUPT:
        return corrupt_errno(conn);
    default:
        /* Our statements are right, so it is the file that does not fit them. */
        return -EUCLEAN;
    }
}

int rst_sqlite_conn_errno(struct sqlite_conn *conn, int rc)
{
    int err = translate(conn, rc);

    if (err && err != -ENOLCK && err != -ENOMEM)
        rst_store_log(&conn->store->base, ROSTER_STORE_LOG_ERROR, "SQLite file %s: %s (%s, %d)",
                      conn->store->path, sqlite3_errmsg(conn->db), sqlite3_errstr(rc), rc);
    return err;
}

/* Called by SQLite when a lock is taken; 0 gives up. */
static int wait_for_lock(void *arg, int attempt)
{
    struct sqlite_conn *conn = arg;
    int64_t pause, left = rst_store_remaining_ns(conn->deadline);

    if (left == 0)
        return 0;
    pause = rst_store_backoff_ns(1, 20, (unsigned)attempt);
    rst_store_sleep(pause < left ? pause : left);
    return 1;
}

int rst_sqlite_conn_exec(struct sqlite_conn *conn, const char *sql)
{
    return rst_sqlite_conn_errno(conn, sqlite3_exec(conn->db, sql, NULL, NULL, NULL));
}

int rst_sqlite_conn_open(struct sqlite_store *store, bool create, int64_t deadline,
                         struct sqlite_conn **out)
{
    struct sqlite_conn *conn = calloc(1, sizeof(*conn));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int err, refused = 0;

    *out = NULL;
    if (!conn)
        return -ENOMEM;
    conn->store = store;
    conn->deadline = deadline;
    if (create)
        flags |= SQLITE_OPEN_CREATE;
    /* Not by what the host has made the default, whose locks other processes may not see. */
    err = sqlite3_open_v2(store->path, &conn->db, flags, "unix");
    if (err != SQLITE_OK) {
        err = conn->db ? rst_sqlite_conn_errno(conn, err) : -ENOMEM;
        /* A file that it could not create SQLite tries to read, and then it is missing. */
        if (create && err == -EREMCHG)
            refused = rst_sqlite_file_check_directory(store->path);
        err = refused ? refused : err;
    } else {
        sqlite3_busy_handler(conn->db, wait_for_lock, conn);
        err = rst_sqlite_settings_apply(conn);
        rst_sqlite_wal_bound(conn);
    }
    if (err) {
        rst_sqlite_conn_close(conn);
        return err;
    }
    *out = conn;
    return 0;
}

static bool has_moved(struct sqlite_conn *conn)
{
    int moved = 0;

    (void)sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return moved;
}

int rst_sqlite_conn_identify(struct sqlite_conn *conn, struct sqlite_file_id *id)
{
    int err = rst_sqlite_file_identify(conn->store->path, id);

    /* The name may have been given to another file since this one was opened. One that is given
     * away after the look at it is noticed by its number, before a call. SQLite says the same of a
     * look that the system refuses, so it looks again. */
    return !err && has_moved(conn) && has_moved(conn) ? -EREMCHG : err;
}

void rst_sqlite_conn_close(struct sqlite_conn *conn)
{
    int i;

    for (i = 0; i < SQL_N_STATEMENTS; i++)
        sqlite3_finalize(conn->statements[i]);
    sqlite3_close(conn->db);
    free(conn);
}

sqlite3_stmt *rst_sqlite_conn_statement(struct sqlite_conn *conn, enum sqlite_statement which,
                                        int *err)
{
    sqlite3_stmt **statement = &conn->statements[which];

    *err = 0;
    if (!*statement)
        *err = rst_sqlite_conn_errno(conn, sqlite3_prepare_v3(conn->db, texts[which], -1,
                                                              SQLITE_PREPARE_PERSISTENT, statement,
                                                              NULL));
    if (*err)
        return NULL;
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    return *statement;
}

int rst_sqlite_conn_step(struct sqlite_conn *conn, sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);

    return rc == SQLITE_ROW ? 1 : rst_sqlite_conn_errno(conn, rc);
}

int rst_sqlite_conn_ask(struct sqlite_conn *conn, enum sqlite_statement which, int64_t number,
                        sqlite3_stmt **statement)
{
    int err;

    *statement = rst_sqlite_conn_statement(conn, which, &err);
    if (!*statement)
        return err;
    if (sqlite3_bind_parameter_count(*statement) > 0)
        sqlite3_bind_int64(*statement, 1, number);
    return rst_sqlite_conn_step(conn, *statement);
}

int rst_sqlite_conn_do(struct sqlite_conn *conn, enum sqlite_statement which, int64_t number)
{
    sqlite3_stmt *statement;
    int row = rst_sqlite_conn_ask(conn, which, number, &statement);

    while (row == 1)
        row = rst_sqlite_conn_step(conn, statement);
    sqlite3_reset(statement);
    return row;
}

int rst_sqlite_conn_run(struct sqlite_conn *conn, sqlite3_stmt *statement)
{
    int rc;

    do
        rc = rst_sqlite_conn_step(conn, statement);
    while (rc == 1);
    sqlite3_reset(statement);
    return rc;
}

void rst_sqlite_conn_bind(sqlite3_stmt *statement, int place, struct roster_store_bytes bytes)
{
    /* With a null pointer SQLite would bind NULL instead of no bytes. */
    sqlite3_bind_blob64(statement, place, bytes.size > 0 ? bytes.data : "", bytes.size,
                        SQLITE_STATIC);
}

bool rst_sqlite_conn_numbers(sqlite3_stmt *statement, int first, int last)
{
    int i;

    for (i = first; i <= last; i++)
        if (sqlite3_column_type(statement, i) != SQLITE_INTEGER)
            return false;
    return true;
}
