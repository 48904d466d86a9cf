/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * CLIENT and TRX: the connections and the transactions, as the roster shows them, and killing them.
 */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAD_ID "an id is a number greater than 0"

static const char *kind_name(enum roster_session_kind kind)
{
    return kind == ROSTER_SESSION_USER ? "user" : "background";
}

static const char *text_of(const char *value)
{
    return value ? value : "";
}

static uint64_t ms_since(const struct roster_snapshot *snapshot, uint64_t since)
{
    return since && snapshot->taken_at > since ? (snapshot->taken_at - since) / 1000000 : 0;
}

/* Redis' types, of which clients here are all normal, and the kinds of sessions. */
static bool is_type(const struct request *request, size_t n)
{
    static const char *const types[] = {"normal", "master", "replica",   "slave",
                                        "pubsub", "user",   "background"};
    size_t t;

    for (t = 0; t < sizeof(types) / sizeof(types[0]); t++)
        if (request_is(request, n, types[t]))
            return true;
    return false;
}

/* Whether CLIENT LIST, INFO or KILL with these filters means a session. Returns NULL, or what is
 * wrong with the filters, which does not depend on the session. */
static const char *match(const struct conn *conn, const struct request *request,
                         const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                         bool *meant)
{
    uint64_t number, since = entry->stmt_seq ? entry->stmt_since : entry->state_since;
    bool self = entry->id == roster_session_id(conn->session);
    bool skipped = request_is(request, 1, "INFO") ? !self : self && request_is(request, 1, "KILL");
    bool lists = request_is(request, 1, "LIST"), found;
    struct slice value;
    const char *is;
    size_t n;

    if (request->argc == 3 && request_is(request, 1, "KILL")) { /* the form of old: an address */
        *meant = slice_is(request->argv[2], text_of(entry->host));
        return NULL;
    }
    *meant = true;
    for (n = 2; n < request->argc; n += 2) {
        if (n + 1 == request->argc)
            return "syntax error";
        value = request->argv[n + 1];
        is = value.data;
        if (request_is(request, n, "ADDR"))
            is = text_of(entry->host);
        else if (request_is(request, n, "NAME"))
            is = text_of(entry->application);
        else if (request_is(request, n, "USER"))
            is = text_of(entry->user);
        else if (request_is(request, n, "TYPE") && !is_type(request, n + 1))
            return "a type is normal, master, replica, slave, pubsub, user or background";
        else if (request_is(request, n, "TYPE"))
            is = entry->kind == ROSTER_SESSION_USER && request_is(request, n + 1, "normal")
                     ? value.data
                     : kind_name(entry->kind);
        else if (request_is(request, n, "SKIPME") && request_is(request, n + 1, "no"))
            skipped = false;
        else if (request_is(request, n, "SKIPME") && request_is(request, n + 1, "yes"))
            skipped = self;
        else if (!request_is(request, n, "ID") && !request_is(request, n, "MAXAGE"))
            return "syntax error";
        else if (!slice_number(value, &number) || !number)
            return request_is(request, n, "ID") ? BAD_ID
                                                : "an age is a number of seconds greater than 0";
        else if (request_is(request, n, "ID")) {
            found = entry->id == number;
            for (; lists && n + 2 < request->argc && slice_number(request->argv[n + 2], &number);
                 n++)
                found |= entry->id == number;
            *meant &= found;
        } else
            *meant &= ms_since(snapshot, since) / 1000 >= number;
        *meant &= slice_is(value, is);
    }
    *meant &= !skipped;
    return NULL;
}

typedef void client_fn(struct conn *conn, const struct roster_snapshot *snapshot,
                       const struct roster_entry *entry, unsigned *count);

static int by_start(const void *a, const void *b)
{
    uint64_t left = (*(const struct roster_entry *const *)a)->start_ts;
    uint64_t right = (*(const struct roster_entry *const *)b)->start_ts;

    return left < right ? -1 : left > right;
}

/* Calls `fn` for the sessions that are meant, the oldest transaction first. */
static int for_clients(struct conn *conn, const struct request *request, client_fn *fn,
                       unsigned *count)
{
    struct roster_snapshot *snapshot;
    const struct roster_entry **all;
    const char *wrong = NULL;
    bool meant;
    size_t n;
    int err = roster_snapshot(conn->server->roster, &snapshot);

    if (err)
        return err;
    all = malloc((snapshot->count + 1) * sizeof(*all));
    for (n = 0; all && n < snapshot->count; n++)
        all[n] = &snapshot->entries[n];
    if (all)
        qsort(all, n, sizeof(*all), by_start);
    for (n = 0; all && !wrong && n < snapshot->count; n++) {
        wrong = match(conn, request, snapshot, all[n], &meant);
        if (!wrong && meant)
            fn(conn, snapshot, all[n], count);
    }
    roster_snapshot_free(snapshot);
    err = all ? 0 : -ENOMEM;
    free(all);
    return wrong ? reply(&conn->peer.out, "-ERR %s", wrong) : err;
}

/* A line as Redis writes one, so that its clients can read it; what a person looks for comes first.
 */
static void describe(struct conn *conn, const struct roster_snapshot *snapshot,
                     const struct roster_entry *entry, unsigned *count)
{
    uint64_t since_ms = ms_since(snapshot, entry->state_since);
    bool self = entry->id == roster_session_id(conn->session);
    struct buf *out = &conn->peer.out;

    buf_printf(out, "id=%" PRIu64, entry->id);
    peer_field(out, "addr", entry->host);
    peer_field(out, "name", entry->application);
    peer_field(out, "kind", kind_name(entry->kind));
    peer_field(out, "state", roster_run_state_name(entry->run_state));
    buf_printf(out, " since-ms=%" PRIu64, since_ms);
    peer_field(out, "txn", roster_txn_state_name(entry->txn_state));
    buf_printf(out, " start-ts=%" PRIu64 " stmt=%" PRIu64, entry->start_ts, entry->stmt_seq);
    peer_field(out, "cmd", roster_command_name(entry->command));
    peer_field(out, "text", entry->text);
    peer_field(out, "user", entry->user);
    buf_printf(out, " idle=%" PRIu64 " flags=%c db=0 multi=%zd",
               entry->stmt_seq ? 0 : since_ms / 1000, self && conn->multi.open ? 'x' : 'N',
               self && conn->multi.open ? (ssize_t)conn->multi.queue.count : -1);
    if (self)
        peer_describe(&conn->peer, out);
    buf_append(out, "\n", 1);
}

/* Ids are never used again, so no other client is hit. */
static void kill_one(struct conn *conn, const struct roster_snapshot *snapshot,
                     const struct roster_entry *entry, unsigned *count)
{
    *count += entry->kind == ROSTER_SESSION_USER &&
              !roster_kill(conn->server->roster, entry->id, ROSTER_KILL_TARGET_CONNECTION,
                           ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED);
}

int client_kill(struct conn *conn, const struct request *request, struct buf *out)
{
    unsigned killed = 0;
    int err = for_clients(conn, request, kill_one, &killed);

    if (err || request->argc != 3)
        return err ?: reply(out, ":%u", killed);
    return reply(out, killed ? "+OK" : "-ERR No such client");
}

/* Kills the statement that another client waits for, and not the client. */
int client_unblock(struct conn *conn, const struct request *request, struct buf *out)
{
    uint64_t id;

    if (!slice_number(request->argv[2], &id) || !id)
        return reply(out, "-ERR " BAD_ID);
    return reply(out, ":%d",
                 id != roster_session_id(conn->session) &&
                     !roster_kill(conn->server->roster, id, ROSTER_KILL_TARGET_STATEMENT,
                                  ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED));
}

int client_getname(struct conn *conn, const struct request *request, struct buf *out)
{
    return reply_string(out, *conn->identity.name ? conn->identity.name : NULL);
}

static void describe_txn(struct conn *conn, const struct roster_snapshot *snapshot,
                         const struct roster_entry *entry, unsigned *count)
{
    struct buf *out = &conn->peer.out;

    if (entry->txn_state == ROSTER_TXN_INVALID)
        return;
    buf_printf(out, "id=%" PRIu64, entry->id);
    peer_field(out, "addr", entry->host);
    peer_field(out, "name", entry->application);
    peer_field(out, "txn", roster_txn_state_name(entry->txn_state));
    buf_printf(out, " start-ts=%" PRIu64 " age-ms=%" PRIu64, entry->start_ts,
               ms_since(snapshot, entry->txn_since));
    peer_field(out, "state", roster_run_state_name(entry->run_state));
    buf_printf(out, " writes=%" PRIu64 " bytes=%" PRIu64, entry->entries, entry->entry_bytes);
    peer_field(out, "text", entry->text);
    buf_append(out, "\n", 1);
}

/* CLIENT LIST, CLIENT INFO and TRX LIST */
int client_list(struct conn *conn, const struct request *request, struct buf *out)
{
    client_fn *fn = request_is(request, 0, "TRX") ? describe_txn : describe;
    size_t mark = out->len;
    int err = for_clients(conn, request, fn, NULL);

    return err ?: reply_text_since(out, mark);
}

int trx_history(struct conn *conn, const struct request *request, struct buf *out)
{
    size_t mark = out->len, n;
    struct roster_history_list *list = NULL;
    int err = conn->txn.history ? roster_history_read(conn->txn.history, &list) : 0;

    for (n = 0; !err && list && n < list->count; n++)
        buf_printf(out,
                   "hash=%016" PRIx64 " count=%" PRIu64 " max-ms=%" PRIu64 " dropped=%" PRIu64
                   " digests=%s\n",
                   list->entries[n].hash, list->entries[n].count, list->entries[n].max_duration_ms,
                   list->entries[n].dropped, list->entries[n].all_digests);
    roster_history_list_free(list);
    return err ?: reply_text_since(out, mark);
}
