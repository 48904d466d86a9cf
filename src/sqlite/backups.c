/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Backups. A step of sqlite3_backup_step() reads a snapshot without a statement, and a step may be
 * all of the file. Where roster.so stands before SQLite, it is shown as one that its connection
 * runs. SQLite does not let anyone interrupt it.
 */
#include "sqlite/extension.h"

#include "sqlite/entry.h"

#include <dlfcn.h>
#include <stdlib.h>

SQLITE_EXTENSION_INIT3

#undef sqlite3_backup_finish
#undef sqlite3_backup_init
#undef sqlite3_backup_step

#define TEXT "sqlite3_backup_step()"

RST_EXT_EXPORT sqlite3_backup *sqlite3_backup_init(sqlite3 *pDest, const char *zDestName,
                                                   sqlite3 *pSource, const char *zSourceName);
RST_EXT_EXPORT int sqlite3_backup_step(sqlite3_backup *p, int nPage);
RST_EXT_EXPORT int sqlite3_backup_finish(sqlite3_backup *p);

/* Which connection a backup reads. That stays until the backup is finished. Under rst_ext_lock. */
static struct backup {
    struct backup *next;
    const sqlite3_backup *backup;
    struct rst_ext_conn *source;
} * backups;

static struct backup **place(const sqlite3_backup *backup)
{
    struct backup **link = &backups;

    while (*link && (*link)->backup != backup)
        link = &(*link)->next;
    return link;
}

static void add(const sqlite3_backup *backup, struct rst_ext_conn *source)
{
    struct backup *added = malloc(sizeof(*added));

    if (!added)
        return; /* it is not shown */
    added->backup = backup;
    added->source = source;
    pthread_mutex_lock(&rst_ext_lock);
    added->next = backups;
    backups = added;
    pthread_mutex_unlock(&rst_ext_lock);
}

sqlite3_backup *sqlite3_backup_init(sqlite3 *pDest, const char *zDestName, sqlite3 *pSource,
                                    const char *zSourceName)
{
    sqlite3_backup *backup =
        RST_EXT_NEXT(sqlite3_backup_init)(pDest, zDestName, pSource, zSourceName);
    struct rst_ext_conn *source = backup ? rst_ext_conn_of(pSource) : NULL;

    if (source)
        add(backup, source);
    return backup;
}

static struct rst_ext_conn *source_of(const sqlite3_backup *backup)
{
    struct rst_ext_conn *source = NULL;
    struct backup *found;

    pthread_mutex_lock(&rst_ext_lock);
    found = *place(backup);
    if (found && !found->source->inherited)
        source = found->source;
    pthread_mutex_unlock(&rst_ext_lock);
    return source;
}

int sqlite3_backup_step(sqlite3_backup *p, int nPage)
{
    struct rst_ext_conn *source = source_of(p);
    sqlite3_mutex *mutex;
    bool shown;
    int err;

    if (!source)
        return RST_EXT_NEXT(sqlite3_backup_step)(p, nPage);
    /* SQLite takes this one first, too. */
    mutex = sqlite3_db_mutex(source->db);
    sqlite3_mutex_enter(mutex);
    shown = rst_ext_reading_begin(source, TEXT);
    err = RST_EXT_NEXT(sqlite3_backup_step)(p, nPage);
    if (shown)
        rst_ext_reading_end(source);
    sqlite3_mutex_leave(mutex);
    return err;
}

int sqlite3_backup_finish(sqlite3_backup *p)
{
    struct backup **link, *found;

    pthread_mutex_lock(&rst_ext_lock);
    link = place(p);
    found = *link;
    if (found)
        *link = found->next;
    pthread_mutex_unlock(&rst_ext_lock);
    free(found);
    return RST_EXT_NEXT(sqlite3_backup_finish)(p);
}
