/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Counters for roster_metrics(), beside the threads' own.
 */
#pragma once

#include "core/base/rcu.h"

#include <roster/metrics.h>

/* Counted by the owner, summed by roster_stats(). */
struct rst_thread_counts {
    rst_word sessions_opened;
    rst_word txns_begun;
    rst_word txns_forced;
    rst_word statements;
};

/* At most one measurement of a grace period. */
struct rst_grace {
    struct rcu_head head;
    rst_word since; /* CLOCK_MONOTONIC, ns; 0 while none is */
    rst_word took;
};

/* Of scans, by any number of threads. */
struct rst_scan_times {
    rst_word sum_ns;
    rst_word buckets[ROSTER_TIME_BUCKETS];
};
