/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * When roster.so stands before SQLite, by LD_PRELOAD or because the program links it, it sees the
 * connections of a program that does nothing for it. Opening is where it steps in: earlier, SQLite
 * would be initialized before the program has configured it (sqlite3_config()).
 *
 * A program that looks SQLite up with dlsym() passes by; ROSTER_SQLITE_EARLY=1 is for those.
 */
#include "sqlite/entry.h"

#include <dlfcn.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

RST_EXT_EXPORT int sqlite3_open(const char *name, sqlite3 **db);
RST_EXT_EXPORT int sqlite3_open16(const void *name, sqlite3 **db);
RST_EXT_EXPORT int sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs);

/* Once or often is the same; after sqlite3_shutdown() it has to be said again. */
static void step_in(void)
{
    (void)sqlite3_auto_extension((void (*)(void))rst_ext_auto);
}

int sqlite3_open(const char *name, sqlite3 **db)
{
    step_in();
    return RST_EXT_NEXT(sqlite3_open)(name, db);
}

int sqlite3_open16(const void *name, sqlite3 **db)
{
    step_in();
    return RST_EXT_NEXT(sqlite3_open16)(name, db);
}

int sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs)
{
    step_in();
    return RST_EXT_NEXT(sqlite3_open_v2)(name, db, flags, vfs);
}

static __attribute__((constructor)) void step_in_early(void)
{
    const char *early = secure_getenv("ROSTER_SQLITE_EARLY");

    if (early && !strcmp(early, "1"))
        step_in();
}
