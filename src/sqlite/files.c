/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The files of a connection: its main one, which stays, and those that ATTACH and DETACH add and
 * take away. A list of files has a path on each line.
 */
#include "sqlite/extension.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

#define TEMP 1 /* the number of the schema "temp" */

/* The name of a connection's schema by its number, NULL after the last. */
static const char *schema_name(sqlite3 *db, int number)
{
#if SQLITE_VERSION_NUMBER >= 3039000
    if (sqlite3_libversion_number() >= 3039000)
        return sqlite3_db_name(db, number);
#endif
    (void)db;
    return number ? NULL : "main"; /* an older SQLite does not say which others there are */
}

static const char *path_of(sqlite3 *db, const char *schema, int number)
{
    const char *path = sqlite3_db_filename(db, schema);

    if (path && *path)
        return path;
    return number ? NULL : ":memory:";
}

/* Those from schema `number` on whose transaction is in that state, or further. */
static int list(sqlite3 *db, int number, int state, char **files)
{
    sqlite3_str *text = sqlite3_str_new(NULL);
    const char *schema, *path;
    int err;

    for (; (schema = schema_name(db, number)); number++) {
        path = path_of(db, schema, number);
        if (path && number != TEMP && sqlite3_txn_state(db, schema) >= state)
            sqlite3_str_appendf(text, "%s\n", path);
    }
    err = sqlite3_str_errcode(text);
    *files = sqlite3_str_finish(text);
    return err;
}

int rst_ext_files_held(sqlite3 *db, char **files)
{
    return list(db, 0, SQLITE_TXN_READ, files);
}

bool rst_ext_files_has(const char *files, const char *path)
{
    size_t length = strlen(path);

    for (; files && *files; files += strcspn(files, "\n") + 1)
        if (!strncmp(files, path, length) && files[length] == '\n')
            return true;
    return false;
}

const char *rst_ext_files_schema(sqlite3 *db, const char *file)
{
    const char *schema, *path;
    int n;

    for (n = 0; (schema = schema_name(db, n)); n++) {
        path = sqlite3_db_filename(db, schema);
        if (path && !strcmp(path, file))
            return schema;
    }
    return NULL;
}

void rst_ext_files_follow(struct rst_ext_conn *conn)
{
    char *files, *before = conn->files;

    if (list(conn->db, TEMP + 1, SQLITE_TXN_NONE, &files))
        return;
    if (strcmp(files ? files : "", before ? before : "") != 0) {
        conn->files = files;
        files = before;
        rst_ext_session_describe(conn);
    }
    sqlite3_free(files);
}
