/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * CLIENT: the connections, as the roster shows them, and killing them.
 */
#include "config.h"

#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAD_ID "an id is a number greater than 0"

/* Which sessions a CLIENT LIST or CLIENT KILL means. */
struct target {
    uint64_t id;                           /* 0: any */
    const char *addr, *name, *user, *kind; /* NULL: any */
    uint64_t min_age_s;                    /* since it did something last */
    uint64_t except;                       /* 0: none */
};

static const char *kind_name(enum roster_session_kind kind)
{
    return kind == ROSTER_SESSION_USER ? "user" : "background";
}

static uint64_t ms_since(const struct roster_snapshot *snapshot, uint64_t since)
{
    return snapshot->taken_at > since ? (snapshot->taken_at - since) / 1000000 : 0;
}

static bool is(const char *wanted, const char *value)
{
    return !wanted || !strcmp(wanted, value ? value : "");
}

static bool is_meant(const struct target *target, const struct roster_snapshot *snapshot,
                     const struct roster_entry *entry)
{
    uint64_t since = entry->stmt_seq ? entry->stmt_since : entry->state_since;

    return (!target->id || entry->id == target->id) && entry->id != target->except &&
           is(target->addr, entry->host) && is(target->name, entry->application) &&
           is(target->user, entry->user) && is(target->kind, kind_name(entry->kind)) &&
           ms_since(snapshot, since) / 1000 >= target->min_age_s;
}

/* A value without spaces: clients split the line at them. */
static void append(struct buf *text, const char *name, const char *value)
{
    buf_printf(text, " %s=", name);
    for (; value && *value; value++)
        if (*value == ' ' || *value == '%')
            buf_printf(text, "%%%02X", (unsigned char)*value);
        else
            buf_append(text, value, 1);
}

/* What the connection alone knows; numbers that clients of Redis insist on are among it. */
static void describe_self(struct conn *conn, struct buf *text)
{
    buf_printf(text,
               " age=%" PRIu64
               " sub=0 psub=0 ssub=0 qbuf=%zu qbuf-free=0 argv-mem=%zu obl=%zu oll=0 "
               "omem=0 tot-mem=%zu events=r resp=%d",
               (uv_now(&conn->worker->loop) - conn->opened) / 1000, request_held(&conn->reader),
               conn->multi.bytes, conn->out.len, conn->held, conn->out.resp3 ? 3 : 2);
    append(text, "lib-name", conn->lib_name);
    append(text, "lib-ver", conn->lib_ver);
}

/* A line as Redis writes one, so that its clients can read it; what a person looks for comes first.
 */
static void describe(struct conn *conn, const struct roster_snapshot *snapshot,
                     const struct roster_entry *entry, struct buf *text)
{
    uint64_t since_ms = ms_since(snapshot, entry->state_since);
    bool self = entry->id == roster_session_id(conn->session);

    buf_printf(text, "id=%" PRIu64, entry->id);
    append(text, "addr", entry->host);
    append(text, "name", entry->application);
    append(text, "kind", kind_name(entry->kind));
    append(text, "state", roster_run_state_name(entry->run_state));
    buf_printf(text, " since-ms=%" PRIu64, since_ms);
    append(text, "txn", roster_txn_state_name(entry->txn_state));
    buf_printf(text, " start-ts=%" PRIu64 " stmt=%" PRIu64, entry->start_ts, entry->stmt_seq);
    append(text, "cmd", roster_command_name(entry->command));
    append(text, "text", entry->text);
    append(text, "user", entry->user);
    buf_printf(text, " idle=%" PRIu64 " flags=%c db=0 multi=%zd",
               entry->stmt_seq ? 0 : since_ms / 1000, self && conn->multi.open ? 'x' : 'N',
               self && conn->multi.open ? (ssize_t)conn->multi.count : -1);
    if (self)
        describe_self(conn, text);
    buf_append(text, "\n", 1);
}

static int list_sessions(struct conn *conn, const struct target *target)
{
    const struct roster_entry *entry;
    struct buf *text = command_scratch(conn);
    struct roster_snapshot *snapshot;
    int err = roster_snapshot(conn->worker->server->roster, &snapshot);

    if (err)
        return err;
    for (entry = snapshot->entries; entry < snapshot->entries + snapshot->count; entry++)
        if (is_meant(target, snapshot, entry))
            describe(conn, snapshot, entry, text);
    roster_snapshot_free(snapshot);
    return command_text(conn, 0);
}

static int client_info(struct conn *conn, const struct request *request)
{
    return list_sessions(conn, &(struct target){.id = roster_session_id(conn->session)});
}

static int client_id(struct conn *conn, const struct request *request)
{
    return reply(&conn->out, ":%" PRIu64, roster_session_id(conn->session));
}

static int client_getname(struct conn *conn, const struct request *request)
{
    struct roster_copy copy;
    const struct roster_shown *shown = roster_session_look(conn->session, &copy, NULL, 0);

    return reply_string(&conn->out, roster_identity_application(shown->identity)); /* we own it */
}

static bool is_word(struct slice text)
{
    size_t n = 0;

    while (n < text.len && text.data[n] > ' ' && text.data[n] <= '~')
        n++;
    return n == text.len;
}

int client_set_name(struct conn *conn, struct slice name)
{
    struct roster_quota_refusal refusal = ROSTER_QUOTA_REFUSAL_INIT;
    struct roster_session_attr attr = conn_attributes(conn, name.len ? name.data : NULL);
    int err;

    if (!is_word(name))
        return reply(&conn->out, "-ERR a name cannot contain spaces, newlines or special "
                                 "characters");
    attr.refusal = &refusal;
    err = roster_session_update(conn->session, &attr);
    if (err == -EDQUOT)
        return reply(&conn->out, "-ERR %s", refusal.text);
    return err == -ENAMETOOLONG ? reply(&conn->out, "-ERR the name is too long") : err;
}

int client_set_user(struct conn *conn, struct slice user)
{
    struct roster_quota_refusal refusal = ROSTER_QUOTA_REFUSAL_INIT;
    struct roster_session_attr attr;
    char name[ROSTER_IDENTITY_MAX], before[sizeof(conn->user)];
    struct roster_copy copy;
    const struct roster_shown *shown;
    const char *known;
    int err;

    if (!conn->worker->server->options.auth)
        return reply(&conn->out, "-ERR this server has no passwords: connect without user and "
                                 "password, or start it with --auth=trust");
    if (!user.len || !is_word(user) || user.len >= sizeof(conn->user))
        return reply(&conn->out,
                     "-ERR a user is 1 to %zu characters without spaces, newlines or special "
                     "characters",
                     sizeof(conn->user) - 1);
    shown = roster_session_look(conn->session, &copy, NULL, 0);
    known = roster_identity_application(shown->identity);
    snprintf(name, sizeof(name), "%s", known ? known : "");
    memcpy(before, conn->user, sizeof(before));
    memcpy(conn->user, user.data, user.len);
    conn->user[user.len] = '\0';
    attr = conn_attributes(conn, *name ? name : NULL);
    attr.refusal = &refusal;
    err = roster_session_update(conn->session, &attr);
    if (err)
        memcpy(conn->user, before, sizeof(before));
    return err == -EDQUOT ? reply(&conn->out, "-ERR %s", refusal.text) : err;
}

static int client_setname(struct conn *conn, const struct request *request)
{
    size_t mark = conn->out.len;
    int err = client_set_name(conn, request->argv[2]);

    return conn->out.len > mark ? err : reply_done(&conn->out, err);
}

static int client_setinfo(struct conn *conn, const struct request *request)
{
    struct slice value = request->argv[3];
    char *to = request_is(request, 2, "LIB-NAME")  ? conn->lib_name
               : request_is(request, 2, "LIB-VER") ? conn->lib_ver
                                                   : NULL;

    if (!to)
        return reply(&conn->out, "-ERR unknown option '%.128s'; there are LIB-NAME and LIB-VER",
                     request->argv[2].data);
    if (!is_word(value) || value.len >= sizeof(conn->lib_name))
        return reply(&conn->out,
                     "-ERR %s takes up to %zu characters without spaces, newlines or special "
                     "characters",
                     request->argv[2].data, sizeof(conn->lib_name) - 1);
    memcpy(to, value.data, value.len + 1);
    return reply(&conn->out, "+OK");
}

/* Kills clients; ids are never used again, so no other client is hit. */
static int kill_all(struct roster *roster, const struct target *target, unsigned *killed)
{
    const struct roster_entry *entry;
    struct roster_snapshot *snapshot;
    int err = roster_snapshot(roster, &snapshot);

    if (err)
        return err;
    for (entry = snapshot->entries; entry < snapshot->entries + snapshot->count; entry++)
        if (entry->kind == ROSTER_SESSION_USER && is_meant(target, snapshot, entry))
            *killed += !roster_kill(roster, entry->id, ROSTER_KILL_TARGET_CONNECTION,
                                    ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED);
    roster_snapshot_free(snapshot);
    return 0;
}

static bool parse_id(struct slice text, uint64_t *id)
{
    return command_number(text, id) && *id;
}

/* One filter, of argument `n` and the next. Returns what is wrong with it, or NULL. */
static const char *parse_filter(struct conn *conn, const struct request *request, size_t n,
                                struct target *target)
{
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
    else if (request_is(request, n, "ID"))
        return parse_id(request->argv[n + 1], &target->id) ? NULL : BAD_ID;
    else if (request_is(request, n, "MAXAGE"))
        return parse_id(request->argv[n + 1], &target->min_age_s)
                   ? NULL
                   : "an age is a number of seconds greater than 0";
    else
        return "syntax error";
    return NULL;
}

/* Reads the filters of CLIENT KILL and LIST. Returns what is wrong with them, or NULL. */
static const char *parse_target(struct conn *conn, const struct request *request,
                                struct target *target)
{
    const char *wrong = request->argc % 2 ? "syntax error" : NULL;
    size_t n;

    for (n = 2; !wrong && n < request->argc; n += 2)
        wrong = parse_filter(conn, request, n, target);
    return wrong;
}

static int client_list(struct conn *conn, const struct request *request)
{
    struct target target = {0};
    const char *wrong = parse_target(conn, request, &target);

    return wrong ? reply(&conn->out, "-ERR %s", wrong) : list_sessions(conn, &target);
}

static int client_kill(struct conn *conn, const struct request *request)
{
    bool by_addr = request->argc == 3; /* the form of old, which may also end oneself */
    struct target target = {.except = by_addr ? 0 : roster_session_id(conn->session),
                            .addr = by_addr ? request->argv[2].data : NULL};
    const char *wrong = by_addr ? NULL : parse_target(conn, request, &target);
    unsigned killed = 0;
    int err;

    if (wrong)
        return reply(&conn->out, "-ERR %s", wrong);
    err = kill_all(conn->worker->server->roster, &target, &killed);
    if (err)
        return err;
    if (!by_addr)
        return reply(&conn->out, ":%u", killed);
    return reply(&conn->out, killed ? "+OK" : "-ERR No such client");
}

/* Kills the statement that another client waits for, and not the client. */
static int client_unblock(struct conn *conn, const struct request *request)
{
    uint64_t id;

    if (!parse_id(request->argv[2], &id))
        return reply(&conn->out, "-ERR " BAD_ID);
    return reply(&conn->out, ":%d",
                 id != roster_session_id(conn->session) &&
                     !roster_kill(conn->worker->server->roster, id, ROSTER_KILL_TARGET_STATEMENT,
                                  ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED));
}

#define FILTERS                                                                                    \
    "[ID id] [ADDR address] [NAME name] [USER user] [TYPE type] [MAXAGE seconds] [SKIPME yes|no]"

const struct command client_commands[] = {
    CMD_SUB("GETNAME", client_getname, 2, "", "The name of this connection"),
    CMD_SUB("ID", client_id, 2, "", "The id of this connection"),
    CMD_SUB("INFO", client_info, 2, "", "This connection, as LIST shows it"),
    CMD_SUB("KILL", client_kill, -3, "address | " FILTERS, "End connections"),
    CMD_SUB("LIST", client_list, -2, FILTERS,
            "The connections and the background sessions; in a value %20 is a space, %25 a percent "
            "sign"),
    CMD_SUB("SETINFO", client_setinfo, 4, "LIB-NAME name | LIB-VER version",
            "What library the client uses, for INFO"),
    CMD_SUB("SETNAME", client_setname, 3, "name", "Name this connection"),
    CMD_SUB("UNBLOCK", client_unblock, 3, "id",
            "End the statement of another client, not the client"),
    CMD_END,
};
