/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Figures for monitoring, in addition to roster_stats(): durations, and the results of kills.
 * Owners count in cache lines of their own; the caller's call sums them up (G9).
 */
#ifndef ROSTER_METRICS_H
#define ROSTER_METRICS_H

#include <roster/export.h>
#include <roster/kill.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

/* Room for enumerators in struct roster_metrics: adding one in a later version moves no member. */
#define ROSTER_RUN_STATES_ROOM 16
#define ROSTER_KILL_REASONS_ROOM 32
#define ROSTER_KILL_RESULTS_ROOM 16

/* The result of a kill. */
enum roster_kill_result {
    ROSTER_KILL_RESULT_DELIVERED = 0, /* roster_kill() returned 0 */
    ROSTER_KILL_RESULT_GONE = 1,      /* -ESRCH */
    ROSTER_KILL_RESULT_NOTHING = 2,   /* -ENOENT */
    ROSTER_KILL_RESULT_STALE = 3,     /* -ESTALE */
    ROSTER_KILL_RESULT_DYING = 4,     /* -EALREADY */
    ROSTER_KILL_RESULT_UNKNOWN = 5,   /* -EINPROGRESS, or the kernel refused the membarrier */
    ROSTER_KILL_RESULT_REJECTED = 6,  /* -ENOTSUP */
};

/* One more than the greatest of these numbers. */
#define ROSTER_KILL_RESULTS 7

/* The name of a result ("delivered", "gone", "idle", "stale", "dying", "unknown",
 * "rejected"); "unknown" for others. */
ROSTER_API const char *roster_kill_result_name(enum roster_kill_result result);

#define ROSTER_TIME_BUCKETS 64

/* How long something took, each time. */
struct roster_times {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t buckets[ROSTER_TIME_BUCKETS]; /* n: at least 2^n ns and less than 2^(n+1) */
};

/* The result of roster_metrics(). Counts are since the roster was created. */
struct roster_metrics {
    size_t size; /* sizeof(struct roster_metrics), set by the caller */
    /* Stays in each running state of statements and transactions that lasted into the next tick
     * (options.tick_ms); shorter ones cost nothing and are not counted. */
    struct roster_times states[ROSTER_RUN_STATES_ROOM];
    struct roster_times scans; /* computing the minimum, without asking the oracle */
    /* roster_kill() and its kin */
    uint64_t kills[ROSTER_KILL_REASONS_ROOM][ROSTER_KILL_RESULTS_ROOM];
    uint64_t grace_period_ns;     /* duration of the newest grace period measured; 0: none */
    uint64_t grace_period_age_ns; /* duration so far of the one under way; 0: none */
    int64_t lease_margin_ns; /* until the roster is fenced without a keep-alive; below 0: it has
                                been fenced for this long */
    uint32_t leased;         /* 1 under a leased store; else the margin means nothing */
    uint32_t reserved;
};

/*
 * Fills `*metrics`. The figures are read one after another while owners continue: each is exact,
 * but they are not of one instant. Each call also starts a grace-period measurement, unless one is
 * under way. Any thread; never waits.
 *
 * Returns 0; -EINVAL for NULL or a size below the first version's; -E2BIG for a larger one
 * with something unknown in it; -ECHILD.
 */
ROSTER_API int roster_metrics(struct roster *roster, struct roster_metrics *metrics);

ROSTER_END_DECLS

#endif /* ROSTER_METRICS_H */
