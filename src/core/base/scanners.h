/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Pins at chosen timestamps against scans, without a lock on either side.
 *
 *     owner, pin at t                          scanner i
 *     1 t >= from ? else 6                     a now := oracle()
 *     2 slot := t             (release)        1 active[i] := 1                 (exchange)
 *     3 fence                                  2 low[i] := none, seq[i]++       (release)
 *     4 for each active i:                     b membarrier
 *       low[i] 0: t >= bound[i] ? else 6       c m := min(now, every non-zero slot)
 *       low[i] > t: low[i] := t  (cmpxchg)     d bound[i] := min(m, low[i], now - life time)
 *     5 t >= from ? pinned : 6                 e low[i] := 0, or d again        (cmpxchg)
 *     6 slot := 0; for each active i:          f from := max(from, bound[i])    (cmpxchg)
 *       low[i] 0: f and g in its place         g safe point and floor, likewise
 *       -ESTALE                                h active[i] := 0                 (release)
 *
 * A pin that the walk c missed stood after b, so its owner sees low[i] as 2 left it, or later: then
 * either it lowers low[i] before e, and d counts it, or it finds 0 and compares with what e
 * decided. An owner that finds i inactive after h sees f. tests/model/begin_at.pml checks it.
 *
 * No thread waits for another. A scanner that stands still before e holds back nothing but its own
 * result. One that stands still after e has decided, and the first owner that it refuses publishes
 * the decision for it: after -ESTALE the safe point or an age limit is above t. What is decided is
 * read between two equal reads of seq[i], because another scan may use i by then. A scanner repeats
 * c and d only when a pin was made below all that it had counted.
 */
#pragma once

#include "core/base/rcu.h"

/* For low: no pin was made since. */
#define RST_LOW_NONE UINT64_MAX

/* What a scan decides. */
struct rst_decision {
    uint64_t bound;      /* pins below it are refused */
    uint64_t from;       /* what is below it is given up; above the safe point by an age limit */
    uint64_t safe_point; /* not above `from` */
};

struct rst_scanner {
    rst_word active;
    rst_word seq; /* of scans that have used it */
    rst_word low; /* the lowest pin made since the scan began, RST_LOW_NONE; 0: decided */
    rst_word bound;
    rst_word from;
    rst_word safe_point;
    struct rst_scanner *next; /* constant */
} rst_cache_aligned;

/* As many as scans ever ran at once; they stay, so that owners may walk them. */
struct rst_scanners {
    struct rst_scanner *all; /* newest first */
    struct rst_scanner first;
};

void rst_scanners_init(struct rst_scanners *scanners);
void rst_scanners_destroy(struct rst_scanners *scanners);

/* Steps 1 and 2. NULL: -ENOMEM; not while no other scan runs. What it allocates it adds to
 * `*memory`. */
struct rst_scanner *rst_scanner_begin(struct rst_scanners *scanners, uint64_t *memory);

/* Step h. Also gives up a scan that has decided nothing. */
void rst_scanner_end(struct rst_scanner *scanner);

/* Steps d and e for a decision made with `low`; false when that has changed. */
bool rst_scanner_decide(struct rst_scanner *scanner, uint64_t low,
                        const struct rst_decision *decision);

/* What a scan under way has decided; false when it has not, or is over and has published it. */
bool rst_scanner_decided(const struct rst_scanner *scanner, struct rst_decision *decision);

/* Step 4: makes all scans under way take note of a pin; false when one has decided above it. */
bool rst_scanners_note(struct rst_scanners *scanners, uint64_t ts);
