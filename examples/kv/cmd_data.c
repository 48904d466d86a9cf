/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Commands that read and write keys, inside the transaction that is open when they are called.
 */
#include "config.h"

#include "command.h"
#include "reply.h"
#include "server.h"
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends the key's value to the reply. */
static int reply_value(struct conn *conn, struct slice key)
{
    struct buf *value = &conn->worker->scratch;
    int found;

    buf_clear(value);
    found = txn_get(&conn->txn, key, value);
    if (found < 0)
        return found;
    if (value->failed)
        return -ENOMEM;
    if (found)
        reply_bulk(&conn->out, value->data, value->len);
    else
        reply_nil(&conn->out);
    return conn->out.failed ? -EMSGSIZE : 0;
}

/* Returns 1 when the key exists, 0 when it does not. */
static int exists(struct conn *conn, struct slice key)
{
    struct buf *value = &conn->worker->scratch;

    buf_clear(value);
    return txn_get(&conn->txn, key, value);
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

int cmd_mset(struct conn *conn, const struct request *request)
{
    size_t n;
    int err = 0;

    if (request->argc % 2 == 0) {
        reply_error(&conn->out, "ERR MSET takes keys and values in pairs");
        return 0;
    }
    for (n = 1; !err && n < request->argc; n += 2)
        err = txn_put(&conn->txn, request->argv[n], &request->argv[n + 1]);
    reply_status(&conn->out, "OK");
    return err;
}

int cmd_set(struct conn *conn, const struct request *request)
{
    return cmd_mset(conn, request);
}

int cmd_del(struct conn *conn, const struct request *request)
{
    int64_t count = 0;
    size_t n;
    int found;

    for (n = 1; n < request->argc; n++) {
        found = exists(conn, request->argv[n]);
        if (found > 0)
            found = txn_put(&conn->txn, request->argv[n], NULL) ?: 1;
        if (found < 0)
            return found;
        count += found;
    }
    reply_integer(&conn->out, count);
    return 0;
}

int cmd_exists(struct conn *conn, const struct request *request)
{
    int64_t count = 0;
    size_t n;
    int found;

    for (n = 1; n < request->argc; n++) {
        found = exists(conn, request->argv[n]);
        if (found < 0)
            return found;
        count += found;
    }
    reply_integer(&conn->out, count);
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
    struct buf *value = &conn->worker->scratch;
    struct slice result;
    long long number = 0;
    char text[32];
    int found;

    buf_clear(value);
    found = txn_get(&conn->txn, key, value);
    if (found < 0)
        return found;
    if (found && !parse_integer(value, &number)) {
        reply_error(&conn->out, "ERR value is not an integer or out of range");
        return 0;
    }
    if (__builtin_add_overflow(number, delta, &number)) {
        reply_error(&conn->out, "ERR increment or decrement would overflow");
        return 0;
    }
    result.data = text;
    result.len = (size_t)snprintf(text, sizeof(text), "%lld", number);
    reply_integer(&conn->out, number);
    return txn_put(&conn->txn, key, &result);
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

    (void)request;
    if (!err)
        reply_integer(&conn->out, (int64_t)count);
    return err;
}

int cmd_flushdb(struct conn *conn, const struct request *request)
{
    int err = txn_begin(&conn->txn);

    (void)request;
    if (err)
        return err;
    err = store_flush(conn->worker->server->store);
    txn_rollback(&conn->txn); /* it has no writes of its own */
    if (!err)
        reply_status(&conn->out, "OK");
    return err;
}
