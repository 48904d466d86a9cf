/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The file of an SQLite store, and what is done to it behind the store's back. */
#pragma once

#include <sqlite3.h>

#include <roster/store.h>

/* Where it is, once it has been named: in a directory of its own. */
extern char sqlite_dir[256], sqlite_path[300], sqlite_url[310];

/* Makes the directory and names the file, which is not there yet. For a test's .init. */
void sqlite_file_name(void);

/* Opens a store on it; asserts success. */
struct roster_store *sqlite_file_open(void);

/* Runs SQL on the file and returns the connection, which may hold a lock by that. */
sqlite3 *sqlite_file_hold(const char *sql);
/* Runs SQL on the file. */
void sqlite_file_run(const char *sql);

/* Removes the file, which must be there, and what stands beside it. */
void sqlite_file_remove(void);

/* Bytes of the file and of its log; 0 where there is none. */
long sqlite_file_size(void);
long sqlite_wal_size(void);
