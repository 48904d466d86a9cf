/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Waits for a lock. A connection has one busy handler, and that is the program's: it is not
 * touched. What SQLite does when it is busy (sqlite3_busy_timeout(), PRAGMA busy_timeout, WAL
 * recovery) is to sleep by its VFS, and so does a handler of the program that calls
 * sqlite3_sleep(). So the sleep of the VFS says on which connection this thread waits. A handler
 * that waits by other means is seen where roster.so stands before SQLite, see handlers.c.
 *
 * A sleep counts when this thread has begun a statement that has neither returned a row nor ended:
 * later ones are not waits for a lock, but the program's own.
 */
#include "sqlite/extension.h"

SQLITE_EXTENSION_INIT3

#define MOST_VFS 16

typedef int sleep_fn(sqlite3_vfs *vfs, int us);

static struct {
    const sqlite3_vfs *vfs;
    void *data;
    sleep_fn *sleep;
} known[MOST_VFS]; /* an entry is complete before its VFS calls us */
static unsigned n_known;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of changing them; the innermost */

uint32_t rst_ext_wait_event(void)
{
    static atomic_uint event;
    uint32_t number = atomic_load(&event);

    if (!number && !roster_wait_event_register(ROSTER_WAIT_LOCK, "busy", &number))
        atomic_store(&event, number);
    return number;
}

static bool is_open(const struct rst_ext_conn *conn)
{
    const struct rst_ext_conn *other;

    for (other = rst_ext_conns; other && other != conn; other = other->next)
        ;
    return other && atomic_load(&other->cursors);
}

/* Whether it is shown. What holds the lock may sleep itself, while it rolls back: that is not. */
static bool begin_wait(struct rst_ext_conn *conn)
{
    bool begun = false;

    if (!conn || pthread_mutex_trylock(&rst_ext_lock))
        return false;
    if (is_open(conn))
        begun = !roster_wait_begin(conn->session, rst_ext_wait_event());
    pthread_mutex_unlock(&rst_ext_lock);
    return begun;
}

static void end_wait(struct rst_ext_conn *conn)
{
    pthread_mutex_lock(&rst_ext_lock);
    if (is_open(conn))
        roster_wait_end(conn->session);
    pthread_mutex_unlock(&rst_ext_lock);
}

static _Thread_local bool sleeping __attribute__((tls_model("initial-exec")));

/*
 * A program may make a VFS of its own by copying one that is known; and what sleeps in it may then
 * call, with that VFS, what it has copied: us once more. The first that is known is SQLite's own.
 */
static sleep_fn *own_sleep(const sqlite3_vfs *vfs)
{
    unsigned n;

    if (sleeping)
        return known[0].sleep;
    for (n = 0; n < MOST_VFS && known[n].vfs != vfs; n++)
        ;
    if (n < MOST_VFS)
        return known[n].sleep;
    for (n = 0; n < MOST_VFS && known[n].sleep && known[n].data != vfs->pAppData; n++)
        ;
    return n < MOST_VFS && known[n].sleep ? known[n].sleep : known[0].sleep;
}

static int sleep_shown(sqlite3_vfs *vfs, int us)
{
    struct rst_ext_conn *conn = sleeping ? NULL : rst_ext_inside();
    sleep_fn *own = own_sleep(vfs);
    bool shown = begin_wait(conn), before = sleeping;
    int slept;

    sleeping = true;
    slept = own(vfs, us);
    sleeping = before;
    if (shown)
        end_wait(conn);
    return slept;
}

/* Under `lock`. Once for each: a program that has put a sleep of its own before ours calls ours. */
static void watch(sqlite3_vfs *vfs)
{
    unsigned n;

    if (!vfs || !vfs->xSleep || vfs->xSleep == sleep_shown)
        return;
    for (n = 0; n < n_known && known[n].vfs != vfs; n++)
        ;
    if (n < n_known || n == MOST_VFS)
        return;
    known[n].sleep = vfs->xSleep;
    known[n].data = vfs->pAppData;
    known[n].vfs = vfs;
    n_known++;
    __atomic_store_n(&vfs->xSleep, sleep_shown, __ATOMIC_RELEASE); /* pairs with calls of the VFS */
}

void rst_ext_waits_watch(sqlite3 *db)
{
    sqlite3_vfs *vfs = NULL;

    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
    pthread_mutex_lock(&lock);
    watch(sqlite3_vfs_find(NULL));
    watch(vfs);
    pthread_mutex_unlock(&lock);
}

/* Another thread may have been inside rst_ext_waits_watch(); then an entry is not seen yet. */
void rst_ext_waits_forked(void)
{
    pthread_mutex_init(&lock, NULL);
}
