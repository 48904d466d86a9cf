/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the parts of the verdict share: what was looked at, and how a problem is said.
 */
#ifndef ROSTER_STATUS_VERDICT_LOOK_H
#define ROSTER_STATUS_VERDICT_LOOK_H

#include "status/problem.h"
#include "status/status.h"

#include <roster/manager.h>
#include <roster/metrics.h>
#include <roster/minimum.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>

#define RST_MS INT64_C(1000000) /* in nanoseconds */

/* What is looked at, once. */
struct look {
    struct roster_status *status;
    const struct roster_status_options *options;
    struct verdict *verdict;
    struct roster_stats stats;
    struct roster_metrics metrics;
    struct roster_min min;
    struct roster_syncer_stats syncer;
    struct roster_safe_point_state cluster;
    bool has_min, has_syncer, has_cluster;
    uint64_t boot_ns; /* CLOCK_BOOTTIME, by which the cluster's parts tell when */
    bool seen[PROBLEMS];
};

/* Adds a problem, and returns it, with `rosterctl safepoint` as the command. `age_ms` is negative
 * where nothing says since when: then it is since it was seen here first. */
struct found *rst_verdict_find(struct look *look, enum problem problem, int64_t age_ms,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A text as a word for a shell, as it is if all of its bytes are `plain`: a record may hold
 * anything, and so may a path. NULL: too long. */
#define VERDICT_PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"
const char *rst_verdict_word(const char *name, const char *plain, char *text, size_t size);

/* The command to be given to rosterctl, with the address of this server. */
void rst_verdict_command(struct look *look, struct found *found, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Why a session that holds something back is not the one to end, appended to the evidence: it waits
 * for another one, or may be among those that did until now. */
bool rst_verdict_is_to_go_on(struct look *look, struct found *found, uint64_t session_id);

/* verdict_cluster.c: the lease, the reports and the store of a server; then what holds back the
 * safe points of the cluster. */
void rst_verdict_fence(struct look *look);
void rst_verdict_lease(struct look *look);
void rst_verdict_store(struct look *look);
void rst_verdict_safe_points(struct look *look);
void rst_verdict_passed(struct look *look);

#endif /* ROSTER_STATUS_VERDICT_LOOK_H */
