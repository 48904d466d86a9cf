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

/* What most commands end their row with. */
#define DATA NULL, CMD_DATA | CMD_QUEUE, ROSTER_COMMAND_QUERY
#define QUERY(flags) NULL, flags, ROSTER_COMMAND_QUERY
#define OTHER(flags) NULL, flags, ROSTER_COMMAND_OTHER
#define SUBS(list) list, 0, ROSTER_COMMAND_OTHER
#define KIND(flags, kind) NULL, flags, ROSTER_COMMAND_##kind

const struct command commands[] = {
    {"AUTH", cmd_auth, -2, "user [password]",
     "Be that user, where --auth=trust lets clients choose", OTHER(0)},
    {"BEGIN", cmd_begin, 1, "", "Begin a transaction: one snapshot", QUERY(CMD_OUTSIDE)},
    {"CLIENT", NULL, -2, "HELP | subcommand [argument ...]", "The clients", SUBS(client_commands)},
    {"COMMAND", cmd_command, -1, "[HELP | COUNT | DOCS [command ...]]",
     "The commands of the server", SUBS(command_commands)},
    {"COMMIT", cmd_commit, 1, "", "Commit; the first committer of a key wins", QUERY(0)},
    {"CONFIG", NULL, -2, "HELP | GET pattern [pattern ...]", "The options", SUBS(config_commands)},
    {"DBSIZE", cmd_dbsize, 1, "", "Count the keys", DATA},
    {"DEBUG", NULL, -2, "HELP | SLEEP seconds", "A statement that is slow", SUBS(debug_commands)},
    {"DECR", cmd_incr, 2, "key", "Subtract one from a number", DATA},
    {"DECRBY", cmd_incr, 3, "key number", "Subtract from a number", DATA},
    {"DEL", cmd_count, -2, "key [key ...]", "Delete keys", DATA},
    {"DISCARD", cmd_discard, 1, "", "Forget what was queued since MULTI", QUERY(CMD_NOW)},
    {"ECHO", cmd_echo, 2, "message", "Reply with the message", OTHER(CMD_QUEUE)},
    {"EXEC", cmd_exec, 1, "", "Run what was queued, in one transaction", QUERY(CMD_NOW)},
    {"EXISTS", cmd_count, -2, "key [key ...]", "Count those that exist", DATA},
    {"FLUSHDB", cmd_flushdb, 1, "", "Delete all keys", QUERY(CMD_DATA | CMD_OUTSIDE)},
    {"GET", cmd_get, 2, "key", "The value of a key", DATA},
    {"HELLO", cmd_hello, -1, "[2|3 [SETNAME name]]", "Greet; choose the protocol", OTHER(0)},
    {"INCR", cmd_incr, 2, "key", "Add one to a number", DATA},
    {"INCRBY", cmd_incr, 3, "key number", "Add to a number", DATA},
    {"INFO", cmd_info, -1, "[section]", "Figures of the server", KIND(0, STATISTICS)},
    {"LOCK", cmd_lock, 2, "name", "Take a lock of that name until the transaction ends, or wait",
     QUERY(CMD_DATA | CMD_INSIDE)},
    {"MGET", cmd_mget, -2, "key [key ...]", "The values of keys", DATA},
    {"MSET", cmd_set, -3, "key value [key value ...]", "Set keys", DATA},
    {"MULTI", cmd_multi, 1, "", "Queue commands until EXEC", QUERY(CMD_OUTSIDE | CMD_NOW)},
    {"PING", cmd_ping, -1, "[message]", "Reply with PONG", KIND(CMD_QUEUE, PING)},
    {"QUIT", cmd_quit, -1, "", "End the connection", KIND(CMD_NOW, QUIT)},
    {"RESET", cmd_reset, 1, "", "Make the connection what it was at first", OTHER(CMD_NOW)},
    {"ROLLBACK", cmd_rollback, 1, "", "End the transaction without its writes", QUERY(0)},
    {"SCAN", cmd_scan, -2, "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     "Some of the keys, and the cursor of the next ones; 0 begins and ends", DATA},
    {"SELECT", cmd_select, 2, "0", "Select the only database", KIND(CMD_QUEUE, INIT_DB)},
    {"SET", cmd_set, 3, "key value", "Set a key", DATA},
    {"STRLEN", cmd_measure, 2, "key", "The length of a value", DATA},
    {"TRX", NULL, -2, "HELP | LIST | HISTORY", "The transactions", SUBS(trx_commands)},
    {"TYPE", cmd_measure, 2, "key", "\"string\", or \"none\"", DATA},
    CMD_END,
};

const struct command *command_find(const struct command *list, struct slice name)
{
    while (list->name &&
           (strlen(list->name) != name.len || strncasecmp(list->name, name.data, name.len) != 0))
        list++;
    return list->name ? list : NULL;
}

size_t command_count(const struct command *list)
{
    size_t count = 0;

    while (list[count].name)
        count++;
    return count;
}

bool command_number(struct slice text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text.data, &end, 10);
    return !errno && text.len && *text.data >= '0' && *text.data <= '9' && !*end;
}

static bool fits(int arity, size_t argc)
{
    return arity < 0 ? argc >= (size_t)-arity : argc == (size_t)arity;
}

static int error(struct conn *conn, int err)
{
    struct server *server = conn->worker->server;
    struct buf *out = &conn->out;

    switch (err) {
    case -EAGAIN:
        server_count(&server->counts.conflicts, 1);
        return reply(out, "-CONFLICT another transaction has committed one of the keys since "
                          "BEGIN; nothing was written, begin again");
    case -ESTALE:
        server_count(&server->counts.expired, 1);
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
        if (err >= 0)
            err = conn->out.failed ? -EMSGSIZE : txn_commit(&conn->txn);
        if (err)
            txn_rollback(&conn->txn);
        /* Another one was first, so there is progress; try with a newer snapshot. */
    } while (err == -EAGAIN && !roster_killed(conn->session));
    return err == -EAGAIN ? -EINTR : err;
}

/* In the client's transaction; a command that could not be done completely ends it. */
static int run_inside(struct conn *conn, const struct request *request, command_fn *run)
{
    int err;

    if (conn->txn.state == TXN_FAILED)
        return reply(&conn->out, "-ABORTED the transaction was rolled back after an error; end it "
                                 "with ROLLBACK");
    err = run(conn, request);
    if (err >= 0) /* what it has read is valid and may reach the client (G8) */
        err = conn->out.failed ? -EMSGSIZE : roster_txn_check(conn->session);
    if (err)
        txn_fail(&conn->txn);
    else /* for TRX LIST; when memory is short it shows what was before */
        (void)!roster_txn_set_progress(conn->session, conn->txn.count, conn->txn.bytes, 0);
    return err;
}

static int help(struct conn *conn, const struct command *command)
{
    const struct command *sub;

    reply(&conn->out, "*%zu", 2 * command_count(command->subcommands) + 1);
    reply(&conn->out, "+%s <subcommand> [argument ...]. Subcommands are:", command->name);
    for (sub = command->subcommands; sub->name; sub++) {
        reply(&conn->out, "+%s%s%s", sub->name, *sub->usage ? " " : "", sub->usage);
        reply(&conn->out, "+    %s.", sub->summary);
    }
    return 0;
}

static int run_sub(struct conn *conn, const struct command *command, const struct request *request)
{
    const struct command *sub = command_find(command->subcommands, request->argv[1]);
    const char *name = request->argv[0].data;

    if (!sub && request->argc == 2 && request_is(request, 1, "HELP"))
        return help(conn, command);
    if (!sub)
        return reply(&conn->out, "-ERR unknown subcommand '%.128s' of %s; try %s HELP",
                     request->argv[1].data, name, name);
    if (!fits(sub->arity, request->argc))
        return reply(&conn->out, "-ERR wrong number of arguments, usage: %s %s%s%s", name,
                     sub->name, *sub->usage ? " " : "", sub->usage);
    return sub->run(conn, request);
}

/* Once it is known, and has as many arguments as it may. */
static int run_known(struct conn *conn, const struct command *command, struct request *request)
{
    bool inside = conn->txn.state != TXN_NONE;

    if (conn->multi.open && !(command->flags & CMD_NOW))
        return multi_queue(conn, command, request);
    if (inside && (command->flags & CMD_OUTSIDE))
        return reply(&conn->out, "-ERR %s is not allowed inside a transaction", command->name);
    if (!inside && (command->flags & CMD_INSIDE))
        return reply(&conn->out, "-ERR %s without BEGIN", command->name);
    if (command->subcommands && request->argc > 1)
        return run_sub(conn, command, request);
    if (!(command->flags & CMD_DATA))
        return command->run(conn, request);
    return (inside ? run_inside : command_autocommit)(conn, request, command->run);
}

static int run(struct conn *conn, const struct command *command, struct request *request)
{
    if (command && fits(command->arity, request->argc))
        return run_known(conn, command, request);
    conn->multi.broken = true;
    if (command)
        return reply(&conn->out, "-ERR wrong number of arguments, usage: %s %s", command->name,
                     command->usage);
    if (!request_is(request, 0, "POST") && !request_is(request, 0, "HOST:"))
        return reply(&conn->out, "-ERR unknown command '%.128s'", request->argv[0].data);
    conn_finish(conn); /* a browser may have been tricked into sending commands as a body */
    return reply(&conn->out, "-ERR this is no web server");
}

static void run_request(struct conn *conn, const struct command *command, struct request *request)
{
    size_t mark = conn->out.len;
    int err;

    conn->out.limit = mark + conn->worker->server->options.max_reply;
    err = run(conn, command, request);
    if (err >= 0 && conn->out.failed)
        err = -EMSGSIZE;
    conn->out.limit = 0;
    if (err < 0) {
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
    const struct command *command = command_find(commands, request->argv[0]);
    const char *digest = command ? command->name : NULL;
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
        kept = conn->multi.last == request || conn->awaits == request;
        if (!conn->sleeping)
            end_statement(conn);
    }
    if (!kept)
        free(request);
}

void command_wake(struct conn *conn, int err)
{
    conn_rise(conn);
    if (reply_done(&conn->out, err))
        error(conn, err);
    if (err && err != -EINTR)
        txn_fail(&conn->txn);
    end_statement(conn);
    conn_process(conn);
}

void command_retry(struct conn *conn)
{
    int err = txn_lock(&conn->txn, conn->awaits->argv[1]);

    if (err == -EINPROGRESS)
        return;
    (void)!roster_txn_set_state(conn->session, ROSTER_RUN_RUNNING);
    command_wake(conn, err);
}
