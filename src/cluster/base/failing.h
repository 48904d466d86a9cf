/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Operations that fail: each has a state of its own, which its own success ends. */
#ifndef ROSTER_CLUSTER_BASE_FAILING_H
#define ROSTER_CLUSTER_BASE_FAILING_H

#include <roster/syncer.h>

/* What an attempt came to, 0 for success, at this time on CLOCK_BOOTTIME; counted by its class. */
void rst_failing_note(struct roster_failing *failing, int err, int64_t now_ns,
                      uint64_t errors[ROSTER_ERROR_CLASSES_ROOM]);

/* Of two, the one that failed last; its error is 0 when neither does. */
const struct roster_failing *rst_failing_newer(const struct roster_failing *a,
                                               const struct roster_failing *b);

#endif
