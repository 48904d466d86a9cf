/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The server as a member of a cluster: with --store it reports its minimum, and what its collector
 * deletes is decided by all servers together.
 */
#ifndef KV_CLUSTER_H
#define KV_CLUSTER_H

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

struct server;
struct roster_store;
struct roster_syncer;
struct roster_safepoint;

/* All NULL in a server of its own. */
struct cluster {
    struct roster_store *store;
    struct roster_syncer *syncer;
    struct roster_safepoint *safepoint; /* atomic: the collector is there before it */
};

/*
 * Joins the cluster that the options name, if they do; until the server is registered it answers
 * every read with an error. Returns 0, or a negative errno after a message.
 */
int cluster_start(struct server *server);

/* Leaves it; no transaction is open any more. Also after cluster_start() has failed. */
void cluster_stop(struct server *server);

/* How far versions may be collected. */
uint64_t cluster_safe_point(struct server *server);

/* Whether the server may have lost its lease, so that nobody vouches for what it reads. */
bool cluster_fenced(struct server *server);

/* A section of INFO; returns 0 or a negative errno. */
int cluster_info(struct server *server, struct buf *out);

/* The first line of TRX LIST, in a cluster. */
void cluster_line(struct server *server, struct buf *out);

#endif
