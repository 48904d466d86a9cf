/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The table of commands, and running one: each is a statement of its session, and each that touches
 * data runs inside a transaction.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DATA (CMD_DATA | CMD_QUEUE)
#define QUERY ROSTER_COMMAND_QUERY
#define OTHER ROSTER_COMMAND_OTHER
#define INIT_DB ROSTER_COMMAND_INIT_DB

const struct command commands[] = {
    {"BEGIN", cmd_begin, 1, "", "Begin a transaction: one snapshot until its end", CMD_OUTSIDE,
     QUERY},
    {"CLIENT", cmd_client, -2, "HELP | subcommand [argument ...]", "The connections of the server",
     0, OTHER},
    {"COMMAND", cmd_command, -1, "[HELP | COUNT | DOCS [command ...]]",
     "The commands of the server", 0, OTHER},
    {"COMMIT", cmd_commit, 1, "", "Commit; the first committer of a key wins", 0, QUERY},
    {"CONFIG", cmd_config, -2, "HELP | GET pattern [pattern ...]", "The options of the server", 0,
     OTHER},
    {"DBSIZE", cmd_dbsize, 1, "", "Count the keys", DATA, QUERY},
    {"DEBUG", cmd_debug, -2, "HELP | SLEEP seconds", "A statement that takes its time", 0, OTHER},
    {"DECR", cmd_incr, 2, "key", "Subtract one from a number", DATA, QUERY},
    {"DECRBY", cmd_incr, 3, "key number", "Subtract from a number", DATA, QUERY},
    {"DEL", cmd_del, -2, "key [key ...]", "Delete keys", DATA, QUERY},
    {"DISCARD", cmd_discard, 1, "", "Forget what was queued since MULTI", CMD_NOW, QUERY},
    {"ECHO", cmd_echo, 2, "message", "Reply with the message", CMD_QUEUE, OTHER},
    {"EXEC", cmd_exec, 1, "", "Run what was queued since MULTI, in one transaction", CMD_NOW,
     QUERY},
    {"EXISTS", cmd_exists, -2, "key [key ...]", "Count those that exist", DATA, QUERY},
    {"FLUSHDB", cmd_flushdb, 1, "", "Delete all keys", CMD_OUTSIDE, QUERY},
    {"GET", cmd_get, 2, "key", "The value of a key", DATA, QUERY},
    {"HELLO", cmd_hello, -1, "[2|3 [SETNAME name]]",
     "Greet the server, and choose the version of the protocol", 0, OTHER},
    {"INCR", cmd_incr, 2, "key", "Add one to a number", DATA, QUERY},
    {"INCRBY", cmd_incr, 3, "key number", "Add to a number", DATA, QUERY},
    {"INFO", cmd_info, -1, "[section]",
     "Sessions, transactions, the minimum and its holder, versions", 0, ROSTER_COMMAND_STATISTICS},
    {"MGET", cmd_mget, -2, "key [key ...]", "The values of keys", DATA, QUERY},
    {"MSET", cmd_set, -3, "key value [key value ...]", "Set keys", DATA, QUERY},
    {"MULTI", cmd_multi, 1, "", "Queue commands until EXEC", CMD_OUTSIDE | CMD_NOW, QUERY},
    {"PING", cmd_ping, -1, "[message]", "Reply with PONG", CMD_QUEUE, ROSTER_COMMAND_PING},
    {"QUIT", cmd_quit, -1, "", "End the connection", CMD_NOW, ROSTER_COMMAND_QUIT},
    {"RESET", cmd_reset, 1, "",
     "Roll back, forget the name and what was queued, and go back to version 2 of the protocol",
     CMD_NOW, OTHER},
    {"ROLLBACK", cmd_rollback, 1, "", "End the transaction without its writes", 0, QUERY},
    {"SCAN", cmd_scan, -2, "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     "Some of the keys, and the cursor of the next ones; 0 begins and ends", DATA, QUERY},
    {"SELECT", cmd_select, 2, "0", "Select the only database", CMD_QUEUE, INIT_DB},
    {"SET", cmd_set, 3, "key value", "Set a key", DATA, QUERY},
    {"STRLEN", cmd_strlen, 2, "key", "The length of a value", DATA, QUERY},
    {"TRX", cmd_trx, -2, "HELP | LIST | HISTORY",
     "The open transactions, oldest first, or what long ones consisted of", 0, OTHER},
    {"TYPE", cmd_type, 2, "key", "\"string\", or \"none\"", DATA, QUERY},
    {NULL, NULL, 0, NULL, NULL, 0, OTHER},
};

static const struct command *find(const struct command *list, struct slice name)
{
    while (list->name &&
           (strlen(list->name) != name.len || strncasecmp(list->name, name.data, name.len) != 0))
        list++;
    return list->name ? list : NULL;
}

const struct command *command_find(struct slice name)
{
    return find(commands, name);
}

static bool fits(int arity, size_t argc)
{
    return arity < 0 ? argc >= (size_t)-arity : argc == (size_t)arity;
}

static void error(struct conn *conn, int err)
{
    struct server *server = conn->worker->server;
    struct buf *out = &conn->out;

    switch (err) {
    case -EAGAIN:
        server_count(&server->counts.conflicts, 1);
        reply_error(out, "CONFLICT another transaction has committed one of the keys since BEGIN; "
                         "nothing was written, begin again");
        break;
    case -ESTALE:
        server_count(&server->counts.expired, 1);
        if (cluster_fenced(server))
            reply_error(out, "FENCED the server has lost its lease and cannot vouch for what it "
                             "reads; nothing was written, ask another one or try again later");
        else
            reply_error(out, "EXPIRED the snapshot is gone: the transaction is older than the age "
                             "limit, or the server had lost its lease; nothing was written, begin "
                             "again");
        break;
    case -EINTR:
        reply_error(out, "UNBLOCKED the statement was interrupted");
        break;
    case -EFBIG:
        reply_error(out, "ERR the transaction would write more than %" PRIu64 " bytes",
                    server->options.max_txn);
        break;
    case -ENOSPC:
        reply_error(out, "OOM the versions take more than %" PRIu64 " bytes",
                    server->options.max_memory);
        break;
    case -EMSGSIZE:
        reply_error(out, "ERR the reply would exceed %" PRIu64 " bytes, or memory is out",
                    server->options.max_reply);
        break;
    default:
        reply_error(out, "ERR %s", roster_strerror(err));
    }
}

static int run_once(struct conn *conn, const struct request *request)
{
    return command_find(request->argv[0])->run(conn, request);
}

int command_autocommit(struct conn *conn, const struct request *request, command_fn *run)
{
    size_t mark = conn->out.len;
    int err;

    do {
        buf_truncate(&conn->out, mark);
        err = txn_begin(&conn->txn);
        if (err)
            return err;
        err = run(conn, request);
        if (!err)
            err = conn->out.failed ? -EMSGSIZE : txn_commit(&conn->txn);
        if (err)
            txn_rollback(&conn->txn);
        /* Another one was first, so there is progress; try with a newer snapshot. */
    } while (err == -EAGAIN && !roster_killed(conn->session));
    return err == -EAGAIN ? -EINTR : err;
}

/* In the client's transaction; a command that could not be done completely ends it. */
static int run_inside(struct conn *conn, const struct request *request)
{
    int err;

    if (conn->txn.state == TXN_FAILED)
        return reply_error(&conn->out, "ABORTED the transaction was rolled back after an error; "
                                       "end it with ROLLBACK");
    err = run_once(conn, request);
    if (!err) /* what it has read is valid and may reach the client (G8) */
        err = conn->out.failed ? -EMSGSIZE : roster_txn_check(conn->session);
    if (err)
        txn_fail(&conn->txn);
    else /* for TRX LIST; when memory is short it shows what was before */
        (void)!roster_txn_set_progress(conn->session, conn->txn.count, conn->txn.bytes, 0);
    return err;
}

static int run_known(struct conn *conn, const struct command *command, struct request *request)
{
    bool inside = conn->txn.state != TXN_NONE;

    if (conn->multi.open && !(command->flags & CMD_NOW))
        return multi_queue(conn, command, request);
    if (inside && (command->flags & CMD_OUTSIDE))
        return reply_error(&conn->out, "ERR %s is not allowed inside a transaction", command->name);
    if (!(command->flags & CMD_DATA))
        return command->run(conn, request);
    return inside ? run_inside(conn, request) : command_autocommit(conn, request, run_once);
}

/* Returns whether it did not even start. */
static bool refused(struct conn *conn, const struct command *command, const struct request *request)
{
    if (!command && (request_is(request, 0, "POST") || request_is(request, 0, "HOST:"))) {
        reply_error(&conn->out, "ERR this is no web server");
        conn_finish(conn); /* a browser may have been tricked into sending commands as a body */
    } else if (!command) {
        reply_error(&conn->out, "ERR unknown command '%.128s'", request->argv[0].data);
    } else if (!fits(command->arity, request->argc)) {
        reply_error(&conn->out, "ERR wrong number of arguments, usage: %s %s", command->name,
                    command->usage);
    } else {
        return false;
    }
    conn->multi.broken = true;
    return true;
}

static void run_request(struct conn *conn, const struct command *command, struct request *request)
{
    size_t mark = conn->out.len;
    int err = 0;

    conn->out.limit = mark + conn->worker->server->options.max_reply;
    if (!refused(conn, command, request))
        err = run_known(conn, command, request);
    if (!err && conn->out.failed)
        err = -EMSGSIZE;
    conn->out.limit = 0;
    if (err) {
        buf_truncate(&conn->out, mark);
        error(conn, err);
    }
}

/* The request as the roster is to show it: words of printable characters, cut to what fits. */
static size_t statement_text(char *text, const struct request *request)
{
    size_t len = 0, n, at;

    for (n = 0; n < request->argc && len < WORKER_TEXT; n++) {
        if (n)
            text[len++] = ' ';
        for (at = 0; at < request->argv[n].len && len < WORKER_TEXT; at++) {
            char c = request->argv[n].data[at];

            text[len++] = (char)(c > ' ' && c <= '~' ? c : '.');
        }
    }
    return len;
}

static void end_statement(struct conn *conn)
{
    int killed = conn->session ? roster_stmt_end(conn->session) : 0;

    if (roster_killed_connection(killed))
        conn_finish(conn);
    else if (roster_killed_transaction(killed) && conn->txn.state == TXN_OPEN)
        txn_fail(&conn->txn);
}

void command_run(struct conn *conn, struct request *request)
{
    const struct command *command = command_find(request->argv[0]);
    const char *digest = command && conn->txn.history ? command->name : NULL;
    char *text = conn->worker->text;
    bool kept = false; /* until EXEC, or until the end of the session, which may come just now */
    int err = roster_stmt_begin(conn->session, command ? command->kind : OTHER, text,
                                statement_text(text, request), digest, digest ? strlen(digest) : 0);

    if (err == -ECANCELED) {
        conn_finish(conn); /* killed between two statements */
    } else if (err) {
        error(conn, err);
    } else {
        run_request(conn, command, request);
        kept = conn->multi.last == request;
        if (!conn->sleeping)
            end_statement(conn);
    }
    if (!kept)
        free(request);
}

void command_wake(struct conn *conn, bool interrupted)
{
    uv_timer_stop(&conn->timer);
    conn_sleep(conn, false);
    if (interrupted)
        error(conn, -EINTR);
    else
        reply_status(&conn->out, "OK");
    end_statement(conn);
    conn_process(conn);
}

static int help(struct conn *conn, const char *name, const struct command *list)
{
    size_t count = 0;

    while (list[count].name)
        count++;
    reply_array(&conn->out, 2 * count + 1);
    reply_status(&conn->out, "%s <subcommand> [argument ...]. Subcommands are:", name);
    for (; list->name; list++) {
        reply_status(&conn->out, "%s%s%s", list->name, *list->usage ? " " : "", list->usage);
        reply_status(&conn->out, "    %s.", list->summary);
    }
    return 0;
}

int command_sub(struct conn *conn, const struct request *request, const struct command *list)
{
    const struct command *sub = find(list, request->argv[1]);
    const char *name = request->argv[0].data;

    if (!sub && request->argc == 2 && request_is(request, 1, "HELP"))
        return help(conn, command_find(request->argv[0])->name, list);
    if (!sub)
        return reply_error(&conn->out, "ERR unknown subcommand '%.128s' of %s; try %s HELP",
                           request->argv[1].data, name, name);
    if (!fits(sub->arity, request->argc))
        return reply_error(&conn->out, "ERR wrong number of arguments, usage: %s %s%s%s", name,
                           sub->name, *sub->usage ? " " : "", sub->usage);
    return sub->run(conn, request);
}

struct buf *command_scratch(struct conn *conn)
{
    struct buf *scratch = &conn->worker->scratch;

    buf_clear(scratch);
    scratch->resp3 = conn->out.resp3;
    return scratch;
}

int command_text(struct conn *conn, const void *arg,
                 int (*write)(struct conn *conn, const void *arg, struct buf *text))
{
    struct buf *text = command_scratch(conn);
    int err = write(conn, arg, text);

    if (!err)
        err = text->failed ? -ENOMEM : reply_text(&conn->out, text->data, text->len);
    buf_clear(text);
    return err;
}
