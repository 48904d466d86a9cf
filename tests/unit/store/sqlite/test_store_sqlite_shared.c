/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Several processes at the file of an SQLite store: who writes, who waits, who comes first. */

#include "../scratch.h"
#include "../store_fixture.h"
#include "sqlite_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

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
        if (sqlite3_open(sqlite_path, &db) != SQLITE_OK ||
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

Test(store_sqlite_shared, a_locked_file_can_be_read_and_says_so_to_writers,
     .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();
    struct roster_store_lease lease;
    int release;
    pid_t holder;

    put_text(store, "key", "value");
    holder = hold_lock(&release);
    kill(holder, SIGSTOP);
    cr_expect_eq(get_error(store, "key", 2000), 0);
    cr_expect_eq(put_error(store, "other", 300), -ENOLCK);
    cr_expect_eq(put_error(store, "other", 0), -ENOLCK, "without waiting");
    cr_expect_eq(roster_store_lease_grant(store, 1000, 100, &lease), -ENOLCK);
    cr_expect(!key_exists(store, "other"));
    kill(holder, SIGCONT);
    cr_assert_eq(write(release, "x", 1), 1);
    cr_expect_eq(put_error(store, "other", 2000), 0, "it waits for its turn");
    waitpid(holder, NULL, 0);
    roster_store_close(store);
}

Test(store_sqlite_shared, a_lock_ends_with_its_process, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();
    int release;
    pid_t holder = hold_lock(&release);

    cr_expect_eq(put_error(store, "key", 100), -ENOLCK);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    cr_expect_eq(put_error(store, "key", 2000), 0);
    roster_store_close(store);
}

Test(store_sqlite_shared, an_expired_lease_behind_a_lock_is_never_shown_alive,
     .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();
    struct roster_store_lease lease;
    int release;
    pid_t holder;

    cr_assert_eq(roster_store_lease_grant(store, 200, 2000, &lease), 0);
    put_leased(store, "key", "value", lease.id);
    holder = hold_lock(&release);
    sleep_ms(300);
    cr_expect_eq(get_error(store, "key", 2000), -ENOLCK);
    cr_assert_eq(write(release, "x", 1), 1);
    waitpid(holder, NULL, 0);
    cr_expect(!key_exists(store, "key"));
    roster_store_close(store);
}

#define CREATORS 6

/*
 * In a child process a failed step is told by the exit status. With patience: on a busy machine
 * the process that holds the lock may not run for seconds.
 */
static void be_creator(int i)
{
    static const struct roster_store_options patient = {.size = sizeof(patient),
                                                        .call_timeout_ms = 60000};
    struct roster_store *store = NULL;

    if (roster_store_open(sqlite_url, &patient, &store, NULL, 0) != 0)
        _exit(1);
    if (put_error(store, (char[]){'k', (char)('0' + i), '\0'}, 60000) != 0)
        _exit(2);
    roster_store_close(store);
    _exit(0);
}

static void create_at_once(void)
{
    pid_t children[CREATORS];
    struct roster_store *store;

    for (int i = 0; i < CREATORS; i++) {
        children[i] = scratch_fork();
        if (children[i] == 0)
            be_creator(i);
    }
    for (int i = 0; i < CREATORS; i++) {
        int status = -1;

        waitpid(children[i], &status, 0);
        cr_expect_eq(status, 0, "process %d: %d", i, status);
    }
    store = sqlite_file_open();
    cr_expect_eq(count_prefix(store, "k"), CREATORS);
    cr_expect_eq(store_revision(store), CREATORS + 1);
    roster_store_close(store);
}

/* Often, because one of them must look at the file just when another one fills it. */
Test(store_sqlite_shared, many_processes_may_create_the_file_at_once, .init = sqlite_file_name)
{
    for (int round = 0; round < 40; round++) {
        snprintf(sqlite_path, sizeof(sqlite_path), "%s/store%d.db", sqlite_dir, round);
        snprintf(sqlite_url, sizeof(sqlite_url), "sqlite:%s", sqlite_path);
        create_at_once();
    }
}
