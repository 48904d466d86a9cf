/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The connections that are not in use. The one used last is taken first, because its caches are
 * warm; there are as many as calls were ever under way at once.
 */

#include "config.h"

#include <errno.h>

#include "store/sqlite/sqlite.h"

int rst_sqlite_pool_check_file(struct sqlite_store *store, const struct sqlite_conn *conn)
{
    struct sqlite_file_id now, ours;
    unsigned generation;
    int err = rst_sqlite_file_identify(store->path, &now);

    if (err)
        return err;
    pthread_mutex_lock(&store->mutex);
    ours = store->file;
    generation = store->generation;
    pthread_mutex_unlock(&store->mutex);
    return generation == conn->generation && rst_sqlite_file_same(&now, &ours) ? 0 : -EREMCHG;
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
