/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the programs hostile and strange share: a file, connections, and questions.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *path;

#define want(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static inline sqlite3 *open_flags(const char *name, int flags)
{
    sqlite3 *db;

    if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | flags, NULL)) {
        fprintf(stderr, "%s: %s\n", name, sqlite3_errmsg(db));
        _exit(1);
    }
    return db;
}

static inline sqlite3 *open_file(void)
{
    return open_flags(path, 0);
}

static inline void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message)) {
        fprintf(stderr, "%s: %s\n", sql, message);
        _exit(1);
    }
}

/* The first column of the first row; "" without one. */
static inline const char *ask(sqlite3 *db, const char *sql)
{
    static _Thread_local char answer[4096];
    sqlite3_stmt *stmt;
    const char *text = NULL;

    answer[0] = '\0';
    want(!sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
    if (sqlite3_step(stmt) == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(stmt, 0);
    if (text)
        snprintf(answer, sizeof(answer), "%s", text);
    want(!sqlite3_finalize(stmt));
    return answer;
}

static inline bool is(const char *text, const char *wanted)
{
    if (strcmp(text, wanted) != 0)
        fprintf(stderr, "'%s', not '%s'\n", text, wanted);
    return !strcmp(text, wanted);
}

static inline void make_table(sqlite3 *db)
{
    run(db, "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
            "INSERT OR IGNORE INTO t SELECT i, hex(randomblob(20)) FROM n");
}
