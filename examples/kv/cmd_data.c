/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Commands that read and write keys, inside the transaction that is open when they are called.
 */
#include "config.h"

#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
