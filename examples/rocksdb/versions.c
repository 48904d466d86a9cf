/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * versions DIRECTORY [careless]: a bank in RocksDB. Roster's safe point decides which versions
 * RocksDB may drop. Threads transfer money, and each raises the low-water mark, while a report
 * holds its snapshot. Exits with 0 if no total was ever wrong.
 *
 * "careless" raises the mark to the present instead of the safe point, to show what gets lost.
 * The clock is local, so a restart does not continue it: a server that reopens its files needs a
 * persistent oracle.
 */
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <roster/roster.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNTS 16
#define DEPOSIT 1000
#define THREADS 4
#define TRANSFERS 500

static rocksdb_t *db;
static rocksdb_column_family_handle_t *family;
static struct roster *roster;
static struct roster_oracle_local *ticks;
static atomic_uint_fast64_t complete; /* the newest commit that can be read */
static uint64_t mark;                 /* the current full_history_ts_low */
static pthread_mutex_t committing = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t raising = PTHREAD_MUTEX_INITIALIZER;
static bool careless;
static atomic_int transferred, conflicts, wrong;

static void must(int err, const char *what)
{
    if (err)
        errx(1, "%s: %s", what, roster_strerror(err));
}

/* Ends the program if RocksDB reported an error. */
static void must_not(const char *error, const char *what)
{
    if (error)
        errx(1, "%s: %s", what, error);
}

static void open_database(const char *path)
{
    rocksdb_options_t *none = rocksdb_options_create(), *options = rocksdb_options_create();
    const rocksdb_options_t *of_family = options;
    const char *name = "default";
    char *error = NULL;

    /* A little-endian timestamp follows each key; of one key the newest version comes first. */
    rocksdb_get_options_from_string(none,
                                    "create_if_missing=true;error_if_exists=true;"
                                    "comparator=leveldb.BytewiseComparator.u64ts",
                                    options, &error);
    must_not(error, "options");
    db = rocksdb_open_column_families(options, path, 1, &name, &of_family, &family, &error);
    must_not(error, path);
    rocksdb_options_destroy(options);
    rocksdb_options_destroy(none);
}

/* Reads the balance as of `ts` and when it was written. Returns 0; -ENOENT: no version; -EIO:
 * RocksDB reported an error. */
static int get(uint64_t ts, uint32_t account, int64_t *balance, uint64_t *written)
{
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    char *found, *when = NULL, *error = NULL;
    size_t size, when_size;
    int err;

    ts = htole64(ts);
    rocksdb_readoptions_set_timestamp(how, (const char *)&ts, sizeof(ts));
    found = rocksdb_get_cf_with_ts(db, how, family, (const char *)&account, sizeof(account), &size,
                                   &when, &when_size, &error);
    if (error)
        warnx("get: %s", error);
    if (found) {
        memcpy(balance, found, sizeof(*balance));
        memcpy(written, when, sizeof(*written));
        *written = le64toh(*written);
    }
    err = error ? -EIO : found ? 0 : -ENOENT;
    rocksdb_free(error);
    rocksdb_free(when);
    rocksdb_free(found);
    rocksdb_readoptions_destroy(how);
    return err;
}

/* [commit] */
/* The oracle of the roster. A commit advances `complete` to its timestamp only after all its writes
 * are readable: no transaction begins at a timestamp that still receives versions. */
static int now(void *unused, uint64_t *ts)
{
    (void)unused;
    *ts = atomic_load_explicit(&complete, memory_order_acquire); /* pairs with (A) in write_all() */
    return 0;
}

/* Call with `committing` held, so that commits complete in the order of their timestamps. */
static void write_all(const uint32_t *accounts, const int64_t *balances, size_t count)
{
    rocksdb_writeoptions_t *how = rocksdb_writeoptions_create();
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    uint64_t commit_ts, ts;
    char *error = NULL;
    size_t i;

    roster_oracle_local_allocate(ticks, &commit_ts);
    ts = htole64(commit_ts);
    for (i = 0; i < count; i++)
        rocksdb_writebatch_put_cf_with_ts(batch, family, (const char *)&accounts[i],
                                          sizeof(accounts[i]), (const char *)&ts, sizeof(ts),
                                          (const char *)&balances[i], sizeof(balances[i]));
    rocksdb_write(db, how, batch, &error);
    must_not(error, "write");
    /* (A) release: a transaction that begins there reads the whole batch */
    atomic_store_explicit(&complete, commit_ts, memory_order_release);
    rocksdb_writebatch_destroy(batch);
    rocksdb_writeoptions_destroy(how);
}

/* Writes everything or, with -EAGAIN, nothing: the first committer of a key wins. */
static int commit(uint64_t start_ts, const uint32_t *accounts, const int64_t *balances,
                  size_t count)
{
    uint64_t written = 0;
    int64_t balance;
    size_t i;
    int err = 0;

    pthread_mutex_lock(&committing);
    for (i = 0; i < count && !err; i++) {
        err = get(ROSTER_TS_MAX, accounts[i], &balance, &written);
        if (!err && written > start_ts)
            err = -EAGAIN;
        else if (err == -ENOENT)
            err = 0;
    }
    if (!err)
        write_all(accounts, balances, count);
    pthread_mutex_unlock(&committing);
    return err;
}
/* [commit] */

/* [raise] */
/* RocksDB refuses a mark below the last one, and two threads may arrive in a different order than
 * that of their safe points: under the mutex the larger one stays. */
static void raise_mark(uint64_t safe_point)
{
    uint64_t low = htole64(safe_point);
    char *error = NULL;

    pthread_mutex_lock(&raising);
    if (safe_point > mark) {
        rocksdb_increase_full_history_ts_low(db, family, (const char *)&low, sizeof(low), &error);
        must_not(error, "full_history_ts_low");
        mark = safe_point;
    }
    pthread_mutex_unlock(&raising);
}
/* [raise] */

/* [collect] */
/* May be called by any thread at any time. */
static void collect(void)
{
    uint64_t present;

    must(roster_min_advance(roster, 0, NULL), "roster_min_advance");
    now(NULL, &present);
    raise_mark(careless ? present : roster_local_safe_point(roster));
}
/* [collect] */

static uint64_t count_versions(void)
{
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    const uint64_t first = 0, last = ROSTER_TS_MAX;
    rocksdb_iterator_t *iterator;
    uint64_t count = 0;

    rocksdb_readoptions_set_iter_start_ts(how, (const char *)&first, sizeof(first));
    rocksdb_readoptions_set_timestamp(how, (const char *)&last, sizeof(last));
    iterator = rocksdb_create_iterator_cf(db, how, family);
    for (rocksdb_iter_seek_to_first(iterator); rocksdb_iter_valid(iterator);
         rocksdb_iter_next(iterator))
        count++;
    rocksdb_iter_destroy(iterator);
    rocksdb_readoptions_destroy(how);
    return count;
}

/* Compacts, so that RocksDB drops all versions that it may drop. */
static void compact(void)
{
    rocksdb_compactoptions_t *how = rocksdb_compactoptions_create();

    collect();
    rocksdb_compactoptions_set_bottommost_level_compaction(how, 2); /* kForce */
    rocksdb_compact_range_cf_opt(db, family, how, NULL, 0, NULL, 0);
    printf("compacted: %" PRIu64 " versions of %d accounts are left\n", count_versions(), ACCOUNTS);
    rocksdb_compactoptions_destroy(how);
}

/* Advances the time without a commit. RocksDB keeps one more version of a key that was written
 * exactly at the mark. */
static void tick(void)
{
    pthread_mutex_lock(&committing);
    write_all(NULL, NULL, 0);
    pthread_mutex_unlock(&committing);
}

/* Returns the sum of all accounts as of the session's start timestamp; -1 if a version is gone. */
static int64_t total(struct roster_session *session, uint64_t start_ts)
{
    int64_t sum = 0, balance;
    uint64_t written;
    uint32_t i;

    for (i = 0; i < ACCOUNTS; i++) {
        if (get(start_ts, i, &balance, &written)) {
            atomic_fetch_add(&wrong, 1);
            return -1;
        }
        sum += balance;
    }
    if (sum != ACCOUNTS * DEPOSIT || roster_txn_check(session))
        atomic_fetch_add(&wrong, 1);
    return sum;
}

static struct roster_session *open_session(const char *application)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;

    attr.application = application;
    must(roster_session_open(roster, &attr, &session), "roster_session_open");
    return session;
}

static int transfer(struct roster_session *session, uint32_t from)
{
    const uint32_t accounts[] = {from, (from + 1) % ACCOUNTS};
    uint64_t start_ts, written;
    int64_t balances[2];
    int err;

    must(roster_txn_begin(session, &start_ts), "roster_txn_begin");
    err = get(start_ts, accounts[0], &balances[0], &written);
    if (!err)
        err = get(start_ts, accounts[1], &balances[1], &written);
    if (!err)
        err = roster_txn_check(session); /* no version that was read had been collected */
    if (!err) {
        balances[0]--;
        balances[1]++;
        err = commit(start_ts, accounts, balances, 2);
    }
    roster_txn_finish(session);
    return err;
}

static void *work(void *arg)
{
    struct roster_session *session = open_session("transfers");
    unsigned int seed = (unsigned int)(uintptr_t)arg;
    uint64_t start_ts;
    int i, err;

    for (i = 0; i < TRANSFERS; i++) {
        err = transfer(session, (uint32_t)rand_r(&seed) % ACCOUNTS);
        if (err && err != -EAGAIN)
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(err ? &conflicts : &transferred, 1);
        if (i % 10 != 0)
            continue;
        collect();
        must(roster_txn_begin(session, &start_ts), "roster_txn_begin");
        (void)total(session, start_ts);
        roster_txn_finish(session);
    }
    roster_session_close(session);
    return NULL;
}

static void run_threads(void)
{
    pthread_t threads[THREADS];
    uintptr_t i;

    for (i = 0; i < THREADS; i++)
        must(-pthread_create(&threads[i], NULL, work, (void *)i), "pthread_create");
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d transfers, %d conflicts\n", atomic_exchange(&transferred, 0),
           atomic_exchange(&conflicts, 0));
}

/* Prints whose transaction keeps versions from being dropped. */
static void name_holder(void)
{
    struct roster_min min = {.size = sizeof(min)};
    struct roster_entry entry;
    char room[1024];

    must(roster_min_peek(roster, &min), "roster_min_peek");
    if (min.holder.kind == ROSTER_HOLDER_NONE) {
        printf("held by nothing\n");
        return;
    }
    must(roster_look(roster, min.holder.session_id, &entry, room, sizeof(room)), "roster_look");
    printf("held by session %" PRIu64 ", application %s\n", entry.id, entry.application);
}

static void report(void)
{
    struct roster_session *session = open_session("report");
    uint64_t start_ts;
    int64_t again;

    must(roster_txn_begin(session, &start_ts), "roster_txn_begin");
    printf("the report reads a total of %" PRId64 "\n", total(session, start_ts));
    run_threads();
    name_holder();
    tick();
    compact();
    again = total(session, start_ts);
    if (again < 0)
        printf("the report has lost its snapshot\n");
    else
        printf("the report reads a total of %" PRId64 " again\n", again);
    roster_session_close(session);
}

int main(int argc, char **argv)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    const int64_t deposit = DEPOSIT;
    uint32_t i;

    careless = argc == 3 && strcmp(argv[2], "careless") == 0;
    if (argc != 2 && !careless)
        errx(2, "usage: versions DIRECTORY [careless]");
    open_database(argv[1]);
    must(roster_oracle_local_create(&ticks), "roster_oracle_local_create");
    options.oracle = now;
    tick();
    must(roster_create(&options, &roster), "roster_create");
    for (i = 0; i < ACCOUNTS; i++)
        must(commit(ROSTER_TS_MAX, &i, &deposit, 1), "deposit");
    run_threads();
    tick();
    report();
    name_holder();
    tick();
    compact();
    must(roster_destroy(roster), "roster_destroy");
    roster_oracle_local_destroy(ticks);
    rocksdb_column_family_handle_destroy(family);
    rocksdb_close(db);
    printf("%d wrong\n", atomic_load(&wrong));
    return atomic_load(&wrong) ? 1 : 0;
}
