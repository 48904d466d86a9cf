/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of the allocator of connection ids.
 *
 * The states of a 32-bit local id: never used -> out -> in limbo -> awaiting a grace period -> in
 * the queue -> out. Unused ids are taken first, then those of the queue, as if all had been in the
 * queue at the beginning.
 *
 * Limbo is a stack through `links`, with one rcu_head for all: a thread that releases an id while
 * no callback is queued queues one. Each callback puts the ids that have waited for it into the
 * queue, takes the stack, and queues itself again for these ids, until the stack is empty.
 */
#pragma once

#include "core/base/rcu.h"
#include "core/sql/id_queue.h"

#include <roster/conn_id.h>

/* 64-bit local ids that can be assigned: all but 0 and the reserved ones at the top. */
#define RST_CONN_LOCALS_64 (ROSTER_CONN_LOCAL_64_MAX - ROSTER_CONN_RESERVED)

/* In links[]: the id is out. */
#define RST_LINK_OUT UINT32_MAX

/* In `limbo`, above the id on top: a callback is queued. */
#define RST_LIMBO_SCHEDULED (UINT64_C(1) << 32)

struct roster_conn_ids {
    struct roster *roster;
    unsigned process; /* that created it */
    uint32_t local_ids;
    uint32_t narrow_at; /* with this few in use, 32 bits are enough again */
    uint32_t *links;    /* by local id: RST_LINK_OUT, or the next one in the same list */
    struct rcu_head rcu;
    uint32_t waiting; /* the list that awaits the callback under way; the callback's */
    uint32_t server rst_cache_aligned;
    uint32_t wide;
    uint32_t fresh; /* the lowest id never used */
    uint32_t used;
    uint32_t resting; /* of these, in limbo or waiting */
    rst_word widenings;
    rst_word next_64;
    rst_word open_64;
    rst_word limbo rst_cache_aligned;
    struct rst_id_queue queue;
} rst_cache_aligned;
