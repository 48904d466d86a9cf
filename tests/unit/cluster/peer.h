/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Two servers with safe points of their own on one store, whose duties a test runs in turns. */
#pragma once

#include "server.h"

#include <stdbool.h>

struct peer {
    struct server server;
    struct roster_safe_point *safe_point;   /* NULL: it is not there */
    bool stopped;                           /* nothing of it runs */
    bool unlooked;                          /* it does not follow the safe points */
    void (*check)(const struct peer *peer); /* after the syncer's duties and the safe points' */
};

/* Whose duties run, for a store that tells its callers apart; NULL: none. */
extern const struct peer *peer_running;

struct roster_safe_point_state peer_state(const struct peer *peer);
struct roster_syncer_stats peer_stats(const struct peer *peer);

/* What is due. */
void peer_run(struct peer *peer);

/* Both of them, and a millisecond. */
void peers_step(struct peer *first, struct peer *second);

/* What they are, for a message. */
const char *peers_shown(const struct peer *first, const struct peer *second);

#define PEERS_UNTIL(condition, first, second)                                                      \
    SERVER_UNTIL(condition, peers_step(first, second), peers_shown(first, second))
