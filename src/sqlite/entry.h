/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * How SQLite enters roster.so.
 */
#pragma once

struct sqlite3;
struct sqlite3_api_routines;

#define RST_EXT_EXPORT __attribute__((visibility("default")))

/* SQLite's own function, where roster.so stands before it. */
#define RST_EXT_NEXT(function) ((__typeof__(function) *)dlsym(RTLD_NEXT, #function))

/* The entry point, by SQLite's convention for a file roster.so. */
RST_EXT_EXPORT int sqlite3_roster_init(struct sqlite3 *db, char **message,
                                       const struct sqlite3_api_routines *api);

/* For sqlite3_auto_extension(). */
int rst_ext_auto(struct sqlite3 *db, char **message, const struct sqlite3_api_routines *api);
