/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Calls of stores that are interrupted by signals at all moments fail no more than without, and
 * threads that are cancelled while they call leave nothing locked and nothing half done.
 */
#include "../unit/store/store_fixture.h"
#include "storm.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 10000

static int change_both(struct roster_store *store, const char *value)
{
    struct roster_store_op ops[] = {
        roster_store_put(text("a"), text(value), 0),
        roster_store_put(text("b"), text(value), 0),
    };
    struct roster_store_txn txn = {.success = ops, .n_success = 2};

    return roster_store_txn(store, &txn, TIMEOUT_MS, NULL);
}

static int read_both(struct roster_store *store, bool *alike)
{
    struct roster_store_keys keys = roster_store_prefix(text(""));
    struct roster_store_range *range;
    int err = roster_store_get(store, &keys, 0, TIMEOUT_MS, &range);

    *alike =
        !err && range->count == 2 && range->kvs[0].value.size == range->kvs[1].value.size &&
        memcmp(range->kvs[0].value.data, range->kvs[1].value.data, range->kvs[0].value.size) == 0;
    roster_store_free(range);
    return err;
}

static int wait_in_vain(struct roster_store *store)
{
    struct roster_store_keys keys = roster_store_prefix(text("nobody"));
    struct roster_store_events *events;
    struct roster_store_watch *watch;
    int err = roster_store_watch_open(store, &keys, 0, &watch);

    for (int i = 0; i < 2 && !err; i++) {
        err = roster_store_watch_next(watch, 100, &events);
        roster_store_free(events);
        if (err == -ETIMEDOUT)
            err = 0;
    }
    roster_store_watch_close(watch);
    return err;
}

STORE_TEST(signals_at_all_moments)
{
    bool alike;

    storm(store_fixture_is(f, "etcd") ? 1000 : 200);
    for (int i = 0; i < 50; i++) {
        int64_t lease = grant_lease(f->store, 60000);
        struct roster_store_lease kept;
        int err = change_both(f->store, i % 2 ? "one" : "two");

        cr_assert_eq(err, 0, "%d", err);
        cr_assert_eq(read_both(f->store, &alike), 0);
        cr_assert(alike);
        cr_assert_eq(roster_store_lease_keep_alive(f->store, lease, TIMEOUT_MS, &kept), 0);
        cr_assert_eq(roster_store_lease_revoke(f->store, lease, TIMEOUT_MS), 0);
    }
    cr_assert_eq(wait_in_vain(f->store), 0);
    storm(0);
    cr_assert_gt(storm_signals(), 20);
}

static void *call_until_cancelled(void *arg)
{
    struct roster_store *store = arg;
    bool alike;

    for (;;) {
        if (change_both(store, "one") || change_both(store, "two") || read_both(store, &alike) ||
            wait_in_vain(store))
            return arg;
        pthread_testcancel();
    }
}

STORE_TEST(threads_are_cancelled)
{
    bool alike;

    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        void *result;

        cr_assert_eq(pthread_create(&thread, NULL, call_until_cancelled, f->store), 0);
        usleep((useconds_t)(i * 1000));
        cr_assert_eq(pthread_cancel(thread), 0);
        cr_assert_eq(pthread_join(thread, &result), 0);
        cr_assert_eq(result, PTHREAD_CANCELED);
        cr_assert_eq(change_both(f->store, "three"), 0);
        cr_assert_eq(read_both(f->store, &alike), 0);
        cr_assert(alike);
    }
}
