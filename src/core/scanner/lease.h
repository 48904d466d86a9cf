/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The interface between a roster and the syncer that reports it to a leased store. The functions
 * are exported under a version of their own, only for libroster-cluster.
 *
 * The record is the smallest timestamp that other servers preserve for this one. It is raised here
 * before it is raised in the store, and lowered here after the store has lowered it. So while the
 * lease lives it is never below the record in the store.
 */
#pragma once

#include <roster/export.h>
#include <roster/minimum.h>
#include <stdbool.h>
#include <stdint.h>

struct rst_thread;

struct rst_lease_ops {
    /*
     * Lowers the record to `ts`, unless it is there already; a pin protects `ts` from scans
     * until then. Returns 0 after rst_lease_lowered(); -ESTALE when the cluster's safe point has
     * passed it; the store's error. May wait.
     */
    int (*lower)(void *arg, uint64_t ts);
};

/*
 * Puts the roster under a leased store: fenced until rst_lease_grant(). Returns 0; -EINVAL; -EBUSY
 * when it is under one; -ECHILD.
 */
ROSTER_API int rst_lease_attach(struct roster *roster, const struct rst_lease_ops *ops, void *arg);

/* The syncer stops: after this `lower` is not called any more. The roster stays fenced. */
ROSTER_API void rst_lease_detach(struct roster *roster);

/* The syncer is destroyed: only now the roster may be. */
ROSTER_API void rst_lease_leave(struct roster *roster);

/*
 * As roster_min_advance(), with a second limit: what is below `least` expires, too; -ERANGE when it
 * is above now. With `report` the minimum is about to be reported: raises the record to it, in one
 * step with the scan as far as pins at chosen timestamps can see.
 */
ROSTER_API int rst_lease_scan(struct roster *roster, uint64_t max_age_ms, uint64_t least,
                              bool report, struct roster_min *min);

/* The store holds `record` under a new lease until `deadline` (CLOCK_BOOTTIME, ns): unfences. */
ROSTER_API void rst_lease_grant(struct roster *roster, uint64_t record, uint64_t deadline);

/* The lease of the last rst_lease_grant() never ended and lives until `deadline`: unfences. */
ROSTER_API void rst_lease_extend(struct roster *roster, uint64_t deadline);

/* The lease may be lost: checks fail from now on. Does not wait for a scan or an oracle. */
ROSTER_API void rst_lease_fence(struct roster *roster);

/* The store has lowered the record. */
ROSTER_API void rst_lease_lowered(struct roster *roster, uint64_t record);

/* The record. */
ROSTER_API uint64_t rst_lease_record(struct roster *roster);

/*
 * Whether the roster protects something below `ts`: then no leader can have made that a safe point
 * while the lease lives. False while it is fenced.
 */
ROSTER_API bool rst_lease_protects_below(struct roster *roster, uint64_t ts);

/*
 * The cluster's safe point is `ts`, and is about to be published or acknowledged here: first makes
 * every check below it fail, permanently (G8). Returns false, and changes nothing, when the roster
 * protects something below it.
 */
ROSTER_API bool rst_lease_pass(struct roster *roster, uint64_t ts);

/* As rst_horizon_pin_at(); under a leased store, lowers the record first if necessary. */
int rst_lease_pin_at(struct roster *roster, struct rst_thread *thread, uintptr_t holder,
                     uint64_t since, uint64_t ts, uint64_t **slot);
