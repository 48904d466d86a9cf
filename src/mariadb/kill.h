/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kills that were delivered in the roster become the server's own KILL: of a statement KILL QUERY
 * ID with the number that the server has given it, or KILL QUERY when that is not known; of a
 * connection KILL CONNECTION; of a transaction KILL QUERY when the running statement is all of it,
 * else KILL CONNECTION, because the server has no other way to roll back what another connection
 * has open.
 *
 * A thread sends them: the one that kills, that of the status endpoint for instance, must not wait
 * for the server. It is inside the gate of the connection, so what was looked at is still open when
 * the server gets the order. A kill that comes too late is dropped, and counted.
 */
#pragma once

#include <roster/roster.h>
#include <stdint.h>

/* Starts the thread, for the sessions of this roster. Returns 0 or a negative errno. */
int rst_mdb_killer_start(struct roster *of);

/* Ends it, when no kill is delivered any more. */
void rst_mdb_killer_stop(void);

/* attr.wake_kill of every session: passes the kill on and returns at once. */
void rst_mdb_wake(const struct roster_kill_info *kill, void *arg);

/* What became of the kills: the server took the order, it was too late, it could not be sent. */
struct rst_mdb_kills {
    uint64_t sent, late, failed;
};

struct rst_mdb_kills rst_mdb_kills(void);
