/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The unused connections. The one used last is taken first, because its caches are warm. There are
 * as many as calls were ever in progress at once.
 */

#include "store/sqlite/sqlite.h"

#include <errno.h>

/*
 * The log or its index was deleted or replaced. Processes that opened the file before continue with
 * the old ones, and processes that open it now create new ones: neither sees the other's changes or
 * locks, and both copy theirs into the file. It lasts until a rebind, as connections of this
 * process share an index.
 */
static int part(struct sqlite_store *store, const struct sqlite_conn *conn)
{
    bool news;

    pthread_mutex_lock(&store->mutex);
    news = !store->parted && conn->generation == store->generation;
    store->parted |= news;
    pthread_mutex_unlock(&store->mutex);
    if (news)
        rst_store_log(&store->base, ROSTER_STORE_LOG_ERROR,
                      "SQLite file %s: its -wal or -shm file was deleted or replaced while in use; "
                      "end all that use it, then look whether it is damaged",
                      store->path);
    return -EREMCHG;
}

static int check_beside(struct sqlite_store *store, const struct sqlite_conn *conn)
{
    struct sqlite_file_id now[SQLITE_BESIDE];
    size_t i;
    int err = conn->knows_beside ? rst_sqlite_file_identify_beside(store->path, now) : 0;

    for (i = 0; i < SQLITE_BESIDE && conn->knows_beside && !err; i++)
        if (!rst_sqlite_file_same(&now[i], &conn->beside[i]))
            err = -EREMCHG;
    return err == -EREMCHG ? part(store, conn) : err;
}

int rst_sqlite_pool_check_file(struct sqlite_store *store, const struct sqlite_conn *conn)
{
    struct sqlite_file_id now, ours;
    bool same;
    int err = rst_sqlite_file_identify(store->path, &now);

    if (err)
        return err;
    pthread_mutex_lock(&store->mutex);
    ours = store->file;
    same = !store->parted && store->generation == conn->generation;
    pthread_mutex_unlock(&store->mutex);
    return same && rst_sqlite_file_same(&now, &ours) ? check_beside(store, conn) : -EREMCHG;
}

int rst_sqlite_pool_note_beside(struct sqlite_conn *conn)
{
    int err = rst_sqlite_file_identify_beside(conn->store->path, conn->beside);

    conn->knows_beside = !err;
    return err == -EREMCHG ? part(conn->store, conn) : err;
}

static struct sqlite_conn *pop(struct sqlite_store *store, unsigned *generation)
{
    struct sqlite_conn *conn;

    pthread_mutex_lock(&store->mutex);
    *generation = store->generation;
    conn = store->idle;
    if (conn)
        store->idle = conn->next;
    pthread_mutex_unlock(&store->mutex);
    return conn;
}

int rst_sqlite_pool_take(struct sqlite_store *store, int64_t deadline, struct sqlite_conn **out)
{
    unsigned generation;
    struct sqlite_file_id file;
    struct sqlite_conn *conn = pop(store, &generation);
    int err = 0;

    *out = NULL;
    if (!conn) {
        err = rst_sqlite_file_identify(store->path, &file);
        if (!err)
            err = rst_sqlite_conn_open(store, false, deadline, &conn);
        if (err)
            return err;
        conn->generation = generation;
    }
    conn->deadline = deadline;
    err = rst_sqlite_pool_check_file(store, conn);
    if (err) {
        rst_sqlite_conn_close(conn);
        return err;
    }
    *out = conn;
    return 0;
}

/* After these the connection may be in a state that a fresh one would not be in. */
static bool is_suspect(int err)
{
    return err == -EREMCHG || err == -EUCLEAN || err == -EIO || err == -EINPROGRESS ||
           err == -EROFS;
}

void rst_sqlite_pool_give(struct sqlite_store *store, struct sqlite_conn *conn, int err)
{
    bool keep;

    pthread_mutex_lock(&store->mutex);
    keep = conn->generation == store->generation && !is_suspect(err);
    if (keep) {
        conn->next = store->idle;
        store->idle = conn;
    }
    pthread_mutex_unlock(&store->mutex);
    if (!keep)
        rst_sqlite_conn_close(conn);
}

void rst_sqlite_pool_empty(struct sqlite_store *store)
{
    struct sqlite_conn *conn, *next;

    pthread_mutex_lock(&store->mutex);
    conn = store->idle;
    store->idle = NULL;
    pthread_mutex_unlock(&store->mutex);
    for (; conn; conn = next) {
        next = conn->next;
        rst_sqlite_conn_close(conn);
    }
}
