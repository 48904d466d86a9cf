/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Commands about the server and the connection itself.
 */
#include "config.h"

#include "command.h"
#include "reply.h"
#include "server.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLEEP_MAX 3600

int cmd_ping(struct conn *conn, const struct request *request)
{
    if (request->argc > 2)
        reply_error(&conn->out, "ERR wrong number of arguments, usage: PING [message]");
    else if (request->argc == 2)
        reply_bulk(&conn->out, request->argv[1].data, request->argv[1].len);
    else
        reply_status(&conn->out, "PONG");
    return 0;
}

int cmd_echo(struct conn *conn, const struct request *request)
{
    reply_bulk(&conn->out, request->argv[1].data, request->argv[1].len);
    return 0;
}

int cmd_quit(struct conn *conn, const struct request *request)
{
    (void)request;
    reply_status(&conn->out, "OK");
    conn_finish(conn);
    return 0;
}

int cmd_select(struct conn *conn, const struct request *request)
{
    if (request_is(request, 1, "0"))
        reply_status(&conn->out, "OK");
    else
        reply_error(&conn->out, "ERR there is no database but 0");
    return 0;
}

static void greet(struct conn *conn)
{
    struct buf *out = &conn->out;

    reply_array(out, 14);
    reply_string(out, "server");
    reply_string(out, "roster-kv");
    reply_string(out, "version");
    reply_string(out, roster_version());
    reply_string(out, "proto");
    reply_integer(out, 2);
    reply_string(out, "id");
    reply_integer(out, (int64_t)roster_session_id(conn->session));
    reply_string(out, "mode");
    reply_string(out, "standalone");
    reply_string(out, "role");
    reply_string(out, "master");
    reply_string(out, "modules");
    reply_array(out, 0);
}

int cmd_hello(struct conn *conn, const struct request *request)
{
    size_t mark = conn->out.len;
    int err = 0;

    if (request->argc > 1 && !request_is(request, 1, "2"))
        reply_error(&conn->out, "NOPROTO this server speaks version 2 of the protocol only");
    else if (request->argc > 2 && (request->argc != 4 || !request_is(request, 2, "SETNAME")))
        reply_error(&conn->out, "ERR syntax error, usage: HELLO [2 [SETNAME name]]");
    else if (request->argc == 4)
        err = client_set_name(conn, request->argv[3]);
    if (!err && conn->out.len == mark)
        greet(conn);
    return err;
}

/* One name and value, when the name matches one of the patterns. */
static size_t config_line(struct buf *out, const struct request *request, const char *name,
                          const char *value)
{
    size_t n;

    for (n = 2; n < request->argc; n++)
        if (!fnmatch(request->argv[n].data, name, FNM_CASEFOLD)) {
            reply_string(out, name);
            reply_string(out, value);
            return 2;
        }
    return 0;
}

static size_t config_number(struct buf *out, const struct request *request, const char *name,
                            uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    return config_line(out, request, name, text);
}

static int config_get(struct conn *conn, const struct request *request)
{
    const struct options *options = &conn->worker->server->options;
    struct buf *out = &conn->worker->scratch;
    size_t count = 0;

    buf_clear(out);
    count += config_line(out, request, "appendonly", "no");
    count += config_line(out, request, "bind", options->bind);
    count += config_number(out, request, "gc-interval-ms", options->gc_interval_ms);
    count += config_number(out, request, "io-threads", options->threads);
    count += config_number(out, request, "max-buffers", options->max_buffers);
    count += config_number(out, request, "max-reply", options->max_reply);
    count += config_number(out, request, "max-request", options->max_request);
    count += config_number(out, request, "max-txn", options->max_txn);
    count += config_number(out, request, "maxclients", options->max_clients);
    count += config_number(out, request, "maxmemory", options->max_memory);
    count += config_number(out, request, "port", options->port);
    count += config_line(out, request, "save", "");
    count += config_number(out, request, "txn-age-limit", options->txn_age_limit_s);
    count += config_number(out, request, "write-timeout", options->write_timeout_s);
    reply_array(&conn->out, count);
    buf_append(&conn->out, out->data, out->len);
    return out->failed ? -ENOMEM : 0;
}

int cmd_config(struct conn *conn, const struct request *request)
{
    static const struct subcommand subcommands[] = {{"GET", config_get, -3}, {NULL, NULL, 0}};

    return command_sub(conn, request, subcommands);
}

static void command_line(struct buf *out, const struct command *command)
{
    reply_array(out, 6);
    reply_string(out, command->name);
    reply_integer(out, command->arity);
    reply_array(out, 0);
    reply_integer(out, command->flags & CMD_DATA ? 1 : 0);
    reply_integer(out, command->flags & CMD_DATA ? 1 : 0);
    reply_integer(out, command->flags & CMD_DATA ? 1 : 0);
}

static void command_doc(struct buf *out, const struct command *command)
{
    reply_string(out, command->name);
    reply_array(out, 8);
    reply_string(out, "summary");
    reply_string(out, command->summary);
    reply_string(out, "since");
    reply_string(out, "0.1.0");
    reply_string(out, "group");
    reply_string(out, command->flags & CMD_DATA ? "string" : "server");
    reply_string(out, "usage");
    reply_string(out, command->usage);
}

static size_t count_commands(void)
{
    size_t count = 0;

    while (commands[count].name)
        count++;
    return count;
}

static int command_docs(struct conn *conn, const struct request *request)
{
    const struct command *command;
    struct buf *out = &conn->worker->scratch;
    size_t count = 0, n;

    buf_clear(out);
    for (command = commands; request->argc == 2 && command->name; command++, count++)
        command_doc(out, command);
    for (n = 2; n < request->argc; n++) {
        command = command_find(request->argv[n]);
        if (command) {
            command_doc(out, command);
            count++;
        }
    }
    reply_array(&conn->out, 2 * count);
    buf_append(&conn->out, out->data, out->len);
    return out->failed ? -ENOMEM : 0;
}

static int command_count(struct conn *conn, const struct request *request)
{
    (void)request;
    reply_integer(&conn->out, (int64_t)count_commands());
    return 0;
}

int cmd_command(struct conn *conn, const struct request *request)
{
    static const struct subcommand subcommands[] = {
        {"COUNT", command_count, 2}, {"DOCS", command_docs, -2}, {NULL, NULL, 0}};
    const struct command *command;

    if (request->argc > 1)
        return command_sub(conn, request, subcommands);
    reply_array(&conn->out, count_commands());
    for (command = commands; command->name; command++)
        command_line(&conn->out, command);
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    command_wake(timer->data, false);
}

/* Sleeps in a statement; the other clients go on. */
static int debug_sleep(struct conn *conn, const struct request *request)
{
    char *end;
    double seconds = strtod(request->argv[2].data, &end);

    if (!request->argv[2].len || *end || !isfinite(seconds) || seconds < 0 || seconds > SLEEP_MAX) {
        reply_error(&conn->out, "ERR DEBUG SLEEP takes a number of seconds from 0 to %d",
                    SLEEP_MAX);
        return 0;
    }
    conn->sleeping = true;
    uv_timer_start(&conn->timer, on_timer, (uint64_t)(seconds * 1000), 0);
    return 0;
}

int cmd_debug(struct conn *conn, const struct request *request)
{
    static const struct subcommand subcommands[] = {{"SLEEP", debug_sleep, 3}, {NULL, NULL, 0}};

    return command_sub(conn, request, subcommands);
}
