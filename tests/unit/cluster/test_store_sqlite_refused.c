/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Files that an SQLite store does not take for its own, or no longer: foreign, later, damaged. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite_file.h"
#include "store_fixture.h"

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
    cr_expect_not_null(strstr(error, "no SQLite file"), "%s", error);
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
