/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Lists of a whole cluster, its oldest timestamp, its events, and a kill that goes to one server.
 */
#include "rosterctl/serve.h"

#include <stdio.h>
#include <string.h>

#define EVENTS_MOST 500
#define AHEAD_MS 5000

/* Those of what holds the minimum: the oldest first, unless another order is asked for. */
struct reply serve_rows(struct asking *asking)
{
    char path[512];
    struct reply reply;

    if (!asking->options.sort && !strcmp(asking->path, "/holders"))
        asking->options.sort = "ts";
    snprintf(path, sizeof(path), "%s", asking->path);
    ctl_add_argument(path, sizeof(path), "id", asking->id);
    reply = servers_rows(&asking->servers, &asking->options, path, NULL);
    serve_keep_objects(json_object_get(reply.json, "rows"));
    return reply;
}

struct reply serve_locks(struct asking *asking)
{
    char path[64] = "/locks";
    struct reply reply;

    ctl_add_argument(path, sizeof(path), "limit", asking->options.limit);
    reply = servers_locks(&asking->servers, &asking->options, path, NULL);
    serve_keep_objects(json_object_get(reply.json, "rows"));
    serve_keep_objects(json_object_get(reply.json, "deadlocks"));
    return reply;
}

/* The oldest of all; ending what holds it gains what no other server holds back. */
struct reply serve_minimum(struct asking *asking)
{
    struct reply reply = {.code = CTL_OK};
    const struct server *oldest = NULL, *server;
    double next = 0, age, gain;
    json_t *json;
    size_t n;

    servers_ask(&asking->servers, &asking->options, ask_path, "/minimum");
    for (n = 0; n < asking->servers.count; n++) {
        server = &asking->servers.all[n];
        json = server->reply.json;
        if (server->reply.code == CTL_OK &&
            (!oldest || member_compare(json_object_get(json, "minimum"),
                                       json_object_get(oldest->reply.json, "minimum")) < 0))
            oldest = server;
    }
    if (!oldest)
        return serve_fail(CTL_NO_SERVER, "no server answers");
    for (n = 0; n < asking->servers.count; n++) {
        server = &asking->servers.all[n];
        age = member_number(server->reply.json, "age_ms");
        if (server != oldest && server->reply.code == CTL_OK && age > next)
            next = age;
    }
    reply.json = json_incref(oldest->reply.json);
    age = member_number(reply.json, "age_ms");
    gain = member_number(reply.json, "gain_ms");
    if (gain > (age > next ? age - next : 0))
        gain = age > next ? age - next : 0;
    json_object_set_new(reply.json, "gain_ms", json_integer((json_int_t)gain));
    json_object_set_new(reply.json, "server", json_string(oldest->name));
    if (!json_is_object(json_object_get(reply.json, "holder")))
        json_object_set_new(reply.json, "holder", json_null());
    else
        json_object_set_new(json_object_get(reply.json, "holder"), "server",
                            json_string(oldest->name));
    return reply;
}

/* What is to come would take the places of all that others have seen. */
static void check_times(const struct servers *servers)
{
    json_int_t now_ms = (json_int_t)rst_wall_ms();
    const json_t *row;
    size_t n, m;

    for (n = 0; n < servers->count; n++)
        json_array_foreach(json_object_get(servers->all[n].reply.json, "rows"), m, row)
        {
            if (member_number(row, "last_ms") <= (double)(now_ms + AHEAD_MS))
                continue;
            servers_reject(&servers->all[n],
                           "its events are left out: they are of a time that is to "
                           "come by the clock of this host");
            break;
        }
}

/* Its events; NULL: none can be used. */
static json_t *events_of(const struct server *server)
{
    return server->reply.code == CTL_OK ? json_object_get(server->reply.json, "rows") : NULL;
}

/* How many of each server there is room for: of one that has the most, or says so, only its own
 * places are taken, not those of others. */
static size_t events_each(const struct servers *servers)
{
    size_t most = EVENTS_MOST + 1, n, count, taken;

    do {
        most--;
        for (n = 0, taken = 0; n < servers->count; n++) {
            count = json_array_size(events_of(&servers->all[n]));
            taken += count < most ? count : most;
        }
    } while (taken > EVENTS_MOST && most > 1);
    return most;
}

/* The newest of each, whatever number the page has come to: each server has numbers of its own, and
 * they are few. */
struct reply serve_events(struct asking *asking)
{
    struct servers *servers = &asking->servers;
    struct reply reply = {.code = CTL_OK};
    json_t *all = json_array(), *rows, *row;
    size_t n, m, most;

    servers_ask(servers, &asking->options, ask_path, "/events?limit=1000");
    check_times(servers);
    for (n = 0; n < servers->count; n++)
        serve_keep_objects(events_of(&servers->all[n]));
    most = events_each(servers);
    for (n = 0; n < servers->count; n++) {
        rows = events_of(&servers->all[n]);
        m = json_array_size(rows);
        for (m = m > most ? m - most : 0; m < json_array_size(rows); m++) {
            row = json_array_get(rows, m);
            json_object_set_new(row, "server", json_string(servers->all[n].name));
            json_array_append(all, row);
        }
    }
    reply.json = json_pack("{s:o, s:b}", "rows", rows_sort(all, "last_ms"), "whole", 1);
    return reply;
}

struct killing {
    const struct asking *asking;
    bool *sent;
};

static struct reply ask_kill(const struct options *options, const struct server *server,
                             const void *arg)
{
    const struct killing *killing = arg;
    const struct asking *asking = killing->asking;
    struct options with_token = *options;
    char path[512] = "/kill";

    (void)server;
    ctl_add_argument(path, sizeof(path), "id", asking->id);
    ctl_add_argument(path, sizeof(path), "target", asking->target);
    ctl_add_argument(path, sizeof(path), "statement", asking->statement);
    ctl_add_argument(path, sizeof(path), "start_ts", asking->start_ts);
    ctl_add_argument(path, sizeof(path), "transaction", asking->transaction);
    with_token.token = asking->options.token;
    *killing->sent = true;
    return ctl_ask(&with_token, "POST", path);
}

struct reply serve_kill(struct asking *asking)
{
    struct server *server = asking->servers.all;
    bool sent = false;
    struct killing killing = {asking, &sent};
    struct reply reply;

    if (!asking->server)
        return serve_fail(CTL_USAGE, "server takes the name of the session's server");
    if (!asking->id || !asking->target)
        return serve_fail(CTL_USAGE, "id and target say what is to be ended");
    server->passed_over = false; /* it may be back */
    servers_ask(&asking->servers, &asking->options, ask_kill, &killing);
    reply = server->reply;
    reply.json = json_incref(server->reply.json);
    if (reply.code == CTL_NO_SERVER) /* whether it ends is not known, or it was not asked */
        reply.status = sent ? 504 : 503;
    return reply;
}
