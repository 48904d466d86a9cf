/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands that read and write keys, inside the transaction that is open when they are called.
 */
#include "config.h"

#include "command.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_MAX 100000 /* keys that one SCAN looks for; its reply is limited anyway */

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

int cmd_scan(struct conn *conn, const struct request *request)
{
    struct scan scan = {.out = &conn->worker->scratch};
    bool strings = true;
    uint64_t cursor, count = 10;
    char text[32];
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
    snprintf(text, sizeof(text), "%" PRIu64, cursor);
    reply_string(&conn->out, text);
    reply_array(&conn->out, strings ? scan.count : 0);
    if (strings)
        buf_append(&conn->out, scan.out->data, scan.out->len);
    return 0;
}

/* A number as Redis writes one: nothing else around it. */
static bool parse_integer(struct buf *text, long long *value)
{
    char *end;

    if (!text->len || text->len > 20 || strchr(" \t\n\v\f\r+", text->data[0]))
        return false;
    buf_append(text, "", 1);
    if (text->failed)
        return false;
    errno = 0;
    *value = strtoll(text->data, &end, 10);
    return !errno && end == text->data + text->len - 1;
}

static int add(struct conn *conn, struct slice key, long long delta)
{
    struct slice result;
    long long number = 0;
    char text[32];
    int err, found = get(conn, key);

    if (found < 0)
        return found;
    if (found && !parse_integer(&conn->worker->scratch, &number))
        return reply_error(&conn->out, "ERR value is not an integer or out of range");
    if (__builtin_add_overflow(number, delta, &number))
        return reply_error(&conn->out, "ERR increment or decrement would overflow");
    result.data = text;
    result.len = (size_t)snprintf(text, sizeof(text), "%lld", number);
    err = txn_put(&conn->txn, key, &result);
    return err ? err : reply_integer(&conn->out, number);
}

/* A number to add is an argument: it is parsed where the value will be. */
static int add_argument(struct conn *conn, const struct request *request, bool negative)
{
    struct buf *text = &conn->worker->scratch;
    long long number;

    buf_clear(text);
    buf_append(text, request->argv[2].data, request->argv[2].len);
    if (!parse_integer(text, &number) || (negative && __builtin_sub_overflow(0, number, &number)))
        return reply_error(&conn->out, "ERR value is not an integer or out of range");
    return add(conn, request->argv[1], number);
}

int cmd_incrby(struct conn *conn, const struct request *request)
{
    return add_argument(conn, request, false);
}

int cmd_decrby(struct conn *conn, const struct request *request)
{
    return add_argument(conn, request, true);
}

int cmd_incr(struct conn *conn, const struct request *request)
{
    return add(conn, request->argv[1], 1);
}

int cmd_decr(struct conn *conn, const struct request *request)
{
    return add(conn, request->argv[1], -1);
}

int cmd_dbsize(struct conn *conn, const struct request *request)
{
    uint64_t count;
    int err = txn_count(&conn->txn, &count);

    return err ? err : reply_integer(&conn->out, (int64_t)count);
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
