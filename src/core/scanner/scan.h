/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The scan over a roster's slots. The algorithm is told in base/horizon.h.
 */
#ifndef ROSTER_CORE_SCANNER_SCAN_H
#define ROSTER_CORE_SCANNER_SCAN_H

#include "core/base/horizon.h"

/* One scan, steps b to e, under scan_lock; `now` was fetched after the lock was taken (a). Returns
 * 0 or what rst_membarrier() returned, and then nothing has changed. */
int rst_horizon_scan(struct rst_horizon *horizon, bool membarrier, uint64_t now, uint64_t lower,
                     uint64_t life_time_ms, struct roster_min *min);

/* The same for who only watches: steps b and c, nothing is advanced. */
int rst_horizon_peek(struct rst_horizon *horizon, bool membarrier, uint64_t now,
                     struct roster_min *min);

#endif /* ROSTER_CORE_SCANNER_SCAN_H */
