/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The other processes: each that has an endpoint in the runtime directory is asked through its
 * socket there.
 */
#include "sqlite/ask.h"
#include "sqlite/extension.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

#define SYSTEM_DIR "/run/roster"

static const char *user_dir(void)
{
    const char *user = secure_getenv("XDG_RUNTIME_DIR");

    return user && *user == '/' && strcmp(user, "/run") != 0 ? user : NULL;
}

bool rst_ext_runtime_dir(char *to, size_t size)
{
    const char *user = user_dir();
    int n = snprintf(to, size, "%s/roster", user ? user : "/run");

    return n > 0 && (size_t)n < size;
}

static char *copy(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    return text ? sqlite3_mprintf("%s", text) : NULL;
}

/* A number behind "NAME=" in the attributes that conn.c writes. */
static uint64_t attribute(const char *attributes, const char *name)
{
    const char *at = attributes ? strstr(attributes, name) : NULL;

    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static int add_row(sqlite3_stmt *stmt, struct rst_ext_rows *rows)
{
    const char *attributes = (const char *)sqlite3_column_text(stmt, 6);
    struct rst_ext_row *row;
    const char *files;
    int err = rst_ext_rows_add(rows, &row);

    if (err)
        return err;
    row->id = (uint64_t)sqlite3_column_int64(stmt, 0);
    row->process = row->id / RST_EXT_IDS;
    row->application = copy(stmt, 1);
    row->file = copy(stmt, 2);
    row->text = copy(stmt, 3);
    if (row->text) {
        row->statement_ms = sqlite3_column_int64(stmt, 4);
        row->cursors = 1;
        row->inside = true;
        row->waits = sqlite3_column_type(stmt, 8) != SQLITE_NULL;
    } else {
        row->text = copy(stmt, 7);
        row->is_last = true;
    }
    if (sqlite3_column_type(stmt, 5) != SQLITE_NULL)
        row->txn_ms = sqlite3_column_int64(stmt, 5);
    files = attributes ? strstr(attributes, RST_EXT_FILES) : NULL;
    row->holds = sqlite3_mprintf("%s\n%s", row->file ? row->file : "",
                                 files ? files + strlen(RST_EXT_FILES) : "");
    row->thread = attribute(attributes, "thread=");
    row->opened_ms = attribute(attributes, "opened=");
    row->mutex = attributes && strstr(attributes, "mutex=serialized");
    return row->application && row->file && row->holds ? SQLITE_OK : SQLITE_NOMEM;
}

/* SQLite reads the JSON itself. What is no object would fail the whole query. */
static int add_rows(sqlite3 *db, const char *json, struct rst_ext_rows *rows)
{
    static const char sql[] =
        "SELECT CAST(value->>'id' AS INTEGER), coalesce(value->>'application', ''), "
        "coalesce(value->>'db', ''), value->>'info', value->>'time_ms', "
        "CASE value->>'txn_state' WHEN 'valid' THEN value->>'txn_ms' END, value->>'attributes', "
        "value->>'last', value->>'wait_event' "
        "FROM json_each(?1, '$.rows') WHERE json_valid(?1) AND type = 'object'";
    sqlite3_stmt *stmt = NULL;
    int err = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    if (!err)
        err = sqlite3_bind_text(stmt, 1, json, -1, SQLITE_STATIC);
    while (!err && (err = sqlite3_step(stmt)) == SQLITE_ROW)
        err = add_row(stmt, rows);
    sqlite3_finalize(stmt);
    return err == SQLITE_DONE ? SQLITE_OK : err;
}

/* sqlite-PID.sock of another process. */
static bool is_peer(const char *name)
{
    char own[64];
    size_t length = strlen(name);

    snprintf(own, sizeof(own), RST_EXT_SOCKET, (long)getpid());
    return length > 12 && !strncmp(name, "sqlite-", 7) && !strcmp(name + length - 5, ".sock") &&
           strcmp(name, own) != 0;
}

/* The sockets in some directories, and what is done with the replies. */
struct search {
    char directories[2][96];
    unsigned count, at;
    DIR *dir; /* of the one that is read; NULL: none so far */
    sqlite3 *db;
    struct rst_ext_rows *rows;
};

static bool next_peer(void *arg, char *path, size_t size)
{
    struct search *search = arg;
    struct dirent *entry;

    for (; search->at < search->count; search->at++) {
        if (!search->dir)
            search->dir = opendir(search->directories[search->at]);
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): the directory is this thread's alone */
        while (search->dir && (entry = readdir(search->dir)))
            if (is_peer(entry->d_name)) {
                snprintf(path, size, "%s/%s", search->directories[search->at], entry->d_name);
                return true;
            }
        if (search->dir)
            closedir(search->dir);
        search->dir = NULL;
    }
    return false;
}

static int take_rows(void *arg, const char *body)
{
    struct search *search = arg;

    return add_rows(search->db, body, search->rows);
}

/* A service of the system has its socket in /run, whatever directory the one that asks has. */
int rst_ext_peers_rows(sqlite3 *db, struct rst_ext_rows *rows)
{
    struct search search = {.db = db, .rows = rows};
    int err;

    if (user_dir() && rst_ext_runtime_dir(search.directories[0], sizeof(search.directories[0])))
        search.count++;
    snprintf(search.directories[search.count++], sizeof(search.directories[0]), SYSTEM_DIR);
    err = rst_ext_ask("GET", "/processlist?limit=10000&full=1", next_peer, take_rows, &search);
    if (search.dir)
        closedir(search.dir);
    return err;
}

/* The sockets that one process may have, and what the one that answers says. */
struct wanted {
    char paths[2][160];
    unsigned count;
    char *reply; /* NULL: none so far */
};

static bool next_path(void *arg, char *path, size_t size)
{
    struct wanted *wanted = arg;

    if (!wanted->count)
        return false;
    snprintf(path, size, "%s", wanted->paths[--wanted->count]);
    return true;
}

static int take_reply(void *arg, const char *body)
{
    struct wanted *wanted = arg;

    if (!wanted->reply)
        wanted->reply = sqlite3_mprintf("%s", body);
    return SQLITE_OK;
}

/* What the reply says; `reply` is freed. */
static char *say(sqlite3 *db, unsigned long process, char *reply)
{
    sqlite3_stmt *stmt = NULL;
    char *text = NULL;

    if (!sqlite3_prepare_v2(db, "SELECT coalesce(?1->>'result', ?1->>'error') WHERE json_valid(?1)",
                            -1, &stmt, NULL) &&
        !sqlite3_bind_text(stmt, 1, reply, -1, SQLITE_STATIC) && sqlite3_step(stmt) == SQLITE_ROW)
        text = sqlite3_mprintf("process %lu: %s", process, sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_free(reply);
    return text ? text : sqlite3_mprintf("process %lu: no answer", process);
}

char *rst_ext_peers_kill(sqlite3 *db, uint64_t id, const char *how)
{
    unsigned long process = (unsigned long)(id / RST_EXT_IDS);
    struct wanted wanted = {.count = 0};
    char directory[96], what[128];

    if (!rst_ext_runtime_dir(directory, sizeof(directory)))
        return sqlite3_mprintf("the path of the runtime directory is too long");
    snprintf(what, sizeof(what), "/kill?id=%llu&target=%s", (unsigned long long)id, how);
    snprintf(wanted.paths[wanted.count++], sizeof(wanted.paths[0]), "%s/" RST_EXT_SOCKET, directory,
             (long)process);
    if (user_dir())
        snprintf(wanted.paths[wanted.count++], sizeof(wanted.paths[0]),
                 SYSTEM_DIR "/" RST_EXT_SOCKET, (long)process);
    (void)rst_ext_ask("POST", what, next_path, take_reply, &wanted);
    if (!wanted.reply)
        return sqlite3_mprintf(
            "process %lu: it does not listen on %s; ROSTER_SQLITE_STATUS=on makes "
            "it listen",
            process, wanted.paths[0]);
    return say(db, process, wanted.reply);
}
