/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What roster.so costs a program: see sqlite.sh.
 *
 *     sqlite-bench FILE reads|writes N [trace]     N point reads, or N updates of one row in a
 * transaction each, in one thread; prints the processor nanoseconds of one. trace: with a trace
 * callback that does nothing
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEYS 10000

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message)) {
        fprintf(stderr, "sqlite: %s: %s\n", sql, message);
        abort();
    }
}

static int nothing(unsigned event, void *arg, void *stmt, void *detail)
{
    (void)event, (void)arg, (void)stmt, (void)detail;
    return 0;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* What callgrind counts. */
__attribute__((noinline)) static void work(sqlite3_stmt *stmt, long n)
{
    unsigned key = 1;

    for (; n > 0; n--) {
        key = key * 1103515245 + 12345;
        sqlite3_bind_int(stmt, 1, (int)(key / 65536 % KEYS));
        while (sqlite3_step(stmt) == SQLITE_ROW)
            (void)sqlite3_column_text(stmt, 0);
        sqlite3_reset(stmt);
    }
}

int main(int argc, char **argv)
{
    sqlite3_stmt *stmt;
    double before;
    sqlite3 *db;
    long n;

    if (argc < 4)
        return 2;
    n = strtol(argv[3], NULL, 10);
    if (sqlite3_open(argv[1], &db))
        return 1;
    run(db, "PRAGMA journal_mode = wal; PRAGMA synchronous = off;"
            "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
            "INSERT OR IGNORE INTO t SELECT i, hex(randomblob(50)) FROM n");
    if (argc > 4)
        sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, nothing, NULL);
    if (sqlite3_prepare_v2(db,
                           strcmp(argv[2], "writes")
                               ? "SELECT v FROM t WHERE k = ?1"
                               : "UPDATE t SET v = hex(randomblob(50)) WHERE k = ?1",
                           -1, &stmt, NULL))
        return 1;
    work(stmt, n / 10);
    before = now();
    work(stmt, n);
    printf("%.1f\n", (now() - before) / (double)n);
    sqlite3_finalize(stmt);
    return sqlite3_close(db);
}
