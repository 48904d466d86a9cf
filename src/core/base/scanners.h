/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Pins at chosen timestamps versus scans, without a lock on either side.
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
 * A pin that the walk c missed was stored after b, so its owner sees low[i] as step 2 left it, or a
 * later value. Either it lowers low[i] before e, and d counts it; or it finds 0 and compares with
 * e's decision. An owner that finds i inactive after h sees f. tests/model/begin_at.pml checks it.
 *
 * No thread waits for another. A scanner that stalls before e holds back only its own result. A
 * scanner that stalls after e has decided, and the first owner that it refuses publishes the
 * decision for it: after -ESTALE the safe point or an age limit is above t. The decision is read
 * between two equal reads of seq[i], because another scan may already use i. A scanner repeats c
 * and d only if a pin was made below all that it had counted.
 */
#pragma once

#include "core/base/rcu.h"

/* For low: no pin was made since the scan began. */
#define RST_LOW_NONE UINT64_MAX

/* A scan's decision. */
struct rst_decision {
    uint64_t bound; /* pins below it are refused */
    uint64_t from; /* everything below is given up; above the safe point if there is an age limit */
    uint64_t safe_point; /* not above `from` */
};

struct rst_scanner {
    rst_word active;
    rst_word seq; /* number of scans that have used it */
    rst_word low; /* the lowest pin made since the scan began, RST_LOW_NONE; 0: decided */
    rst_word bound;
    rst_word from;
    rst_word safe_point;
    struct rst_scanner *next; /* constant */
} rst_cache_aligned;

/* As many as scans ever ran at once; never freed, so that owners may walk them. */
struct rst_scanners {
    struct rst_scanner *all; /* newest first */
    struct rst_scanner first;
};

void rst_scanners_init(struct rst_scanners *scanners);
void rst_scanners_destroy(struct rst_scanners *scanners);

/* Steps 1 and 2. NULL: -ENOMEM, which cannot happen unless another scan runs. Adds what it
 * allocates to `*memory`. */
struct rst_scanner *rst_scanner_begin(struct rst_scanners *scanners, uint64_t *memory);

/* Step h. Also abandons a scan without a decision. */
void rst_scanner_end(struct rst_scanner *scanner);

/* Steps d and e for a decision made with `low`; false if that has changed. */
bool rst_scanner_decide(struct rst_scanner *scanner, uint64_t low,
                        const struct rst_decision *decision);

/* The decision of a scan in progress; false if there is none yet, or the scan has published it and
 * is over. */
bool rst_scanner_decided(const struct rst_scanner *scanner, struct rst_decision *decision);

/* Step 4: reports a pin to all scans in progress; false if one has decided above it. */
bool rst_scanners_note(struct rst_scanners *scanners, uint64_t ts);
