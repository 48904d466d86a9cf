/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * How long the WAL is, and how much of it is written back: from the wal-index, whose format is
 * documented (https://sqlite.org/walformat.html) and fixed. It is read where SQLite has mapped it;
 * to open the file once more and close it would take away the locks that SQLite has on it.
 */
#include "sqlite/extension.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

#define REGION (32 * 1024)
#define AT_PAGES 16
#define AT_WRITTEN_BACK 96

/* SQLITE_OK: the connection itself has the file open in WAL mode, shared: only then is there a map.
 */
static int is_wal(sqlite3 *db, const char *schema)
{
    char *sql = sqlite3_mprintf("SELECT (SELECT journal_mode FROM pragma_journal_mode(%Q)) = 'wal' "
                                "AND (SELECT locking_mode FROM pragma_locking_mode(%Q)) = 'normal' "
                                "AND (SELECT page_count FROM pragma_page_count(%Q)) > 0",
                                schema, schema, schema);
    sqlite3_stmt *stmt = NULL;
    int err = sql ? sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;

    if (!err)
        err = sqlite3_step(stmt);
    if (err == SQLITE_ROW)
        err = sqlite3_column_int(stmt, 0) == 1 ? SQLITE_OK : SQLITE_NOTFOUND;
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    return err;
}

int rst_ext_wal_read(sqlite3 *db, const char *schema, struct rst_ext_wal *wal)
{
    const volatile unsigned char *index;
    void volatile *region = NULL;
    sqlite3_file *file = NULL;
    int err = is_wal(db, schema);

    if (err)
        return err;
    if (sqlite3_file_control(db, schema, SQLITE_FCNTL_FILE_POINTER, &file) || !file ||
        !file->pMethods || file->pMethods->iVersion < 2 ||
        file->pMethods->xShmMap(file, 0, REGION, 0, &region) || !region)
        return SQLITE_NOTFOUND;
    index = region;
    wal->pages = *(const volatile uint32_t *)(const volatile void *)(index + AT_PAGES);
    wal->written_back =
        *(const volatile uint32_t *)(const volatile void *)(index + AT_WRITTEN_BACK);
    return SQLITE_OK;
}
