/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A lock-free queue of ids, first in, first out: a ring of indices after Nikolaev's SCQ
 * ("A Scalable, Portable, and Memory-Efficient Lock-Free FIFO Queue", DISC 2019).
 *
 * A stalled thread delays no other, unlike in a ring whose tickets are filled in later (Vyukov's).
 * The ring has room for twice the ids that may be in it. A taker passes a position only if it has
 * seen the head below the end of the puts, so a put ends once the takers that have seen this have
 * moved on. Positions are compared by their difference, so they may wrap.
 *
 * SCQ detects an empty queue by counting misses against a threshold, which is correct only if there
 * are no more threads than ids. Threads that stall between a miss and its count could later hide an
 * id that was put in between, forever if it was the last one. So this queue uses the end of the
 * puts instead. tests/model/id_queue.pml models both.
 *
 * An entry is, from its top: the cycle of the position that wrote it (42 bits), "unsafe" (1 bit: a
 * taker of a later cycle was here while an older id still lay in it, so no thread may put before
 * that taker's position has been passed), and the id (21 bits, 0 for none). All zero is an empty
 * entry of cycle 0, so untouched memory needs no initialisation.
 */
#pragma once

#include "core/base/rcu.h"

#include <stdint.h>

#define RST_ID_BITS 21
#define RST_ID_MASK ((UINT64_C(1) << RST_ID_BITS) - 1)
#define RST_ID_UNSAFE (UINT64_C(1) << RST_ID_BITS)
#define RST_ID_CYCLE_SHIFT (RST_ID_BITS + 1)

struct rst_id_queue {
    rst_word *entries;
    unsigned order; /* log2 of the number of entries */
    rst_word head rst_cache_aligned;
    rst_word tail rst_cache_aligned;
    rst_word put_end rst_cache_aligned; /* above the position of each completed put */
};

/* Sets up an empty queue for up to `capacity` ids of at most RST_ID_MASK. 0 or -ENOMEM. */
int rst_id_queue_init(struct rst_id_queue *queue, uint32_t capacity);
void rst_id_queue_destroy(struct rst_id_queue *queue);

/* Puts an id, not 0, that is not in the queue; there are never more than `capacity` in it. */
void rst_id_queue_put(struct rst_id_queue *queue, uint32_t id);

/* Takes the id that was put first; 0 when the queue is empty. */
uint32_t rst_id_queue_take(struct rst_id_queue *queue);
