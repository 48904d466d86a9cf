/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "sqlite_file.h"

#include "../scratch.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

char sqlite_dir[256], sqlite_path[300], sqlite_url[310];

void sqlite_file_name(void)
{
    scratch_dir(sqlite_dir, sizeof(sqlite_dir));
    snprintf(sqlite_path, sizeof(sqlite_path), "%s/store.db", sqlite_dir);
    snprintf(sqlite_url, sizeof(sqlite_url), "sqlite:%s", sqlite_path);
}

struct roster_store *sqlite_file_open(void)
{
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE];
    int err = roster_store_open(sqlite_url, NULL, &store, error, sizeof(error));

    cr_assert_eq(err, 0, "%s: %d: %s", sqlite_url, err, error);
    return store;
}

sqlite3 *sqlite_file_hold(const char *sql)
{
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open(sqlite_path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 20000);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    return db;
}

void sqlite_file_run(const char *sql)
{
    sqlite3_close(sqlite_file_hold(sql));
}

void sqlite_file_remove(void)
{
    char beside[310];

    cr_assert_eq(unlink(sqlite_path), 0);
    snprintf(beside, sizeof(beside), "%s-wal", sqlite_path);
    unlink(beside);
    snprintf(beside, sizeof(beside), "%s-shm", sqlite_path);
    unlink(beside);
}

static long size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

long sqlite_file_size(void)
{
    return size_of(sqlite_path);
}

long sqlite_wal_size(void)
{
    char log[310];

    snprintf(log, sizeof(log), "%s-wal", sqlite_path);
    return size_of(log);
}
