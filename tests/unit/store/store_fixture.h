/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A fresh store of each kind for a test, gone when the test's process is, whatever way it ends.
 *
 * STORE_TEST(test) { ... } defines a test that runs once with each kind of store, as `f`.
 */
#pragma once

#include "etcd/etcd_server.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <roster/store.h>
#include <roster/store_lease.h>
#include <roster/store_watch.h>

struct store_kind_name {
    char name[16];
};

struct store_fixture {
    const char *kind;
    struct roster_store *store;
    char url[256];
    char dir[256];
    struct etcd_server etcd;
};

/* Skips the test when the kind needs a program that is missing. The options may be NULL. */
void store_fixture_start(struct store_fixture *f, const char *kind,
                         const struct roster_store_options *options);
void store_fixture_stop(struct store_fixture *f);

/* A second handle on the same store; for memory, which cannot have one, the same handle. */
struct roster_store *store_fixture_other(struct store_fixture *f);
void store_fixture_close_other(struct store_fixture *f, struct roster_store *other);

/* Makes the store forget the history up to now, by writing under "compact/" if need be. */
void store_fixture_compact(struct store_fixture *f);

bool store_fixture_is(const struct store_fixture *f, const char *kind);

struct criterion_test_params store_fixture_kinds(void);

#define STORE_TEST_WITH(test, options)                                                             \
    static void run_##test(struct store_fixture *f);                                               \
    ParameterizedTestParameters(store, test)                                                       \
    {                                                                                              \
        return store_fixture_kinds();                                                              \
    }                                                                                              \
    ParameterizedTest(struct store_kind_name *kind, store, test)                                   \
    {                                                                                              \
        struct store_fixture f;                                                                    \
                                                                                                   \
        store_fixture_start(&f, kind->name, options);                                              \
        run_##test(&f);                                                                            \
        store_fixture_stop(&f);                                                                    \
    }                                                                                              \
    static void run_##test(struct store_fixture *f)

#define STORE_TEST(test) STORE_TEST_WITH(test, NULL)

/* ------------------------------------------------------------ short forms of the calls */

/* A store of the etcd at these URLs; the options may be NULL. */
struct roster_store *open_etcd(const char *urls, const struct roster_store_options *options);

struct roster_store_bytes text(const char *t);
bool bytes_are(struct roster_store_bytes bytes, const char *t);

/* Each asserts success; they return the store's revision after the call. */
int64_t put_text(struct roster_store *store, const char *key, const char *value);
int64_t put_leased(struct roster_store *store, const char *key, const char *value, int64_t lease);
int64_t delete_key(struct roster_store *store, const char *key);
int64_t store_revision(struct roster_store *store);
int64_t grant_lease(struct roster_store *store, int64_t ttl_ms);

/* Reads one key; asserts that it exists. Free with roster_store_free(). */
struct roster_store_range *get_key(struct roster_store *store, const char *key);
bool key_exists(struct roster_store *store, const char *key);
/* The number of keys with a prefix. */
size_t count_prefix(struct roster_store *store, const char *prefix);

/* What reading a key says, and putting a value under it. */
int get_error(struct roster_store *store, const char *key, int timeout_ms);
int put_error(struct roster_store *store, const char *key, int timeout_ms);

/*
 * Makes every call of a store once: those that change something must say `writing`, the others
 * `reading`. `what` tells the cases apart, where one fails.
 */
void expect_every_call(struct roster_store *store, int64_t lease, int timeout_ms, const char *what,
                       int writing, int reading);
void expect_error(const char *what, const char *call, int error, int wanted);

/* Waits up to 20 s for the key to vanish. */
bool key_vanishes(struct roster_store *store, const char *key);

void sleep_ms(int ms);
int64_t now_ms(void); /* of a clock that is never set */
