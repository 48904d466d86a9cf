/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Time-in-state histogram of owners. Recorded only if the coarse clock ticked during the state
 * (G9): a shorter stay is not counted, and the paths know that one did by a branch they take
 * anyway, because they then have a new "idle since" to write down.
 *
 * Running is counted from when the statement or its transaction began, whichever is later.
 */
#ifndef ROSTER_CORE_BASE_STAYS_H
#define ROSTER_CORE_BASE_STAYS_H

#include "core/base/rcu.h"

#include <roster/metrics.h>
#include <roster/view.h>

/* Of one running state. Written by one thread, summed by roster_metrics(). */
struct rst_stays {
    rst_word sum_ns;
    rst_word buckets[ROSTER_TIME_BUCKETS]; /* n: at least 2^n ns and less than 2^(n+1) */
};

/*
 * `before` has been, or is about to be, replaced at `now`. When a statement ends inside a
 * transaction the view from before it is published again, so `idle_since` may be the later one.
 */
static rst_always_inline void rst_stay_end(struct rst_stays *stays,
                                           const struct roster_shown *before, uint64_t idle_since,
                                           uint64_t now)
{
    uint64_t since = before->state_since > idle_since ? before->state_since : idle_since;

    if (rst_likely(now <= since))
        return;
    stays += before->run_state;
    rst_store(&stays->sum_ns, rst_load(&stays->sum_ns) + (now - since));
    rst_count(&stays->buckets[63 - __builtin_clzll(now - since)]);
}

#endif /* ROSTER_CORE_BASE_STAYS_H */
