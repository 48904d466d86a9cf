/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The server built without libroster-cluster: always one of its own.
 */
#include "config.h"

#include "cluster.h"

#include "server.h"

#include <errno.h>
#include <stdio.h>

int cluster_start(struct server *server)
{
    if (!server->options.store)
        return 0;
    fprintf(stderr, "roster-kv: --store needs a server built with libroster-cluster\n");
    return -ENOTSUP;
}

void cluster_stop(struct server *server)
{
    (void)server;
}

uint64_t cluster_safe_point(struct server *server)
{
    return roster_safe_point(server->roster);
}

bool cluster_fenced(struct server *server)
{
    (void)server;
    return false;
}

int cluster_info(struct server *server, struct buf *out)
{
    (void)server;
    buf_printf(out, "store:none\r\n");
    return 0;
}

void cluster_line(struct server *server, struct buf *out)
{
    (void)server;
    (void)out;
}
