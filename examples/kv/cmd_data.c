/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands that read and write keys, inside the transaction that is open when they are called.
 */
#include "server.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_COUNT 10   /* keys that one SCAN looks for, without COUNT */
#define SCAN_MAX 100000 /* the most that COUNT takes; the reply has a limit, too */

static int reply_value(struct conn *conn, struct slice key)
{
    size_t mark = conn->peer.out.len;
    int found = txn_get(&conn->txn, key, NULL, &conn->peer.out);

    if (found > 0)
        reply_bulk_since(&conn->peer.out, mark);
    if (!found)
        reply_string(&conn->peer.out, NULL);
    return found < 0 ? found : conn->peer.out.failed ? -EMSGSIZE : 0;
}

int cmd_get(struct conn *conn, const struct request *request, struct buf *out)
{
    return reply_value(conn, request->argv[1]);
}

int cmd_mget(struct conn *conn, const struct request *request, struct buf *out)
{
    size_t n;
    int err = 0;

    reply(out, "*%zu", request->argc - 1);
    for (n = 1; !err && n < request->argc; n++)
        err = reply_value(conn, request->argv[n]);
    return err;
}

/* SET and MSET */
int cmd_set(struct conn *conn, const struct request *request, struct buf *out)
{
    size_t n;
    int err = 0;

    if (request->argc % 2 == 0)
        return reply(out, "-ERR MSET takes keys and values in pairs");
    for (n = 1; !err && n < request->argc; n += 2)
        err = txn_put(&conn->txn, request->argv[n], &request->argv[n + 1]);
    return reply_done(out, err);
}

/* DEL and EXISTS: count the keys that have a value. */
int cmd_count(struct conn *conn, const struct request *request, struct buf *out)
{
    bool del = request_is(request, 0, "DEL");
    size_t n, count = 0;
    int got = 0;

    for (n = 1; got >= 0 && n < request->argc; n++) {
        got = txn_get(&conn->txn, request->argv[n], NULL, NULL);
        count += got > 0;
        if (got > 0 && del)
            got = txn_put(&conn->txn, request->argv[n], NULL);
    }
    return got < 0 ? got : reply(out, ":%zu", count);
}

/* TYPE and STRLEN */
int cmd_measure(struct conn *conn, const struct request *request, struct buf *out)
{
    size_t len;
    int found = txn_get(&conn->txn, request->argv[1], &len, NULL);

    if (found >= 0 && request_is(request, 0, "TYPE"))
        return reply(out, found ? "+string" : "+none");
    return found < 0 ? found : reply(out, ":%zu", len);
}

struct scan {
    struct buf *out;
    const char *pattern; /* NULL: all */
    size_t count;
};

static int scan_key(struct slice key, void *arg)
{
    struct scan *scan = arg;

    /* fnmatch() ends at a NUL, so a key that has one matches no pattern but "*". */
    if (scan->pattern && (strlen(key.data) != key.len || fnmatch(scan->pattern, key.data, 0) != 0))
        return 0;
    scan->count++;
    reply_bulk(scan->out, key);
    return scan->out->failed ? -EMSGSIZE : 0;
}

int cmd_scan(struct conn *conn, const struct request *request, struct buf *out)
{
    struct buf keys = {.limit = out->limit};
    struct scan scan = {.out = &keys};
    uint64_t cursor, count = SCAN_COUNT;
    bool strings = true; /* there are no other types */
    char next[24];
    size_t n;
    int err;

    if (!slice_number(request->argv[1], &cursor))
        return reply(out, "-ERR a cursor is 0 or what SCAN returned last");
    for (n = 2; n < request->argc; n += 2) {
        if (n + 1 == request->argc)
            return reply(out, "-ERR syntax error");
        if (request_is(request, n, "MATCH")) {
            if (!slice_is(request->argv[n + 1], request->argv[n + 1].data))
                return reply(out, "-ERR a pattern has no NUL in it");
            scan.pattern = request_is(request, n + 1, "*") ? NULL : request->argv[n + 1].data;
        } else if (request_is(request, n, "TYPE"))
            strings = request_is(request, n + 1, "string");
        else if (!request_is(request, n, "COUNT"))
            return reply(out, "-ERR syntax error");
        else if (!slice_number(request->argv[n + 1], &count) || !count || count > SCAN_MAX)
            return reply(out, "-ERR COUNT takes a number from 1 to %d", SCAN_MAX);
    }
    err = txn_scan(&conn->txn, &cursor, count, scan_key, &scan);
    if (!err) {
        snprintf(next, sizeof(next), "%" PRIu64, cursor);
        reply(out, "*2");
        reply_string(out, next);
        reply(out, "*%zu", strings ? scan.count : 0);
        buf_append(out, keys.data, strings ? keys.len : 0);
    }
    buf_free(&keys);
    return err;
}

/* INCR, INCRBY, DECR and DECRBY */
int cmd_incr(struct conn *conn, const struct request *request, struct buf *out)
{
    bool negative = (request->argv[0].data[0] | 32) == 'd', valid;
    struct buf value = {0};
    long long delta = 1, number = 0;
    struct slice result;
    char text[32];
    int err, found = txn_get(&conn->txn, request->argv[1], NULL, &value);

    buf_append(&value, "", 1); /* a final zero for strtoll() */
    valid = !value.failed &&
            (found <= 0 || slice_integer((struct slice){value.data, value.len - 1}, &number)) &&
            (request->argc == 2 || slice_integer(request->argv[2], &delta)) &&
            !(negative && __builtin_sub_overflow(0, delta, &delta));
    buf_free(&value);
    if (found < 0)
        return found;
    if (!valid)
        return reply(out, "-ERR value is not an integer or out of range");
    if (__builtin_add_overflow(number, delta, &number))
        return reply(out, "-ERR increment or decrement would overflow");
    result.data = text;
    result.len = (size_t)snprintf(text, sizeof(text), "%lld", number);
    err = txn_put(&conn->txn, request->argv[1], &result);
    return err ?: reply(out, ":%lld", number);
}

static int count_key(struct slice key, void *arg)
{
    ++*(size_t *)arg;
    return 0;
}

int cmd_dbsize(struct conn *conn, const struct request *request, struct buf *out)
{
    uint64_t cursor = 0;
    size_t count = 0;
    int err = txn_scan(&conn->txn, &cursor, SIZE_MAX, count_key, &count);

    return err ?: reply(out, ":%zu", count);
}

static int delete_key(struct slice key, void *arg)
{
    return txn_put(arg, key, NULL);
}

int cmd_flushdb(struct conn *conn, const struct request *request, struct buf *out)
{
    uint64_t cursor = 0;

    return reply_done(out, txn_scan(&conn->txn, &cursor, SIZE_MAX, delete_key, &conn->txn));
}
