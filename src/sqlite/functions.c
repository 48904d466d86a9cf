/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The functions roster_kill(ID [, HOW]) and roster_checkpoint([SCHEMA]).
 */
#include "sqlite/extension.h"

#include "core/base/count.h"

#include <roster/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

static const struct {
    const char *name;
    enum rst_ext_how how;
} hows[] = {
    {"transaction", RST_EXT_TXN}, {"statement", RST_EXT_STATEMENT}, {"unsafe", RST_EXT_UNSAFE}};

static void fail(sqlite3_context *context, const char *format, const char *what)
{
    char *text = sqlite3_mprintf(format, what);

    if (text)
        sqlite3_result_error(context, text, -1);
    else
        sqlite3_result_error_nomem(context);
    sqlite3_free(text);
}

static void end_elsewhere(sqlite3_context *context, sqlite3 *db, uint64_t id, size_t how)
{
    char *text;

    if (hows[how].how == RST_EXT_UNSAFE) {
        fail(context, "roster_kill(): %s",
             "'unsafe' works inside one process; for others set "
             "ROSTER_SQLITE_UNSAFE=on there");
        return;
    }
    text = rst_ext_peers_kill(db, id, hows[how].name);
    if (text)
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    else
        sqlite3_result_error_nomem(context);
    sqlite3_free(text);
}

static void kill_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const struct rst_ext_conn *self = sqlite3_user_data(context);
    const char *how = argc > 1 ? (const char *)sqlite3_value_text(argv[1]) : "transaction";
    sqlite3_int64 id = sqlite3_value_int64(argv[0]);
    enum rst_ext_result result;
    size_t n;

    for (n = 0; how && n < 3 && strcmp(hows[n].name, how) != 0; n++)
        ;
    if (!how || n == 3) {
        fail(context, "roster_kill(): how is 'transaction', 'statement' or 'unsafe', not '%s'",
             how ? how : "NULL");
    } else if (sqlite3_value_type(argv[0]) != SQLITE_INTEGER || id <= 0) {
        fail(context, "roster_kill() takes an id of roster_connections, not '%s'",
             (const char *)sqlite3_value_text(argv[0]));
    } else if ((uint64_t)id == self->id) {
        fail(context, "roster_kill(): %s", "that is this connection");
    } else if ((uint64_t)id / RST_EXT_IDS != (uint64_t)getpid()) {
        end_elsewhere(context, self->db, (uint64_t)id, n);
    } else {
        result = rst_ext_end((uint64_t)id, hows[n].how);
        sqlite3_result_text(context, rst_ext_result_text(result), -1, SQLITE_STATIC);
    }
}

/* What a program calls itself and its statement, within one line of a terminal; until the next call
 * with this room. */
static const char *show(sqlite3_stmt *stmt, int column, char room[201])
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    roster_text_show(text, text ? strlen(text) : 0, room, 201);
    return room;
}

/* Names what is in the way of that file's checkpoint, one a line. */
static char *append_blockers(sqlite3 *db, const char *file, char *text)
{
    static const char sql[] =
        "SELECT id, application, process, state, round(txn_seconds, 1), statement, \"end\" "
        "FROM roster_blocker(?1)";
    char application[201], statement[201];
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) ||
        sqlite3_bind_text(stmt, 1, file, -1, SQLITE_TRANSIENT)) {
        sqlite3_finalize(stmt);
        return text;
    }
    while (text && sqlite3_step(stmt) == SQLITE_ROW) {
        char *longer = sqlite3_mprintf(
            "%s\nin the way: connection %lld (%s, process %lld), %s for %s s: %s\n    %s", text,
            sqlite3_column_int64(stmt, 0), show(stmt, 1, application),
            sqlite3_column_int64(stmt, 2), sqlite3_column_text(stmt, 3),
            sqlite3_column_text(stmt, 4), show(stmt, 5, statement), sqlite3_column_text(stmt, 6));

        sqlite3_free(text);
        text = longer;
    }
    sqlite3_finalize(stmt);
    return text;
}

static char *checkpoint(struct rst_ext_conn *conn, const char *schema, bool *failed)
{
    const char *file = sqlite3_db_filename(conn->db, schema);
    int pages = -1, written = -1, err;
    struct rst_ext_wal wal;

    *failed = true;
    if (!file)
        return sqlite3_mprintf("roster_checkpoint(): this connection has no database '%s'", schema);
    /* A connection that has read nothing yet does not know that there is a WAL. */
    err = rst_ext_wal_read(conn->db, schema, &wal);
    if (err && err != SQLITE_NOTFOUND)
        return sqlite3_mprintf("roster_checkpoint(): the WAL cannot be read: %s",
                               sqlite3_errstr(err));
    *failed = false;
    if (err)
        return sqlite3_mprintf("there is no WAL: the journal mode is not WAL, or locking is "
                               "exclusive");
    err = sqlite3_wal_checkpoint_v2(conn->db, schema, SQLITE_CHECKPOINT_TRUNCATE, &pages, &written);
    if (err == SQLITE_OK)
        return sqlite3_mprintf("the WAL is written back and truncated to 0 bytes");
    if (err == SQLITE_BUSY)
        return append_blockers(conn->db, file,
                               sqlite3_mprintf("%d of %d page%s of the WAL %s written back",
                                               written, pages, count_s((uint64_t)pages),
                                               count_are((uint64_t)written)));
    *failed = true;
    if (err == SQLITE_LOCKED)
        return sqlite3_mprintf(
            "roster_checkpoint(): this connection has a transaction open itself");
    return sqlite3_mprintf("roster_checkpoint(): %s", sqlite3_errstr(err));
}

static void checkpoint_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct rst_ext_conn *conn = sqlite3_user_data(context);
    const char *schema = argc ? (const char *)sqlite3_value_text(argv[0]) : "main";
    bool failed = false;
    char *text;

    conn->quiet = true;
    text = checkpoint(conn, schema ? schema : "main", &failed);
    conn->quiet = false;
    if (!text)
        sqlite3_result_error_nomem(context);
    else if (failed)
        sqlite3_result_error(context, text, -1);
    else
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    sqlite3_free(text);
}

int rst_ext_functions_register(sqlite3 *db, struct rst_ext_conn *conn)
{
    static const struct {
        const char *name;
        int args;
        void (*call)(sqlite3_context *context, int argc, sqlite3_value **argv);
    } functions[] = {
        {"roster_kill", 1, kill_function},
        {"roster_kill", 2, kill_function},
        {"roster_checkpoint", 0, checkpoint_function},
        {"roster_checkpoint", 1, checkpoint_function},
        {"roster_setting", 1, rst_ext_setting},
        {"roster_setting", 2, rst_ext_setting},
    };
    int err = SQLITE_OK;
    size_t n;

    for (n = 0; n < sizeof(functions) / sizeof(*functions) && !err; n++)
        err = sqlite3_create_function_v2(db, functions[n].name, functions[n].args,
                                         SQLITE_UTF8 | SQLITE_DIRECTONLY, conn, functions[n].call,
                                         NULL, NULL, NULL);
    return err;
}
