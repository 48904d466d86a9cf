/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What becomes of an SQLite store, and of its leases, when its file is closed and opened again,
 * deleted, exchanged or set back.
 */

#include "../store_fixture.h"
#include "sqlite_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Test(store_sqlite, what_was_written_is_there_after_reopening, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();
    int64_t revision = put_text(store, "key", "value");
    struct roster_store_range *range;

    roster_store_close(store);
    store = sqlite_file_open();
    range = get_key(store, "key");
    cr_expect_eq(range->revision, revision);
    cr_expect(bytes_are(range->kvs[0].value, "value"));
    roster_store_free(range);
    roster_store_close(store);
}

Test(store_sqlite, a_relative_path_stays_the_same_file, .init = sqlite_file_name)
{
    struct roster_store *store = NULL, *other;
    struct roster_store_watch *watch = NULL;
    struct roster_store_keys all = roster_store_prefix(text(""));
    struct roster_store_events *events = NULL;

    cr_assert_eq(chdir(sqlite_dir), 0);
    cr_assert_eq(roster_store_open("sqlite:store.db", NULL, &store, NULL, 0), 0);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(roster_store_watch_open(store, &all, 0, &watch), 0);
    cr_assert_eq(roster_store_watch_next(watch, 0, &events), 0, "the watch has its own connection");
    roster_store_free(events);
    put_text(store, "key", "value");
    other = sqlite_file_open();
    cr_expect(key_exists(other, "key"));
    roster_store_close(other);
    roster_store_watch_close(watch);
    roster_store_close(store);
}

Test(store_sqlite, a_file_that_is_deleted_is_not_written_to_any_more, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open(), *other;
    struct roster_store_lease lease;
    int64_t id = grant_lease(store, 60000);

    put_text(store, "key", "old");
    sqlite_file_remove();
    cr_expect_eq(get_error(store, "key", 2000), -EREMCHG);
    cr_expect_eq(put_error(store, "key", 2000), -EREMCHG);
    cr_expect_eq(roster_store_lease_keep_alive(store, id, 2000, &lease), -EREMCHG);
    cr_expect_eq(roster_store_lease_grant(store, 1000, 2000, &lease), -EREMCHG);
    cr_expect_neq(access(sqlite_path, F_OK), 0, "the file was created again unasked");

    other = sqlite_file_open();
    put_text(other, "key", "new");
    cr_expect_eq(get_error(store, "key", 2000), -EREMCHG, "the new file is not the old one");
    cr_assert_eq(roster_store_rebind(store), 0);
    cr_expect_eq(get_error(store, "key", 2000), 0);
    cr_expect_eq(roster_store_lease_keep_alive(store, id, 2000, &lease), -EKEYEXPIRED);
    cr_expect(key_exists(store, "key"));
    roster_store_close(other);
    roster_store_close(store);
}

/* As by somebody who clears away what looks left behind, or restores the file alone. */
Test(store_sqlite, a_log_or_an_index_that_is_deleted_is_not_gone_on_with, .init = sqlite_file_name)
{
    static const char *const endings[] = {"-wal", "-shm"};
    struct roster_store *store, *other;
    char beside[310];

    for (size_t i = 0; i < 2; i++) {
        store = sqlite_file_open();
        put_text(store, "key", "old");
        snprintf(beside, sizeof(beside), "%s%s", sqlite_path, endings[i]);
        cr_assert_eq(unlink(beside), 0);
        cr_expect_eq(put_error(store, "key", 2000), -EREMCHG, "%s", endings[i]);
        other = sqlite_file_open();
        cr_expect_eq(get_error(store, "key", 2000), -EREMCHG, "%s: others have a new one",
                     endings[i]);
        roster_store_close(other);
        cr_assert_eq(roster_store_rebind(store), 0);
        put_text(store, "key", "new");
        roster_store_close(store);
        sqlite_file_remove();
    }
}

Test(store_sqlite, a_watch_begins_anew_in_another_file, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();
    struct roster_store_keys all = roster_store_prefix(text(""));
    struct roster_store_watch *watch = NULL;
    struct roster_store_events *events = NULL;

    for (int i = 0; i < 5; i++)
        put_text(store, "old", "value");
    cr_assert_eq(roster_store_watch_open(store, &all, 0, &watch), 0);
    cr_assert_eq(roster_store_watch_next(watch, 0, &events), 0);
    roster_store_free(events);
    sqlite_file_remove();
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

Test(store_sqlite, a_file_put_in_its_place_is_noticed, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open(), *decoy = NULL;
    char other_path[320], other_url[330];

    put_text(store, "key", "value");
    snprintf(other_path, sizeof(other_path), "%s/other.db", sqlite_dir);
    snprintf(other_url, sizeof(other_url), "sqlite:%s", other_path);
    cr_assert_eq(roster_store_open(other_url, NULL, &decoy, NULL, 0), 0);
    put_text(decoy, "key", "decoy");
    roster_store_close(decoy);
    sqlite_file_remove();
    cr_assert_eq(rename(other_path, sqlite_path), 0);
    cr_expect_eq(get_error(store, "key", 2000), -EREMCHG);
    cr_assert_eq(roster_store_rebind(store), 0);
    cr_expect_eq(get_error(store, "key", 2000), 0);
    roster_store_close(store);
}

Test(store_sqlite, a_revision_that_went_back_is_noticed, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();

    for (int i = 0; i < 5; i++)
        put_text(store, "key", "value");
    sqlite_file_run("UPDATE state SET revision = 2");
    cr_expect_eq(get_error(store, "key", 2000), -EREMCHG);
    cr_expect_eq(put_error(store, "key", 2000), -EREMCHG);
    roster_store_close(store);
}

Test(store_sqlite, leases_end_with_the_boot_that_they_were_granted_in, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();
    struct roster_store_lease lease;
    struct roster_store_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_store_lease_grant(store, ROSTER_STORE_MAX_TTL_MS, 2000, &lease), 0);
    put_leased(store, "leased", "value", lease.id);
    put_text(store, "free", "value");
    sqlite_file_run("UPDATE state SET boot = 'an earlier one'");
    cr_expect(!key_exists(store, "leased"));
    cr_expect(key_exists(store, "free"));
    cr_expect_eq(roster_store_lease_keep_alive(store, lease.id, 2000, &lease), -EKEYEXPIRED);
    cr_assert_eq(roster_store_stats(store, &stats), 0);
    cr_expect_eq(stats.leases_expired, 1);
    cr_assert_eq(roster_store_lease_grant(store, 60000, 2000, &lease), 0);
    cr_expect_eq(roster_store_lease_keep_alive(store, lease.id, 2000, &lease), 0);
    roster_store_close(store);
}

Test(store_sqlite, a_lease_outlives_its_handle_and_ends_without_it, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();
    struct roster_store_lease lease;

    cr_assert_eq(roster_store_lease_grant(store, 700, 2000, &lease), 0);
    put_leased(store, "key", "value", lease.id);
    roster_store_close(store);
    store = sqlite_file_open();
    cr_expect(key_exists(store, "key"));
    cr_expect(key_vanishes(store, "key"));
    roster_store_close(store);
}

/* Another user who may write to the file makes it do more than the store asks for. */
Test(store_sqlite, what_stands_in_the_schema_of_the_file_does_not_run, .init = sqlite_file_name)
{
    struct roster_store *store = sqlite_file_open();

    put_text(store, "first", "value");
    sqlite_file_run("CREATE TRIGGER greedy AFTER INSERT ON kv BEGIN DELETE FROM kv; END;"
                    "CREATE TRIGGER other AFTER UPDATE ON state BEGIN"
                    " DELETE FROM event; END");
    roster_store_close(store);
    store = sqlite_file_open();
    put_text(store, "second", "value");
    cr_expect(key_exists(store, "first"), "a trigger has run");
    cr_expect(key_exists(store, "second"), "a trigger has run");
    roster_store_close(store);
}

/* One without locks, as a program has that is alone with its files. */
Test(store_sqlite, the_hosts_default_vfs_is_not_ours, .init = sqlite_file_name)
{
    struct roster_store *store = NULL;
    sqlite3 *db;

    cr_assert_eq(sqlite3_vfs_register(sqlite3_vfs_find("unix-none"), 1), SQLITE_OK);
    cr_expect_eq(roster_store_open(sqlite_url, NULL, &store, NULL, 0), 0);
    cr_assert_eq(sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1), SQLITE_OK);
    db = sqlite_file_hold("BEGIN IMMEDIATE");
    cr_expect_eq(put_error(store, "key", 10), -ENOLCK, "it sees the lock of another one");
    sqlite3_close(db);
    cr_expect_eq(put_error(store, "key", 2000), 0);
    roster_store_close(store);
}

/* Calls of a store come from several threads, whatever the program does by itself. */
Test(store_sqlite, a_host_that_configures_sqlite_for_one_thread_is_told, .init = sqlite_file_name)
{
    static const sqlite3_mutex_methods chosen_anew;
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE];

    cr_assert_eq(sqlite3_shutdown(), SQLITE_OK);
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_MUTEX, &chosen_anew), SQLITE_OK);
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD), SQLITE_OK);
    cr_expect_eq(roster_store_open(sqlite_url, NULL, &store, error, sizeof(error)), -ENOTSUP);
    cr_expect_not_null(strstr(error, "one thread"), "%s", error);
    cr_assert_eq(sqlite3_shutdown(), SQLITE_OK);
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_MUTEX, &chosen_anew), SQLITE_OK);
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_SERIALIZED), SQLITE_OK);
    cr_assert_eq(roster_store_open(sqlite_url, NULL, &store, error, sizeof(error)), 0);
    roster_store_close(store);
}

static int interrupts;

static int interrupt(void *arg)
{
    (void)arg;
    return interrupts;
}

static int put_into_all(sqlite3 *db)
{
    sqlite3_progress_handler(db, 1, interrupt, NULL);
    return SQLITE_OK;
}

/* An extension that the program has in all connections ends statements of ours: no file is damaged
 * by that. */
Test(store_sqlite, what_the_host_interrupts_is_tried_again, .init = sqlite_file_name)
{
    struct roster_store *store;
    int64_t id;

    cr_assert_eq(sqlite3_auto_extension((void (*)(void))put_into_all), SQLITE_OK);
    store = sqlite_file_open();
    put_text(store, "key", "value");
    id = grant_lease(store, 60000);
    interrupts = 1;
    expect_every_call(store, id, 2000, "interrupted", -ENOLCK, -ENOLCK);
    interrupts = 0;
    cr_expect_eq(get_error(store, "key", 2000), 0);
    cr_expect_eq(put_error(store, "key", 2000), 0);
    cr_assert_eq(sqlite3_cancel_auto_extension((void (*)(void))put_into_all), 1);
    roster_store_close(store);
}

Test(store_sqlite, a_value_that_no_store_wrote_is_refused, .init = sqlite_file_name)
{
    struct roster_store_options options = {.size = sizeof(options), .max_result_bytes = 1U << 30};
    struct roster_store *store = NULL;

    cr_assert_eq(roster_store_open(sqlite_url, &options, &store, NULL, 0), 0);
    put_text(store, "key", "value");
    sqlite_file_run("UPDATE kv SET value = zeroblob(16000000)");
    cr_expect_eq(get_error(store, "key", 5000), -EMSGSIZE);
    roster_store_close(store);
}
