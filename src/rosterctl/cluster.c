/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a whole cluster has: lists with the server as a column, minima, and kills that find their
 * server.
 */
#include "rosterctl/cluster.h"

#include "core/base/ascii.h"

#include <roster/conn_id.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reply ask_path(const struct options *options, const struct server *server, const void *arg)
{
    (void)server;
    return ctl_ask(options, "GET", arg);
}

static struct reply ask_rows(const struct options *options, const struct server *server,
                             const void *arg)
{
    (void)server;
    return ctl_rows(options, arg);
}

/* A value of a row as a number, also where it is one as text, as ids are. */
static double as_number(const json_t *value, bool *is)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    double number = text ? strtod(text, &end) : json_number_value(value);

    *is = json_is_number(value) || (text && *text && !*end);
    return number;
}

int member_compare(const json_t *a, const json_t *b)
{
    const char *text_a = json_string_value(a), *text_b = json_string_value(b);
    bool is_a, is_b;
    double number_a = as_number(a, &is_a), number_b = as_number(b, &is_b);

    if (is_a && is_b)
        return (number_a > number_b) - (number_a < number_b);
    for (text_a = text_a ? text_a : "", text_b = text_b ? text_b : ""; *text_a || *text_b;
         text_a++, text_b++) {
        char low_a = ascii_lower(*text_a), low_b = ascii_lower(*text_b);

        if (low_a != low_b)
            return (unsigned char)low_a < (unsigned char)low_b ? -1 : 1;
    }
    return 0;
}

/* The server whose next row comes first; NULL: there are no more. */
static struct server *first_of(const struct servers *servers, size_t *at, const char *sort)
{
    const char *key = sort + (*sort == '-');
    struct server *best = NULL;
    const json_t *best_value = NULL;
    size_t n;

    for (n = 0; n < servers->count; n++) {
        const json_t *rows = json_object_get(servers->all[n].reply.json, "rows");
        const json_t *value = json_object_get(json_array_get(rows, at[n]), key);
        int order;

        if (at[n] >= json_array_size(rows))
            continue;
        order = best && *key ? member_compare(value, best_value) : 0;
        if (!best || (*sort == '-' ? order > 0 : order < 0)) {
            best = &servers->all[n];
            best_value = value;
        }
    }
    return best;
}

static void merge(const struct servers *servers, const struct options *options, json_t *rows)
{
    size_t most = options->limit ? strtoul(options->limit, NULL, 10) : SIZE_MAX;
    size_t *at = calloc(servers->count + 1, sizeof(*at));
    struct server *server;

    while (at && json_array_size(rows) < most &&
           (server = first_of(servers, at, options->sort ? options->sort : ""))) {
        size_t n = (size_t)(server - servers->all);
        json_t *row = json_array_get(json_object_get(server->reply.json, "rows"), at[n]++);

        json_object_set_new(row, "server", json_string(server->name));
        json_array_append(rows, row);
    }
    free(at);
}

struct reply servers_rows(struct servers *servers, const struct options *options, const char *path,
                          const void *unused)
{
    struct reply all = servers_round(servers, options, ask_rows, path);
    json_int_t matched = 0;
    json_t *rows;
    size_t n;

    (void)unused;
    if (all.code != CTL_OK)
        return all;
    rows = json_array();
    for (n = 0; n < servers->count; n++)
        matched += member_whole(servers->all[n].reply.json, "matched");
    merge(servers, options, rows);
    all.json = json_pack("{s:o, s:I}", "rows", rows, "matched", matched);
    return all;
}

struct reply cluster_ask(const struct options *options, servers_reply_fn *ask, const char *path,
                         const void *arg)
{
    struct reply all = {.code = CTL_OK};
    struct servers servers;

    all.code = servers_read(options, &servers, false);
    if (all.code == CTL_OK)
        all = ask(&servers, options, path, arg);
    servers_free(&servers);
    return all;
}

static json_t *min_of(const struct server *server)
{
    json_t *row = min_row(server->reply.json);

    json_object_set_new(row, "server", json_string(server->name));
    json_object_set_new(row, "address", json_string(server->address));
    return row;
}

bool cluster_print_rows(const struct options *options, const json_t *rows,
                        const struct column *columns, size_t count, size_t shown, const char *spare)
{
    if (table_print_for_program(options, rows, rows, columns, count))
        return false;
    table_print(rows, columns, shown, spare);
    return true;
}

/* A row of each server that answered, the oldest minimum first. */
static json_t *minima(const struct servers *servers)
{
    json_t *rows = json_array();
    size_t n, m;

    for (n = 0; n < servers->count; n++) {
        json_t *row = servers->all[n].reply.code == CTL_OK ? min_of(&servers->all[n]) : NULL;

        for (m = 0; row && m < json_array_size(rows); m++)
            if (member_compare(json_object_get(row, "minimum"),
                               json_object_get(json_array_get(rows, m), "minimum")) < 0)
                break;
        if (row)
            json_array_insert_new(rows, m, row);
    }
    return rows;
}

static void print_end_of(const json_t *row)
{
    char where[256], id[32], what[32], start[32];

    member_text(row, "address", where, sizeof(where));
    member_text(row, "session_id", id, sizeof(id));
    member_text(row, "kind", what, sizeof(what));
    member_text(row, "ts", start, sizeof(start));
    if (!text_is_number(id) || !strcmp(id, "0"))
        return;
    printf("to end the oldest: rosterctl -s ");
    cluster_print_word(stdout, where);
    if (!strcmp(what, "transaction") && text_is_number(start))
        printf(" kill --transaction=%s %s\n", start, id);
    else
        printf(" kill %s%s\n", !strcmp(what, "transaction") ? "--transaction " : "", id);
}

static int cluster_min(const struct options *options, struct servers *servers)
{
    json_t *rows;

    servers_ask(servers, options, ask_path, "/minimum");
    rows = minima(servers);
    if (cluster_print_rows(options, rows, min_columns, MIN_COLUMNS, MIN_COLUMNS_SHOWN,
                           "application,gain_ms,kind,user"))
        print_end_of(json_array_get(rows, 0));
    json_decref(rows);
    return servers_code(servers);
}

/* By name, as in "NAME:ID", or by the number in a connection id, if one record alone has it. */
static struct server *server_of(const struct servers *servers, const char *arg, const char **id)
{
    const char *colon = strrchr(arg, ':');
    struct roster_conn_id parts;
    struct server *found = NULL;
    size_t n;

    *id = colon ? colon + 1 : arg;
    if (colon)
        return servers_find(servers, arg, (size_t)(colon - arg));
    if (roster_conn_id_parse(strtoull(arg, NULL, 10), &parts) || !parts.server)
        return NULL;
    for (n = 0; n < servers->count; n++)
        if (servers->all[n].number == parts.server) {
            if (found)
                return NULL;
            found = &servers->all[n];
        }
    return found;
}

static int may_have(const char *id)
{
    return ctl_error(CTL_NO_SERVER,
                     "session %s: a server that does not answer may have one; name it as SERVER:%s",
                     id, id);
}

/* The only server that has the session. Returns an exit code after it was said why there is none:
 * no server has it, or several, or one that does not answer may. */
static int only_server(struct servers *servers, const struct options *options, const char *id,
                       struct server **found)
{
    size_t n, count = 0;
    char path[128];

    snprintf(path, sizeof(path), "/processlist?columns=id&id=%.20s", id);
    servers_ask(servers, options, ask_path, path);
    for (n = 0; n < servers->count; n++)
        if (json_array_size(json_object_get(servers->all[n].reply.json, "rows")) > 0) {
            *found = &servers->all[n];
            count++;
        }
    if (servers_complain(servers))
        return may_have(id);
    if (count == 1)
        return CTL_OK;
    return ctl_error(CTL_NOT_FOUND,
                     count ? "session %s: %zu servers have one; name it as SERVER:%s"
                           : "session %s: %zu servers have one",
                     id, count, id);
}

/* `*silent`: a server did not answer that may have any session. It is not waited for again. */
static int kill_one(const struct options *options, struct servers *servers, char *arg, bool *silent)
{
    struct options one = *options;
    struct server *server;
    const char *id;
    char *args[1];
    int code = CTL_OK;

    server = server_of(servers, arg, &id);
    if (!text_is_number(id) || (!server && id != arg))
        return ctl_error(CTL_USAGE, "\"%s\" is neither the id of a session nor SERVER:ID", arg);
    if (!server && *silent)
        return may_have(id);
    if (!server) {
        code = only_server(servers, options, id, &server);
        *silent = code == CTL_NO_SERVER;
    } else {
        servers_ask(&(struct servers){.all = server, .count = 1}, options, NULL, NULL);
    }
    if (code != CTL_OK)
        return code;
    if (server->reply.code != CTL_OK)
        return ctl_error(server->reply.code, "%s: %s", server->name, server->reply.error);
    args[0] = arg + (id - arg);
    one.args = args;
    one.n_args = 1;
    one.server = server->address;
    table_of(server->name);
    return ctl_kill(&one);
}

static int cluster_kill(const struct options *options, struct servers *servers)
{
    int code = CTL_OK, n, one;
    bool silent = false;

    if (!options->n_args)
        return ctl_error(CTL_USAGE, "kill takes the ids of sessions, or SERVER:ID");
    for (n = 0; n < options->n_args; n++) {
        one = kill_one(options, servers, options->args[n], &silent);
        if (one != CTL_OK)
            code = one;
    }
    return code;
}

int ctl_cluster(const struct options *options, command_fn *run)
{
    struct servers servers;
    int code;

    if (run != ctl_min && run != ctl_status && run != ctl_kill)
        return run(options); /* it asks all of them for its rows */
    code = servers_read(options, &servers, run == ctl_status);
    if (code == CTL_OK)
        code = run == ctl_min      ? cluster_min(options, &servers)
               : run == ctl_status ? cluster_status(options, &servers)
                                   : cluster_kill(options, &servers);
    else if (run == ctl_status && !servers.all && (code == CTL_NO_SERVER || code == CTL_FAILED))
        ctl_error(code, "its servers answer without the store: rosterctl --all status asks those "
                        "of this user, and -s ADDRESS any other one");
    servers_free(&servers);
    return code;
}
