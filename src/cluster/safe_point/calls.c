/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the status endpoint asks, as a table of functions: the one place where the two libraries
 * meet.
 */
#include "config.h"

#include <roster/safe_point.h>
#include <roster/syncer.h>

const struct roster_cluster_calls *roster_cluster_calls(void)
{
    static const struct roster_cluster_calls calls = {
        sizeof(calls),           roster_syncer_stats,     roster_syncer_state_name,
        roster_safe_point_state, roster_blocker_describe,
    };

    return &calls;
}
