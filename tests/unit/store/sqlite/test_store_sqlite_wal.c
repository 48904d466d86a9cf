/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The SQLite store's write-ahead log stays small, whatever reads during that. */

#include "../store_fixture.h"
#include "sqlite_file.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define MIB (1024L * 1024)
#define BIG 100000

static char big[BIG + 1];
static struct roster_store *store;
static atomic_int warnings;
static char warning[300];

static void count_warning(enum roster_store_log_level level, const char *line, void *arg)
{
    (void)arg;
    if (level != ROSTER_STORE_LOG_WARNING)
        return;
    snprintf(warning, sizeof(warning), "%s", line);
    atomic_fetch_add(&warnings, 1);
}

static void start(void)
{
    struct roster_store_options options = {
        .size = sizeof(options), .history = 8, .log = count_warning};

    sqlite_file_name();
    cr_assert_eq(roster_store_open(sqlite_url, &options, &store, NULL, 0), 0);
    memset(big, 'x', BIG);
}

static void stop(void)
{
    roster_store_close(store);
    cr_expect_eq(sqlite_wal_size(), 0, "closing leaves a log behind");
}

static void put_big(int times)
{
    for (int i = 0; i < times; i++)
        put_text(store, i % 2 == 0 ? "even" : "odd", big);
}

/* Small changes of keys that are there, as an oracle's: each looks the key up before. */
Test(store_sqlite_wal, it_is_copied_after_a_few_megabytes, .init = start, .fini = stop)
{
    for (int i = 0; i < 450; i++)
        put_text(store, "key", "value");
    cr_expect_lt(sqlite_wal_size(), 5 * MIB, "the log has %ld bytes", sqlite_wal_size());
    put_big(50);
    cr_expect_lt(sqlite_wal_size(), 8 * MIB, "the log has %ld bytes", sqlite_wal_size());
    cr_expect_lt(sqlite_file_size(), 8 * MIB, "the file has %ld bytes", sqlite_file_size());
}

static atomic_bool over;

/* Two connections in turn: the next one begins before this one ends, and both are quick, so that
 * each ends soon even where all of this is slow. */
static void *read_on(void *arg)
{
    sqlite3 *readers[2] = {sqlite_file_hold("BEGIN; SELECT count(*) FROM kv"),
                           sqlite_file_hold("")};

    (void)arg;
    for (int turn = 1; !atomic_load(&over); turn ^= 1) {
        cr_assert_eq(
            sqlite3_exec(readers[turn], "BEGIN; SELECT count(*) FROM kv", NULL, NULL, NULL),
            SQLITE_OK);
        sleep_ms(1);
        cr_assert_eq(sqlite3_exec(readers[!turn], "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    }
    sqlite3_close(readers[0]);
    sqlite3_close(readers[1]);
    return NULL;
}

/* Returns the largest size of the log beside a reader that is followed by the next without a gap.
 */
static long size_beside_readers(void)
{
    pthread_t reader;
    long most = 0;

    atomic_store(&over, false);
    put_text(store, "key", "value");
    put_text(store, "key", "after a commit without readers the log begins anew");
    /* Its file keeps its size, also that of a try before. */
    sqlite_file_run("PRAGMA wal_checkpoint(TRUNCATE)");
    cr_assert_eq(pthread_create(&reader, NULL, read_on, NULL), 0);
    for (int i = 0; i < 40; i++) {
        put_big(10);
        most = sqlite_wal_size() > most ? sqlite_wal_size() : most;
    }
    atomic_store(&over, true);
    pthread_join(reader, NULL);
    return most;
}

/* A commit waits 50 ms for readers, which a busy machine may keep from running for longer: then the
 * log has grown for a reason, and it is tried again. Without that wait it grows each time. */
Test(store_sqlite_wal, readers_that_overlap_do_not_make_it_grow, .init = start, .fini = stop)
{
    long most = LONG_MAX;

    for (int i = 0; i < 5 && most >= 24 * MIB; i++)
        most = size_beside_readers();
    cr_expect_lt(most, 24 * MIB, "the log had %ld bytes", most);
}

Test(store_sqlite_wal, a_reader_without_end_is_reported_and_delays_little, .init = start,
     .fini = stop)
{
    sqlite3 *reader;

    put_text(store, "key", "value");
    reader = sqlite_file_hold("BEGIN; SELECT * FROM kv");
    put_big(200); /* 20 MB */
    cr_expect_gt(sqlite_wal_size(), 15 * MIB);
    cr_expect_geq(atomic_load(&warnings), 1);
    cr_expect_leq(atomic_load(&warnings), 2, "%d warnings", atomic_load(&warnings));
    cr_expect_not_null(strstr(warning, sqlite_path), "%s", warning);
    cr_expect_not_null(strstr(warning, "find it and end its transaction"), "%s", warning);
    sqlite3_close(reader);
    put_big(20);
    cr_expect_lt(sqlite_wal_size(), 13 * MIB, "the log still has %ld bytes", sqlite_wal_size());
}
