/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What is shown of the connections of this process.
 */
#include "sqlite/extension.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

#define UNSEEN "(not seen to begin: an incremental blob, or beside the program's own trace)"
#define ROOM (ROSTER_IDENTITY_MAX + RST_EXT_TEXT + 256)

static int64_t ms_since(uint64_t since)
{
    return (int64_t)(rst_since(rst_monotonic_ns(), since) / 1000000);
}

int rst_ext_rows_add(struct rst_ext_rows *rows, struct rst_ext_row **row)
{
    size_t room = rows->room ? rows->room * 2 : 16;
    struct rst_ext_row *grown;

    if (rows->n == rows->room) {
        grown = realloc(rows->row, room * sizeof(*grown));
        if (!grown)
            return SQLITE_NOMEM;
        rows->row = grown;
        rows->room = room;
    }
    *row = &rows->row[rows->n++];
    memset(*row, 0, sizeof(**row));
    (*row)->txn_ms = (*row)->statement_ms = -1;
    return SQLITE_OK;
}

void rst_ext_row_free(struct rst_ext_row *row)
{
    sqlite3_free(row->application);
    sqlite3_free(row->file);
    sqlite3_free(row->text);
    sqlite3_free(row->holds);
}

void rst_ext_rows_free(struct rst_ext_rows *rows)
{
    size_t n;

    for (n = 0; n < rows->n; n++)
        rst_ext_row_free(&rows->row[n]);
    free(rows->row);
    memset(rows, 0, sizeof(*rows));
}

/*
 * Looks into a connection that no thread is inside of, as its owner. `row->inside` is whether one
 * is; without a mutex, whether a statement is open. Then it may hold the snapshot of any of its
 * files, and in an SQLite that does not speak of connections that sqlite3_close_v2() has closed.
 */
static int look_inside(struct rst_ext_row *row, struct rst_ext_conn *conn)
{
    sqlite3_mutex *mutex = sqlite3_db_mutex(conn->db);
    int err;

    row->inside = mutex ? sqlite3_mutex_try(mutex) != SQLITE_OK : atomic_load(&conn->cursors) > 0;
    if (!mutex || row->inside || sqlite3_compileoption_used("ENABLE_API_ARMOR")) {
        if (mutex && !row->inside)
            sqlite3_mutex_leave(mutex);
        row->holds = sqlite3_mprintf("%s\n%s", conn->file, conn->files ? conn->files : "");
        return row->holds ? SQLITE_OK : SQLITE_NOMEM;
    }
    rst_ext_reconcile(conn);
    rst_ext_files_follow(conn);
    err = rst_ext_files_held(conn->db, &row->holds);
    if (!row->holds || atomic_load(&conn->txn))
        conn->hidden = 0;
    else if (!conn->hidden)
        conn->hidden = rst_monotonic_ns();
    sqlite3_mutex_leave(mutex);
    return err;
}

/* When the first of the statements that are open began; with one, that is the one shown. */
static uint64_t first_since(const struct rst_ext_conn *conn, uint64_t shown)
{
    uint64_t txn = atomic_load(&conn->since_txn);

    return txn && txn == atomic_load(&conn->txn) ? atomic_load(&conn->since) : shown;
}

/* Under rst_ext_lock. */
static int fill(struct rst_ext_row *row, struct rst_ext_conn *conn)
{
    struct roster_entry entry;
    char room[ROOM];
    int err;

    row->file = sqlite3_mprintf("%s", conn->file);
    err = look_inside(row, conn);
    if (err || roster_look(rst_ext_roster, conn->id, &entry, room, sizeof(room)))
        return SQLITE_NOMEM;
    row->id = conn->id;
    row->process = (uint64_t)getpid();
    row->thread = (uint64_t)conn->thread;
    row->opened_ms = conn->opened_ms;
    row->cursors = atomic_load(&conn->cursors);
    row->mutex = sqlite3_db_mutex(conn->db) != NULL;
    row->waits = entry.wait_event != NULL;
    row->application = sqlite3_mprintf("%s", entry.application ? entry.application : "");
    if (entry.txn_state == ROSTER_TXN_VALID)
        row->txn_ms = ms_since(entry.txn_since);
    else if (entry.text)
        row->txn_ms = ms_since(first_since(conn, entry.stmt_since));
    if (entry.text) {
        row->statement_ms = ms_since(entry.stmt_since);
        row->rows = atomic_load(&conn->rows);
        row->text = sqlite3_mprintf("%s", entry.text);
    } else if (conn->hidden) {
        row->is_last = true;
        row->txn_ms = ms_since(conn->hidden);
        row->text = sqlite3_mprintf(UNSEEN);
    } else if (entry.last_text) {
        row->is_last = true;
        row->text = sqlite3_mprintf("%s", entry.last_text);
    }
    return row->application && row->file ? SQLITE_OK : SQLITE_NOMEM;
}

int rst_ext_rows_local(struct rst_ext_rows *rows, const sqlite3 *asking)
{
    struct rst_ext_conn *conn;
    struct rst_ext_row *row;
    int err = SQLITE_OK;

    pthread_mutex_lock(&rst_ext_lock);
    for (conn = rst_ext_conns; conn && !err; conn = conn->next) {
        err = rst_ext_rows_add(rows, &row);
        if (!err)
            err = fill(row, conn);
        if (!err && conn->db == asking)
            row->inside = true;
    }
    pthread_mutex_unlock(&rst_ext_lock);
    return err;
}

const char *rst_ext_row_state(const struct rst_ext_row *row)
{
    if (row->statement_ms >= 0 && row->waits)
        return "waiting for a lock";
    if (row->statement_ms >= 0)
        return row->inside ? "running" : "cursor open";
    return row->txn_ms >= 0 ? "idle in transaction" : "idle";
}
