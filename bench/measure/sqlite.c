/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What roster.so costs a program: see sqlite.sh. Run with it preloaded.
 *
 *     sqlite-bench DIRECTORY reads|writes ROUNDS        point reads, or updates of one row in a
 *                                                       transaction each, in one thread
 *     sqlite-bench DIRECTORY reads|writes N plain|trace|roster     N of one kind, for callgrind
 *
 * There are three connections, each with a file of its own: plain SQLite, SQLite with a trace
 * callback that does nothing, and one that roster.so follows. They take turns, a few milliseconds
 * each, so that what else the machine does meets all of them; the order turns as well. A figure is
 * the median of the rounds, a ratio that of each round's, of processor time and of time.
 */
#include "core/base/clock.h"
#include "stats.h"

#include <dlfcn.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEYS 10000

enum way { PLAIN, TRACE, ROSTER, WAYS };
static const char *const names[] = {"plain", "trace", "roster"};

static struct way_state {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    double cpu[STATS_MOST], wall[STATS_MOST];
} ways[WAYS];

typedef int trace_fn(sqlite3 *db, unsigned mask, int (*callback)(unsigned, void *, void *, void *),
                     void *arg);

/* SQLite's own, whatever has been preloaded. */
static trace_fn *own_trace(void)
{
    void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_NOLOAD);
    trace_fn *trace = NULL;

    if (library)
        *(void **)(void *)&trace = dlsym(library, "sqlite3_trace_v2");
    return trace;
}

static void check(int err, sqlite3 *db)
{
    if (err) {
        fprintf(stderr, "sqlite-bench: %s\n", sqlite3_errmsg(db));
        abort();
    }
}

static int nothing(unsigned event, void *arg, void *stmt, void *detail)
{
    (void)event, (void)arg, (void)stmt, (void)detail;
    return 0;
}

static void open_way(enum way way, const char *directory, bool reads)
{
    struct way_state *state = &ways[way];
    trace_fn *trace = own_trace();
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s.db", directory, names[way]);
    check(sqlite3_open(path, &state->db), state->db);
    if (way == PLAIN)
        check(trace ? trace(state->db, 0, NULL, NULL) : SQLITE_ERROR, state->db);
    check(sqlite3_exec(state->db,
                       "PRAGMA journal_mode = wal; PRAGMA synchronous = off;"
                       "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT);"
                       "WITH RECURSIVE n(i) AS "
                       "(SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
                       "INSERT OR IGNORE INTO t SELECT i, hex(randomblob(50)) FROM n",
                       NULL, NULL, NULL),
          state->db);
    if (way == TRACE)
        check(trace ? trace(state->db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, nothing, NULL)
                    : SQLITE_ERROR,
              state->db);
    check(sqlite3_prepare_v2(state->db,
                             reads ? "SELECT v FROM t WHERE k = ?1"
                                   : "UPDATE t SET v = hex(randomblob(50)) WHERE k = ?1",
                             -1, &state->stmt, NULL),
          state->db);
}

/* What callgrind counts. */
__attribute__((noinline)) static void work(sqlite3_stmt *stmt, long n)
{
    static unsigned key = 1;

    for (; n > 0; n--) {
        key = key * 1103515245 + 12345;
        sqlite3_bind_int(stmt, 1, (int)(key / 65536 % KEYS));
        while (sqlite3_step(stmt) == SQLITE_ROW)
            (void)sqlite3_column_text(stmt, 0);
        sqlite3_reset(stmt);
    }
}

static void measure(struct way_state *state, long n, int round)
{
    double wall = (double)rst_clock_ns(CLOCK_MONOTONIC),
           cpu = (double)rst_clock_ns(CLOCK_THREAD_CPUTIME_ID);

    work(state->stmt, n);
    state->cpu[round] = ((double)rst_clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / (double)n;
    state->wall[round] = ((double)rst_clock_ns(CLOCK_MONOTONIC) - wall) / (double)n;
}

static double median(const double *values, int n)
{
    return spread_of(values, (size_t)n).median;
}

static double ratio(const double *values, const double *plain, int n)
{
    return spread_of_ratios(values, plain, (size_t)n).median;
}

static void compare(int rounds, long n)
{
    int round, turn, way;

    for (way = 0; way < WAYS; way++)
        work(ways[way].stmt, n);
    for (round = 0; round < rounds; round++)
        for (turn = 0; turn < WAYS; turn++)
            measure(&ways[(round + turn) % WAYS], n, round);
    for (way = 0; way < WAYS; way++)
        printf("%-6s  %6.0f ns of processor time, %.3f times plain; %6.0f ns, %.3f times\n",
               names[way], median(ways[way].cpu, rounds),
               ratio(ways[way].cpu, ways[PLAIN].cpu, rounds), median(ways[way].wall, rounds),
               ratio(ways[way].wall, ways[PLAIN].wall, rounds));
}

int main(int argc, char **argv)
{
    bool reads;
    long n;
    int way;

    if (argc < 4)
        return 2;
    reads = strcmp(argv[2], "writes") != 0;
    n = strtol(argv[3], NULL, 10);
    for (way = 0; way < WAYS; way++)
        open_way((enum way)way, argv[1], reads);
    for (way = 0; way < WAYS && argc > 4; way++)
        if (!strcmp(argv[4], names[way]))
            work(ways[way].stmt, n);
    if (argc == 4)
        compare(n < STATS_MOST ? (int)n : STATS_MOST, reads ? 2000 : 300);
    for (way = 0; way < WAYS; way++) {
        sqlite3_finalize(ways[way].stmt);
        sqlite3_close(ways[way].db);
    }
    return 0;
}
