/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What every function says when an SQLite store's file is locked by somebody, was set back, or is
 * damaged under an open handle: the same of all that write, the same of all that read.
 */

#include "../store_fixture.h"
#include "sqlite_file.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TIMEOUT_MS 50

static struct roster_store *open_with_lease(int64_t *id)
{
    struct roster_store *store = NULL;

    cr_assert_eq(roster_store_open(sqlite_url, NULL, &store, NULL, 0), 0);
    put_text(store, "key", "value");
    *id = grant_lease(store, 60000);
    return store;
}

Test(store_sqlite_errors, locked, .init = sqlite_file_name)
{
    int64_t id;
    struct roster_store *store = open_with_lease(&id);
    sqlite3 *db = sqlite_file_hold("BEGIN IMMEDIATE");

    expect_every_call(store, id, TIMEOUT_MS, "locked", -ENOLCK, 0);
    sqlite3_close(db);
    cr_expect_eq(put_error(store, "key", TIMEOUT_MS), 0);
    roster_store_close(store);
}

Test(store_sqlite_errors, set_back, .init = sqlite_file_name)
{
    int64_t id;
    struct roster_store *store = open_with_lease(&id);

    put_text(store, "key", "value");
    sqlite_file_run("UPDATE state SET revision = 1");
    expect_every_call(store, id, TIMEOUT_MS, "set back", -EREMCHG, -EREMCHG);
    roster_store_close(store);
}

Test(store_sqlite_errors, damaged, .init = sqlite_file_name)
{
    int64_t id;
    struct roster_store *store = open_with_lease(&id);

    sqlite_file_run("DELETE FROM state");
    expect_every_call(store, id, TIMEOUT_MS, "damaged", -EUCLEAN, -EUCLEAN);
    roster_store_close(store);
}

/* Even who reads has to write, where a lease has run out. */
Test(store_sqlite_errors, locked_when_a_lease_has_run_out, .init = sqlite_file_name)
{
    int64_t id;
    struct roster_store *store = open_with_lease(&id);
    sqlite3 *db;

    grant_lease(store, 1);
    db = sqlite_file_hold("BEGIN IMMEDIATE");
    sleep_ms(5);
    expect_every_call(store, id, TIMEOUT_MS, "locked, and a lease has run out", -ENOLCK, -ENOLCK);
    sqlite3_close(db);
    cr_expect_eq(get_error(store, "key", TIMEOUT_MS), 0);
    roster_store_close(store);
}

/* ------------------------------------------------------------ opening */

static sqlite3 *held;

static void leave_nothing(void)
{
}

static void remove_directory(void)
{
    cr_assert_eq(rmdir(sqlite_dir), 0);
}

static void hold_an_empty_one(void)
{
    held = sqlite_file_hold("BEGIN EXCLUSIVE");
}

static void put_another_application(void)
{
    sqlite_file_run("CREATE TABLE theirs (number INTEGER)");
}

static void put_a_later_version(void)
{
    sqlite_file_run("PRAGMA application_id = 0x526f7374; PRAGMA user_version = 1000");
}

static void put_garbage(void)
{
    FILE *file = fopen(sqlite_path, "w");

    cr_assert_not_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("no database ", file);
    fclose(file);
}

/* What stands where the file was. */
struct hindrance {
    const char *what;
    void (*put)(void);
    bool must_exist;
    int wanted;
};

static const struct hindrance hindrances[] = {
    {"no file", leave_nothing, true, -ENOENT},
    {"no directory", remove_directory, false, -ENOENT},
    {"locked", hold_an_empty_one, false, -ENOLCK},
    {"another application", put_another_application, false, -EMEDIUMTYPE},
    {"a later version", put_a_later_version, false, -EMEDIUMTYPE},
    {"garbage", put_garbage, false, -EUCLEAN},
};

static void expect_hindered(const struct hindrance *hindrance)
{
    struct roster_store_options options = {.size = sizeof(options), .call_timeout_ms = TIMEOUT_MS};
    struct roster_store *store = NULL, *other = NULL;
    const char *what = hindrance->what;

    sqlite_file_name();
    cr_assert_eq(roster_store_open(sqlite_url, NULL, &store, NULL, 0), 0);
    roster_store_close(store);
    options.must_exist = hindrance->must_exist;
    cr_assert_eq(roster_store_open(sqlite_url, &options, &store, NULL, 0), 0);
    sqlite_file_remove();
    hindrance->put();
    expect_error(what, "open", roster_store_open(sqlite_url, &options, &other, NULL, 0),
                 hindrance->wanted);
    expect_error(what, "rebind", roster_store_rebind(store), hindrance->wanted);
    expect_error(what, "get", get_error(store, "key", TIMEOUT_MS), -EREMCHG);
    cr_expect_null(other);
    roster_store_close(store);
    sqlite3_close(held);
    held = NULL;
}

Test(store_sqlite_errors, opened_and_rebound)
{
    for (size_t i = 0; i < sizeof(hindrances) / sizeof(hindrances[0]); i++)
        expect_hindered(&hindrances[i]);
}

/* root writes anywhere by this. As another user it could not even search $TMPDIR. */
static void give_up_writing_anywhere(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

    cr_assert_eq(syscall(SYS_capget, &header, sets), 0);
    sets[0].effective &= ~(1U << CAP_DAC_OVERRIDE);
    cr_assert_eq(syscall(SYS_capset, &header, sets), 0);
}

Test(store_sqlite_errors, created_where_nothing_may_be, .init = sqlite_file_name)
{
    char error[ROSTER_STORE_ERROR_SIZE] = "";
    struct roster_store *store = NULL;

    cr_assert_eq(chmod(sqlite_dir, 0555), 0);
    give_up_writing_anywhere();
    cr_expect_eq(roster_store_open(sqlite_url, NULL, &store, error, sizeof(error)), -EACCES);
    cr_expect_not_null(strstr(error, "the right to write it and its directory"), "%s", error);
    cr_expect_null(store);
}
