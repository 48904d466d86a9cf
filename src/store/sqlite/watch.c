/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The SQLite store's watches. Other processes cannot wake this one, so a waiting watch checks every
 * poll_interval_ms whether SQLite's data version has changed, which costs some ten microseconds. It
 * checks less and less often while nothing changes, because a cluster at rest should cost next to
 * nothing. Changes made through the same handle wake it at once.
 */

#include "store/base/bytes.h"
#include "store/base/clock.h"
#include "store/base/events.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <stdlib.h>

struct sqlite_watch {
    struct roster_store_watch base;
    struct sqlite_conn *conn; /* kept between calls because data versions are a connection's own */
    unsigned generation;      /* of the store that `next` belongs to */
    int64_t data_version;     /* when it was last read */
    int64_t expires_ns;       /* the next lease to run out, when it was last read */
    int64_t quiet_since;      /* CLOCK_MONOTONIC: since then nothing was found */
    int64_t retry_at;         /* after a failure nothing is tried before */
    int last_error;
};

static struct sqlite_watch *watch_of(struct roster_store_watch *watch)
{
    return (struct sqlite_watch *)watch;
}

int rst_sqlite_watch_open(struct roster_store_watch *base, struct roster_store_watch **out)
{
    struct sqlite_store *store = sqlite_store_of(base->store);
    struct sqlite_watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return -ENOMEM;
    watch->base = *base;
    pthread_mutex_lock(&store->mutex);
    watch->generation = store->generation;
    pthread_mutex_unlock(&store->mutex);
    watch->quiet_since = rst_store_monotonic_ns();
    *out = &watch->base;
    return 0;
}

static void drop_conn(struct sqlite_watch *watch, int err)
{
    if (watch->conn)
        rst_sqlite_pool_give(watch->conn->store, watch->conn, err);
    watch->conn = NULL;
}

void rst_sqlite_watch_close(struct roster_store_watch *base)
{
    struct sqlite_watch *watch = watch_of(base);

    drop_conn(watch, 0);
    free(watch);
}

void rst_sqlite_watch_wake(struct roster_store_watch *base)
{
    struct sqlite_store *store = sqlite_store_of(base->store);

    pthread_mutex_lock(&store->mutex);
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->mutex);
}

/* Has a connection to the right file, and forgets what was known of another one. */
static int connect_watch(struct sqlite_watch *watch, int64_t deadline)
{
    struct sqlite_store *store = sqlite_store_of(watch->base.store);
    int err = watch->conn ? rst_sqlite_pool_check_file(store, watch->conn) : 0;

    if (err)
        drop_conn(watch, err);
    if (!watch->conn) {
        err = rst_sqlite_pool_take(store, deadline, &watch->conn);
        if (err)
            return err;
        watch->data_version = -1;
    }
    if (watch->generation != watch->conn->generation) {
        watch->generation = watch->conn->generation;
        watch->base.next = 0;
        store_count(&store->base.counters.watch_snapshots);
    }
    watch->conn->deadline = deadline;
    return 0;
}

static int read_data_version(struct sqlite_watch *watch, int64_t *version)
{
    sqlite3_stmt *statement;
    int row = rst_sqlite_conn_ask(watch->conn, SQL_DATA_VERSION, 0, &statement);

    if (row == 1)
        *version = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return row < 0 ? row : 0;
}

static int collect_changes(struct sqlite_tx *tx, struct sqlite_watch *watch,
                           struct store_event_list *list)
{
    int err, row;
    sqlite3_stmt *statement = rst_sqlite_conn_statement(tx->conn, SQL_EVENT_WALK, &err);

    if (!statement)
        return err;
    sqlite3_bind_int64(statement, 1, watch->base.next);
    list->revision = tx->state.revision;
    while (!err && (row = rst_sqlite_conn_step(tx->conn, statement)) != 0) {
        struct roster_store_kv kv = {0};

        err = row < 0 ? row : rst_sqlite_tx_row(tx, statement, true, &kv);
        if (!err && rst_store_event_list_full(list, kv.mod_revision))
            break;
        if (!err && rst_store_keys_match(&watch->base.keys, kv.key))
            err = rst_store_event_list_add(list, &kv);
    }
    sqlite3_reset(statement);
    return err;
}

static int collect(struct sqlite_tx *tx, struct sqlite_watch *watch, struct store_event_list *list)
{
    int64_t id = 0;
    int found;

    watch->expires_ns = STORE_FOREVER;
    found = rst_sqlite_lease_next(tx, &id, &watch->expires_ns);
    if (found < 0)
        return found;
    if (!list->snapshot)
        return collect_changes(tx, watch, list);
    list->revision = tx->state.revision;
    return tx->engine.walk(&tx->engine, &watch->base.keys, rst_store_event_list_visit, list);
}

/* Reads what there is to tell; 0 also when that is nothing. */
static int read_changes(struct sqlite_watch *watch, struct roster_store_events **events)
{
    struct store_event_list list;
    struct sqlite_tx tx;
    int err = rst_sqlite_tx_begin(&tx, watch->conn, false);

    if (err)
        return err;
    err = rst_store_event_list_begin(
        &list, watch->base.store, watch->base.next == 0 || watch->base.next <= tx.state.compacted);
    if (err)
        return rst_sqlite_tx_end(&tx, err);
    err = rst_sqlite_tx_end(&tx, collect(&tx, watch, &list));
    return rst_store_event_list_end(&list, err, &watch->base, events);
}

static int look(struct sqlite_watch *watch, int64_t deadline, struct roster_store_events **events)
{
    struct sqlite_store *store = sqlite_store_of(watch->base.store);
    int64_t version = 0;
    int err = connect_watch(watch, deadline);

    if (!err)
        err = read_data_version(watch, &version);
    if (err)
        return err;
    if (version == watch->data_version &&
        rst_store_boottime_ns() - store->boottime_offset_ns < watch->expires_ns)
        return 0;
    err = read_changes(watch, events);
    /* A list that was cut short is continued without waiting for another change. */
    if (!err)
        watch->data_version = *events ? -1 : version;
    watch->quiet_since = rst_store_monotonic_ns();
    return err;
}

/* How much the interval grows with the time that was quiet, and how often it fits into the longest.
 */
#define QUIET_PART 16
#define QUIET_MOST 5

static int64_t poll_at(const struct sqlite_watch *watch)
{
    int64_t now = rst_store_monotonic_ns();
    int64_t least = watch->base.store->options.poll_interval_ms * STORE_NS_PER_MS;
    int64_t longer = least + rst_store_since(now, watch->quiet_since) / QUIET_PART;

    return rst_store_time_add(now, longer < QUIET_MOST * least ? longer : QUIET_MOST * least);
}

/* Waits for the next look, or until a change is committed through this handle. */
static void wait_a_little(struct sqlite_watch *watch, int64_t until)
{
    struct sqlite_store *store = sqlite_store_of(watch->base.store);
    int64_t left = watch->expires_ns == STORE_FOREVER
                       ? STORE_FOREVER
                       : watch->expires_ns + store->boottime_offset_ns - rst_store_boottime_ns();
    int64_t poll = poll_at(watch);
    int64_t due = rst_store_time_add(rst_store_monotonic_ns(), left > 0 ? left : 0);

    until = poll < until ? poll : until;
    until = due < until ? due : until;
    pthread_mutex_lock(&store->mutex);
    if (!rst_store_watch_canceled(&watch->base))
        rst_threads_wait(&store->changed, &store->mutex, until);
    pthread_mutex_unlock(&store->mutex);
}

static int fail(struct sqlite_watch *watch, int err)
{
    drop_conn(watch, err);
    watch->last_error = err;
    watch->expires_ns = STORE_FOREVER;
    watch->retry_at = rst_store_deadline_in(watch->base.store->options.poll_interval_ms);
    return err;
}

int rst_sqlite_watch_next(struct roster_store_watch *base, int64_t deadline,
                          struct roster_store_events **events)
{
    struct sqlite_watch *watch = watch_of(base);
    int err;

    for (;;) {
        if (rst_store_watch_canceled(base))
            return -ECANCELED;
        if (watch->last_error != 0 && rst_store_remaining_ns(watch->retry_at) > 0) {
            if (!rst_store_remaining_ns(deadline))
                return watch->last_error;
            wait_a_little(watch, deadline < watch->retry_at ? deadline : watch->retry_at);
            continue;
        }
        err = look(watch, deadline, events);
        if (err)
            return fail(watch, err);
        watch->last_error = 0;
        if (*events)
            return 0;
        if (!rst_store_remaining_ns(deadline))
            return -ETIMEDOUT;
        wait_a_little(watch, deadline);
    }
}
