/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands that read and write keys, inside the transaction that is open when they are called.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_MAX 100000 /* keys that one SCAN looks for; the reply has a limit, too */

/* Reads a key into the worker's scratch buffer. Returns 1, 0 when it has no value, or an error. */
static int get(struct conn *conn, struct slice key)
{
    struct buf *value = &conn->worker->scratch;
    int found;

    buf_clear(value);
    found = txn_get(&conn->txn, key, value);
    return value->failed ? -ENOMEM : found;
}

static int reply_value(struct conn *conn, struct slice key)
{
    const struct buf *value = &conn->worker->scratch;
    int found = get(conn, key);

    if (found < 0)
        return found;
    if (found)
        reply_bulk(&conn->out, value->data, value->len);
    else
        reply_string(&conn->out, NULL);
    return conn->out.failed ? -EMSGSIZE : 0;
}

int cmd_get(struct conn *conn, const struct request *request)
{
    return reply_value(conn, request->argv[1]);
}

int cmd_mget(struct conn *conn, const struct request *request)
{
    size_t n;
    int err = 0;

    reply_array(&conn->out, request->argc - 1);
    for (n = 1; !err && n < request->argc; n++)
        err = reply_value(conn, request->argv[n]);
    return err;
}

/* SET and MSET */
int cmd_set(struct conn *conn, const struct request *request)
{
    size_t n;
    int err = 0;

    if (request->argc % 2 == 0)
        return reply_error(&conn->out, "ERR MSET takes keys and values in pairs");
    for (n = 1; !err && n < request->argc; n += 2)
        err = txn_put(&conn->txn, request->argv[n], &request->argv[n + 1]);
    return err ? err : reply_status(&conn->out, "OK");
}

/* Counts the keys that have a value, and deletes them if that is wanted. */
static int count_keys(struct conn *conn, const struct request *request, bool del)
{
    int64_t count = 0;
    size_t n;
    int found, err = 0;

    for (n = 1; !err && n < request->argc; n++) {
        found = get(conn, request->argv[n]);
        if (found < 0)
            return found;
        count += found;
        if (found && del)
            err = txn_put(&conn->txn, request->argv[n], NULL);
    }
    return err ? err : reply_integer(&conn->out, count);
}

int cmd_del(struct conn *conn, const struct request *request)
{
    return count_keys(conn, request, true);
}

int cmd_exists(struct conn *conn, const struct request *request)
{
    return count_keys(conn, request, false);
}

int cmd_type(struct conn *conn, const struct request *request)
{
    int found = get(conn, request->argv[1]);

    return found < 0 ? found : reply_status(&conn->out, found ? "string" : "none");
}

int cmd_strlen(struct conn *conn, const struct request *request)
{
    int found = get(conn, request->argv[1]);

    return found < 0 ? found : reply_integer(&conn->out, (int64_t)conn->worker->scratch.len);
}

/* The keys of a SCAN, as replies in the worker's scratch buffer. */
struct scan {
    struct buf *out;
    const char *pattern; /* NULL: all */
    size_t count;
};

static void scan_key(struct slice key, void *arg)
{
    struct scan *scan = arg;
    size_t mark = scan->out->len;

    reply_bulk(scan->out, key.data, key.len);
    if (scan->pattern && !scan->out->failed) {
        char *text = scan->out->data + scan->out->len - key.len - 2;

        text[key.len] = '\0';
        /* fnmatch() ends at a NUL, so a key that has one matches no pattern. */
        if (strlen(text) != key.len || fnmatch(scan->pattern, text, 0) != 0) {
            buf_truncate(scan->out, mark);
            return;
        }
        text[key.len] = '\r';
    }
    scan->count++;
}

static bool parse_unsigned(struct slice text, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text.data, &end, 10);
    return !errno && text.len && text.data[0] >= '0' && text.data[0] <= '9' && !*end;
}

static void reply_cursor(struct buf *out, uint64_t cursor)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, cursor);
    reply_string(out, text);
}

int cmd_scan(struct conn *conn, const struct request *request)
{
    struct scan scan = {.out = &conn->worker->scratch};
    bool strings = true;
    uint64_t cursor, count = 10;
    size_t n;
    int err;

    if (!parse_unsigned(request->argv[1], &cursor))
        return reply_error(&conn->out, "ERR a cursor is 0 or what SCAN returned last");
    if (request->argc % 2)
        return reply_error(&conn->out, "ERR syntax error");
    for (n = 2; n < request->argc; n += 2) {
        if (request_is(request, n, "MATCH"))
            scan.pattern = request->argv[n + 1].data;
        else if (request_is(request, n, "TYPE"))
            strings = request_is(request, n + 1, "string");
        else if (!request_is(request, n, "COUNT"))
            return reply_error(&conn->out, "ERR syntax error");
        else if (!parse_unsigned(request->argv[n + 1], &count) || !count || count > SCAN_MAX)
            return reply_error(&conn->out, "ERR COUNT takes a number from 1 to %d", SCAN_MAX);
    }
    buf_clear(scan.out);
    err = txn_scan(&conn->txn, &cursor, count, scan_key, &scan);
    if (err || scan.out->failed)
        return err ? err : -ENOMEM;
    reply_array(&conn->out, 2);
    reply_cursor(&conn->out, cursor);
    reply_array(&conn->out, strings ? scan.count : 0);
    if (strings)
        buf_append(&conn->out, scan.out->data, scan.out->len);
    return 0;
}

/* A number as Redis writes one: nothing else around it. */
static bool parse_integer(const char *text, size_t len, long long *value)
{
    char *end;

    if (!len || len > 20 || strchr(" \t\n\v\f\r+", text[0]))
        return false;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return !errno && end == text + len;
}

/* INCR, INCRBY, DECR and DECRBY */
int cmd_incr(struct conn *conn, const struct request *request)
{
    struct buf *value = &conn->worker->scratch;
    bool negative = (request->argv[0].data[0] | 32) == 'd';
    long long delta = 1, number = 0;
    struct slice result;
    char text[32];
    int err, found = get(conn, request->argv[1]);

    if (found < 0)
        return found;
    buf_append(value, "", 1); /* a final zero for strtoll() */
    if ((request->argc > 2 &&
         !parse_integer(request->argv[2].data, request->argv[2].len, &delta)) ||
        (negative && __builtin_sub_overflow(0, delta, &delta)) ||
        (found && (value->failed || !parse_integer(value->data, value->len - 1, &number))))
        return reply_error(&conn->out, "ERR value is not an integer or out of range");
    if (__builtin_add_overflow(number, delta, &number))
        return reply_error(&conn->out, "ERR increment or decrement would overflow");
    result.data = text;
    result.len = (size_t)snprintf(text, sizeof(text), "%lld", number);
    err = txn_put(&conn->txn, request->argv[1], &result);
    return err ? err : reply_integer(&conn->out, number);
}

static void count_key(struct slice key, void *arg)
{
    ++*(int64_t *)arg;
}

int cmd_dbsize(struct conn *conn, const struct request *request)
{
    uint64_t cursor = 0;
    int64_t count = 0;
    int err = txn_scan(&conn->txn, &cursor, SIZE_MAX, count_key, &count);

    return err ? err : reply_integer(&conn->out, count);
}

int cmd_flushdb(struct conn *conn, const struct request *request)
{
    int err = txn_begin(&conn->txn);

    if (err)
        return err;
    err = store_flush(conn->worker->server->store);
    txn_rollback(&conn->txn); /* it has no writes of its own */
    return err ? err : reply_status(&conn->out, "OK");
}
