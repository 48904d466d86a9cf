/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Commands about transactions: BEGIN to COMMIT, and MULTI to EXEC.
 */
#include "config.h"

#include "command.h"
#include "reply.h"
#include "server.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int cmd_begin(struct conn *conn, const struct request *request)
{
    int err = txn_begin(&conn->txn);

    (void)request;
    if (!err)
        reply_status(&conn->out, "OK");
    return err;
}

int cmd_commit(struct conn *conn, const struct request *request)
{
    int err;

    (void)request;
    if (conn->txn.state == TXN_NONE) {
        reply_error(&conn->out, "ERR COMMIT without BEGIN");
        return 0;
    }
    if (conn->txn.state == TXN_FAILED) {
        txn_rollback(&conn->txn);
        reply_error(&conn->out, "ABORTED the transaction was rolled back after an error; nothing "
                                "was written");
        return 0;
    }
    err = txn_commit(&conn->txn);
    if (!err)
        reply_status(&conn->out, "OK");
    return err;
}

int cmd_rollback(struct conn *conn, const struct request *request)
{
    (void)request;
    if (conn->txn.state == TXN_NONE) {
        reply_error(&conn->out, "ERR ROLLBACK without BEGIN");
    } else {
        txn_rollback(&conn->txn);
        reply_status(&conn->out, "OK");
    }
    return 0;
}

int cmd_multi(struct conn *conn, const struct request *request)
{
    (void)request;
    if (conn->multi.open) {
        reply_error(&conn->out, "ERR MULTI inside MULTI");
    } else {
        multi_discard(&conn->multi);
        conn->multi.open = true;
        reply_status(&conn->out, "OK");
    }
    return 0;
}

int cmd_discard(struct conn *conn, const struct request *request)
{
    (void)request;
    if (conn->multi.open)
        reply_status(&conn->out, "OK");
    else
        reply_error(&conn->out, "ERR DISCARD without MULTI");
    multi_discard(&conn->multi);
    return 0;
}

static int run_queued(struct conn *conn, const void *arg)
{
    const struct multi *multi = arg;
    size_t n;
    int err = 0;

    reply_array(&conn->out, multi->count);
    for (n = 0; !err && n < multi->count; n++)
        err = command_find(multi->requests[n]->argv[0])->run(conn, multi->requests[n]);
    return err;
}

int cmd_exec(struct conn *conn, const struct request *request)
{
    int err = 0;

    (void)request;
    if (!conn->multi.open)
        reply_error(&conn->out, "ERR EXEC without MULTI");
    else if (conn->multi.broken)
        reply_error(&conn->out, "EXECABORT a command was refused; nothing was done");
    else
        err = command_autocommit(conn, run_queued, &conn->multi);
    multi_discard(&conn->multi);
    return err;
}

static int reserve(struct multi *multi)
{
    size_t capacity = multi->capacity ? 2 * multi->capacity : 8;
    struct request **requests;

    if (multi->count < multi->capacity)
        return 0;
    requests = realloc(multi->requests, capacity * sizeof(struct request *));
    if (!requests)
        return -ENOMEM;
    multi->requests = requests;
    multi->capacity = capacity;
    return 0;
}

int multi_queue(struct conn *conn, const struct command *command, struct request *request)
{
    struct multi *multi = &conn->multi;
    size_t bytes = request->bytes + sizeof(*request) + request->argc * sizeof(request->argv[0]);
    int err = 0;

    if (!(command->flags & CMD_QUEUE)) {
        reply_error(&conn->out, "ERR %s is not allowed between MULTI and EXEC", command->name);
        multi->broken = true;
        return 0;
    }
    if (bytes > conn->txn.max_bytes - multi->bytes)
        err = -EFBIG;
    else
        err = reserve(multi);
    if (err) {
        multi->broken = true;
        return err;
    }
    multi->requests[multi->count++] = request;
    multi->bytes += bytes;
    reply_status(&conn->out, "QUEUED");
    return 0;
}

bool multi_has(const struct multi *multi, const struct request *request)
{
    return multi->count && multi->requests[multi->count - 1] == request;
}

void multi_discard(struct multi *multi)
{
    size_t n;

    for (n = 0; n < multi->count; n++)
        request_free(multi->requests[n]);
    free(multi->requests);
    memset(multi, 0, sizeof(*multi));
}

static int by_start(const void *a, const void *b)
{
    uint64_t left = (*(const struct roster_entry *const *)a)->start_ts;
    uint64_t right = (*(const struct roster_entry *const *)b)->start_ts;

    return left < right ? -1 : left > right;
}

static void describe(struct buf *out, const struct roster_entry *entry, uint64_t now)
{
    uint64_t age = roster_ts_physical_ms(now) - roster_ts_physical_ms(entry->start_ts);

    buf_printf(out,
               "id=%" PRIu64 " addr=%s name=%s txn=%s start-ts=%" PRIu64 " age-ms=%" PRIu64
               " state=%s writes=%" PRIu64 " bytes=%" PRIu64 " text=\"%s\"\n",
               entry->id, entry->host ? entry->host : "",
               entry->application ? entry->application : "",
               roster_txn_state_name(entry->txn_state), entry->start_ts, entry->start_ts ? age : 0,
               roster_run_state_name(entry->run_state), entry->entries, entry->entry_bytes,
               entry->text ? entry->text : "");
}

static int list_transactions(struct conn *conn, struct buf *text)
{
    struct server *server = conn->worker->server;
    struct roster_snapshot *snapshot;
    const struct roster_entry **open;
    size_t n, count = 0;
    uint64_t now;
    int err = roster_snapshot(server->roster, &snapshot);

    if (err)
        return err;
    open = malloc((snapshot->count + 1) * sizeof(const struct roster_entry *));
    if (!open) {
        roster_snapshot_free(snapshot);
        return -ENOMEM;
    }
    roster_oracle_local_get(server->oracle, &now);
    for (n = 0; n < snapshot->count; n++)
        if (snapshot->entries[n].txn_state != ROSTER_TXN_INVALID)
            open[count++] = &snapshot->entries[n];
    cluster_line(server, text);
    qsort(open, count, sizeof(const struct roster_entry *), by_start);
    for (n = 0; n < count; n++)
        describe(text, open[n], now);
    free(open);
    roster_snapshot_free(snapshot);
    return 0;
}

static int list_history(struct conn *conn, struct buf *text)
{
    struct roster_history *history = conn->worker->server->operate.history;
    struct roster_history_list *list;
    size_t n;
    int err;

    if (!history)
        return 0;
    err = roster_history_read(history, &list);
    if (err)
        return err;
    for (n = 0; n < list->count; n++)
        buf_printf(text,
                   "hash=%016" PRIx64 " count=%" PRIu64 " max-ms=%" PRIu64 " dropped=%" PRIu64
                   " digests=%s\n",
                   list->entries[n].hash, list->entries[n].count, list->entries[n].max_duration_ms,
                   list->entries[n].dropped, list->entries[n].all_digests);
    roster_history_list_free(list);
    return 0;
}

int cmd_trx(struct conn *conn, const struct request *request)
{
    struct buf *text = &conn->worker->scratch;
    bool list = request_is(request, 1, "LIST");
    int err;

    if (!list && !request_is(request, 1, "HISTORY")) {
        reply_error(&conn->out, "ERR unknown subcommand '%.128s' of TRX", request->argv[1].data);
        return 0;
    }
    buf_clear(text);
    err = list ? list_transactions(conn, text) : list_history(conn, text);
    if (!err && text->failed)
        err = -ENOMEM;
    if (!err)
        reply_bulk(&conn->out, text->data, text->len);
    buf_clear(text);
    return err;
}
