/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * rocksdb-bench DIRECTORY [ROUNDS [MILLISECONDS]]: RocksDB's snapshots beside begin and finish,
 * alone and with a get inside. Two databases with the same keys: one as RocksDB's users have it,
 * and one with user-defined timestamps.
 *
 *     snapshot          rocksdb_create_snapshot(), rocksdb_release_snapshot()
 *     pair              roster_txn_begin(), roster_txn_finish()
 *     snapshot+get      a get at the snapshot, in the plain database
 *     pair+get          a get at the start timestamp, in the database with timestamps
 *     pair+plain get    a get of the newest in the plain database: what a pair adds to the same get
 *     bare get          that get alone
 *
 * Each round runs all of them once, in an order that turns with the rounds. Prints millions of
 * operations a second (median, least, most), and the ratios of the same round.
 */
#include "core/base/clock.h"
#include "stats.h"

#include <endian.h>
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <roster/roster.h>

#define KEYS 100000
#define KEY_SIZE 8
#define VALUE_SIZE 100
#define CACHE_SIZE (64 << 20)
#define MOST_ROUNDS 99
#define MOST_THREADS 16

enum side { SNAPSHOT, PAIR, SNAPSHOT_GET, PAIR_GET, PAIR_PLAIN_GET, BARE_GET, SIDES };

static const char *const side_names[SIDES] = {"snapshot", "pair",           "snapshot+get",
                                              "pair+get", "pair+plain get", "bare get"};

static rocksdb_t *plain, *stamped;
static struct roster *roster;
static struct roster_oracle_local *timestamps;
static pthread_barrier_t start;
static atomic_bool stop;
static enum side side;

struct worker {
    pthread_t thread;
    uint64_t seed;
    uint64_t done;
};

static void must(int result, const char *what)
{
    if (result != 0)
        errx(1, "%s: %s", what, roster_strerror(result));
}

static void must_not(const char *what, const char *error)
{
    if (error)
        errx(1, "%s: %s", what, error);
}

static void put_number(char *bytes, uint64_t number)
{
    int i;

    for (i = 7; i >= 0; i--, number >>= 8)
        bytes[i] = (char)(number & 0xff);
}

/* -------------------------------------------------------------------------- databases */

/* All blocks fit into the cache, so that a get reads memory: what it takes beside is seen best. */
static void cache_all(rocksdb_options_t *options)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = rocksdb_cache_create_lru(CACHE_SIZE);

    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_cache_destroy(cache); /* the options have it */
    rocksdb_block_based_options_destroy(table);
}

static rocksdb_t *create(const char *directory, const char *name, bool with_ts)
{
    rocksdb_writeoptions_t *how = rocksdb_writeoptions_create();
    rocksdb_options_t *none = rocksdb_options_create(), *options = rocksdb_options_create();
    char path[4096], key[KEY_SIZE], value[VALUE_SIZE] = {0}, *error = NULL;
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    uint64_t i, ts;
    rocksdb_t *db;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
        errx(1, "%s: too long", directory);
    rocksdb_get_options_from_string(none,
                                    with_ts ? "create_if_missing=true;error_if_exists=true;"
                                              "comparator=leveldb.BytewiseComparator.u64ts"
                                            : "create_if_missing=true;error_if_exists=true",
                                    options, &error);
    must_not("options", error);
    cache_all(options);
    db = rocksdb_open(options, path, &error);
    must_not(path, error);
    roster_oracle_local_allocate(timestamps, &ts);
    ts = htole64(ts);
    for (i = 0; i < KEYS; i++) {
        put_number(key, i);
        if (with_ts)
            rocksdb_put_with_ts(db, how, key, KEY_SIZE, (const char *)&ts, sizeof(ts), value,
                                VALUE_SIZE, &error);
        else
            rocksdb_put(db, how, key, KEY_SIZE, value, VALUE_SIZE, &error);
        must_not("put", error);
    }
    rocksdb_flush(db, flush, &error);
    must_not("flush", error);
    rocksdb_compact_range(db, NULL, 0, NULL, 0);
    rocksdb_flushoptions_destroy(flush);
    rocksdb_options_destroy(options);
    rocksdb_options_destroy(none);
    rocksdb_writeoptions_destroy(how);
    return db;
}

/* ------------------------------------------------------------------------------ loops */

static void get(rocksdb_t *db, const rocksdb_readoptions_t *how, uint64_t *seed)
{
    rocksdb_pinnableslice_t *found;
    char key[KEY_SIZE], *error = NULL;

    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    put_number(key, (*seed >> 33) % KEYS);
    found = rocksdb_get_pinned(db, how, key, KEY_SIZE, &error);
    must_not("get", error);
    if (!found)
        errx(1, "a key was not found");
    rocksdb_pinnableslice_destroy(found);
}

static void one_snapshot(rocksdb_readoptions_t *how, uint64_t *seed)
{
    const rocksdb_snapshot_t *snapshot = rocksdb_create_snapshot(plain);

    if (side == SNAPSHOT_GET) {
        rocksdb_readoptions_set_snapshot(how, snapshot);
        get(plain, how, seed);
    }
    rocksdb_release_snapshot(plain, snapshot);
}

static void one_pair(struct roster_session *session, rocksdb_readoptions_t *how, uint64_t *at,
                     uint64_t *seed)
{
    uint64_t start_ts;

    must(roster_txn_begin(session, &start_ts), "begin");
    if (side == PAIR_GET) {
        *at = htole64(start_ts); /* where `how` reads it */
        get(stamped, how, seed);
        must(roster_txn_check(session), "check");
    } else if (side == PAIR_PLAIN_GET) {
        get(plain, how, seed);
        must(roster_txn_check(session), "check");
    }
    roster_txn_finish(session);
}

static void *work(void *arg)
{
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    struct roster_session *session = NULL;
    struct worker *worker = arg;
    uint64_t seed = worker->seed, done = 0, at;

    must(roster_session_open(roster, NULL, &session), "session");
    if (side == PAIR_GET)
        rocksdb_readoptions_set_timestamp(how, (const char *)&at, sizeof(at));
    pthread_barrier_wait(&start);
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        if (side == SNAPSHOT || side == SNAPSHOT_GET)
            one_snapshot(how, &seed);
        else if (side == BARE_GET)
            get(plain, how, &seed);
        else
            one_pair(session, how, &at, &seed);
        done++;
    }
    worker->done = done;
    roster_session_close(session);
    rocksdb_readoptions_destroy(how);
    return NULL;
}

static double monotonic(void)
{
    return (double)rst_monotonic_ns() / 1e9;
}

/* Millions of operations a second of all threads. */
static double run(enum side which, int threads, long milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    struct worker workers[MOST_THREADS];
    uint64_t done = 0;
    double begin;
    int i;

    side = which;
    atomic_store(&stop, false);
    pthread_barrier_init(&start, NULL, (unsigned int)threads + 1);
    for (i = 0; i < threads; i++) {
        workers[i] = (struct worker){.seed = (uint64_t)i + 1};
        must(-pthread_create(&workers[i].thread, NULL, work, &workers[i]), "thread");
    }
    pthread_barrier_wait(&start);
    begin = monotonic();
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    atomic_store(&stop, true);
    for (i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        done += workers[i].done;
    }
    pthread_barrier_destroy(&start);
    return (double)done / (monotonic() - begin) / 1e6;
}

/* ---------------------------------------------------------------------------- results */

static void tell(const char *what, const char *against, struct spread spread)
{
    printf("  %s%s%-*s %8.3f (%.3f..%.3f)\n", what, *against ? " : " : "",
           30 - (int)strlen(what) - (*against ? 3 : 0), against, spread.median, spread.min,
           spread.max);
}

static void tell_ratio(double results[SIDES][MOST_ROUNDS], enum side one, enum side other,
                       int count)
{
    tell(side_names[one], side_names[other],
         spread_of_ratios(results[one], results[other], (size_t)count));
}

static void bench(int threads, int rounds, long milliseconds)
{
    static double results[SIDES][MOST_ROUNDS];
    double load = -1;
    int round, i, which;

    for (round = 0; round < rounds; round++)
        for (i = 0; i < SIDES; i++) {
            which = (round + i) % SIDES;
            results[which][round] = run((enum side)which, threads, milliseconds);
        }
    if (getloadavg(&load, 1) != 1)
        load = -1;
    printf("%d threads, %d rounds of %ld ms, load %.1f; millions a second\n", threads, rounds,
           milliseconds, load);
    for (i = 0; i < SIDES; i++)
        tell(side_names[i], "", spread_of(results[i], (size_t)rounds));
    tell_ratio(results, PAIR, SNAPSHOT, rounds);
    tell_ratio(results, PAIR_GET, SNAPSHOT_GET, rounds);
    tell_ratio(results, PAIR_PLAIN_GET, SNAPSHOT_GET, rounds);
    tell_ratio(results, PAIR_PLAIN_GET, BARE_GET, rounds);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 9;
    long milliseconds = argc > 3 ? strtol(argv[3], NULL, 10) : 400;

    if (argc < 2 || argc > 4 || rounds < 1 || rounds > MOST_ROUNDS || milliseconds < 1)
        errx(2, "usage: rocksdb-bench DIRECTORY [ROUNDS, at most %d [MILLISECONDS]]", MOST_ROUNDS);
    must(roster_oracle_local_create(&timestamps), "clock");
    options.oracle = roster_oracle_local_read;
    options.oracle_arg = timestamps;
    must(roster_create(&options, &roster), "roster");
    plain = create(argv[1], "plain", false);
    stamped = create(argv[1], "stamped", true);
    printf("%d keys of %d bytes, values of %d\n", KEYS, KEY_SIZE, VALUE_SIZE);
    bench(2, rounds, milliseconds);
    bench(16, rounds, milliseconds);
    rocksdb_close(stamped);
    rocksdb_close(plain);
    must(roster_destroy(roster), "roster");
    roster_oracle_local_destroy(timestamps);
    return 0;
}
