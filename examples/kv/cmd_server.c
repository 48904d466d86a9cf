/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands about the server and the connection itself.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define SLEEP_MAX 3600
#define STEP_MS 100 /* between two looks at how far a sleep has come */

int cmd_ping(struct conn *conn, const struct request *request)
{
    if (request->argc > 2)
        return reply(&conn->out, "-ERR wrong number of arguments, usage: PING [message]");
    return request->argc == 2 ? cmd_echo(conn, request) : reply(&conn->out, "+PONG");
}

int cmd_echo(struct conn *conn, const struct request *request)
{
    return reply_bulk(&conn->out, request->argv[1]);
}

int cmd_quit(struct conn *conn, const struct request *request)
{
    reply(&conn->out, "+OK");
    conn_finish(conn);
    return 0;
}

/* The connection as it was at first: a pool can hand it to another user. */
int cmd_reset(struct conn *conn, const struct request *request)
{
    int err;

    multi_discard(conn);
    txn_rollback(&conn->txn);
    conn->user[0] = '\0';
    err = client_set_name(conn, (struct slice){"", 0});
    if (err)
        return err;
    conn->out.resp3 = false;
    return reply(&conn->out, "+RESET");
}

/* There are no passwords: who a client is matters for limits and lists alone. */
int cmd_auth(struct conn *conn, const struct request *request)
{
    size_t mark = conn->out.len;
    int err = request->argc > 3
                  ? reply(&conn->out, "-ERR syntax error, usage: AUTH user [password]")
                  : client_set_user(conn, request->argv[1]);

    return conn->out.len > mark ? err : reply_done(&conn->out, err);
}

int cmd_select(struct conn *conn, const struct request *request)
{
    return request_is(request, 1, "0") ? reply(&conn->out, "+OK")
                                       : reply(&conn->out, "-ERR there is no database but 0");
}

int cmd_hello(struct conn *conn, const struct request *request)
{
    struct buf *out = &conn->out;
    size_t mark = out->len, name = 2;
    int err = 0;

    if (request->argc > 1 && !request_is(request, 1, "2") && !request_is(request, 1, "3"))
        return reply(out, "-NOPROTO this server speaks versions 2 and 3 of the protocol");
    if (request_is(request, name, "AUTH") && request->argc > 4)
        name = 5;
    if (request->argc > name &&
        (request->argc != name + 2 || !request_is(request, name, "SETNAME")))
        return reply(out, "-ERR syntax error, usage: HELLO [2|3 [AUTH user password] "
                          "[SETNAME name]]");
    if (name > 2)
        err = client_set_user(conn, request->argv[3]);
    if (!err && out->len == mark && request->argc > name)
        err = client_set_name(conn, request->argv[name + 1]);
    if (err || out->len > mark)
        return err;
    if (request->argc > 1)
        out->resp3 = request_is(request, 1, "3");
    reply_map(out, 7);
    reply_strings(out, "server", "roster-kv", "version", roster_version(), "proto", (char *)NULL);
    reply(out, ":%d", out->resp3 ? 3 : 2);
    reply_string(out, "id");
    reply(out, ":%" PRIu64, roster_session_id(conn->session));
    reply_strings(out, "mode", "standalone", "role", "master", "modules", (char *)NULL);
    return reply(out, "*0");
}

/* Names and values in the worker's scratch buffer, until their number is known. */
struct config {
    const struct request *request;
    struct buf *out;
    size_t count;
};

/* Takes an option whose name matches one of the patterns. */
static void config_line(const char *name, const char *value, void *arg)
{
    struct config *config = arg;
    size_t n = 2;

    while (n < config->request->argc &&
           fnmatch(config->request->argv[n].data, name, FNM_CASEFOLD) != 0)
        n++;
    if (n == config->request->argc)
        return;
    reply_strings(config->out, name, value, (char *)NULL);
    config->count++;
}

/* A map of what is in the scratch buffer. */
static int reply_scratch(struct conn *conn, size_t pairs)
{
    const struct buf *scratch = &conn->worker->scratch;

    reply_map(&conn->out, pairs);
    buf_append(&conn->out, scratch->data, scratch->len);
    return scratch->failed ? -ENOMEM : 0;
}

static int config_get(struct conn *conn, const struct request *request)
{
    struct config config = {request, command_scratch(conn), 0};

    options_each(&conn->worker->server->options, config_line, &config);
    config_line("appendonly", "no", &config); /* clients of Redis ask for these */
    config_line("databases", "1", &config);
    config_line("save", "", &config);
    return reply_scratch(conn, config.count);
}

const struct command config_commands[] = {
    CMD_SUB("GET", config_get, -3, "pattern [pattern ...]",
            "The options that match, with their values"),
    CMD_END,
};

int cmd_command(struct conn *conn, const struct request *request)
{
    const struct command *command;
    int key;

    reply(&conn->out, "*%zu", command_count(commands));
    for (command = commands; command->name; command++) {
        key = command->flags & CMD_DATA && command->arity != 1;
        reply(&conn->out, "*6");
        reply_string(&conn->out, command->name);
        reply(&conn->out, ":%d", command->arity);
        buf_printf(&conn->out, "*0\r\n:%d\r\n:%d\r\n:%d\r\n", key, key, key);
    }
    return 0;
}

static size_t command_doc(struct buf *out, const struct command *command)
{
    reply_string(out, command->name);
    reply_map(out, 4);
    reply_strings(out, "summary", command->summary, "since", "0.1.0", "group",
                  command->flags & CMD_DATA ? "string" : "server", "usage", command->usage,
                  (char *)NULL);
    return 1;
}

static int command_docs(struct conn *conn, const struct request *request)
{
    const struct command *command;
    struct buf *out = command_scratch(conn);
    size_t count = 0, n;

    for (command = commands; request->argc == 2 && command->name; command++)
        count += command_doc(out, command);
    for (n = 2; n < request->argc; n++) {
        command = command_find(commands, request->argv[n]);
        if (command)
            count += command_doc(out, command);
    }
    return reply_scratch(conn, count);
}

static int command_number_of(struct conn *conn, const struct request *request)
{
    return reply(&conn->out, ":%zu", command_count(commands));
}

const struct command command_commands[] = {
    CMD_SUB("COUNT", command_number_of, 2, "", "How many commands there are"),
    CMD_SUB("DOCS", command_docs, -2, "[command ...]", "What they do"),
    CMD_END,
};

static void on_timer(uv_timer_t *timer)
{
    struct conn *conn = timer->data;
    uint64_t done = uv_now(timer->loop) - conn->slept;

    if (done >= conn->sleep_ms) {
        command_wake(conn, 0);
        return;
    }
    (void)roster_stmt_set_progress(conn->session, conn->worker->server->sleep_phase, done,
                                   conn->sleep_ms);
    uv_timer_start(timer, on_timer,
                   conn->sleep_ms - done < STEP_MS ? conn->sleep_ms - done : STEP_MS, 0);
}

/* Sleeps in a statement, and shows how far it has come; the other clients go on. */
static int debug_sleep(struct conn *conn, const struct request *request)
{
    char *end;
    double seconds = strtod(request->argv[2].data, &end);

    if (!request->argv[2].len || *end || !isfinite(seconds) || seconds < 0 || seconds > SLEEP_MAX)
        return reply(&conn->out, "-ERR DEBUG SLEEP takes a number of seconds from 0 to %d",
                     SLEEP_MAX);
    conn_sleep(conn, NULL);
    (void)roster_wait_begin(conn->session, conn->worker->server->sleep_event);
    conn->slept = uv_now(&conn->worker->loop);
    conn->sleep_ms = (uint64_t)(seconds * 1000);
    uv_timer_start(&conn->timer, on_timer, 0, 0);
    return 0;
}

const struct command debug_commands[] = {
    CMD_SUB("SLEEP", debug_sleep, 3, "seconds", "Sleep in a statement; UNBLOCK and a kill end it"),
    CMD_END,
};
