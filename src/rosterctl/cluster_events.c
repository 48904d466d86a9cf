/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What has happened in a cluster: the events of all servers, in the order of their times.
 */
#include "rosterctl/cluster.h"

#include "core/base/count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define READ_AGAIN 10          /* rounds until the records are read again */
#define PAGES_MOST 100         /* of one server, which keeps fewer than two of them */
#define FOLLOW_TIMEOUT_MS 2000 /* the events of the others wait for a server that is frozen */

static void set_next(const json_t *reply, char next[24])
{
    const char *text = json_string_value(json_object_get(reply, "next"));

    snprintf(next, 24, "%.20s", text ? text : "0");
}

/* All that came after the last one shown, page by page; "missed" and "restarted" are of all. */
static struct reply ask_events(const struct options *options, const struct server *server,
                               const void *arg)
{
    struct reply all = {.code = CTL_OK}, page;
    char path[128], after[24];
    size_t count, pages = 0;

    (void)arg;
    snprintf(after, sizeof(after), "%s", *server->after ? server->after : "0");
    do {
        snprintf(path, sizeof(path), "/events?limit=1000&since=%s", after);
        page = ctl_ask(options, "GET", path);
        count = json_array_size(json_object_get(page.json, "rows"));
        reply_append(&all, &page);
        set_next(all.json, after);
    } while (all.code == CTL_OK && count && ++pages < PAGES_MOST);
    return all;
}

static json_int_t at_ms(const json_t *row)
{
    return json_integer_value(json_object_get(row, "last_ms"));
}

/* Takes the rows of one server, and says what is missing before them. */
static void take(struct server *server, int64_t since_ms, json_t *rows)
{
    const json_t *json = server->reply.json;
    json_int_t missed = json_integer_value(json_object_get(json, "missed"));
    json_t *row;
    size_t n;

    if (*server->after && json_is_true(json_object_get(json, "restarted")))
        ctl_error(CTL_OK, "%s: it was restarted", server->name);
    if (*server->after && missed)
        ctl_error(CTL_OK, "%s: %lld event%s had to make room before these", server->name,
                  (long long)missed, count_s((uint64_t)missed));
    set_next(json, server->after);
    json_array_foreach(json_object_get(json, "rows"), n, row)
    {
        if (at_ms(row) < since_ms)
            continue;
        json_object_set_new(row, "server", json_string(server->name));
        json_array_append(rows, row);
    }
}

static int show_round(struct servers *servers, const struct options *options, int64_t since_ms,
                      events_show_fn *show, void *arg)
{
    json_t *rows = json_array();
    size_t n;
    int code;

    servers_ask(servers, options, ask_events, NULL);
    code = servers_code(servers);
    for (n = 0; n < servers->count && code != CTL_USAGE; n++)
        if (servers->all[n].reply.code == CTL_OK)
            take(&servers->all[n], since_ms, rows);
    rows = rows_sort(rows, "last_ms");
    if (code != CTL_USAGE)
        show(arg, rows);
    json_decref(rows);
    return code;
}

/* The records as they are now, and where each server's events go on. What cannot be read leaves
 * what was known. */
static void read_again(struct servers *servers, const struct options *options)
{
    struct servers now;
    size_t n, m;

    if (servers_read(options, &now, false) != CTL_OK) {
        servers_free(&now);
        return;
    }
    for (n = 0; n < now.count; n++)
        for (m = 0; m < servers->count; m++)
            if (!strcmp(now.all[n].name, servers->all[m].name)) {
                memcpy(now.all[n].after, servers->all[m].after, sizeof(now.all[n].after));
                now.all[n].reported = servers->all[m].reported;
            }
    servers_free(servers);
    *servers = now;
}

int cluster_events(const struct options *options, int64_t since_ms, events_show_fn *show, void *arg)
{
    const struct timespec pause = {1, 0};
    struct options asking = *options;
    struct servers servers;
    unsigned round = 0;
    int code = servers_read(options, &servers, false);

    if (options->follow)
        asking.timeout_ms = FOLLOW_TIMEOUT_MS;
    if (code == CTL_OK)
        code = show_round(&servers, &asking, since_ms, show, arg);
    while (options->follow && (code == CTL_OK || (code == CTL_NO_SERVER && servers.count))) {
        if (fflush(stdout)) {
            code = ctl_error(CTL_FAILED, "cannot write");
            break;
        }
        nanosleep(&pause, NULL);
        if (++round % READ_AGAIN == 0)
            read_again(&servers, options);
        code = show_round(&servers, &asking, since_ms, show, arg);
    }
    servers_free(&servers);
    return code;
}
