/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Time-in-state histogram of owners. Recorded only if the coarse clock ticked during the state
 * (G9): a shorter stay is not counted. The paths detect a tick by a branch they take anyway,
 * because a tick changes the "idle since" that they store.
 *
 * Running counts from the begin of the statement or of its transaction, whichever is later.
 */
#pragma once

#include "core/base/rcu.h"

#include <roster/metrics.h>
#include <roster/view.h>

/*
 * A thread meets only a few lengths. It keeps those that it met first; all others are counted in
 * its roster. Written by one thread, summed by roster_metrics().
 */
#define RST_STAYS 24

/* An entry: the number of such stays, and their length; 0 while it is free. */
#define RST_STAY_ONE (UINT64_C(1) << 16)
#define RST_STAY_STATE(entry) ((unsigned)(entry) >> 8 & 0x7f)
#define RST_STAY_BUCKET(entry) ((unsigned)(entry)&0xff)
#define RST_STAY_IN_USE 0x8000U

struct rst_stays {
    rst_word sum_ns[ROSTER_RUN_STATES];
    rst_word entries[RST_STAYS];
};

/* All lengths; bucket n: at least 2^n ns and less than 2^(n+1). Several threads add. */
struct rst_all_stays {
    rst_word sum_ns[ROSTER_RUN_STATES];
    rst_word buckets[ROSTER_RUN_STATES][ROSTER_TIME_BUCKETS];
};

/* Counts a stay in one of the thread's entries, or in `all` (G7: needs no memory). */
rst_slow void rst_stay_count_slow(struct rst_stays *stays, struct rst_all_stays *all,
                                  unsigned state, uint64_t ns);

/* Adds a thread's counts. */
void rst_stays_add(struct rst_all_stays *all, const struct rst_stays *stays);

/*
 * `before` has been, or is about to be, replaced at `now`. When a statement ends inside a
 * transaction, the earlier view is published again, so `idle_since` may be later than its time.
 */
static rst_always_inline void rst_stay_end(struct rst_stays *stays, struct rst_all_stays *all,
                                           const struct roster_shown *before, uint64_t idle_since,
                                           uint64_t now)
{
    uint64_t since = before->state_since > idle_since ? before->state_since : idle_since;

    if (rst_likely(now <= since))
        return;
    rst_stay_count_slow(stays, all, before->run_state, now - since);
}
