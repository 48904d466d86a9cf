/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include "store_fixture.h"

#include "core/base/clock.h"
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MOST_BYTES (17L * 1024 * 1024)

static struct store_kind_name kinds[] = {
    {"memory"},
#ifdef HAVE_SQLITE
    {"sqlite"},
#endif
#ifdef HAVE_ETCD_STORE
    {"etcd"},
#endif
};

struct criterion_test_params store_fixture_kinds(void)
{
    return cr_make_param_array(struct store_kind_name, kinds, sizeof(kinds) / sizeof(kinds[0]),
                               NULL);
}

bool store_fixture_is(const struct store_fixture *f, const char *kind)
{
    return strcmp(f->kind, kind) == 0;
}

void store_fixture_start(struct store_fixture *f, const char *kind,
                         const struct roster_store_options *options)
{
    char error[ROSTER_STORE_ERROR_SIZE];
    int err;

    memset(f, 0, sizeof(*f));
    f->kind = kind;
    if (store_fixture_is(f, "etcd") && !etcd_available())
        cr_skip_test("the program etcd is missing: install etcd-server");
    if (!store_fixture_is(f, "memory"))
        scratch_dir(f->dir, sizeof(f->dir));
    if (store_fixture_is(f, "memory"))
        snprintf(f->url, sizeof(f->url), "memory");
    else if (store_fixture_is(f, "sqlite"))
        snprintf(f->url, sizeof(f->url), "sqlite:%.200s/store.db", f->dir);
    if (store_fixture_is(f, "etcd")) {
        cr_assert(etcd_start(&f->etcd, f->dir, false, NULL), "etcd did not start");
        snprintf(f->url, sizeof(f->url), "etcd:%s", f->etcd.url);
    }
    err = roster_store_open(f->url, options, &f->store, error, sizeof(error));
    cr_assert_eq(err, 0, "%s: %d: %s", f->url, err, error);
}

/* What a test of every kind writes is little: a log that has grown is one that is never emptied. */
static void expect_small_file(const struct store_fixture *f)
{
    static const char *const parts[] = {"", "-wal"};
    char path[300];
    struct stat st;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(path, sizeof(path), "%s/store.db%s", f->dir, parts[i]);
        if (stat(path, &st) == 0)
            cr_expect_lt(st.st_size, MOST_BYTES, "%s has %lld bytes", path, (long long)st.st_size);
    }
}

void store_fixture_stop(struct store_fixture *f)
{
    if (store_fixture_is(f, "sqlite"))
        expect_small_file(f);
    roster_store_close(f->store);
    etcd_kill(&f->etcd);
}

struct roster_store *store_fixture_other(struct store_fixture *f)
{
    struct roster_store *other = NULL;

    if (store_fixture_is(f, "memory"))
        return f->store;
    cr_assert_eq(roster_store_open(f->url, NULL, &other, NULL, 0), 0);
    return other;
}

void store_fixture_close_other(struct store_fixture *f, struct roster_store *other)
{
    if (other != f->store)
        roster_store_close(other);
}

void store_fixture_compact(struct store_fixture *f)
{
    char revision[32];
    const char *const arguments[] = {"compact", revision, NULL};

    if (!store_fixture_is(f, "etcd")) {
        for (int i = 0; i < 20; i++)
            put_text(f->store, "compact/key", "value");
        return;
    }
    snprintf(revision, sizeof(revision), "%lld", (long long)store_revision(f->store));
    cr_assert(etcd_ctl(&f->etcd, arguments), "etcdctl compact failed");
}

struct roster_store *open_etcd(const char *urls, const struct roster_store_options *options)
{
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE], url[512];

    snprintf(url, sizeof(url), "etcd:%s", urls);
    cr_assert_eq(roster_store_open(url, options, &store, error, sizeof(error)), 0, "%s", error);
    return store;
}

struct roster_store_bytes text(const char *t)
{
    return roster_store_text(t);
}

bool bytes_are(struct roster_store_bytes bytes, const char *t)
{
    return bytes.size == strlen(t) && (bytes.size == 0 || memcmp(bytes.data, t, bytes.size) == 0);
}

static int64_t run_op(struct roster_store *store, const struct roster_store_op *op)
{
    struct roster_store_txn txn = {.success = op, .n_success = 1};
    struct roster_store_txn_result *result = NULL;
    int err = roster_store_txn(store, &txn, 20000, &result);
    int64_t revision;

    cr_assert_eq(err, 0, "a transaction with one operation failed: %d", err);
    cr_assert(result->succeeded);
    revision = result->revision;
    roster_store_free(result);
    return revision;
}

int64_t put_leased(struct roster_store *store, const char *key, const char *value, int64_t lease)
{
    struct roster_store_op op = roster_store_put(text(key), text(value), lease);

    return run_op(store, &op);
}

int64_t put_text(struct roster_store *store, const char *key, const char *value)
{
    return put_leased(store, key, value, 0);
}

int64_t delete_key(struct roster_store *store, const char *key)
{
    struct roster_store_op op = roster_store_delete(roster_store_key(text(key)));

    return run_op(store, &op);
}

static struct roster_store_range *read_keys(struct roster_store *store,
                                            struct roster_store_keys keys)
{
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 0, 20000, &range);

    cr_assert_eq(err, 0, "reading failed: %d", err);
    return range;
}

int64_t store_revision(struct roster_store *store)
{
    struct roster_store_range *range = read_keys(store, roster_store_key(text("no such key")));
    int64_t revision = range->revision;

    roster_store_free(range);
    return revision;
}

int64_t grant_lease(struct roster_store *store, int64_t ttl_ms)
{
    struct roster_store_lease lease;
    int err = roster_store_lease_grant(store, ttl_ms, 20000, &lease);

    cr_assert_eq(err, 0, "no lease was granted: %d", err);
    return lease.id;
}

struct roster_store_range *get_key(struct roster_store *store, const char *key)
{
    struct roster_store_range *range = read_keys(store, roster_store_key(text(key)));

    cr_assert_eq(range->count, 1, "key %s is missing", key);
    return range;
}

size_t count_prefix(struct roster_store *store, const char *prefix)
{
    struct roster_store_range *range = read_keys(store, roster_store_prefix(text(prefix)));
    size_t count = range->count;

    roster_store_free(range);
    return count;
}

bool key_exists(struct roster_store *store, const char *key)
{
    struct roster_store_range *range = read_keys(store, roster_store_key(text(key)));
    bool exists = range->count == 1;

    roster_store_free(range);
    return exists;
}

int get_error(struct roster_store *store, const char *key, int timeout_ms)
{
    struct roster_store_keys keys = roster_store_key(text(key));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 0, timeout_ms, &range);

    roster_store_free(range);
    return err;
}

int put_error(struct roster_store *store, const char *key, int timeout_ms)
{
    struct roster_store_op op = roster_store_put(text(key), text("value"), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    return roster_store_txn(store, &txn, timeout_ms, NULL);
}

/*
 * A watch that fails goes on trying until its time is over, so it is given a second; more only
 * while a busy machine has not let it find out anything.
 */
static int watch_error(struct roster_store *store, int timeout_ms, int wanted)
{
    int slice = timeout_ms < 1000 ? timeout_ms : 1000;
    struct roster_store_keys keys = roster_store_prefix(text(""));
    struct roster_store_events *events = NULL;
    struct roster_store_watch *watch = NULL;
    int err;

    cr_assert_eq(roster_store_watch_open(store, &keys, 0, &watch), 0);
    do
        err = roster_store_watch_next(watch, slice, &events);
    while (err == -ETIMEDOUT && wanted != -ETIMEDOUT && (timeout_ms -= slice) > 0);
    roster_store_free(events);
    roster_store_watch_close(watch);
    return err;
}

void expect_error(const char *what, const char *call, int error, int wanted)
{
    cr_expect_eq(error, wanted, "%s: %s: %d", what, call, error);
}

void expect_every_call(struct roster_store *store, int64_t lease, int timeout_ms, const char *what,
                       int writing, int reading)
{
    struct roster_store_lease seen;

#define EXPECT(call, wanted) expect_error(what, #call, call, wanted)
    EXPECT(put_error(store, "key", timeout_ms), writing);
    EXPECT(get_error(store, "key", timeout_ms), reading);
    EXPECT(watch_error(store, timeout_ms, reading), reading);
    EXPECT(roster_store_lease_time_to_live(store, lease, timeout_ms, &seen), reading);
    EXPECT(roster_store_lease_grant(store, 60000, timeout_ms, &seen), writing);
    EXPECT(roster_store_lease_keep_alive(store, lease, timeout_ms, &seen), writing);
    EXPECT(roster_store_lease_revoke(store, lease, timeout_ms), writing);
#undef EXPECT
}

bool key_vanishes(struct roster_store *store, const char *key)
{
    for (int i = 0; i < 400; i++) {
        if (!key_exists(store, key))
            return true;
        sleep_ms(50);
    }
    return false;
}

void sleep_ms(int ms)
{
    struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&ts, NULL);
}

int64_t now_ms(void)
{
    return (int64_t)rst_monotonic_ms();
}
