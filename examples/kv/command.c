/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The table of commands, and running one: each is a statement of its session, and each that touches
 * data runs inside a transaction.
 */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DATA CMD_KEY | CMD_DATA | CMD_QUEUE, ROSTER_COMMAND_QUERY
#define QUERY(flags) flags, ROSTER_COMMAND_QUERY
#define OTHER(flags) flags, ROSTER_COMMAND_OTHER
#define FILTERS                                                                                    \
    "[ADDR address] [NAME name] [USER user] [TYPE type] [MAXAGE seconds] [SKIPME yes|no]"

/* A command that has subcommands stands before them. */
const struct command commands[] = {
    {"AUTH", cmd_auth, -2, "user [password]",
     "Be that user, where --auth=trust lets clients choose", OTHER(0)},
    {"BEGIN", cmd_begin, 1, "", "Begin a transaction: one snapshot", QUERY(CMD_OUTSIDE)},
    {"CLIENT", command_help, -2, "HELP | subcommand [argument ...]", "The clients", OTHER(0)},
    {"CLIENT|GETNAME", client_getname, 2, "", "The name of this connection", OTHER(0)},
    {"CLIENT|ID", client_id, 2, "", "The id of this connection", OTHER(0)},
    {"CLIENT|INFO", client_list, 2, "", "This connection, as LIST shows it", OTHER(0)},
    {"CLIENT|KILL", client_kill, -3, "address | [ID id] " FILTERS, "End connections", OTHER(0)},
    {"CLIENT|LIST", client_list, -2, "[ID id ...] " FILTERS,
     "The connections and the background sessions; in a value %20 is a space, %25 a percent sign",
     OTHER(0)},
    {"CLIENT|SETINFO", peer_setinfo, 4, "LIB-NAME name | LIB-VER version",
     "What library the client uses, for INFO", OTHER(0)},
    {"CLIENT|SETNAME", client_setname, 3, "name", "Name this connection", OTHER(0)},
    {"CLIENT|UNBLOCK", client_unblock, 3, "id",
     "End the statement of another client, not the client", OTHER(0)},
    {"COMMAND", cmd_command, -1, "[HELP | COUNT | DOCS [command ...]]",
     "The commands of the server", OTHER(0)},
    {"COMMAND|COUNT", command_count, 2, "", "How many commands there are", OTHER(0)},
    {"COMMAND|DOCS", command_docs, -2, "[command ...]", "What they do", OTHER(0)},
    {"COMMIT", cmd_commit, 1, "", "Commit; the first committer of a key wins", QUERY(CMD_INSIDE)},
    {"CONFIG", command_help, -2, "HELP | GET pattern [pattern ...]", "The options", OTHER(0)},
    {"CONFIG|GET", config_get, -3, "pattern [pattern ...]",
     "The options that match, with their values", OTHER(0)},
    {"DBSIZE", cmd_dbsize, 1, "", "Count the keys", DATA},
    {"DEBUG", command_help, -2, "HELP | SLEEP seconds", "A statement that is slow", OTHER(0)},
    {"DEBUG|SLEEP", debug_sleep, 3, "seconds", "Sleep in a statement; UNBLOCK and a kill end it",
     OTHER(0)},
    {"DECR", cmd_incr, 2, "key", "Subtract one from a number", DATA},
    {"DECRBY", cmd_incr, 3, "key number", "Subtract from a number", DATA},
    {"DEL", cmd_count, -2, "key [key ...]", "Delete keys", DATA},
    {"DISCARD", cmd_discard, 1, "", "Forget what was queued since MULTI", QUERY(CMD_NOW)},
    {"ECHO", cmd_echo, 2, "message", "Reply with the message", OTHER(CMD_QUEUE)},
    {"EXEC", cmd_exec, 1, "", "Run what was queued, in one transaction", QUERY(CMD_NOW)},
    {"EXISTS", cmd_count, -2, "key [key ...]", "Count those that exist", DATA},
    {"FLUSHDB", cmd_flushdb, 1, "", "Delete all keys", QUERY(CMD_KEY | CMD_DATA | CMD_OUTSIDE)},
    {"GET", cmd_get, 2, "key", "The value of a key", DATA},
    {"HELLO", cmd_hello, -1, "[2|3 [SETNAME name]]", "Greet; choose the protocol", OTHER(0)},
    {"INCR", cmd_incr, 2, "key", "Add one to a number", DATA},
    {"INCRBY", cmd_incr, 3, "key number", "Add to a number", DATA},
    {"INFO", cmd_info, -1, "[section ...]", "Figures of the server", 0, ROSTER_COMMAND_STATISTICS},
    {"LOCK", cmd_lock, 2, "name", "Take a lock of that name until the transaction ends, or wait",
     QUERY(CMD_KEY | CMD_DATA | CMD_INSIDE)},
    {"MGET", cmd_mget, -2, "key [key ...]", "The values of keys", DATA},
    {"MSET", cmd_set, -3, "key value [key value ...]", "Set keys", DATA},
    {"MULTI", cmd_multi, 1, "", "Queue commands until EXEC", QUERY(CMD_OUTSIDE | CMD_NOW)},
    {"PING", cmd_ping, -1, "[message]", "Reply with PONG", CMD_QUEUE, ROSTER_COMMAND_PING},
    {"QUIT", cmd_quit, -1, "", "End the connection", CMD_NOW, ROSTER_COMMAND_QUIT},
    {"RESET", cmd_reset, 1, "", "Make the connection what it was at first", OTHER(CMD_NOW)},
    {"ROLLBACK", cmd_rollback, 1, "", "End the transaction without its writes", QUERY(CMD_INSIDE)},
    {"SCAN", cmd_scan, -2, "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     "Some of the keys, and the cursor of the next ones; 0 begins and ends", DATA},
    {"SELECT", cmd_select, 2, "0", "Select the only database", CMD_QUEUE, ROSTER_COMMAND_INIT_DB},
    {"SET", cmd_set, 3, "key value", "Set a key", DATA},
    {"STRLEN", cmd_measure, 2, "key", "The length of a value", DATA},
    {"TRX", command_help, -2, "HELP | LIST | HISTORY", "The transactions", OTHER(0)},
    {"TRX|HISTORY", trx_history, 2, "", "What long transactions consisted of", OTHER(0)},
    {"TRX|LIST", client_list, 2, "", "The open transactions, oldest first", OTHER(0)},
    {"TYPE", cmd_measure, 2, "key", "\"string\", or \"none\"", DATA},
    {NULL, NULL, 0, NULL, NULL, OTHER(0)},
};

static int error(struct conn *conn, int err)
{
    struct server *server = conn->server;
    struct buf *out = &conn->peer.out;

    switch (err) {
    case -EAGAIN:
        count_add(&server->counts.conflicts, 1);
        return reply(out, "-CONFLICT another transaction has committed one of the keys since "
                          "BEGIN; nothing was written, begin again");
    case -ESTALE:
        count_add(&server->counts.expired, 1);
        return cluster_fenced(server)
                   ? reply(out,
                           "-FENCED the server has lost its lease and cannot vouch for what it "
                           "reads; nothing was written, ask another one or try again later")
                   : reply(out, "-EXPIRED the snapshot is gone: the transaction is older than the "
                                "age limit, or the server had lost its lease; nothing was written, "
                                "begin again");
    case -EDEADLK:
        return reply(out, "-DEADLOCK the lock would never be free, because its holder waits for "
                          "this transaction; it was rolled back");
    case -EINTR:
        return reply(out, "-UNBLOCKED the statement was interrupted");
    case -EFBIG:
        return reply(out, "-ERR the transaction would write more than %" PRIu64 " bytes",
                     server->options.max_txn);
    case -ENOSPC:
        return reply(out, "-OOM the versions take more than %" PRIu64 " bytes",
                     server->options.max_memory);
    case -EMSGSIZE:
        return reply(out, "-ERR the reply would exceed %" PRIu64 " bytes, or memory is out",
                     server->options.max_reply);
    default:
        return reply(out, "-ERR %s", roster_strerror(err));
    }
}

static int autocommit(struct conn *conn, const struct request *request, struct buf *out,
                      command_fn *run)
{
    size_t mark = out->len;
    int err;

    do {
        buf_truncate(out, mark);
        err = txn_begin(&conn->txn);
        if (err)
            return err;
        err = run(conn, request, out);
        if (err >= 0)
            err = out->failed ? -EMSGSIZE : txn_commit(&conn->txn);
        if (err)
            txn_rollback(&conn->txn);
        /* Another one was first, so there is progress; try with a newer snapshot. */
    } while (err == -EAGAIN && !roster_killed(conn->session));
    return err == -EAGAIN ? -EINTR : err;
}

void multi_discard(struct conn *conn)
{
    request_queue_free(&conn->multi.queue);
    conn->multi.open = conn->multi.broken = false;
}

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

    reply(out, "*%zu", conn->multi.queue.count);
    for (request = conn->multi.queue.first; err >= 0 && request; request = request->next)
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
        err = autocommit(conn, request, out, run_queued);
    multi_discard(conn);
    return err;
}

/* In the client's transaction; a command that could not be done completely ends it. */
static int run_inside(struct conn *conn, const struct request *request, struct buf *out,
                      command_fn *run)
{
    int err;

    if (conn->txn.state == TXN_FAILED)
        return reply(out, "-ABORTED the transaction was rolled back after an error; end it "
                          "with ROLLBACK");
    err = run(conn, request, out);
    if (err >= 0) /* what it has read is valid and may reach the client (G8) */
        err = out->failed ? -EMSGSIZE : roster_txn_check(conn->session);
    if (err)
        txn_fail(&conn->txn);
    else /* for TRX LIST; when memory is short it shows what was before */
        (void)!roster_txn_set_progress(conn->session, conn->txn.count, conn->txn.bytes, 0);
    return err;
}

static int multi_queue(struct conn *conn, const struct command *command, struct request *request,
                       struct buf *out)
{
    bool may = command->flags & CMD_QUEUE;

    if (may && request_size(request) <= conn->txn.max_bytes - conn->multi.queue.bytes) {
        request_queue(&conn->multi.queue, request);
        return reply(out, "+QUEUED");
    }
    conn->multi.broken = true;
    return may ? -EFBIG
               : reply(out, "-ERR %s is not allowed between MULTI and EXEC", command->name);
}

static int run(struct conn *conn, const struct command *command, struct request *request,
               struct buf *out)
{
    bool inside = conn->txn.state != TXN_NONE;

    if (!command && (request_is(request, 0, "POST") || request_is(request, 0, "HOST:"))) {
        peer_finish(&conn->peer); /* a browser may have been tricked into sending commands */
        return reply(out, "-ERR this is no web server");
    }
    if (!command_fits(command, request, out)) {
        conn->multi.broken = true;
        return 1;
    }
    if (conn->multi.open && !(command->flags & CMD_NOW))
        return multi_queue(conn, command, request, out);
    if (inside && (command->flags & CMD_OUTSIDE))
        return reply(out, "-ERR %s is not allowed inside a transaction", command->name);
    if (!inside && (command->flags & CMD_INSIDE))
        return reply(out, "-ERR %s without BEGIN", command->name);
    if (!(command->flags & CMD_DATA))
        return command->run(conn, request, out);
    return (inside ? run_inside : autocommit)(conn, request, out, command->run);
}

static void run_request(struct conn *conn, const struct command *command, struct request *request)
{
    struct buf *out = &conn->peer.out;
    size_t mark = out->len;
    int err;

    out->limit = mark + conn->server->options.max_reply;
    err = run(conn, command, request, out);
    if (err >= 0 && out->failed)
        err = -EMSGSIZE;
    out->limit = 0;
    if (err < 0) {
        buf_truncate(out, mark);
        error(conn, err);
    }
}

static void end_statement(struct conn *conn)
{
    int killed = conn->session ? roster_stmt_end(conn->session) : 0;

    if (roster_killed_connection(killed))
        peer_finish(&conn->peer);
    else if (roster_killed_transaction(killed) && conn->txn.state == TXN_OPEN)
        txn_fail(&conn->txn);
}

void command_run(struct peer *peer, struct request *request)
{
    struct conn *conn = (struct conn *)peer;
    const struct command *command = command_find(request);
    const char *digest = command ? command->name : NULL;
    char text[WORKER_TEXT];
    bool kept = false; /* until EXEC, or until the end of the session, which may come just now */
    enum roster_command kind = command ? (enum roster_command)command->kind : ROSTER_COMMAND_OTHER;
    int err =
        roster_stmt_begin(conn->session, kind, text, request_text(request, text, sizeof(text)),
                          digest, digest ? strcspn(digest, "|") : 0);

    if (err == -ECANCELED) {
        peer_finish(&conn->peer); /* killed between two statements */
    } else if (err) {
        error(conn, err);
    } else {
        run_request(conn, command, request);
        kept = conn->multi.queue.last == request || conn->awaits == request;
        if (!conn->peer.waiting)
            end_statement(conn);
    }
    if (!kept)
        free(request);
}

void command_wake(struct conn *conn, int err)
{
    conn_rise(conn);
    if (reply_done(&conn->peer.out, err))
        error(conn, err);
    if (err && err != -EINTR)
        txn_fail(&conn->txn);
    end_statement(conn);
    peer_process(&conn->peer);
}

void command_retry(struct conn *conn)
{
    int err = txn_lock(&conn->txn, conn->awaits->argv[1]);

    if (err == -EINPROGRESS)
        return;
    (void)!roster_txn_set_state(conn->session, ROSTER_RUN_RUNNING);
    command_wake(conn, err);
}
