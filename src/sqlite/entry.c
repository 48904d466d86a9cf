/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The entry point that SQLite looks for in roster.so, which then works for this and all further
 * connections of the process, and stays loaded.
 */
#include "config.h"

#include "sqlite/entry.h"

#include "sqlite/extension.h"

#include <stdio.h>

SQLITE_EXTENSION_INIT1

#define OLDEST 3034000 /* has sqlite3_txn_state() */

/* The extension may be loaded beside another build of the library. */
static int check_library(const struct sqlite3_api_routines *api, char **message)
{
    static const struct roster_build build = ROSTER_BUILD_INIT;
    const char *differs;

    if (!roster_build_check(&build, &differs))
        return SQLITE_OK;
    *message = api->mprintf("roster: roster.so of version " PACKAGE_VERSION
                            " does not fit the libroster %s that was found (%s); install both of "
                            "the same release",
                            roster_version(), differs);
    return SQLITE_ERROR;
}

/* A process may hold several copies of SQLite: one in a library, another inside the program. */
static int take_copy(const struct sqlite3_api_routines *api, char **message)
{
    int err = SQLITE_OK;

    pthread_mutex_lock(&rst_ext_lock);
    if (sqlite3_api && sqlite3_api != api) {
        *message = api->mprintf("roster: it is loaded already, for another copy of SQLite in this "
                                "process");
        err = SQLITE_ERROR;
    } else if (api->libversion_number() < OLDEST) {
        *message =
            api->mprintf("roster: SQLite 3.34 or newer is needed, this is %s", api->libversion());
        err = SQLITE_ERROR;
    } else {
        sqlite3_api = api;
    }
    pthread_mutex_unlock(&rst_ext_lock);
    return err;
}

/* Two files of this kind would each take the callbacks of the other one's connections. */
static int check_alone(sqlite3 *db, char **message)
{
    static const char sql[] = "SELECT 1 FROM pragma_function_list WHERE name = 'roster_id'";
    sqlite3_stmt *stmt = NULL;
    int err = SQLITE_OK;

    if (rst_ext_conn_of(db))
        return SQLITE_OK;
    if (!sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) && sqlite3_step(stmt) == SQLITE_ROW) {
        *message = sqlite3_mprintf("roster: another copy of roster.so is loaded in this process");
        err = SQLITE_ERROR;
    }
    sqlite3_finalize(stmt);
    return err;
}

static int enter(sqlite3 *db, bool fresh, char **message, const struct sqlite3_api_routines *api)
{
    int err = check_library(api, message);

    if (!err)
        err = take_copy(api, message);
    if (!err && !fresh)
        err = check_alone(db, message);
    if (!err)
        err = rst_ext_open(db, fresh, message);
    return err ? err : rst_ext_tables_register(db);
}

/* A program that does nothing for the extension reads no log of SQLite's. Once is enough. */
static void say_once(const char *text)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;

    if (!atomic_flag_test_and_set(&said))
        fprintf(stderr, "%s\n", text);
}

/* For every connection that is opened: an error here would make the opening fail. */
int rst_ext_auto(sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
    char *text = NULL;
    int err = enter(db, true, &text, api);

    (void)message;
    if (err) {
        say_once(text ? text : "roster: out of memory");
        api->log(err, "%s: the connection is not shown", text ? text : "roster");
    }
    api->free(text);
    return SQLITE_OK;
}

int sqlite3_roster_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
    int err = enter(db, false, message, api);

    if (!err)
        err = sqlite3_auto_extension((void (*)(void))rst_ext_auto);
    return err ? err : SQLITE_OK_LOAD_PERMANENTLY;
}
