/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What is counted for roster_metrics(). See counters.h.
 */
#include "core/roster/counters.h"

#include <errno.h>

void rst_scan_time_add(struct rst_scan_times *times, uint64_t ns)
{
    rst_fetch_add(&times->sum_ns, ns);
    rst_fetch_add(&times->buckets[63 - __builtin_clzll(ns | 1)], 1);
}

void rst_kill_count(uint64_t (*kills)[ROSTER_KILL_RESULTS], unsigned reason, int err)
{
    enum roster_kill_result result = err == 0           ? ROSTER_KILL_RESULT_DELIVERED
                                     : err == -ENOENT   ? ROSTER_KILL_RESULT_NOTHING
                                     : err == -ESTALE   ? ROSTER_KILL_RESULT_STALE
                                     : err == -EALREADY ? ROSTER_KILL_RESULT_DYING
                                     : err == -ESRCH    ? ROSTER_KILL_RESULT_GONE
                                     : err == -ENOTSUP  ? ROSTER_KILL_RESULT_REJECTED
                                                        : ROSTER_KILL_RESULT_UNKNOWN;

    rst_fetch_add(&kills[reason][result], 1);
}
