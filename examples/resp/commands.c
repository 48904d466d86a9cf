/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Finding a command, and telling clients which there are.
 */
#include "commands.h"

#include "front.h"

#include <string.h>
#include <strings.h>

/* NULL, or what follows the '|'. */
static const char *sub_of(const struct command *command)
{
    const char *bar = command->name ? strchr(command->name, '|') : NULL;

    return bar ? bar + 1 : NULL;
}

const struct command *command_find(const struct request *request)
{
    const struct command *command, *found = NULL;
    struct slice name = request->argv[0];

    for (command = commands; command->name; command++)
        if (strcspn(command->name, "|") == name.len &&
            !strncasecmp(command->name, name.data, name.len) &&
            (!sub_of(command) || request_is(request, 1, sub_of(command))))
            found = command;
    return found;
}

bool command_fits(const struct command *command, const struct request *request, struct buf *out)
{
    const char *sub = command ? sub_of(command) : NULL;
    size_t argc = request->argc;

    if (!command)
        reply(out, "-ERR unknown command '%.128s'", request->argv[0].data);
    else if (command->arity < 0 ? argc < (size_t)-command->arity : argc != (size_t)command->arity)
        reply(out, "-ERR wrong number of arguments, usage: %.*s%s%s%s%s",
              (int)strcspn(command->name, "|"), command->name, sub ? " " : "", sub ? sub : "",
              *command->usage ? " " : "", command->usage);
    else
        return true;
    return false;
}

int command_help(struct conn *conn, const struct request *request, struct buf *out)
{
    const struct command *command = command_find(request);
    size_t mark = out->len, lines = 1;

    if (request->argc != 2 || !request_is(request, 1, "HELP"))
        return reply(out, "-ERR unknown subcommand '%.128s' of %s; try %s HELP",
                     request->argv[1].data, request->argv[0].data, request->argv[0].data);
    reply(out, "+%s <subcommand> [argument ...]. Subcommands are:", command->name);
    for (command++; sub_of(command); command++, lines += 2) {
        reply(out, "+%s %s", sub_of(command), command->usage);
        reply(out, "+    %s.", command->summary);
    }
    return reply_array_since(out, mark, lines);
}

int cmd_command(struct conn *conn, const struct request *request, struct buf *out)
{
    size_t mark = out->len, count = 0;
    const struct command *command;
    int key;

    if (request->argc > 1)
        return command_help(conn, request, out);
    for (command = commands; command->name; command++) {
        if (sub_of(command))
            continue;
        count++;
        key = command->flags & CMD_KEY && command->arity != 1;
        reply(out, "*6");
        reply_string(out, command->name);
        reply(out, ":%d", command->arity);
        buf_printf(out, "*0\r\n:%d\r\n:%d\r\n:%d\r\n", key, key, key);
    }
    return reply_array_since(out, mark, count);
}

int command_docs(struct conn *conn, const struct request *request, struct buf *out)
{
    const struct command *command;
    size_t mark = out->len, count = 0, doc, n;

    for (command = commands; command->name; command++) {
        for (n = 2; n < request->argc && !request_is(request, n, command->name); n++)
            ;
        if (sub_of(command) || (request->argc > 2 && n == request->argc))
            continue;
        reply_string(out, command->name);
        doc = out->len;
        reply_strings(out, "summary", command->summary, "since", "0.1.0", "group",
                      command->flags & CMD_KEY ? "string" : "server", "usage", command->usage,
                      (char *)NULL);
        reply_map_since(out, doc, 4);
        count++;
    }
    return reply_map_since(out, mark, count);
}

int command_count(struct conn *conn, const struct request *request, struct buf *out)
{
    const struct command *command;
    int count = 0;

    for (command = commands; command->name; command++)
        count += !sub_of(command);
    return reply(out, ":%d", count);
}

int cmd_ping(struct conn *conn, const struct request *request, struct buf *out)
{
    if (request->argc > 2)
        return reply(out, "-ERR wrong number of arguments, usage: PING [message]");
    return request->argc == 2 ? cmd_echo(conn, request, out) : reply(out, "+PONG");
}

int cmd_echo(struct conn *conn, const struct request *request, struct buf *out)
{
    return reply_bulk(out, request->argv[1]);
}

int cmd_quit(struct conn *conn, const struct request *request, struct buf *out)
{
    reply(out, "+OK");
    peer_finish((struct peer *)conn);
    return 0;
}

int cmd_select(struct conn *conn, const struct request *request, struct buf *out)
{
    return request_is(request, 1, "0") ? reply(out, "+OK")
                                       : reply(out, "-ERR there is no database but 0");
}
