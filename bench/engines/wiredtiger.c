/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * wiredtiger: WiredTiger's sessions and read timestamps, in memory and without logging or
 * statistics. begin() is begin_transaction() with a read timestamp, which is what puts it on the
 * list that the oldest reader is taken from; end() is rollback_transaction(), the cheapest end of
 * a transaction that has written nothing. Sessions have no strings.
 *
 * Nine tenths of begin() are the parsing of the read timestamp's text. wiredtiger-plain begins
 * without one, so its transactions hold back no timestamp; timestamp_transaction_uint(), which
 * takes a number, is of version 10.
 *
 * Each session has room for the transactions of all others, and is opened by a search through all
 * of them, so n sessions take n * n steps and bytes: 14 GB for 100 000. It is measured with up to
 * 10 000.
 */
#include "directory.h"
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wiredtiger.h>

/* WiredTiger's own: eviction, sweep, checkpoint, and the default session. */
#define INTERNAL_SESSIONS 64

struct world {
    struct oracle *oracle;
    WT_CONNECTION *connection;
    char *directory;
};

static const char *version(void)
{
    return WIREDTIGER_VERSION_STRING;
}

/* Its own errors are below -31000. */
static int errno_of(int result)
{
    return result > 0 ? -result : result ? -EIO : 0;
}

static void destroy(void *world)
{
    struct world *it = world;

    if (it->connection)
        it->connection->close(it->connection, "leak_memory=false");
    directory_remove(it->directory);
    free(it);
}

static int create(const struct engine_setup *setup, void **world)
{
    struct world *made = calloc(1, sizeof(*made));
    char config[128];
    int err;

    if (!made)
        return -ENOMEM;
    made->oracle = setup->oracle;
    snprintf(config, sizeof(config),
             "create,in_memory=true,cache_size=64MB,statistics=(none),session_max=%zu",
             setup->sessions + INTERNAL_SESSIONS);
    err = directory_create(&made->directory);
    if (!err)
        err = errno_of(wiredtiger_open(made->directory, NULL, config, &made->connection));
    if (err)
        destroy(made);
    else
        *world = made;
    return err;
}

static int open_session(void *world, uint64_t id, const struct who *who, void **session)
{
    struct world *it = world;
    WT_SESSION *opened;
    int err;

    (void)id;
    (void)who;
    err =
        errno_of(it->connection->open_session(it->connection, NULL, "isolation=snapshot", &opened));
    if (!err)
        *session = opened;
    return err;
}

static int close_session(void *world, void *session)
{
    WT_SESSION *closed = session;

    (void)world;
    return errno_of(closed->close(closed, NULL));
}

/* The configuration is written by hand: snprintf() would be a tenth of the whole. */
static int begin(void *world, void *session, uint64_t *start_ts)
{
    static const char digits[] = "0123456789abcdef";
    char config[] = "read_timestamp=0123456789abcdef";
    struct world *it = world;
    WT_SESSION *owned = session;
    uint64_t ts = *start_ts = oracle_start_ts(it->oracle);
    char *at = config + sizeof(config) - 1;
    size_t i;

    for (i = 0; i < 16; i++) {
        *--at = digits[ts & 15];
        ts >>= 4;
    }
    return errno_of(owned->begin_transaction(owned, config));
}

static int begin_plain(void *world, void *session, uint64_t *start_ts)
{
    struct world *it = world;
    WT_SESSION *owned = session;

    *start_ts = oracle_start_ts(it->oracle);
    return errno_of(owned->begin_transaction(owned, NULL));
}

static int end(void *world, void *session)
{
    WT_SESSION *owned = session;

    (void)world;
    return errno_of(owned->rollback_transaction(owned, NULL));
}

static int oldest(void *world, uint64_t *ts)
{
    struct world *it = world;
    uint64_t now = oracle_now(it->oracle);
    char hex[32];
    int result = it->connection->query_timestamp(it->connection, hex, "get=oldest_reader");

    if (result == WT_NOTFOUND) {
        *ts = now;
        return 0;
    }
    if (result)
        return errno_of(result);
    *ts = strtoull(hex, NULL, 16);
    return 0;
}

const struct engine engine_wiredtiger = {
    .name = "wiredtiger",
    .title = "WiredTiger, read timestamps",
    .can = CAN_TXN | CAN_OLDEST | CAN_VALUE,
    .most_sessions = 10000,
    ENGINE_TXNS,
    .create = create,
    .oldest = oldest,
};

const struct engine engine_wiredtiger_plain = {
    .name = "wiredtiger-plain",
    .title = "WiredTiger, transactions without a timestamp",
    .can = CAN_TXN,
    .most_sessions = 10000,
    .version = version,
    .create = create,
    .destroy = destroy,
    .open = open_session,
    .close = close_session,
    .begin = begin_plain,
    .end = end,
};
