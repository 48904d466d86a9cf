/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What every function says when an SQLite store's file is locked by somebody, was set back, or is
 * damaged under an open handle: the same of all that write, the same of all that read.
 */

#include "config.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

#include "scratch.h"
#include "store_fixture.h"

#define TIMEOUT_MS 50

static char path[300], url[310];

static void make_names(void)
{
    char dir[256];

    scratch_dir(dir, sizeof(dir));
    snprintf(path, sizeof(path), "%s/store.db", dir);
    snprintf(url, sizeof(url), "sqlite:%s", path);
}

static sqlite3 *behind_its_back(const char *sql)
{
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    return db;
}

static int try_get(struct roster_store *store)
{
    struct roster_store_keys keys = roster_store_key(text("key"));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 0, TIMEOUT_MS, &range);

    roster_store_free(range);
    return err;
}

static int try_put(struct roster_store *store)
{
    struct roster_store_op op = roster_store_put(text("key"), text("value"), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    return roster_store_txn(store, &txn, TIMEOUT_MS, NULL);
}

static int try_watch(struct roster_store *store)
{
    struct roster_store_keys keys = roster_store_prefix(text(""));
    struct roster_store_events *events = NULL;
    struct roster_store_watch *watch = NULL;
    int err;

    cr_assert_eq(roster_store_watch_open(store, &keys, 0, &watch), 0);
    err = roster_store_watch_next(watch, TIMEOUT_MS, &events);
    roster_store_free(events);
    roster_store_watch_close(watch);
    return err;
}

#define EXPECT(call, wanted)                                                                       \
    do {                                                                                           \
        int got = (call);                                                                          \
                                                                                                   \
        cr_expect_eq(got, wanted, "%s: %s: %d", what, #call, got);                                 \
    } while (0)

static void expect_all(struct roster_store *store, int64_t id, const char *what, int writing,
                       int reading)
{
    struct roster_store_lease lease;

    EXPECT(try_get(store), reading);
    EXPECT(try_watch(store), reading);
    EXPECT(roster_store_lease_time_to_live(store, id, TIMEOUT_MS, &lease), reading);
    EXPECT(try_put(store), writing);
    EXPECT(roster_store_lease_grant(store, 60000, TIMEOUT_MS, &lease), writing);
    EXPECT(roster_store_lease_keep_alive(store, id, TIMEOUT_MS, &lease), writing);
    EXPECT(roster_store_lease_revoke(store, id, TIMEOUT_MS), writing);
}

static struct roster_store *open_with_lease(int64_t *id)
{
    struct roster_store *store = NULL;

    cr_assert_eq(roster_store_open(url, NULL, &store, NULL, 0), 0);
    put_text(store, "key", "value");
    *id = grant_lease(store, 60000);
    return store;
}

Test(store_sqlite_errors, locked, .init = make_names)
{
    int64_t id;
    struct roster_store *store = open_with_lease(&id);
    sqlite3 *db = behind_its_back("BEGIN IMMEDIATE");

    expect_all(store, id, "locked", -EBUSY, 0);
    sqlite3_close(db);
    cr_expect_eq(try_put(store), 0);
    roster_store_close(store);
}

Test(store_sqlite_errors, set_back, .init = make_names)
{
    int64_t id;
    struct roster_store *store = open_with_lease(&id);

    put_text(store, "key", "value");
    sqlite3_close(behind_its_back("UPDATE state SET revision = 1"));
    expect_all(store, id, "set back", -EREMCHG, -EREMCHG);
    roster_store_close(store);
}

Test(store_sqlite_errors, damaged, .init = make_names)
{
    int64_t id;
    struct roster_store *store = open_with_lease(&id);

    sqlite3_close(behind_its_back("DELETE FROM state"));
    expect_all(store, id, "damaged", -EUCLEAN, -EUCLEAN);
    roster_store_close(store);
}
