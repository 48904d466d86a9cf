/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The collector. It is a background session of the roster, so that it is seen in CLIENT LIST. It
 * opens no transaction: it needs no snapshot, it only takes away what no snapshot needs.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

int collector_scan(struct server *server, struct roster_min *min)
{
    min->size = sizeof(*min);
    return roster_min_advance(server->roster, server->options.txn_age_limit_s * 1000, min);
}

static void collect(struct server *server, struct roster_session *session)
{
    static const char text[] = "collect old versions";
    struct roster_min min;
    int shown = roster_stmt_begin(session, ROSTER_COMMAND_OTHER, text, sizeof(text) - 1, NULL, 0);
    int err = collector_scan(server, &min);

    if (err)
        server_fail("no minimum", err);
    else
        store_collect(server->store, cluster_safe_point(server));
    if (!shown)
        roster_stmt_end(session);
    server_count(&server->counts.collections);
}

static void *run(void *arg)
{
    struct server *server = arg;
    struct pollfd stop = {server->collector_stop, POLLIN, 0};
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    int err;

    attr.kind = ROSTER_SESSION_BACKGROUND;
    attr.application = "collector";
    err = roster_session_open(server->roster, &attr, &session);
    if (err)
        server_fail("the collector is not shown", err);
    while (!poll(&stop, 1, (int)server->options.gc_interval_ms))
        collect(server, session);
    roster_session_close(session);
    return NULL;
}

int collector_start(struct server *server)
{
    int err;

    server->collector_stop = eventfd(0, EFD_CLOEXEC);
    if (server->collector_stop < 0)
        return server_fail("collector", -errno);
    err = pthread_create(&server->collector, NULL, run, server);
    return err ? server_fail("collector", -err) : 0;
}

void collector_stop(struct server *server)
{
    eventfd_write(server->collector_stop, 1);
    pthread_join(server->collector, NULL);
    close(server->collector_stop);
}
