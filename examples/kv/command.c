/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Running a command: every one is a statement of its session, and every one that touches data
 * runs inside a transaction.
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

void command_error(struct conn *conn, int err)
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
static int run_once(struct conn *conn, const void *arg)
{
    const struct request *request = arg;

    return command_find(request->argv[0])->run(conn, request);
}

int command_autocommit(struct conn *conn, int (*run)(struct conn *conn, const void *arg),
                       const void *arg)
{
    size_t mark = conn->out.len;
    int err;

    do {
        buf_truncate(&conn->out, mark);
        err = txn_begin(&conn->txn);
        if (err)
            return err;
        err = run(conn, arg);
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

    if (conn->txn.state == TXN_FAILED) {
        reply_error(&conn->out, "ABORTED the transaction was rolled back after an error; end it "
                                "with ROLLBACK");
        return 0;
    }
    err = run_once(conn, request);
    if (!err)
        err = conn->out.failed ? -EMSGSIZE : txn_check(&conn->txn);
    if (err)
        txn_fail(&conn->txn, err);
    else /* for TRX LIST; when memory is short it shows what was before */
        (void)!roster_txn_set_progress(conn->session, conn->txn.count, conn->txn.bytes, 0);
    return err;
}

static int run_known(struct conn *conn, const struct command *command, struct request *request)
{
    bool inside = conn->txn.state != TXN_NONE;

    if (conn->multi.open && !(command->flags & CMD_NOW))
        return multi_queue(conn, command, request);
    if (inside && (command->flags & CMD_OUTSIDE)) {
        reply_error(&conn->out, "ERR %s is not allowed inside a transaction", command->name);
        return 0;
    }
    if (!(command->flags & CMD_DATA))
        return command->run(conn, request);
    return inside ? run_inside(conn, request) : command_autocommit(conn, run_once, request);
}

/* Returns whether it did not even start. */
static bool refused(struct conn *conn, const struct command *command, const struct request *request)
{
    const char *name = request->argv[0].data;

    if (!command && (request_is(request, 0, "POST") || request_is(request, 0, "HOST:"))) {
        reply_error(&conn->out, "ERR this is no web server");
        conn_finish(conn); /* a browser may have been tricked into sending commands as a body */
    } else if (!command) {
        reply_error(&conn->out, "ERR unknown command '%.128s'", name);
    } else if (!command_arity_fits(command, request->argc)) {
        reply_error(&conn->out, "ERR wrong number of arguments, usage: %s %s", command->name,
                    command->usage);
    } else {
        return false;
    }
    conn->multi.broken = true;
    return true;
}

static void run_request(struct conn *conn, struct request *request)
{
    const struct command *command = command_find(request->argv[0]);
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
        command_error(conn, err);
    }
}

/* The request as the roster is to show it: words of printable characters, cut to what fits. */
static struct slice statement_text(struct worker *worker, const struct request *request)
{
    char *text = worker->text;
    size_t len = 0, n, at;

    for (n = 0; n < request->argc && len < WORKER_TEXT; n++) {
        if (n)
            text[len++] = ' ';
        for (at = 0; at < request->argv[n].len && len < WORKER_TEXT; at++) {
            char c = request->argv[n].data[at];

            text[len++] = (char)(c > ' ' && c <= '~' ? c : '.');
        }
    }
    return (struct slice){text, len};
}

static void end_statement(struct conn *conn)
{
    int killed = conn->session ? roster_stmt_end(conn->session) : 0;

    if (killed > 0 && (killed & ROSTER_KILLED_CONNECTION))
        conn_finish(conn);
}

void command_run(struct conn *conn, struct request *request)
{
    const struct command *command = command_find(request->argv[0]);
    struct slice text = statement_text(conn->worker, request);
    const char *digest = command && conn->txn.history ? command->name : NULL;
    int err = roster_stmt_begin(conn->session, command ? command->kind : ROSTER_COMMAND_OTHER,
                                text.data, text.len, digest, digest ? strlen(digest) : 0);

    if (err == -ECANCELED) {
        conn_finish(conn); /* killed between two statements */
    } else if (err) {
        command_error(conn, err);
    } else {
        run_request(conn, request);
        if (!conn->sleeping)
            end_statement(conn);
    }
    if (!multi_has(&conn->multi, request))
        request_free(request);
}

void command_wake(struct conn *conn, bool interrupted)
{
    uv_timer_stop(&conn->timer);
    conn->sleeping = false;
    if (interrupted)
        command_error(conn, -EINTR);
    else
        reply_status(&conn->out, "OK");
    end_statement(conn);
    conn_process(conn);
}

int command_sub(struct conn *conn, const struct request *request,
                const struct subcommand *subcommands)
{
    const struct subcommand *sub = subcommands;
    const char *name = request->argv[0].data;

    while (sub->name && !request_is(request, 1, sub->name))
        sub++;
    if (!sub->name)
        reply_error(&conn->out, "ERR unknown subcommand '%.128s' of %s", request->argv[1].data,
                    name);
    else if (sub->arity < 0 ? request->argc < (size_t)-sub->arity
                            : request->argc != (size_t)sub->arity)
        reply_error(&conn->out, "ERR wrong number of arguments for %s %s", name, sub->name);
    else
        return sub->run(conn, request);
    return 0;
}
