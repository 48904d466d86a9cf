/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Files that an SQLite store does not take for its own, or no longer: foreign, later, damaged; and
 * disks that are full, or to be read only. */

#include "../scratch.h"
#include "../store_fixture.h"
#include "sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_error(char *error)
{
    struct roster_store *store = NULL;
    int err = roster_store_open(sqlite_url, NULL, &store, error, ROSTER_STORE_ERROR_SIZE);

    roster_store_close(store);
    return err;
}

Test(store_sqlite_refused, what_is_no_database_is_refused_and_left_alone, .init = sqlite_file_name)
{
    char error[ROSTER_STORE_ERROR_SIZE], content[64] = "";
    FILE *file = fopen(sqlite_path, "w");

    for (int i = 0; i < 200; i++)
        fputs("these are the notes of an operator\n", file);
    fclose(file);
    cr_expect_eq(open_error(error), -EUCLEAN);
    cr_expect_not_null(strstr(error, sqlite_path));
    cr_expect_not_null(strstr(error, "not an SQLite file"), "%s", error);
    file = fopen(sqlite_path, "r");
    cr_expect_not_null(fgets(content, sizeof(content), file));
    cr_expect_str_eq(content, "these are the notes of an operator\n");
    fclose(file);
}

Test(store_sqlite_refused, the_database_of_another_application_is_refused_and_left_alone,
     .init = sqlite_file_name)
{
    char error[ROSTER_STORE_ERROR_SIZE], wal[320];
    struct stat before, after;

    sqlite_file_run("CREATE TABLE customers (name TEXT)");
    cr_assert_eq(stat(sqlite_path, &before), 0);
    cr_expect_eq(open_error(error), -EMEDIUMTYPE);
    cr_expect_not_null(strstr(error, "another application"), "%s", error);
    cr_assert_eq(stat(sqlite_path, &after), 0);
    cr_expect_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    cr_expect_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    snprintf(wal, sizeof(wal), "%s-wal", sqlite_path);
    cr_expect_neq(access(wal, F_OK), 0, "its journal mode was changed");
}

Test(store_sqlite_refused, a_later_format_is_refused, .init = sqlite_file_name)
{
    char error[ROSTER_STORE_ERROR_SIZE];

    roster_store_close(sqlite_file_open());
    sqlite_file_run("PRAGMA user_version = 2");
    cr_expect_eq(open_error(error), -EMEDIUMTYPE);
    cr_expect_not_null(strstr(error, "format 2"), "%s", error);
}

Test(store_sqlite_refused, damage_is_found_when_opening, .init = sqlite_file_name)
{
    char error[ROSTER_STORE_ERROR_SIZE], garbage[4096];
    struct roster_store *store = sqlite_file_open();
    int fd;

    for (int i = 0; i < 300; i++) {
        char key[32];

        snprintf(key, sizeof(key), "key/%d", i);
        put_text(store, key, "a value that fills some pages of the file");
    }
    roster_store_close(store);
    memset(garbage, 0x5a, sizeof(garbage));
    fd = open(sqlite_path, O_WRONLY);
    for (int page = 3; page < 12; page++)
        cr_assert_eq(pwrite(fd, garbage, sizeof(garbage), page * 4096), sizeof(garbage));
    close(fd);
    cr_expect_eq(open_error(error), -EUCLEAN);
    cr_expect_not_null(strstr(error, "damaged"), "%s", error);
}

Test(store_sqlite_refused, nonsense_in_the_tables_is_damage, .init = sqlite_file_name)
{
    static const char *const damages[] = {
        "UPDATE kv SET version = 0",
        "UPDATE kv SET mod_revision = 'much'",
        "UPDATE kv SET create_revision = -1",
        "UPDATE kv SET lease = -3",
        "UPDATE kv SET value = 3.14",
        "UPDATE kv SET mod_revision = create_revision - 1",
        "UPDATE kv SET mod_revision = mod_revision + 1",
        "UPDATE kv SET version = 9223372036854775807",
        "UPDATE state SET revision = 9223372036854775806",
        "DELETE FROM state",
        "DROP TABLE kv",
    };

    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct roster_store *store = sqlite_file_open();

        put_text(store, "key", "value");
        sqlite_file_run(damages[i]);
        cr_expect_eq(get_error(store, "key", 2000), -EUCLEAN, "%s", damages[i]);
        roster_store_close(store);
        sqlite_file_remove();
    }
}

/* A watch that believed it would wait for what comes after that. */
Test(store_sqlite_refused, an_event_that_is_yet_to_come_is_damage, .init = sqlite_file_name)
{
    struct roster_store_keys keys = roster_store_key(text("key"));
    struct roster_store *store = sqlite_file_open();
    struct roster_store_events *events = NULL;
    struct roster_store_watch *watch;

    cr_assert_eq(roster_store_watch_open(store, &keys, 1, &watch), 0);
    put_text(store, "key", "value");
    sqlite_file_run("UPDATE event SET revision = revision + 1000");
    cr_expect_eq(roster_store_watch_next(watch, 0, &events), -EUCLEAN);
    sqlite_file_run("UPDATE event SET revision = revision - 1000");
    cr_expect_eq(roster_store_watch_next(watch, 2000, &events), 0);
    roster_store_free(events);
    roster_store_watch_close(watch);
    roster_store_close(store);
}

Test(store_sqlite_refused, a_lease_that_no_store_granted_is_damage, .init = sqlite_file_name)
{
    static const char *const damages[] = {"UPDATE lease SET granted_ms = 9223372036854775807",
                                          "UPDATE lease SET granted_ms = -1",
                                          "UPDATE lease SET granted_ms = 'long'"};
    static const char *const ends[] = {"UPDATE lease SET expires_ns = 9223372036854775807",
                                       "UPDATE lease SET expires_ns = 'never'"};
    struct roster_store *store = sqlite_file_open();
    int64_t id = grant_lease(store, 60000);
    struct roster_store_lease lease;

    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        sqlite_file_run(damages[i]);
        cr_expect_eq(roster_store_lease_keep_alive(store, id, 2000, &lease), -EUCLEAN, "%s",
                     damages[i]);
        cr_expect_eq(roster_store_lease_time_to_live(store, id, 2000, &lease), -EUCLEAN, "%s",
                     damages[i]);
    }
    sqlite_file_run("UPDATE lease SET granted_ms = 60000");
    cr_expect_eq(roster_store_lease_keep_alive(store, id, 2000, &lease), 0);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        sqlite_file_run(ends[i]);
        cr_expect_eq(roster_store_lease_time_to_live(store, id, 2000, &lease), -EUCLEAN, "%s",
                     ends[i]);
    }
    roster_store_close(store);
}

/* Keys that hang on no lease have its number: they are not those of a lease that has run out. */
Test(store_sqlite_refused, a_lease_without_a_number_ends_nothing, .init = sqlite_file_name)
{
    static const char *const damages[] = {
        "INSERT INTO lease (id, granted_ms, expires_ns) VALUES (0, 1000, 1)",
        "INSERT INTO lease (id, granted_ms, expires_ns) VALUES (-1, 1000, 1)"};
    struct roster_store *store = sqlite_file_open();

    put_text(store, "key", "value");
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        sqlite_file_run(damages[i]);
        cr_expect_eq(get_error(store, "key", 2000), -EUCLEAN, "%s", damages[i]);
        cr_expect_eq(put_error(store, "other", 2000), -EUCLEAN, "%s", damages[i]);
        sqlite_file_run("DELETE FROM lease");
        cr_expect(key_exists(store, "key"), "%s", damages[i]);
    }
    roster_store_close(store);
}

/* Runs the test in a mount namespace with a small file system over the directory. */
static void with_small_disk(const char *options, void (*body)(void))
{
    pid_t child = scratch_fork();
    int status = 0;

    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("roster-test", sqlite_dir, "tmpfs", 0, options) != 0)
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
    snprintf(junk, sizeof(junk), "%s/junk", sqlite_dir);
    fd = open(junk, O_WRONLY | O_CREAT, 0600);
    STEP(1, posix_fallocate(fd, 0, 256 * 1024) == 0);
    STEP(2, roster_store_open(sqlite_url, NULL, &store, NULL, 0) == 0);
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
    STEP(7, roster_store_open(sqlite_url, NULL, &store, NULL, 0) == 0);
    roster_store_close(store);
}

Test(store_sqlite_refused, a_full_disk_is_told_and_harms_nothing, .init = sqlite_file_name)
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

    STEP(1, roster_store_open(sqlite_url, NULL, &store, NULL, 0) == 0);
    STEP(2, roster_store_txn(store, &txn, 2000, NULL) == 0);
    roster_store_close(store);
    STEP(3, mount("none", sqlite_dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    STEP(4, roster_store_open(sqlite_url, NULL, &store, error, sizeof(error)) == -EROFS);
    STEP(5, strstr(error, "is read-only") != NULL);
    STEP(6, mount("none", sqlite_dir, NULL, MS_REMOUNT, "size=1m") == 0);
    STEP(7, roster_store_open(sqlite_url, NULL, &store, NULL, 0) == 0);
    roster_store_close(store);
}

/* The kernel sends SIGXFSZ to who writes beyond it, which by default ends the program. */
static int fill_limit(void)
{
    static char value[4000];
    struct roster_store_op op;
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    struct rlimit limit = {.rlim_cur = 256 * 1024, .rlim_max = RLIM_INFINITY};
    struct roster_store *store = NULL;
    char key[32];
    int err = 0;

    memset(value, 'v', sizeof(value) - 1);
    STEP(1, signal(SIGXFSZ, SIG_DFL) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
    STEP(2, roster_store_open(sqlite_url, NULL, &store, NULL, 0) == 0);
    for (int i = 0; i < 1000 && err == 0; i++) {
        snprintf(key, sizeof(key), "key/%d", i);
        op = roster_store_put(roster_store_text(key), roster_store_text(value), 0);
        err = roster_store_txn(store, &txn, 2000, NULL);
    }
    STEP(3, err == -ENOSPC);
    STEP(4, get_error(store, "key/0", 2000) == 0);
    limit.rlim_cur = RLIM_INFINITY;
    STEP(5, setrlimit(RLIMIT_FSIZE, &limit) == 0);
    STEP(6, roster_store_txn(store, &txn, 2000, NULL) == 0);
    roster_store_close(store);
    return 0;
}

Test(store_sqlite_refused, a_limit_of_file_sizes_ends_no_program, .init = sqlite_file_name)
{
    pid_t child = scratch_fork();
    int status = 0;

    if (child == 0)
        _exit(fill_limit());
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "failed in the way %d",
              WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

Test(store_sqlite_refused, a_read_only_disk_is_told, .init = sqlite_file_name)
{
    with_small_disk("size=1m", make_read_only);
}
