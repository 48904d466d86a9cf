/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "peer.h"

#include <stdio.h>

const struct peer *peer_running;

struct roster_safe_point_state peer_state(const struct peer *peer)
{
    return safe_point_state(peer->safe_point);
}

struct roster_syncer_stats peer_stats(const struct peer *peer)
{
    return server_stats(&peer->server);
}

void peer_run(struct peer *peer)
{
    if (!peer->safe_point || peer->stopped)
        return;
    peer_running = peer;
    cr_assert_eq(roster_syncer_run_once(peer->server.syncer, NULL), 0);
    if (peer->check)
        peer->check(peer);
    if (!peer->unlooked)
        cr_assert_eq(roster_safe_point_run_once(peer->safe_point, NULL), 0);
    if (peer->check)
        peer->check(peer);
    peer_running = NULL;
}

void peers_step(struct peer *first, struct peer *second)
{
    peer_run(first);
    peer_run(second);
    sleep_ms(1);
}

static const char *shown(const struct peer *peer)
{
    return peer->safe_point ? server_shown(&peer->server) : "not there";
}

const char *peers_shown(const struct peer *first, const struct peer *second)
{
    static char text[256];
    int length = snprintf(text, sizeof(text), "the first is %s, ", shown(first));

    snprintf(text + length, sizeof(text) - (size_t)length, "the second %s", shown(second));
    return text;
}
