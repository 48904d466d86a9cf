/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The scan over a roster's slots. The algorithm is described in base/horizon.h.
 */
#pragma once

#include "core/roster/roster.h"

#include <roster/minimum.h>

struct rst_scan_for {
    uint64_t max_age_ms; /* pins that are held for longer expire; 0: no limit */
    uint64_t least;      /* pins below it expire, however young; 0: none */
    bool report;         /* the minimum is about to be reported, see rst_lease_scan() */
};

/*
 * One scan, steps a to e. Any number of threads at once. A scan that began after this one did and
 * is complete serves it too, unless `least` or `report` is asked for.
 *
 * Timestamps follow the wall clock, so by them alone a step of it would expire what has just begun,
 * or nothing for as long as the step: no pin that is held for less than max_age_ms expires, and
 * none above the lowest of those. Returns 0; -ERANGE when `least` is above now; the oracle's error;
 * or what rst_membarrier() returned. After an error nothing has changed.
 */
int rst_scan(struct roster *roster, const struct rst_scan_for *what, struct roster_min *min);

/* Read-only variant: steps a to c, nothing is advanced. `filter` NULL: of all sessions. */
int rst_scan_peek(struct roster *roster, const struct roster_min_filter *filter,
                  struct roster_min *min);
