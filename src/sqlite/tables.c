/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The table-valued functions roster_connections and roster_blocker(FILE).
 */
#include "sqlite/extension.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SQLITE_EXTENSION_INIT3

enum column {
    COLUMN_ID,
    COLUMN_PROCESS,
    COLUMN_APPLICATION,
    COLUMN_THREAD,
    COLUMN_OPENED,
    COLUMN_STATE,
    COLUMN_TXN_SECONDS,
    COLUMN_STATEMENT,
    COLUMN_SECONDS,
    COLUMN_RETURNED,
    COLUMN_CURSORS,
    COLUMN_PAGES,
    COLUMN_END,
    COLUMN_PATH,
    COLUMN_FILE, /* hidden: the argument */
};

#define COLUMNS                                                                                    \
    "CREATE TABLE x(id INTEGER, process INTEGER, application TEXT, thread INTEGER, opened TEXT, "  \
    "state TEXT, txn_seconds REAL, statement TEXT, seconds REAL, returned INTEGER, "               \
    "cursors INTEGER, pages INTEGER, \"end\" TEXT, path TEXT, file TEXT HIDDEN)"

struct table {
    sqlite3_vtab base;
    sqlite3 *db;
    bool blockers; /* roster_blocker */
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct rst_ext_rows rows;
    size_t at;
    bool has_wal;
    struct rst_ext_wal wal;
};

static int connect(sqlite3 *db, void *blockers, int argc, const char *const *argv,
                   sqlite3_vtab **made, char **message)
{
    struct table *table;
    int err = sqlite3_declare_vtab(db, COLUMNS);

    (void)argc, (void)argv, (void)message;
    if (err)
        return err;
    table = sqlite3_malloc(sizeof(*table));
    if (!table)
        return SQLITE_NOMEM;
    memset(table, 0, sizeof(*table));
    table->db = db;
    table->blockers = blockers != NULL;
    sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    *made = &table->base;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    int n;

    (void)table;
    info->estimatedCost = 100;
    info->estimatedRows = 100;
    for (n = 0; n < info->nConstraint; n++) {
        if (info->aConstraint[n].iColumn != COLUMN_FILE ||
            info->aConstraint[n].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[n].usable)
            return SQLITE_CONSTRAINT;
        info->idxNum = 1;
        info->aConstraintUsage[n].argvIndex = 1;
        info->aConstraintUsage[n].omit = 1;
        break;
    }
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    struct cursor *cursor = sqlite3_malloc(sizeof(*cursor));

    (void)table;
    if (!cursor)
        return SQLITE_NOMEM;
    memset(cursor, 0, sizeof(*cursor));
    *made = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;

    rst_ext_rows_free(&cursor->rows);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int by_age(const void *a, const void *b)
{
    const struct rst_ext_row *left = a, *right = b;

    return (left->txn_ms < right->txn_ms) - (left->txn_ms > right->txn_ms);
}

/* Keeps the transactions on that file, the oldest first. The statement that asks is none of them.
 */
static void keep_blockers(struct rst_ext_rows *rows, uint64_t self, const char *file)
{
    size_t n, kept = 0;

    for (n = 0; n < rows->n; n++) {
        struct rst_ext_row *row = &rows->row[n];
        bool asks = row->id == self && row->cursors <= 1 && !row->is_last;

        if (row->txn_ms >= 0 && !asks && (!file || rst_ext_files_has(row->holds, file)))
            rows->row[kept++] = *row;
        else
            rst_ext_row_free(row);
    }
    rows->n = kept;
    if (kept)
        qsort(rows->row, kept, sizeof(*rows->row), by_age);
}

static const char *main_file(sqlite3 *db)
{
    const char *file = sqlite3_db_filename(db, "main");

    return file && *file ? file : NULL;
}

/* The query that reads the answers is the extension's own. */
static int peers(sqlite3 *db, struct rst_ext_rows *rows)
{
    struct rst_ext_conn *conn = rst_ext_conn_of(db);
    bool before = conn && conn->quiet;
    int err;

    if (conn)
        conn->quiet = true;
    err = rst_ext_peers_rows(db, rows);
    if (conn)
        conn->quiet = before;
    return err;
}

/* As SQLite names the file itself, by sqlite3_malloc(). */
static char *full_path(const char *name)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    int size = vfs ? vfs->mxPathname + 1 : 0;
    char *path = sqlite3_malloc(size);

    if (!path)
        return NULL;
    if (*name == ':' || (vfs->xFullPathname(vfs, name, size, path) & 0xff) != SQLITE_OK)
        sqlite3_snprintf(size, path, "%s", name);
    return path;
}

static void keep_blockers_of(struct cursor *cursor, sqlite3 *db, const char *file)
{
    const struct rst_ext_conn *self = rst_ext_conn_of(db);
    const char *schema = file ? rst_ext_files_schema(db, file) : NULL;

    keep_blockers(&cursor->rows, self ? self->id : 0, file);
    cursor->has_wal = schema && rst_ext_wal_read(db, schema, &cursor->wal) == SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *name, int argc,
                  sqlite3_value **argv)
{
    const struct table *table = (const struct table *)(const void *)base->pVtab;
    struct cursor *cursor = (struct cursor *)base;
    const char *file = number && argc ? (const char *)sqlite3_value_text(argv[0]) : NULL;
    const char *own = main_file(table->db);
    char *path = table->blockers && file ? full_path(file) : NULL;
    int err;

    (void)name;
    rst_ext_rows_free(&cursor->rows);
    cursor->at = 0;
    cursor->has_wal = false;
    if (table->blockers && file && !path)
        return SQLITE_NOMEM;
    err = rst_ext_rows_local(&cursor->rows, table->db);
    if (!err)
        err = peers(table->db, &cursor->rows);
    if (!err && table->blockers)
        keep_blockers_of(cursor, table->db, path ? path : own);
    sqlite3_free(path);
    return err;
}

static int next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->at++;
    return SQLITE_OK;
}

static int eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;

    return cursor->at >= cursor->rows.n;
}

static void put_text(sqlite3_context *context, const char *text)
{
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void put_seconds(sqlite3_context *context, int64_t ms)
{
    if (ms >= 0)
        sqlite3_result_double(context, (double)ms / 1000);
}

static void put_time(sqlite3_context *context, uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[96];

    if (!ms || !gmtime_r(&seconds, &parts))
        return;
    snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    put_text(context, text);
}

/* The oldest transaction keeps in the WAL what has not been written back. */
static void put_pages(sqlite3_context *context, const struct cursor *cursor)
{
    if (cursor->has_wal && !cursor->at && cursor->wal.pages >= cursor->wal.written_back)
        sqlite3_result_int64(context, cursor->wal.pages - cursor->wal.written_back);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct rst_ext_row *row = &cursor->rows.row[cursor->at];
    char text[64];

    switch (number) {
    case COLUMN_ID:
        sqlite3_result_int64(context, (sqlite3_int64)row->id);
        break;
    case COLUMN_PROCESS:
        sqlite3_result_int64(context, (sqlite3_int64)row->process);
        break;
    case COLUMN_APPLICATION:
        put_text(context, row->application);
        break;
    case COLUMN_THREAD:
        sqlite3_result_int64(context, (sqlite3_int64)row->thread);
        break;
    case COLUMN_OPENED:
        put_time(context, row->opened_ms);
        break;
    case COLUMN_STATE:
        put_text(context, rst_ext_row_state(row));
        break;
    case COLUMN_TXN_SECONDS:
        put_seconds(context, row->txn_ms);
        break;
    case COLUMN_STATEMENT:
        if (row->text)
            put_text(context, row->text);
        break;
    case COLUMN_SECONDS:
        put_seconds(context, row->statement_ms);
        break;
    case COLUMN_RETURNED:
        if (row->statement_ms >= 0)
            sqlite3_result_int64(context, (sqlite3_int64)row->rows);
        break;
    case COLUMN_CURSORS:
        sqlite3_result_int64(context, row->cursors);
        break;
    case COLUMN_PAGES:
        put_pages(context, cursor);
        break;
    case COLUMN_END:
        snprintf(text, sizeof(text), "SELECT roster_kill(%llu);", (unsigned long long)row->id);
        put_text(context, text);
        break;
    case COLUMN_PATH:
        put_text(context, row->file);
        break;
    default:
        break;
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
    *id = (sqlite3_int64)((const struct cursor *)base)->at;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .iVersion = 0,
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = eof,
    .xColumn = column,
    .xRowid = row_id,
};

int rst_ext_tables_register(sqlite3 *db)
{
    static char blockers;
    int err = sqlite3_create_module_v2(db, "roster_connections", &module, NULL, NULL);

    return err ? err : sqlite3_create_module_v2(db, "roster_blocker", &module, &blockers, NULL);
}
