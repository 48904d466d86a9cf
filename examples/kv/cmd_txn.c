/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transactions: BEGIN to COMMIT, and MULTI to EXEC.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cmd_begin(struct conn *conn, const struct request *request, struct buf *out)
{
    return reply_done(out, txn_begin(&conn->txn));
}

int cmd_commit(struct conn *conn, const struct request *request, struct buf *out)
{
    if (conn->txn.state == TXN_FAILED) {
        txn_rollback(&conn->txn);
        return reply(out, "-ABORTED the transaction was rolled back after an error; "
                          "nothing was written");
    }
    return reply_done(out, txn_commit(&conn->txn));
}

int cmd_rollback(struct conn *conn, const struct request *request, struct buf *out)
{
    txn_rollback(&conn->txn);
    return reply(out, "+OK");
}

/* Other clients of the worker go on while this one waits. */
int cmd_lock(struct conn *conn, const struct request *request, struct buf *out)
{
    int err = txn_lock(&conn->txn, request->argv[1]);

    if (err != -EINPROGRESS)
        return reply_done(out, err);
    (void)!roster_txn_set_state(conn->session, ROSTER_RUN_LOCK_WAITING);
    conn_sleep(conn, request);
    return 0;
}

int cmd_multi(struct conn *conn, const struct request *request, struct buf *out)
{
    if (conn->multi.open)
        return reply(out, "-ERR MULTI inside MULTI");
    multi_discard(conn);
    conn->multi.open = true;
    return reply(out, "+OK");
}

int cmd_discard(struct conn *conn, const struct request *request, struct buf *out)
{
    if (!conn->multi.open)
        return reply(out, "-ERR DISCARD without MULTI");
    multi_discard(conn);
    return reply(out, "+OK");
}

static int run_queued(struct conn *conn, const struct request *exec, struct buf *out)
{
    const struct request *request;
    int err = 0;

    reply(out, "*%zu", conn->multi.count);
    for (request = conn->multi.first; err >= 0 && request; request = request->next)
        err = command_find(request)->run(conn, request, out);
    return err;
}

int cmd_exec(struct conn *conn, const struct request *request, struct buf *out)
{
    int err;

    if (!conn->multi.open)
        err = reply(out, "-ERR EXEC without MULTI");
    else if (conn->multi.broken)
        err = reply(out, "-EXECABORT a command was refused; nothing was done");
    else
        err = command_autocommit(conn, request, out, run_queued);
    multi_discard(conn);
    return err;
}

int multi_queue(struct conn *conn, const struct command *command, struct request *request)
{
    size_t bytes = request->bytes + sizeof(*request) + request->argc * sizeof(request->argv[0]);
    bool may = command->flags & CMD_QUEUE;

    if (!may || bytes > conn->txn.max_bytes - conn->multi.bytes) {
        conn->multi.broken = true;
        return may ? -EFBIG
                   : reply(&conn->peer.out, "-ERR %s is not allowed between MULTI and EXEC",
                           command->name);
    }
    *(conn->multi.last ? &conn->multi.last->next : &conn->multi.first) = request;
    conn->multi.last = request;
    conn->multi.count++;
    conn->multi.bytes += bytes;
    return reply(&conn->peer.out, "+QUEUED");
}

void multi_discard(struct conn *conn)
{
    struct request *request;

    while ((request = conn->multi.first)) {
        conn->multi.first = request->next;
        free(request);
    }
    memset(&conn->multi, 0, sizeof(conn->multi));
}
