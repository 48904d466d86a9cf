/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The verdict's look at kills that were delivered and had no effect.
 */
#ifndef ROSTER_STATUS_VERDICT_STUCK_H
#define ROSTER_STATUS_VERDICT_STUCK_H

#include <roster/manager.h>
#include <stdbool.h>
#include <stdint.h>

struct roster_status;

struct stuck {
    uint64_t count;    /* kills; 0: there are none */
    uint64_t since_ms; /* CLOCK_MONOTONIC: the oldest of them */
    char evidence[512];
    char command[160]; /* of rosterctl */
};

/* Kills older than the endpoint's stuck_ms. Of the sessions those alone are looked at that were
 * killed. Returns whether there are any. */
bool rst_stuck_look(struct roster_status *status, const struct roster_stats *stats,
                    struct stuck *stuck);

#endif /* ROSTER_STATUS_VERDICT_STUCK_H */
