/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * An ordinary program with several threads on one SQLite file, which knows nothing of Roster. One
 * of its connections keeps the WAL from being checkpointed.
 *
 *     culprit FILE HOW     HOW: rows (a SELECT that is slow between two rows), join (one that never
 *                          ends), idle (a transaction that is left open), leak (a cursor that is
 *                          left open, of a connection that was closed), none
 *     ROSTER_NOMUTEX=1     connections have no mutex
 *
 * It obeys lines on its standard input, and answers each with a line:
 *     write N              writes N pages
 *     ask SQL              the rows of a query, columns parted by |, ended by a line "."
 *     end                  ends; says how the culprit fared
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *path, *how;
static atomic_bool ready, stop;
static char outcome[256];

static sqlite3 *open_file(void)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3 *db;

    if (getenv("ROSTER_NOMUTEX"))
        flags |= SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &db, flags, NULL)) {
        fprintf(stderr, "culprit: %s\n", sqlite3_errmsg(db));
        exit(2);
    }
    sqlite3_busy_timeout(db, 100);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message)) {
        fprintf(stderr, "culprit: %s: %s\n", sql, message);
        exit(2);
    }
}

static void wait_for_stop(void)
{
    atomic_store(&ready, true);
    while (!atomic_load(&stop))
        usleep(2000);
}

static int read_rows(sqlite3 *db)
{
    sqlite3_stmt *stmt;
    int err = sqlite3_prepare_v2(db, "SELECT k, v FROM t /* export */", -1, &stmt, NULL);

    while (!err && sqlite3_step(stmt) == SQLITE_ROW) {
        atomic_store(&ready, true);
        usleep(10000);
    }
    return sqlite3_finalize(stmt);
}

/* In SQLite's threading mode 2 it goes on with another statement, which is asked to end there. */
static int stay_idle(sqlite3 *db)
{
    run(db, "BEGIN");
    run(db, "SELECT count(*) FROM t /* report */");
    wait_for_stop();
    if (!sqlite3_db_mutex(db))
        return sqlite3_exec(db, "SELECT count(*) FROM t", NULL, NULL, NULL);
    return sqlite3_get_autocommit(db) ? SQLITE_ABORT : SQLITE_OK;
}

static int leak(sqlite3 *db)
{
    sqlite3_stmt *stmt;

    sqlite3_prepare_v2(db, "SELECT k, v FROM t /* leaked */", -1, &stmt, NULL);
    sqlite3_step(stmt);
    sqlite3_close_v2(db);
    wait_for_stop();
    return SQLITE_OK;
}

static void *misbehave(void *arg)
{
    sqlite3 *db = open_file();
    int err = SQLITE_OK;

    if (!strcmp(how, "rows")) {
        err = read_rows(db);
    } else if (!strcmp(how, "join")) {
        atomic_store(&ready, true);
        err = sqlite3_exec(db, "SELECT count(*) FROM t a, t b, t c, t d WHERE a.v < b.v /* join */",
                           NULL, NULL, NULL);
    } else if (!strcmp(how, "idle")) {
        err = stay_idle(db);
    } else if (!strcmp(how, "leak")) {
        err = leak(db);
    } else {
        wait_for_stop();
    }
    snprintf(outcome, sizeof(outcome), "%s", sqlite3_errstr(err));
    return arg;
}

static void ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    int err = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), n;

    while (!err && (err = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (n = 0; n < sqlite3_column_count(stmt); n++) {
            const char *text = (const char *)sqlite3_column_text(stmt, n);

            printf("%s%s", n ? "|" : "", text ? text : "");
        }
        putchar('\n');
        err = SQLITE_OK;
    }
    if (err != SQLITE_DONE)
        printf("error: %s\n", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    puts(".");
}

static void write_pages(sqlite3 *db, int n)
{
    for (; n > 0; n--)
        run(db, "UPDATE t SET v = hex(randomblob(2000)) WHERE k = 1");
    puts("written");
}

static void obey(sqlite3 *db)
{
    char line[4096];

    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (!strncmp(line, "write ", 6))
            write_pages(db, (int)strtol(line + 6, NULL, 10));
        else if (!strncmp(line, "ask ", 4))
            ask(db, line + 4);
        else
            break;
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    pthread_t thread;
    sqlite3 *db;

    if (argc != 3)
        return 2;
    path = argv[1];
    how = argv[2];
    db = open_file();
    run(db, "PRAGMA journal_mode = wal");
    run(db, "PRAGMA synchronous = off");
    run(db, "PRAGMA wal_autocheckpoint = 0");
    run(db, "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
            "INSERT OR IGNORE INTO t SELECT i, hex(randomblob(50)) FROM n");
    if (pthread_create(&thread, NULL, misbehave, NULL))
        return 2;
    while (!atomic_load(&ready))
        usleep(1000);
    puts("ready");
    fflush(stdout);
    obey(db);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    printf("the culprit: %s\n", outcome);
    return sqlite3_close(db) ? 1 : 0;
}
