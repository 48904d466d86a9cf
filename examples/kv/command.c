/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The table of commands, and running one: every one is a statement of its session, and every one
 * that touches data runs inside a transaction.
 */
#include "config.h"

#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define QUERY ROSTER_COMMAND_QUERY
#define OTHER ROSTER_COMMAND_OTHER

const struct command commands[] = {
    {"BEGIN", cmd_begin, 1, CMD_OUTSIDE, QUERY, "",
     "Begin a transaction: one snapshot until its end"},
    {"CLIENT", cmd_client, -2, 0, OTHER, "HELP | subcommand [argument ...]",
     "The connections of the server"},
    {"COMMAND", cmd_command, -1, 0, OTHER, "[HELP | COUNT | DOCS [command ...]]",
     "The commands of the server"},
    {"COMMIT", cmd_commit, 1, 0, QUERY, "", "Commit; the first committer of a key wins"},
    {"CONFIG", cmd_config, -2, 0, OTHER, "HELP | GET pattern [pattern ...]",
     "The options of the server"},
    {"DBSIZE", cmd_dbsize, 1, CMD_DATA | CMD_QUEUE, QUERY, "", "Count the keys"},
    {"DEBUG", cmd_debug, -2, 0, OTHER, "HELP | SLEEP seconds", "A statement that takes its time"},
    {"DECR", cmd_decr, 2, CMD_DATA | CMD_QUEUE, QUERY, "key", "Subtract one from a number"},
    {"DECRBY", cmd_decrby, 3, CMD_DATA | CMD_QUEUE, QUERY, "key number", "Subtract from a number"},
    {"DEL", cmd_del, -2, CMD_DATA | CMD_QUEUE, QUERY, "key [key ...]", "Delete keys"},
    {"DISCARD", cmd_discard, 1, CMD_NOW, QUERY, "", "Forget what was queued since MULTI"},
    {"ECHO", cmd_echo, 2, CMD_QUEUE, OTHER, "message", "Reply with the message"},
    {"EXEC", cmd_exec, 1, CMD_NOW, QUERY, "",
     "Run what was queued since MULTI, in one transaction"},
    {"EXISTS", cmd_exists, -2, CMD_DATA | CMD_QUEUE, QUERY, "key [key ...]",
     "Count those that exist"},
    {"FLUSHDB", cmd_flushdb, 1, CMD_OUTSIDE, QUERY, "", "Delete all keys"},
    {"GET", cmd_get, 2, CMD_DATA | CMD_QUEUE, QUERY, "key", "The value of a key"},
    {"HELLO", cmd_hello, -1, 0, OTHER, "[2|3 [SETNAME name]]",
     "Greet the server, and choose the version of the protocol"},
    {"INCR", cmd_incr, 2, CMD_DATA | CMD_QUEUE, QUERY, "key", "Add one to a number"},
    {"INCRBY", cmd_incrby, 3, CMD_DATA | CMD_QUEUE, QUERY, "key number", "Add to a number"},
    {"INFO", cmd_info, -1, 0, ROSTER_COMMAND_STATISTICS, "[section]",
     "Sessions, transactions, the minimum and its holder, versions"},
    {"MGET", cmd_mget, -2, CMD_DATA | CMD_QUEUE, QUERY, "key [key ...]", "The values of keys"},
    {"MSET", cmd_set, -3, CMD_DATA | CMD_QUEUE, QUERY, "key value [key value ...]", "Set keys"},
    {"MULTI", cmd_multi, 1, CMD_OUTSIDE | CMD_NOW, QUERY, "", "Queue commands until EXEC"},
    {"PING", cmd_ping, -1, CMD_QUEUE, ROSTER_COMMAND_PING, "[message]", "Reply with PONG"},
    {"QUIT", cmd_quit, -1, CMD_NOW, ROSTER_COMMAND_QUIT, "", "End the connection"},
    {"RESET", cmd_reset, 1, CMD_NOW, OTHER, "",
     "Roll back, forget the name and what was queued, and go back to version 2 of the protocol"},
    {"ROLLBACK", cmd_rollback, 1, 0, QUERY, "", "End the transaction without its writes"},
    {"SCAN", cmd_scan, -2, CMD_DATA | CMD_QUEUE, QUERY,
     "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     "Some of the keys, and the cursor that the next ones begin at; 0 begins and ends"},
    {"SELECT", cmd_select, 2, CMD_QUEUE, ROSTER_COMMAND_INIT_DB, "0", "Select the only database"},
    {"SET", cmd_set, 3, CMD_DATA | CMD_QUEUE, QUERY, "key value", "Set a key"},
    {"STRLEN", cmd_strlen, 2, CMD_DATA | CMD_QUEUE, QUERY, "key", "The length of a value"},
    {"TRX", cmd_trx, -2, 0, OTHER, "HELP | LIST | HISTORY",
     "The open transactions, oldest first, or what long ones consisted of"},
    {"TYPE", cmd_type, 2, CMD_DATA | CMD_QUEUE, QUERY, "key", "\"string\", or \"none\""},
    {NULL, NULL, 0, 0, OTHER, NULL, NULL},
};

const struct command *command_find(struct slice name)
{
    const struct command *command = commands;

    while (command->name && (strlen(command->name) != name.len ||
                             strncasecmp(command->name, name.data, name.len) != 0))
        command++;
    return command->name ? command : NULL;
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
        server_count(&server->counts.conflicts);
        reply_error(out, "CONFLICT another transaction has committed one of the keys since BEGIN; "
                         "nothing was written, begin again");
        break;
    case -ESTALE:
        server_count(&server->counts.expired);
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

/* Runs a command once, inside whatever transaction is open. */
static int run_once(struct conn *conn, const struct request *request)
{
    return command_find(request->argv[0])->run(conn, request);
}

int command_autocommit(struct conn *conn, const struct request *request,
                       int (*run)(struct conn *conn, const struct request *request))
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
    if (!err) /* all that it has read may be told to the client (G8) */
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
}

void command_run(struct conn *conn, struct request *request)
{
    const struct command *command = command_find(request->argv[0]);
    const char *digest = command && conn->txn.history ? command->name : NULL;
    char *text = conn->worker->text;
    bool kept = false; /* until EXEC, or until the end of the session, which may come just now */
    int err = roster_stmt_begin(conn->session, command ? command->kind : ROSTER_COMMAND_OTHER, text,
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
        request_free(request);
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

static int sub_help(struct conn *conn, const char *name, const struct subcommand *subcommands)
{
    const struct subcommand *sub;
    size_t lines = 2;

    for (sub = subcommands; sub->name; sub++)
        lines += 2;
    reply_array(&conn->out, lines);
    reply_statusf(&conn->out, "%s <subcommand> [argument ...]. Subcommands are:", name);
    for (sub = subcommands; sub->name; sub++) {
        reply_statusf(&conn->out, "%s%s%s", sub->name, *sub->usage ? " " : "", sub->usage);
        reply_statusf(&conn->out, "    %s.", sub->summary);
    }
    return reply_status(&conn->out, "HELP");
}

int command_sub(struct conn *conn, const struct request *request,
                const struct subcommand *subcommands)
{
    const struct subcommand *sub = subcommands;
    const char *name = request->argv[0].data;

    if (request->argc == 2 && request_is(request, 1, "HELP"))
        return sub_help(conn, command_find(request->argv[0])->name, subcommands);
    while (sub->name && !request_is(request, 1, sub->name))
        sub++;
    if (!sub->name)
        return reply_error(&conn->out, "ERR unknown subcommand '%.128s' of %s; try %s HELP",
                           request->argv[1].data, name, name);
    if (!fits(sub->arity, request->argc))
        return reply_error(&conn->out, "ERR wrong number of arguments, usage: %s %s%s%s", name,
                           sub->name, *sub->usage ? " " : "", sub->usage);
    return sub->run(conn, request);
}

int command_text(struct conn *conn, const void *arg,
                 int (*tell)(struct conn *conn, const void *arg, struct buf *text))
{
    struct buf *text = &conn->worker->scratch;
    int err;

    buf_clear(text);
    err = tell(conn, arg, text);
    if (!err && text->failed)
        err = -ENOMEM;
    if (!err)
        reply_text(&conn->out, text->data, text->len);
    buf_clear(text);
    return err;
}
