/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CLIENT: the connections, as the roster shows them, and killing them.
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

static const char *text_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static const char *kind_name(enum roster_session_kind kind)
{
    return kind == ROSTER_SESSION_USER ? "user" : "background";
}

static void describe(struct buf *out, const struct roster_entry *entry, uint64_t now)
{
    buf_printf(out,
               "id=%" PRIu64 " addr=%s name=%s kind=%s state=%s since-ms=%" PRIu64
               " txn=%s start-ts=%" PRIu64 " stmt=%" PRIu64 " cmd=%s text=\"%s\"\n",
               entry->id, text_or(entry->host, ""), text_or(entry->application, ""),
               kind_name(entry->kind), roster_run_state_name(entry->run_state),
               now > entry->state_since ? (now - entry->state_since) / 1000000 : 0,
               roster_txn_state_name(entry->txn_state), entry->start_ts, entry->stmt_seq,
               roster_command_name(entry->command), text_or(entry->text, ""));
}

/* Which sessions a CLIENT LIST or CLIENT KILL means. */
struct target {
    uint64_t id;      /* 0: any */
    const char *addr; /* NULL: any; so for the next three */
    const char *name;
    const char *user;
    const char *kind;
    uint64_t min_age_s; /* since it did something last */
    uint64_t except;    /* 0: nobody */
};

static bool is(const char *wanted, const char *value)
{
    return !wanted || strcmp(wanted, text_or(value, "")) == 0;
}

static bool is_meant(const struct target *target, const struct roster_entry *entry, uint64_t now)
{
    uint64_t since = entry->stmt_seq ? entry->stmt_since : entry->state_since;

    return (!target->id || entry->id == target->id) && entry->id != target->except &&
           is(target->addr, entry->host) && is(target->name, entry->application) &&
           is(target->user, entry->user) && is(target->kind, kind_name(entry->kind)) &&
           (now > since ? now - since : 0) / 1000000000 >= target->min_age_s;
}

/* The sessions that are meant. */
static int reply_sessions(struct conn *conn, const struct target *target)
{
    struct buf *text = &conn->worker->scratch;
    struct roster_snapshot *snapshot;
    size_t n;
    int err = roster_snapshot(conn->worker->server->roster, &snapshot);

    if (err)
        return err;
    buf_clear(text);
    for (n = 0; n < snapshot->count; n++)
        if (is_meant(target, &snapshot->entries[n], snapshot->taken_at))
            describe(text, &snapshot->entries[n], snapshot->taken_at);
    roster_snapshot_free(snapshot);
    if (text->failed)
        err = -ENOMEM;
    else
        reply_bulk(&conn->out, text->data, text->len);
    buf_clear(text);
    return err;
}

static int client_info(struct conn *conn, const struct request *request)
{
    const struct target self = {.id = roster_session_id(conn->session)};

    (void)request;
    return reply_sessions(conn, &self);
}

static int client_id(struct conn *conn, const struct request *request)
{
    (void)request;
    reply_integer(&conn->out, (int64_t)roster_session_id(conn->session));
    return 0;
}

static int client_getname(struct conn *conn, const struct request *request)
{
    const struct roster_view *view = roster_session_view(conn->session); /* we own it */

    (void)request;
    reply_string(&conn->out, roster_identity_application(view->identity));
    return 0;
}

int client_set_name(struct conn *conn, struct slice name)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    size_t n;
    int err;

    for (n = 0; n < name.len; n++)
        if (name.data[n] <= ' ' || name.data[n] > '~') {
            reply_error(&conn->out, "ERR a name cannot contain spaces, newlines or special "
                                    "characters");
            return 0;
        }
    attr.user = "default";
    attr.host = conn->addr;
    attr.database = "0";
    attr.application = name.len ? name.data : NULL;
    err = roster_session_update(conn->session, &attr);
    if (err == -ENAMETOOLONG)
        reply_error(&conn->out, "ERR the name is too long");
    return err == -ENAMETOOLONG ? 0 : err;
}

static int client_setname(struct conn *conn, const struct request *request)
{
    size_t mark = conn->out.len;
    int err = client_set_name(conn, request->argv[2]);

    if (!err && conn->out.len == mark)
        reply_status(&conn->out, "OK");
    return err;
}

/* Kills clients; ids are never used again, so it hits nobody else. */
static int kill_all(struct roster *roster, const struct target *target, int64_t *killed)
{
    struct roster_snapshot *snapshot;
    size_t n;
    int err = roster_snapshot(roster, &snapshot);

    if (err)
        return err;
    for (n = 0, *killed = 0; n < snapshot->count; n++)
        if (snapshot->entries[n].kind == ROSTER_SESSION_USER &&
            is_meant(target, &snapshot->entries[n], snapshot->taken_at))
            *killed += !roster_kill(roster, snapshot->entries[n].id, ROSTER_KILL_CONNECTION,
                                    ROSTER_STMT_ANY, ROSTER_KILL_INTERRUPTED);
    roster_snapshot_free(snapshot);
    return 0;
}

static bool parse_id(struct slice text, uint64_t *id)
{
    char *end;

    errno = 0;
    *id = strtoull(text.data, &end, 10);
    return !errno && text.len && *text.data != '-' && !*end && *id;
}

/* Reads the filters of CLIENT KILL and LIST. Returns what is wrong with them, or NULL. */
static const char *parse_target(struct conn *conn, const struct request *request,
                                struct target *target)
{
    size_t n;

    if (request->argc % 2)
        return "syntax error";
    for (n = 2; n < request->argc; n += 2) {
        const char *value = request->argv[n + 1].data;

        if (request_is(request, n, "ADDR"))
            target->addr = value;
        else if (request_is(request, n, "NAME"))
            target->name = value;
        else if (request_is(request, n, "USER"))
            target->user = value;
        else if (request_is(request, n, "TYPE"))
            target->kind = request_is(request, n + 1, "normal") ? "user" : value;
        else if (request_is(request, n, "SKIPME") && request_is(request, n + 1, "no"))
            target->except = 0;
        else if (request_is(request, n, "SKIPME") && request_is(request, n + 1, "yes"))
            target->except = roster_session_id(conn->session);
        else if (request_is(request, n, "ID") && !parse_id(request->argv[n + 1], &target->id))
            return "an id is a number greater than 0";
        else if (request_is(request, n, "MAXAGE") &&
                 !parse_id(request->argv[n + 1], &target->min_age_s))
            return "an age is a number of seconds greater than 0";
        else if (!request_is(request, n, "ID") && !request_is(request, n, "MAXAGE"))
            return "syntax error";
    }
    return NULL;
}

static int client_list(struct conn *conn, const struct request *request)
{
    struct target target = {0};
    const char *wrong = parse_target(conn, request, &target);

    if (!wrong)
        return reply_sessions(conn, &target);
    reply_error(&conn->out, "ERR %s", wrong);
    return 0;
}

static int client_kill(struct conn *conn, const struct request *request)
{
    bool by_addr = request->argc == 3; /* the form of old, which may also end oneself */
    struct target target = {0};
    const char *wrong = NULL;
    int64_t killed;
    int err;

    if (by_addr) {
        target.addr = request->argv[2].data;
    } else {
        target.except = roster_session_id(conn->session);
        wrong = parse_target(conn, request, &target);
    }
    if (wrong) {
        reply_error(&conn->out, "ERR %s", wrong);
        return 0;
    }
    err = kill_all(conn->worker->server->roster, &target, &killed);
    if (err)
        return err;
    if (!by_addr)
        reply_integer(&conn->out, killed);
    else if (killed)
        reply_status(&conn->out, "OK");
    else
        reply_error(&conn->out, "ERR No such client");
    return 0;
}

/* Kills the statement that another client waits for, and not the client. */
static int client_unblock(struct conn *conn, const struct request *request)
{
    uint64_t id;

    if (!parse_id(request->argv[2], &id)) {
        reply_error(&conn->out, "ERR an id is a number greater than 0");
        return 0;
    }
    if (id == roster_session_id(conn->session))
        reply_integer(&conn->out, 0);
    else
        reply_integer(&conn->out,
                      !roster_kill(conn->worker->server->roster, id, ROSTER_KILL_STATEMENT,
                                   ROSTER_STMT_ANY, ROSTER_KILL_INTERRUPTED));
    return 0;
}

int cmd_client(struct conn *conn, const struct request *request)
{
    static const struct subcommand subcommands[] = {
        {"GETNAME", client_getname, 2}, {"ID", client_id, 2},      {"INFO", client_info, 2},
        {"KILL", client_kill, -3},      {"LIST", client_list, -2}, {"SETNAME", client_setname, 3},
        {"UNBLOCK", client_unblock, 3}, {NULL, NULL, 0},
    };

    return command_sub(conn, request, subcommands);
}
