/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * How all servers of a cluster are: what is wrong with any of them, the worst first.
 */
#include "rosterctl/serve.h"

#include <roster/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANK_STORE (-2)
#define RANK_SILENT (-1)
#define PROBLEMS_MOST 100 /* of one server, which has fewer: what answers need not be one */

static void add_problems(json_t *problems, const struct server *server,
                         const struct options *options)
{
    json_t *all = json_object_get(server->reply.json, "problems"), *problem;
    size_t n;

    if (serve_answered(server)) {
        json_array_foreach(all, n, problem)
        {
            if (n == PROBLEMS_MOST)
                break;
            if (!json_is_object(problem))
                continue;
            json_object_set_new(problem, "server", json_string(server->name));
            if (!json_is_number(json_object_get(problem, "rank")))
                json_object_set_new(problem, "rank", json_integer((json_int_t)n));
            cluster_check_command(problem, options, server);
            json_array_append(problems, problem);
        }
        return;
    }
    problem = cluster_silent_row(server);
    json_object_set_new(problem, "rank", json_integer(RANK_SILENT));
    json_object_set_new(problem, "age_ms", json_integer((json_int_t)server->silent_ms));
    json_array_append_new(problems, problem);
}

static json_t *server_row(const struct server *server)
{
    const json_t *json = server->reply.json;
    bool answered = serve_answered(server);
    json_t *row = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:b, s:b}", "server", server->name,
                            "address", server->address, "answered", answered, "problems",
                            (json_int_t)json_array_size(json_object_get(json, "problems")),
                            "sessions", member_whole(json, "sessions"), "uptime_ms",
                            member_whole(json, "uptime_ms"), "may_kill",
                            json_is_true(json_object_get(json, "may_kill")), "may_kill_with_token",
                            json_is_true(json_object_get(json, "may_kill_with_token")));
    json_t *silent = answered ? NULL : cluster_silent_row(server);

    if (silent) {
        json_object_set(row, "problem", json_object_get(silent, "problem"));
        json_object_set_new(row, "error", json_string(server->reply.error));
    }
    json_decref(silent);
    return row;
}

static bool any(const json_t *rows, const char *key)
{
    json_t *row;
    size_t n;

    json_array_foreach(rows, n, row)
    {
        if (json_is_true(json_object_get(row, key)))
            return true;
    }
    return false;
}

/* What is wrong with the store, or in it. Its servers answer without it. */
static void add_store(json_t *problems, const struct asking *asking)
{
    bool failing = *asking->store_error;

    if (!failing && asking->servers.count)
        return;
    json_array_append_new(
        problems,
        json_pack("{s:n, s:s, s:i, s:I, s:s, s:s}", "server", "problem",
                  failing ? "store failing" : "no server", "rank", RANK_STORE, "age_ms",
                  (json_int_t)asking->store_failing_ms, "evidence",
                  failing ? asking->store_error : "none is registered in this store", "command",
                  *asking->store_command ? asking->store_command : "rosterctl --all status"));
}

struct reply serve_status(struct asking *asking)
{
    const struct serve *serve = asking->serve;
    const char *prefix = serve->options->prefix ? serve->options->prefix : "/roster";
    json_t *problems = json_array(), *rows = json_array();
    struct reply reply = {.code = CTL_OK};
    double sessions = 0;
    size_t n;

    servers_ask(&asking->servers, &asking->options, NULL, NULL);
    for (n = 0; n < asking->servers.count; n++) {
        add_problems(problems, &asking->servers.all[n], serve->options);
        json_array_append_new(rows, server_row(&asking->servers.all[n]));
        sessions += member_number(asking->servers.all[n].reply.json, "sessions");
    }
    for (n = 0; n < asking->servers.gone_count; n++) {
        json_t *row = cluster_gone_row(&asking->servers.gone[n]);

        json_object_set_new(row, "rank", json_integer(RANK_SILENT));
        json_object_set_new(row, "answered", json_false());
        json_array_append(problems, row);
        json_array_append_new(rows, row);
    }
    add_store(problems, asking);
    /* The worst first; of the same ones, the one that has lasted longest. */
    problems = rows_sort(rows_sort(problems, "-age_ms"), "rank");
    reply.json =
        json_pack("{s:s+, s:b, s:n, s:s, s:s, s:I, s:I, s:b, s:I, s:b, s:b}", "name", "cluster ",
                  prefix, "cluster", 1, "server_id", "store", serve->store, "roster_version",
                  roster_version(), "pid", (json_int_t)getpid(), "uptime_ms",
                  (json_int_t)rst_since(rst_monotonic_ms(), serve->started_ms), "healthy",
                  json_array_size(problems) == 0, "sessions", (json_int_t)sessions, "may_kill",
                  any(rows, "may_kill") || serve->options->token, "may_kill_with_token",
                  any(rows, "may_kill_with_token"));
    json_object_set_new(reply.json, "problems", problems);
    json_object_set_new(reply.json, "servers", rows);
    return reply;
}
