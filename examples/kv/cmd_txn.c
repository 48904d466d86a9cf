/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands about transactions: BEGIN to COMMIT, MULTI to EXEC, and TRX.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/history.h>
#include <stdlib.h>
#include <string.h>

int cmd_begin(struct conn *conn, const struct request *request)
{
    return reply_done(&conn->out, txn_begin(&conn->txn));
}

int cmd_commit(struct conn *conn, const struct request *request)
{
    if (conn->txn.state == TXN_NONE)
        return reply(&conn->out, "-ERR COMMIT without BEGIN");
    if (conn->txn.state == TXN_FAILED) {
        txn_rollback(&conn->txn);
        return reply(&conn->out, "-ABORTED the transaction was rolled back after an error; "
                                 "nothing was written");
    }
    return reply_done(&conn->out, txn_commit(&conn->txn));
}

int cmd_rollback(struct conn *conn, const struct request *request)
{
    if (conn->txn.state == TXN_NONE)
        return reply(&conn->out, "-ERR ROLLBACK without BEGIN");
    txn_rollback(&conn->txn);
    return reply(&conn->out, "+OK");
}

/* Other clients of the worker go on while this one waits. */
int cmd_lock(struct conn *conn, const struct request *request)
{
    int err = locks_take(&conn->txn.store->locks, &conn->txn, request->argv[1]);

    if (err != -EINPROGRESS)
        return reply_done(&conn->out, err);
    (void)!roster_txn_set_state(conn->session, ROSTER_RUN_LOCK_WAITING);
    conn_sleep(conn, request);
    return 0;
}

int cmd_multi(struct conn *conn, const struct request *request)
{
    if (conn->multi.open)
        return reply(&conn->out, "-ERR MULTI inside MULTI");
    multi_discard(conn);
    conn->multi.open = true;
    return reply(&conn->out, "+OK");
}

int cmd_discard(struct conn *conn, const struct request *request)
{
    if (!conn->multi.open)
        return reply(&conn->out, "-ERR DISCARD without MULTI");
    multi_discard(conn);
    return reply(&conn->out, "+OK");
}

static int run_queued(struct conn *conn, const struct request *exec)
{
    const struct request *request;
    int err = 0;

    reply(&conn->out, "*%zu", conn->multi.count);
    for (request = conn->multi.first; !err && request; request = request->next)
        err = command_find(commands, request->argv[0])->run(conn, request);
    return err;
}

int cmd_exec(struct conn *conn, const struct request *request)
{
    int err;

    if (!conn->multi.open)
        err = reply(&conn->out, "-ERR EXEC without MULTI");
    else if (conn->multi.broken)
        err = reply(&conn->out, "-EXECABORT a command was refused; nothing was done");
    else
        err = command_autocommit(conn, request, run_queued);
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
                   : reply(&conn->out, "-ERR %s is not allowed between MULTI and EXEC",
                           command->name);
    }
    *(conn->multi.last ? &conn->multi.last->next : &conn->multi.first) = request;
    conn->multi.last = request;
    conn->multi.count++;
    conn->multi.bytes += bytes;
    return reply(&conn->out, "+QUEUED");
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

static int by_start(const void *a, const void *b)
{
    uint64_t left = (*(const struct roster_entry *const *)a)->start_ts;
    uint64_t right = (*(const struct roster_entry *const *)b)->start_ts;

    return left < right ? -1 : left > right;
}

static void describe(struct buf *out, const struct roster_entry *entry, uint64_t now)
{
    uint64_t since = entry->txn_since;

    buf_printf(
        out,
        "id=%" PRIu64 " addr=%s name=%s txn=%s start-ts=%" PRIu64 " age-ms=%" PRIu64
        " state=%s writes=%" PRIu64 " bytes=%" PRIu64 " text=\"%s\"\n",
        entry->id, entry->host ? entry->host : "", entry->application ? entry->application : "",
        roster_txn_state_name(entry->txn_state), entry->start_ts,
        since && now > since ? (now - since) / 1000000 : 0, roster_run_state_name(entry->run_state),
        entry->entries, entry->entry_bytes, entry->text ? entry->text : "");
}

static int trx_list(struct conn *conn, const struct request *request)
{
    struct buf *text = command_scratch(conn);
    struct roster_snapshot *snapshot;
    const struct roster_entry **open;
    size_t n, count = 0;
    int err = roster_snapshot(conn->worker->server->roster, &snapshot);

    if (err)
        return err;
    open = malloc((snapshot->count + 1) * sizeof(const struct roster_entry *));
    for (n = 0; open && n < snapshot->count; n++)
        if (snapshot->entries[n].txn_state != ROSTER_TXN_INVALID)
            open[count++] = &snapshot->entries[n];
    if (open)
        qsort(open, count, sizeof(const struct roster_entry *), by_start);
    cluster_line(conn->worker->server, text);
    for (n = 0; n < count; n++)
        describe(text, open[n], snapshot->taken_at);
    roster_snapshot_free(snapshot);
    err = open ? 0 : -ENOMEM;
    free(open);
    return command_text(conn, err);
}

static int trx_history(struct conn *conn, const struct request *request)
{
    struct buf *text = command_scratch(conn);
    struct roster_history_list *list = NULL;
    size_t n;
    int err = conn->txn.history ? roster_history_read(conn->txn.history, &list) : 0;

    for (n = 0; !err && list && n < list->count; n++)
        buf_printf(text,
                   "hash=%016" PRIx64 " count=%" PRIu64 " max-ms=%" PRIu64 " dropped=%" PRIu64
                   " digests=%s\n",
                   list->entries[n].hash, list->entries[n].count, list->entries[n].max_duration_ms,
                   list->entries[n].dropped, list->entries[n].all_digests);
    roster_history_list_free(list);
    return command_text(conn, err);
}

const struct command trx_commands[] = {
    CMD_SUB("HISTORY", trx_history, 2, "", "What long transactions consisted of"),
    CMD_SUB("LIST", trx_list, 2, "", "The open transactions, oldest first"),
    CMD_END,
};
