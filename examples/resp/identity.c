/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Who a client says that it is: HELLO, AUTH, names, ids.
 */
#include "commands.h"
#include "front.h"

#include <inttypes.h>

static const struct front_calls *calls_of(const struct conn *conn)
{
    return ((const struct peer *)conn)->front->calls;
}

static int set_name(struct conn *conn, struct slice name, struct buf *out)
{
    if (!peer_word(name))
        return reply(out, "-ERR a name is up to %d characters" NO_WORD, PEER_WORD - 1);
    return calls_of(conn)->identify((struct peer *)conn, NULL, &name);
}

static int set_user(struct conn *conn, struct slice user, struct buf *out)
{
    if (!user.len || !peer_word(user))
        return reply(out, "-ERR a user is 1 to %d characters" NO_WORD, PEER_WORD - 1);
    return calls_of(conn)->identify((struct peer *)conn, &user, NULL);
}

int client_setname(struct conn *conn, const struct request *request, struct buf *out)
{
    return set_name(conn, request->argv[2], out) ?: reply(out, "+OK");
}

int client_id(struct conn *conn, const struct request *request, struct buf *out)
{
    return reply(out, ":%" PRIu64, calls_of(conn)->id((struct peer *)conn));
}

int cmd_auth(struct conn *conn, const struct request *request, struct buf *out)
{
    if (request->argc > 3)
        return reply(out, "-ERR syntax error, usage: AUTH user [password]");
    return set_user(conn, request->argv[1], out) ?: reply(out, "+OK");
}

int cmd_hello(struct conn *conn, const struct request *request, struct buf *out)
{
    const struct front_calls *calls = calls_of(conn);
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
        err = set_user(conn, request->argv[3], out);
    if (!err && request->argc > name)
        err = set_name(conn, request->argv[name + 1], out);
    if (err)
        return err;
    if (request->argc > 1)
        out->resp3 = request_is(request, 1, "3");
    reply_strings(out, "server", calls->name, "version", calls->version(), "proto", (char *)NULL);
    reply(out, ":%d", out->resp3 ? 3 : 2);
    reply_string(out, "id");
    reply(out, ":%" PRIu64, calls->id((struct peer *)conn));
    reply_strings(out, "mode", "standalone", "role", "master", "modules", (char *)NULL);
    reply(out, "*0");
    return reply_map_since(out, mark, 7);
}
