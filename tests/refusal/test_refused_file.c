/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * An SQLite store whose file cannot be read, written or opened any more: what each function says,
 * and that it works again afterwards.
 */
#include "../unit/store/scratch.h"
#include "../unit/store/store_fixture.h"
#include "refuse.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define TIMEOUT_MS 1000

static char path[300], url[310];
static struct roster_store *store;

static void open_store(void)
{
    char dir[256];

    scratch_dir(dir, sizeof(dir));
    snprintf(path, sizeof(path), "%s/store.db", dir);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    cr_assert_eq(roster_store_open(url, NULL, &store, NULL, 0), 0);
    put_text(store, "key", "value");
}

static void close_store(void)
{
    roster_store_close(store);
}

static int get(int64_t lease)
{
    struct roster_store_keys keys = roster_store_key(text("key"));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 0, TIMEOUT_MS, &range);

    (void)lease;
    roster_store_free(range);
    return err;
}

static int put(int64_t lease)
{
    struct roster_store_op op = roster_store_put(text("key"), text("value"), lease);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    return roster_store_txn(store, &txn, TIMEOUT_MS, NULL);
}

static int grant(int64_t lease)
{
    struct roster_store_lease made;

    (void)lease;
    return roster_store_lease_grant(store, 60000, TIMEOUT_MS, &made);
}

static int keep(int64_t lease)
{
    struct roster_store_lease kept;

    return roster_store_lease_keep_alive(store, lease, TIMEOUT_MS, &kept);
}

static int look(int64_t lease)
{
    struct roster_store_lease found;

    return roster_store_lease_time_to_live(store, lease, TIMEOUT_MS, &found);
}

static int end(int64_t lease)
{
    return roster_store_lease_revoke(store, lease, TIMEOUT_MS);
}

static int open_again(int64_t lease)
{
    struct roster_store *other = NULL;
    int err = roster_store_open(url, NULL, &other, NULL, 0);

    (void)lease;
    if (!err)
        roster_store_close(other);
    return err;
}

static int rebind(int64_t lease)
{
    (void)lease;
    return roster_store_rebind(store);
}

struct act {
    const char *name;
    int (*call)(int64_t lease);
};

static const struct act acts[] = {
    {"get", get},           {"txn", put},    {"grant", grant},     {"keep_alive", keep},
    {"time_to_live", look}, {"revoke", end}, {"open", open_again}, {"rebind", rebind},
};

/* Nothing of the file is in the connections that the store has kept. */
static void forget(void)
{
    struct roster_store *other = NULL;

    cr_assert_eq(roster_store_open(url, NULL, &other, NULL, 0), 0);
    put_text(other, "other", "value");
    roster_store_close(other);
}

/* The store has kept no connection, because the only one it had has failed. */
static void disconnect(void)
{
    forget();
    refuse_always("pread64", EIO);
    cr_assert_eq(get(0), -EIO);
    cr_assert_not_null(refuse_none());
}

static void expect(const struct act *act, void (*prepare)(void), const char *function, int error,
                   int wanted)
{
    int64_t lease = grant_lease(store, 60000);
    const char *refused;
    int err;

    prepare();
    refuse_always(function, error);
    err = act->call(lease);
    refused = refuse_none();
    cr_expect_not_null(refused, "%s: %s was not called", act->name, function);
    cr_expect_eq(err, wanted, "%s, %s refused by %d: %d", act->name, function, error, err);
    err = act->call(lease);
    cr_expect_eq(err, 0, "%s, after %s was refused: %d", act->name, function, err);
}

static void expect_all(void (*prepare)(void), const char *function, int error, int wanted)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        expect(&acts[i], prepare, function, error, wanted);
}

Test(refused_file, it_cannot_be_read, .init = open_store, .fini = close_store)
{
    expect_all(forget, "pread64", EIO, -EIO);
}

Test(refused_file, it_cannot_be_opened, .init = open_store, .fini = close_store)
{
    expect_all(disconnect, "open64", EACCES, -EACCES);
    expect_all(disconnect, "open64", EROFS, -EROFS);
    expect_all(disconnect, "open64", ENOSPC, -ENOSPC);
    expect_all(disconnect, "open64", EMFILE, -ENOMEM);
}

/* Where the log cannot be synchronized, it may have been written all the same. */
Test(refused_file, it_cannot_be_written, .init = open_store, .fini = close_store)
{
    const struct act *txn = &acts[1];

    expect(txn, forget, "pwrite64", ENOSPC, -ENOSPC);
    expect(txn, forget, "pwrite64", EROFS, -EINPROGRESS);
    expect(txn, forget, "fdatasync", EIO, -EINPROGRESS);
    expect(txn, forget, "fdatasync", ENOSPC, -EINPROGRESS);
    expect(txn, forget, "fdatasync", EDQUOT, -EINPROGRESS);
}

Test(refused_file, a_new_one_cannot_be_written, .init = open_store, .fini = close_store)
{
    struct roster_store *other = NULL;

    cr_assert_eq(unlink(path), 0);
    refuse_always("pwrite64", ENOSPC);
    cr_expect_eq(roster_store_rebind(store), -ENOSPC);
    cr_expect_eq(roster_store_open(url, NULL, &other, NULL, 0), -ENOSPC);
    cr_expect_not_null(refuse_none());
    cr_expect_null(other);
    cr_expect_eq(roster_store_rebind(store), 0);
}

/* A lease of no chosen number would be another one's, too. */
Test(refused_file, there_are_no_random_numbers, .init = open_store, .fini = close_store)
{
    struct roster_store *other = NULL;

    expect(&acts[2], forget, "getrandom", ENOSYS, -EIO);
    cr_assert_eq(unlink(path), 0);
    refuse_always("getrandom", EPERM);
    cr_expect_eq(roster_store_open(url, NULL, &other, NULL, 0), -EIO);
    cr_expect_not_null(refuse_none());
    cr_expect_eq(roster_store_rebind(store), 0);
}

static char spare[310]; /* a store beside it */

static void replace(void)
{
    cr_expect_eq(rename(spare, path), 0);
}

static void put_number_of(int n)
{
    char key[16];

    snprintf(key, sizeof(key), "key%d", n);
    put_text(store, key, "value");
}

/* Keys that the handle reads; negative: it reads nothing. */
static int count_keys(void)
{
    struct roster_store_keys keys = roster_store_prefix(text(""));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 0, TIMEOUT_MS, &range);

    err = err ? -1 : (int)range->count;
    roster_store_free(range);
    return err;
}

/* What a handle reads is in the file that has the name, or it says that this is another one. */
Test(refused_file, it_is_replaced_while_it_is_opened, .init = open_store)
{
    char spare_url[320];
    unsigned n, read = 0;
    int keys;

    roster_store_close(store);
    snprintf(spare, sizeof(spare), "%s.spare", path);
    snprintf(spare_url, sizeof(spare_url), "sqlite:%s", spare);
    for (n = 1; n <= 12; n++) { /* each has one key more than the one before */
        cr_assert_eq(roster_store_open(spare_url, NULL, &store, NULL, 0), 0);
        for (keys = 0; keys <= (int)n; keys++)
            put_number_of(keys);
        roster_store_close(store);
        refuse_before_stat(n, replace);
        if (roster_store_open(url, NULL, &store, NULL, 0))
            store = NULL;
        refuse_before_stat(0, NULL);
        keys = store ? count_keys() : -1;
        roster_store_close(store);
        if (keys < 0)
            continue;
        cr_assert_eq(roster_store_open(url, NULL, &store, NULL, 0), 0);
        cr_expect_eq(keys, count_keys(), "it was replaced before stat() %u", n);
        roster_store_close(store);
        read++;
    }
    cr_expect_gt(read, 0);
}

/* Nor does a lease of another process end because this one has no clock. */
Test(refused_file, there_is_no_clock_for_leases, .init = open_store, .fini = close_store)
{
    struct roster_store_lease lease;
    int64_t id = grant_lease(store, 60000);

    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]) && acts[i].call != open_again; i++)
        expect(&acts[i], forget, "clock_gettime", EPERM, -EIO);
    cr_expect_eq(roster_store_lease_time_to_live(store, id, TIMEOUT_MS, &lease), 0);
}

/* It may be on another host, where a write-ahead log cannot be shared. */
Test(refused_file, its_file_system_is_unknown, .init = open_store, .fini = close_store)
{
    char error[ROSTER_STORE_ERROR_SIZE] = "";
    struct roster_store *other = NULL;

    refuse_always("statfs", EPERM);
    cr_expect_eq(roster_store_open(url, NULL, &other, error, sizeof(error)), -ENOTSUP);
    cr_expect_not_null(strstr(error, "is unknown (EPERM)"), "%s", error);
    refuse_always("statfs", EIO);
    cr_expect_eq(roster_store_open(url, NULL, &other, NULL, 0), -EIO);
    cr_expect_not_null(refuse_none());
    cr_expect_null(other);
    cr_assert_eq(roster_store_open(url, NULL, &other, NULL, 0), 0);
    roster_store_close(other);
}

/* The kernel says there which boot this is, and a lease does not outlive its boot. */
Test(refused_file, proc_cannot_be_read, .init = open_store, .fini = close_store)
{
    struct roster_store *other = NULL;

    refuse_always("fopen", EACCES);
    cr_expect_eq(roster_store_open(url, NULL, &other, NULL, 0), -ENOTSUP);
    refuse_always("fopen", ENOENT);
    cr_expect_eq(roster_store_open(url, NULL, &other, NULL, 0), -ENOTSUP);
    refuse_always("fopen", ENOMEM);
    cr_expect_eq(roster_store_open(url, NULL, &other, NULL, 0), -ENOMEM);
    cr_expect_not_null(refuse_none());
    cr_expect_null(other);
}
