/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Keeps the write-ahead log small. After a commit that leaves PAGES in it, the pages that no reader
 * holds back are copied into the database. Once all of them are copied, the next writer restarts
 * the log. If readers overlap without a gap that never happens by itself, so from PAGES_MOST on the
 * committer waits for it. The wait is short, because a reader of another program may never end.
 */

#include "store/base/clock.h"
#include "store/sqlite/sqlite.h"

#define PAGES 1000      /* 4 MB */
#define PAGES_MOST 3000 /* 12 MB */
#define PATIENCE_MS 50

/* Whether to wait for readers. When that was in vain the log has to grow before the next try, by as
 * much again: a reader without end costs a wait for each 12 MB. */
static bool shall_wait(struct sqlite_store *store, int pages)
{
    bool wait;

    pthread_mutex_lock(&store->mutex);
    wait = pages >= PAGES_MOST && pages >= store->log_wait_from;
    pthread_mutex_unlock(&store->mutex);
    return wait;
}

/* Warns each time that the log has doubled. */
static void note_wait(struct sqlite_store *store, int pages, bool done)
{
    bool warn;

    pthread_mutex_lock(&store->mutex);
    warn = !done && pages >= store->log_warn_from;
    store->log_wait_from = done ? 0 : pages + PAGES_MOST;
    if (done || warn)
        store->log_warn_from = done ? 0 : 2 * pages;
    pthread_mutex_unlock(&store->mutex);
    if (warn)
        rst_store_log(
            &store->base, ROSTER_STORE_LOG_WARNING,
            "SQLite file %s: its log has grown to %d pages, because some process has been "
            "reading the file for long; find it and end its transaction",
            store->path, pages);
}

static void wait_for_readers(struct sqlite_conn *conn, const char *name, int pages)
{
    int64_t deadline = conn->deadline, soon = rst_store_deadline_in(PATIENCE_MS);
    int rc;

    conn->deadline = soon < deadline ? soon : deadline;
    rc = sqlite3_wal_checkpoint_v2(conn->db, name, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    conn->deadline = deadline;
    if (rc == SQLITE_OK || rc == SQLITE_BUSY)
        note_wait(conn->store, pages, rc == SQLITE_OK);
}

/* Called by SQLite after a commit, which no failure of this undoes: the log is only longer then. */
static int after_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_conn *conn = arg;

    if (pages >= PAGES && shall_wait(conn->store, pages))
        wait_for_readers(conn, name, pages);
    else if (pages >= PAGES)
        (void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

void rst_sqlite_wal_bound(struct sqlite_conn *conn)
{
    sqlite3_wal_hook(conn->db, after_commit, conn);
}
