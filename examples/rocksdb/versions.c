/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "versions.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <roster/oracle.h>
#include <roster/timestamp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE sizeof(uint32_t)
#define TS_SIZE sizeof(uint64_t)

struct versions {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *family;
    rocksdb_comparator_t *comparator;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *how_to_write;
    struct roster_oracle_local *clock;
    pthread_mutex_t committing;
    atomic_uint_fast64_t complete; /* of the newest commit that can be read */
    pthread_mutex_t raising;
    uint64_t mark; /* under `raising`: what RocksDB has as full_history_ts_low */
};

/* Takes over what RocksDB reported, if it did. */
static int reported(const char *what, char *error)
{
    if (!error)
        return 0;
    fprintf(stderr, "%s: %s\n", what, error);
    rocksdb_free(error);
    return -EIO;
}

/* Big-endian, so that memcmp() orders keys and timestamps. */
static void put_number(char *bytes, size_t size, uint64_t number)
{
    while (size-- > 0) {
        bytes[size] = (char)(number & 0xff);
        number >>= 8;
    }
}

/* ------------------------------------------------------------------------- comparator */

/* [comparator] */
static int compare_ts(void *arg, const char *a, size_t a_size, const char *b, size_t b_size)
{
    (void)arg, (void)a_size, (void)b_size;
    return memcmp(a, b, TS_SIZE);
}

static int compare_keys(void *arg, const char *a, size_t a_size, unsigned char a_has_ts,
                        const char *b, size_t b_size, unsigned char b_has_ts)
{
    size_t a_length = a_size - (a_has_ts ? TS_SIZE : 0);
    size_t b_length = b_size - (b_has_ts ? TS_SIZE : 0);
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

    (void)arg;
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* A key is followed by its timestamp; of one key the newest version comes first. */
static int compare(void *arg, const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = compare_keys(arg, a, a_size, 1, b, b_size, 1);

    return order ? order
                 : compare_ts(arg, b + b_size - TS_SIZE, TS_SIZE, a + a_size - TS_SIZE, TS_SIZE);
}
/* [comparator] */

static const char *comparator_name(void *arg)
{
    (void)arg;
    return "roster.example.versions";
}

static void keep(void *arg)
{
    (void)arg;
}

/* ---------------------------------------------------------------------------- opening */

static int open_database(struct versions *versions, const char *path)
{
    const rocksdb_options_t *options = versions->options;
    const char *name = "default";
    char *error = NULL;

    rocksdb_options_set_create_if_missing(versions->options, 1);
    rocksdb_options_set_error_if_exists(versions->options, 1);
    rocksdb_options_set_comparator(versions->options, versions->comparator);
    versions->db =
        rocksdb_open_column_families(options, path, 1, &name, &options, &versions->family, &error);
    return reported(path, error);
}

int versions_create(const char *path, struct versions **created)
{
    struct versions *versions = calloc(1, sizeof(*versions));
    uint64_t now = 0;
    int err;

    if (!versions)
        return -ENOMEM;
    pthread_mutex_init(&versions->committing, NULL);
    pthread_mutex_init(&versions->raising, NULL);
    versions->options = rocksdb_options_create();
    versions->how_to_write = rocksdb_writeoptions_create();
    versions->comparator = rocksdb_comparator_with_ts_create(
        NULL, keep, compare, compare_ts, compare_keys, comparator_name, TS_SIZE);
    err = roster_oracle_local_create(&versions->clock);
    if (!err) {
        roster_oracle_local_allocate(versions->clock, &now);
        atomic_init(&versions->complete, now);
        err = open_database(versions, path);
    }
    if (err)
        versions_destroy(versions);
    else
        *created = versions;
    return err;
}

void versions_destroy(struct versions *versions)
{
    if (versions->db) {
        rocksdb_column_family_handle_destroy(versions->family);
        rocksdb_close(versions->db);
    }
    rocksdb_writeoptions_destroy(versions->how_to_write);
    rocksdb_options_destroy(versions->options);
    rocksdb_comparator_destroy(versions->comparator);
    roster_oracle_local_destroy(versions->clock);
    pthread_mutex_destroy(&versions->raising);
    pthread_mutex_destroy(&versions->committing);
    free(versions);
}

/* ---------------------------------------------------------------- reading and commits */

/* As of `ts`; `committed` is when it was written, or NULL. */
static int get(struct versions *versions, uint64_t ts, uint32_t key, int64_t *value,
               uint64_t *committed)
{
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    char name[KEY_SIZE], at[TS_SIZE], *found, *when = NULL, *error = NULL;
    size_t size = 0, when_size = 0, i;
    int err;

    put_number(name, KEY_SIZE, key);
    put_number(at, TS_SIZE, ts);
    rocksdb_readoptions_set_timestamp(how, at, TS_SIZE);
    found = rocksdb_get_cf_with_ts(versions->db, how, versions->family, name, KEY_SIZE, &size,
                                   &when, &when_size, &error);
    err = reported("get", error);
    if (!err)
        err = !found ? -ENOENT : size != sizeof(*value) || when_size != TS_SIZE ? -EIO : 0;
    if (!err) {
        memcpy(value, found, sizeof(*value));
        *committed = 0;
        for (i = 0; i < TS_SIZE; i++)
            *committed = *committed << 8 | (unsigned char)when[i];
    }
    rocksdb_free(when);
    rocksdb_free(found);
    rocksdb_readoptions_destroy(how);
    return err;
}

int versions_read(struct versions *versions, uint64_t ts, uint32_t key, int64_t *value)
{
    uint64_t committed;

    return get(versions, ts, key, value, &committed);
}

/* [commit] */
/* The oracle of the roster. A commit allocates its timestamp, and only when all of it can be read
 * does `complete` move there: no transaction begins at a timestamp that still receives versions. */
int versions_now(void *versions, uint64_t *ts)
{
    /* acquire; pairs with (A) in write_batch() */
    *ts = atomic_load_explicit(&((struct versions *)versions)->complete, memory_order_acquire);
    return 0;
}

/* With `committing` held, so that commits complete in the order of their timestamps. */
static int write_batch(struct versions *versions, const struct versions_write *writes, size_t count)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    char name[KEY_SIZE], at[TS_SIZE], *error = NULL;
    uint64_t commit_ts;
    size_t i;
    int err;

    roster_oracle_local_allocate(versions->clock, &commit_ts);
    put_number(at, TS_SIZE, commit_ts);
    for (i = 0; i < count; i++) {
        put_number(name, KEY_SIZE, writes[i].key);
        rocksdb_writebatch_put_cf_with_ts(batch, versions->family, name, KEY_SIZE, at, TS_SIZE,
                                          (const char *)&writes[i].value, sizeof(writes[i].value));
    }
    rocksdb_write(versions->db, versions->how_to_write, batch, &error);
    err = reported("write", error);
    if (!err) /* (A) release: what begins there reads what was written */
        atomic_store_explicit(&versions->complete, commit_ts, memory_order_release);
    rocksdb_writebatch_destroy(batch);
    return err;
}

/* The first committer of a key wins. With `committing` held. */
static int written_since(struct versions *versions, uint64_t start_ts, uint32_t key)
{
    uint64_t committed;
    int64_t value;
    int err = get(versions, ROSTER_TS_MAX, key, &value, &committed);

    if (err)
        return err == -ENOENT ? 0 : err;
    return committed > start_ts ? -EAGAIN : 0;
}

int versions_commit(struct versions *versions, uint64_t start_ts,
                    const struct versions_write *writes, size_t count)
{
    int err = 0;
    size_t i;

    pthread_mutex_lock(&versions->committing);
    for (i = 0; i < count && !err; i++)
        err = written_since(versions, start_ts, writes[i].key);
    if (!err)
        err = write_batch(versions, writes, count);
    pthread_mutex_unlock(&versions->committing);
    return err;
}
/* [commit] */

void versions_tick(struct versions *versions)
{
    uint64_t now;

    pthread_mutex_lock(&versions->committing);
    roster_oracle_local_allocate(versions->clock, &now);
    /* release; nothing was written, but the order of the values is that of (A) */
    atomic_store_explicit(&versions->complete, now, memory_order_release);
    pthread_mutex_unlock(&versions->committing);
}

/* ------------------------------------------------------------------------- collecting */

/* [raise] */
/* RocksDB refuses a mark below the last one, and two threads may come here in the other order than
 * their safe points have: under a mutex the larger one stays. */
int versions_raise(struct versions *versions, uint64_t safe_point)
{
    char low[TS_SIZE], *error = NULL;
    int err = 0;

    put_number(low, TS_SIZE, safe_point);
    pthread_mutex_lock(&versions->raising);
    if (safe_point > versions->mark) {
        rocksdb_increase_full_history_ts_low(versions->db, versions->family, low, TS_SIZE, &error);
        err = reported("full_history_ts_low", error);
        if (!err)
            versions->mark = safe_point;
    }
    pthread_mutex_unlock(&versions->raising);
    return err;
}
/* [raise] */

static int count_versions(struct versions *versions, uint64_t *left)
{
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    char first[TS_SIZE], last[TS_SIZE], *error = NULL;
    rocksdb_iterator_t *iterator;

    put_number(first, TS_SIZE, 0);
    put_number(last, TS_SIZE, ROSTER_TS_MAX);
    rocksdb_readoptions_set_iter_start_ts(how, first, TS_SIZE); /* all versions, not the newest */
    rocksdb_readoptions_set_timestamp(how, last, TS_SIZE);
    iterator = rocksdb_create_iterator_cf(versions->db, how, versions->family);
    *left = 0;
    for (rocksdb_iter_seek_to_first(iterator); rocksdb_iter_valid(iterator);
         rocksdb_iter_next(iterator))
        ++*left;
    rocksdb_iter_get_error(iterator, &error);
    rocksdb_iter_destroy(iterator);
    rocksdb_readoptions_destroy(how);
    return reported("iterator", error);
}

int versions_compact(struct versions *versions, uint64_t *left)
{
    rocksdb_compactoptions_t *how = rocksdb_compactoptions_create();
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    char *error = NULL;
    int err;

    rocksdb_flush_cf(versions->db, flush, versions->family, &error);
    err = reported("flush", error);
    if (!err) {
        rocksdb_compactoptions_set_bottommost_level_compaction(how, 2); /* kForce */
        rocksdb_compact_range_cf_opt(versions->db, versions->family, how, NULL, 0, NULL, 0);
        err = count_versions(versions, left);
    }
    rocksdb_flushoptions_destroy(flush);
    rocksdb_compactoptions_destroy(how);
    return err;
}
