/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * SQLite's options for trust, sizes and durability. Each is set, even to SQLite's present default:
 * distributions compile in others, and a host may have changed them for the process.
 * doc/defaults.md lists them with reasons.
 */

#include "store/sqlite/sqlite.h"

#include <stddef.h>

struct setting {
    int option;
    int value;
};

/* Other users may be able to write to the file: nothing in it makes us run something. */
static const struct setting switches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0},
};

/* A row holds a key and a value of one request, and our longest statement has 500 characters. */
static const struct setting limits[] = {
    {SQLITE_LIMIT_LENGTH, 4 * ROSTER_STORE_MAX_REQUEST},
    {SQLITE_LIMIT_SQL_LENGTH, 10000},
    {SQLITE_LIMIT_COLUMN, 64},
    {SQLITE_LIMIT_EXPR_DEPTH, 20},
    {SQLITE_LIMIT_COMPOUND_SELECT, 2},
    {SQLITE_LIMIT_FUNCTION_ARG, 8},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 16},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 0},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static const char pragmas[] = "PRAGMA synchronous = FULL;"
                              "PRAGMA locking_mode = NORMAL;"
                              "PRAGMA journal_size_limit = 8388608;"
                              "PRAGMA mmap_size = 0;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -2000;"
                              "PRAGMA cell_size_check = ON;"
                              "PRAGMA ignore_check_constraints = OFF;"
                              "PRAGMA secure_delete = FAST;"
                              "PRAGMA query_only = OFF";

int rst_sqlite_settings_apply(struct sqlite_conn *conn)
{
    int rc = sqlite3_extended_result_codes(conn->db, 1);
    size_t i;

    for (i = 0; i < sizeof(switches) / sizeof(switches[0]) && rc == SQLITE_OK; i++)
        rc = sqlite3_db_config(conn->db, switches[i].option, switches[i].value, NULL);
    if (rc != SQLITE_OK)
        return rst_sqlite_conn_errno(conn, rc);
    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        sqlite3_limit(conn->db, limits[i].option, limits[i].value);
    return rst_sqlite_conn_exec(conn, pragmas);
}
