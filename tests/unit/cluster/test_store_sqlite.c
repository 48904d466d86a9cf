/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What may happen to the file of an SQLite store. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "store_fixture.h"

static char dir[256], path[300], url[310];

static void make_names(void)
{
    scratch_dir(dir, sizeof(dir));
    snprintf(path, sizeof(path), "%s/store.db", dir);
    snprintf(url, sizeof(url), "sqlite:%s", path);
}

static struct roster_store *open_store(void)
{
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE];
    int err = roster_store_open(url, NULL, &store, error, sizeof(error));

    cr_assert_eq(err, 0, "%s: %d: %s", url, err, error);
    return store;
}

static int open_error(char *error)
{
    struct roster_store *store = NULL;
    int err = roster_store_open(url, NULL, &store, error, ROSTER_STORE_ERROR_SIZE);

    roster_store_close(store);
    return err;
}

/* Runs SQL on the file behind the store's back. */
static void run_sql(const char *sql)
{
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 20000);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    sqlite3_close(db);
}

static int try_get(struct roster_store *store, const char *key)
{
    struct roster_store_keys keys = roster_store_key(text(key));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 0, 2000, &range);

    roster_store_free(range);
    return err;
}

static int try_put_for(struct roster_store *store, const char *key, int timeout_ms)
{
    struct roster_store_op op = roster_store_put(text(key), text("value"), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    return roster_store_txn(store, &txn, timeout_ms, NULL);
}

static int try_put(struct roster_store *store, const char *key)
{
    return try_put_for(store, key, 2000);
}

static void remove_file(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char name[320];

    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

Test(store_sqlite, what_was_written_is_there_after_reopening, .init = make_names)
{
    struct roster_store *store = open_store();
    int64_t revision = put_text(store, "key", "value");
    struct roster_store_range *range;

    roster_store_close(store);
    store = open_store();
    range = get_key(store, "key");
    cr_expect_eq(range->revision, revision);
    cr_expect(bytes_are(range->kvs[0].value, "value"));
    roster_store_free(range);
    roster_store_close(store);
}

Test(store_sqlite, a_relative_path_stays_the_same_file, .init = make_names)
{
    struct roster_store *store = NULL, *other;
    struct roster_store_watch *watch = NULL;
    struct roster_store_keys all = roster_store_prefix(text(""));
    struct roster_store_events *events = NULL;

    cr_assert_eq(chdir(dir), 0);
    cr_assert_eq(roster_store_open("sqlite:store.db", NULL, &store, NULL, 0), 0);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(roster_store_watch_open(store, &all, 0, &watch), 0);
    cr_assert_eq(roster_store_watch_next(watch, 0, &events), 0, "the watch has its own connection");
    roster_store_free(events);
    put_text(store, "key", "value");
    other = open_store();
    cr_expect(key_exists(other, "key"));
    roster_store_close(other);
    roster_store_watch_close(watch);
    roster_store_close(store);
}

Test(store_sqlite, a_file_that_is_deleted_is_not_written_to_any_more, .init = make_names)
{
    struct roster_store *store = open_store(), *other;
    struct roster_store_lease lease;
    int64_t id = grant_lease(store, 60000);

    put_text(store, "key", "old");
    remove_file();
    cr_expect_eq(try_get(store, "key"), -EREMCHG);
    cr_expect_eq(try_put(store, "key"), -EREMCHG);
    cr_expect_eq(roster_store_lease_keep_alive(store, id, 2000, &lease), -EREMCHG);
    cr_expect_eq(roster_store_lease_grant(store, 1000, 2000, &lease), -EREMCHG);
    cr_expect_neq(access(path, F_OK), 0, "the file was created again unasked");

    other = open_store();
    put_text(other, "key", "new");
    cr_expect_eq(try_get(store, "key"), -EREMCHG, "the new file is not the old one");
    cr_assert_eq(roster_store_rebind(store), 0);
    cr_expect_eq(try_get(store, "key"), 0);
    cr_expect_eq(roster_store_lease_keep_alive(store, id, 2000, &lease), -EKEYEXPIRED);
    cr_expect(key_exists(store, "key"));
    roster_store_close(other);
    roster_store_close(store);
}

Test(store_sqlite, a_watch_begins_anew_in_another_file, .init = make_names)
{
    struct roster_store *store = open_store();
    struct roster_store_keys all = roster_store_prefix(text(""));
    struct roster_store_watch *watch = NULL;
    struct roster_store_events *events = NULL;

    for (int i = 0; i < 5; i++)
        put_text(store, "old", "value");
    cr_assert_eq(roster_store_watch_open(store, &all, 0, &watch), 0);
    cr_assert_eq(roster_store_watch_next(watch, 0, &events), 0);
    roster_store_free(events);
    remove_file();
    cr_expect_eq(roster_store_watch_next(watch, 5000, &events), -EREMCHG);
    cr_assert_eq(roster_store_rebind(store), 0);
    put_text(store, "new", "value");
    cr_assert_eq(roster_store_watch_next(watch, 5000, &events), 0);
    cr_expect(events->snapshot);
    cr_assert_eq(events->count, 1);
    cr_expect(bytes_are(events->events[0].kv.key, "new"));
    roster_store_free(events);
    roster_store_watch_close(watch);
    roster_store_close(store);
}

Test(store_sqlite, a_file_put_in_its_place_is_noticed, .init = make_names)
{
    struct roster_store *store = open_store(), *decoy = NULL;
    char other_path[320], other_url[330];

    put_text(store, "key", "value");
    snprintf(other_path, sizeof(other_path), "%s/other.db", dir);
    snprintf(other_url, sizeof(other_url), "sqlite:%s", other_path);
    cr_assert_eq(roster_store_open(other_url, NULL, &decoy, NULL, 0), 0);
    put_text(decoy, "key", "decoy");
    roster_store_close(decoy);
    remove_file();
    cr_assert_eq(rename(other_path, path), 0);
    cr_expect_eq(try_get(store, "key"), -EREMCHG);
    cr_assert_eq(roster_store_rebind(store), 0);
    cr_expect_eq(try_get(store, "key"), 0);
    roster_store_close(store);
}

Test(store_sqlite, a_revision_that_went_back_is_noticed, .init = make_names)
{
    struct roster_store *store = open_store();

    for (int i = 0; i < 5; i++)
        put_text(store, "key", "value");
    run_sql("UPDATE state SET revision = 2");
    cr_expect_eq(try_get(store, "key"), -EREMCHG);
    cr_expect_eq(try_put(store, "key"), -EREMCHG);
    roster_store_close(store);
}

/* Holds the file's write lock until it is told to let go or killed. */
static pid_t hold_lock(int *release)
{
    int ready[2], go[2];
    pid_t child;
    char byte;

    cr_assert_eq(pipe(ready), 0);
    cr_assert_eq(pipe(go), 0);
    child = scratch_fork();
    if (child == 0) {
        sqlite3 *db = NULL;

        close(go[1]);
        if (sqlite3_open(path, &db) != SQLITE_OK ||
            sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
            _exit(1);
        if (write(ready[1], "x", 1) == 1 && read(go[0], &byte, 1) == 1)
            sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        _exit(0);
    }
    close(go[0]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    *release = go[1];
    return child;
}

Test(store_sqlite, a_locked_file_can_be_read_and_says_so_to_writers, .init = make_names)
{
    struct roster_store *store = open_store();
    struct roster_store_lease lease;
    int release;
    pid_t holder;

    put_text(store, "key", "value");
    holder = hold_lock(&release);
    kill(holder, SIGSTOP);
    cr_expect_eq(try_get(store, "key"), 0);
    cr_expect_eq(try_put_for(store, "other", 300), -EBUSY);
    cr_expect_eq(try_put_for(store, "other", 0), -EBUSY, "without waiting");
    cr_expect_eq(roster_store_lease_grant(store, 1000, 100, &lease), -EBUSY);
    cr_expect(!key_exists(store, "other"));
    kill(holder, SIGCONT);
    cr_assert_eq(write(release, "x", 1), 1);
    cr_expect_eq(try_put(store, "other"), 0, "it waits for its turn");
    waitpid(holder, NULL, 0);
    roster_store_close(store);
}

Test(store_sqlite, a_lock_ends_with_its_process, .init = make_names)
{
    struct roster_store *store = open_store();
    int release;
    pid_t holder = hold_lock(&release);

    cr_expect_eq(try_put_for(store, "key", 100), -EBUSY);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    cr_expect_eq(try_put(store, "key"), 0);
    roster_store_close(store);
}

Test(store_sqlite, an_expired_lease_behind_a_lock_is_never_shown_alive, .init = make_names)
{
    struct roster_store *store = open_store();
    struct roster_store_lease lease;
    int release;
    pid_t holder;

    cr_assert_eq(roster_store_lease_grant(store, 200, 2000, &lease), 0);
    put_leased(store, "key", "value", lease.id);
    holder = hold_lock(&release);
    sleep_ms(300);
    cr_expect_eq(try_get(store, "key"), -EBUSY);
    cr_assert_eq(write(release, "x", 1), 1);
    waitpid(holder, NULL, 0);
    cr_expect(!key_exists(store, "key"));
    roster_store_close(store);
}

Test(store_sqlite, leases_end_with_the_boot_that_they_were_granted_in, .init = make_names)
{
    struct roster_store *store = open_store();
    struct roster_store_lease lease;
    struct roster_store_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_store_lease_grant(store, ROSTER_STORE_MAX_TTL_MS, 2000, &lease), 0);
    put_leased(store, "leased", "value", lease.id);
    put_text(store, "free", "value");
    run_sql("UPDATE state SET boot = 'an earlier one'");
    cr_expect(!key_exists(store, "leased"));
    cr_expect(key_exists(store, "free"));
    cr_expect_eq(roster_store_lease_keep_alive(store, lease.id, 2000, &lease), -EKEYEXPIRED);
    cr_assert_eq(roster_store_get_stats(store, &stats), 0);
    cr_expect_eq(stats.leases_expired, 1);
    cr_assert_eq(roster_store_lease_grant(store, 60000, 2000, &lease), 0);
    cr_expect_eq(roster_store_lease_keep_alive(store, lease.id, 2000, &lease), 0);
    roster_store_close(store);
}

Test(store_sqlite, a_lease_outlives_its_handle_and_ends_without_it, .init = make_names)
{
    struct roster_store *store = open_store();
    struct roster_store_lease lease;

    cr_assert_eq(roster_store_lease_grant(store, 700, 2000, &lease), 0);
    put_leased(store, "key", "value", lease.id);
    roster_store_close(store);
    store = open_store();
    cr_expect(key_exists(store, "key"));
    cr_expect(key_vanishes(store, "key"));
    roster_store_close(store);
}

Test(store_sqlite, what_is_no_database_is_refused_and_left_alone, .init = make_names)
{
    char error[ROSTER_STORE_ERROR_SIZE], content[64] = "";
    FILE *file = fopen(path, "w");

    for (int i = 0; i < 200; i++)
        fputs("these are the notes of an operator\n", file);
    fclose(file);
    cr_expect_eq(open_error(error), -EUCLEAN);
    cr_expect_not_null(strstr(error, path));
    cr_expect_not_null(strstr(error, "no SQLite file"), "%s", error);
    file = fopen(path, "r");
    cr_expect_not_null(fgets(content, sizeof(content), file));
    cr_expect_str_eq(content, "these are the notes of an operator\n");
    fclose(file);
}

Test(store_sqlite, the_database_of_another_application_is_refused_and_left_alone,
     .init = make_names)
{
    char error[ROSTER_STORE_ERROR_SIZE], wal[320];
    struct stat before, after;

    run_sql("CREATE TABLE customers (name TEXT)");
    cr_assert_eq(stat(path, &before), 0);
    cr_expect_eq(open_error(error), -EMEDIUMTYPE);
    cr_expect_not_null(strstr(error, "another application"), "%s", error);
    cr_assert_eq(stat(path, &after), 0);
    cr_expect_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    cr_expect_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    snprintf(wal, sizeof(wal), "%s-wal", path);
    cr_expect_neq(access(wal, F_OK), 0, "its journal mode was changed");
}

Test(store_sqlite, a_later_format_is_refused, .init = make_names)
{
    char error[ROSTER_STORE_ERROR_SIZE];

    roster_store_close(open_store());
    run_sql("PRAGMA user_version = 2");
    cr_expect_eq(open_error(error), -EMEDIUMTYPE);
    cr_expect_not_null(strstr(error, "format 2"), "%s", error);
}

Test(store_sqlite, damage_is_found_when_opening, .init = make_names)
{
    char error[ROSTER_STORE_ERROR_SIZE], garbage[4096];
    struct roster_store *store = open_store();
    int fd;

    for (int i = 0; i < 300; i++) {
        char key[32];

        snprintf(key, sizeof(key), "key/%d", i);
        put_text(store, key, "a value that fills some pages of the file");
    }
    roster_store_close(store);
    memset(garbage, 0x5a, sizeof(garbage));
    fd = open(path, O_WRONLY);
    for (int page = 3; page < 12; page++)
        cr_assert_eq(pwrite(fd, garbage, sizeof(garbage), page * 4096), sizeof(garbage));
    close(fd);
    cr_expect_eq(open_error(error), -EUCLEAN);
    cr_expect_not_null(strstr(error, "damaged"), "%s", error);
}

Test(store_sqlite, nonsense_in_the_tables_is_damage, .init = make_names)
{
    static const char *const damages[] = {
        "UPDATE kv SET version = 0",
        "UPDATE kv SET mod_revision = 'much'",
        "UPDATE kv SET create_revision = -1",
        "UPDATE kv SET lease = -3",
        "UPDATE kv SET value = 3.14",
        "UPDATE kv SET mod_revision = create_revision - 1",
        "DELETE FROM state",
        "DROP TABLE kv",
    };

    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct roster_store *store;

        remove_file();
        store = open_store();
        put_text(store, "key", "value");
        run_sql(damages[i]);
        cr_expect_eq(try_get(store, "key"), -EUCLEAN, "%s", damages[i]);
        roster_store_close(store);
    }
}

/* Runs the test in a mount namespace with a small file system over the directory. */
static void with_small_disk(const char *options, void (*body)(void))
{
    pid_t child = scratch_fork();
    int status = 0;

    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("roster-test", dir, "tmpfs", 0, options) != 0)
            _exit(77);
        body();
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        cr_skip_test("this user may not mount a small file system");
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "failed in the way %d",
              WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

/* In a child process a failed step is told by the exit status. */
#define STEP(number, condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(number);                                                                         \
    } while (0)

static void fill_disk(void)
{
    struct roster_store *store = NULL;
    struct roster_store_range *range = NULL;
    struct roster_store_keys first = roster_store_key(roster_store_text("key/0"));
    static char value[4000];
    struct roster_store_op op;
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    char key[32], junk[320];
    int err = 0, fd;

    memset(value, 'v', sizeof(value) - 1);
    snprintf(junk, sizeof(junk), "%s/junk", dir);
    fd = open(junk, O_WRONLY | O_CREAT, 0600);
    STEP(1, posix_fallocate(fd, 0, 256 * 1024) == 0);
    STEP(2, roster_store_open(url, NULL, &store, NULL, 0) == 0);
    for (int i = 0; i < 1000 && err == 0; i++) {
        snprintf(key, sizeof(key), "key/%d", i);
        op = roster_store_put(roster_store_text(key), roster_store_text(value), 0);
        err = roster_store_txn(store, &txn, 2000, NULL);
    }
    STEP(3, err == -ENOSPC);
    STEP(4, roster_store_get(store, &first, 0, 2000, &range) == 0 && range->count == 1);
    roster_store_free(range);
    STEP(5, roster_store_txn(store, &txn, 2000, NULL) == -ENOSPC);
    unlink(junk);
    close(fd);
    STEP(6, roster_store_txn(store, &txn, 2000, NULL) == 0);
    roster_store_close(store);
    STEP(7, roster_store_open(url, NULL, &store, NULL, 0) == 0);
    roster_store_close(store);
}

Test(store_sqlite, a_full_disk_is_told_and_harms_nothing, .init = make_names)
{
    with_small_disk("size=1m", fill_disk);
}

static void make_read_only(void)
{
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE];
    struct roster_store_op op =
        roster_store_put(roster_store_text("key"), roster_store_text(""), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    STEP(1, roster_store_open(url, NULL, &store, NULL, 0) == 0);
    STEP(2, roster_store_txn(store, &txn, 2000, NULL) == 0);
    roster_store_close(store);
    STEP(3, mount("none", dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    STEP(4, roster_store_open(url, NULL, &store, error, sizeof(error)) == -EROFS);
    STEP(5, strstr(error, "may only be read") != NULL);
    STEP(6, mount("none", dir, NULL, MS_REMOUNT, "size=1m") == 0);
    STEP(7, roster_store_open(url, NULL, &store, NULL, 0) == 0);
    roster_store_close(store);
}

Test(store_sqlite, a_read_only_disk_is_told, .init = make_names)
{
    with_small_disk("size=1m", make_read_only);
}

#define CREATORS 6

static void create_at_once(void)
{
    pid_t children[CREATORS];
    struct roster_store *store;

    for (int i = 0; i < CREATORS; i++) {
        children[i] = scratch_fork();
        if (children[i] != 0)
            continue;
        store = NULL;
        STEP(1, roster_store_open(url, NULL, &store, NULL, 0) == 0);
        STEP(2, try_put_for(store, (char[]){'k', (char)('0' + i), '\0'}, 20000) == 0);
        roster_store_close(store);
        _exit(0);
    }
    for (int i = 0; i < CREATORS; i++) {
        int status = -1;

        waitpid(children[i], &status, 0);
        cr_expect_eq(status, 0, "process %d: %d", i, status);
    }
    store = open_store();
    cr_expect_eq(count_prefix(store, "k"), CREATORS);
    cr_expect_eq(store_revision(store), CREATORS + 1);
    roster_store_close(store);
}

/* Often, because one of them must look at the file just when another one fills it. */
Test(store_sqlite, many_processes_may_create_the_file_at_once, .init = make_names)
{
    for (int round = 0; round < 40; round++) {
        snprintf(path, sizeof(path), "%s/store%d.db", dir, round);
        snprintf(url, sizeof(url), "sqlite:%s", path);
        create_at_once();
    }
}
