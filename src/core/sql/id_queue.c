/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The queue of ids. See id_queue.h.
 *
 * Every operation is sequentially consistent, as the algorithm's proof assumes; opening and closing
 * a connection can afford it.
 */
#include "core/sql/id_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_SEQ __ATOMIC_SEQ_CST

static uint64_t *entry_of(const struct rst_id_queue *queue, uint64_t position)
{
    return &queue->entries[position & ((UINT64_C(1) << queue->order) - 1)];
}

/* The cycle of a position, in an entry's place. */
static uint64_t cycle_of(const struct rst_id_queue *queue, uint64_t position)
{
    return position >> queue->order << RST_ID_CYCLE_SHIFT;
}

/* How far cycle `a` is after cycle `b`, in units that keep the sign; cycles wrap. */
static int64_t cycles_apart(uint64_t a, uint64_t b)
{
    return (int64_t)((a & ~(RST_ID_MASK | RST_ID_UNSAFE)) - (b & ~(RST_ID_MASK | RST_ID_UNSAFE)));
}

static bool exchange(uint64_t *word, uint64_t *expected, uint64_t wanted)
{
    return __atomic_compare_exchange_n(word, expected, wanted, false, ORDER_SEQ, ORDER_SEQ);
}

/* A taker may miss so often while an id is on its way: three times the ids there can be. */
static int64_t most_misses(const struct rst_id_queue *queue)
{
    return (INT64_C(3) << (queue->order - 1)) - 1;
}

int rst_id_queue_init(struct rst_id_queue *queue, uint32_t capacity)
{
    memset(queue, 0, sizeof(*queue));
    for (queue->order = 2; UINT64_C(1) << (queue->order - 1) < capacity; queue->order++)
        ;
    queue->entries = calloc((size_t)1 << queue->order, sizeof(*queue->entries));
    queue->head = UINT64_C(1) << queue->order;
    queue->tail = queue->head;
    queue->threshold = -1;
    return queue->entries ? 0 : -ENOMEM;
}

void rst_id_queue_destroy(struct rst_id_queue *queue)
{
    free(queue->entries);
}

/* Puts the id at this position, unless a taker has passed it. */
static bool put_at(struct rst_id_queue *queue, uint64_t position, uint32_t id)
{
    uint64_t *entry = entry_of(queue, position);
    uint64_t cycle = cycle_of(queue, position);
    uint64_t found = __atomic_load_n(entry, ORDER_SEQ);

    do {
        if (cycles_apart(found, cycle) >= 0 || (found & RST_ID_MASK))
            return false;
        if ((found & RST_ID_UNSAFE) &&
            (int64_t)(__atomic_load_n(&queue->head, ORDER_SEQ) - position) > 0)
            return false;
    } while (!exchange(entry, &found, cycle | id));
    return true;
}

void rst_id_queue_put(struct rst_id_queue *queue, uint32_t id)
{
    int64_t most = most_misses(queue);

    while (!put_at(queue, __atomic_fetch_add(&queue->tail, 1, ORDER_SEQ), id))
        ;
    if (__atomic_load_n(&queue->threshold, ORDER_SEQ) != most)
        __atomic_store_n(&queue->threshold, most, ORDER_SEQ);
}

/* Takes the id at this position; 0 when there is none, and then none will be put there. */
static uint32_t take_at(struct rst_id_queue *queue, uint64_t position)
{
    uint64_t *entry = entry_of(queue, position);
    uint64_t cycle = cycle_of(queue, position);
    uint64_t found = __atomic_load_n(entry, ORDER_SEQ);
    uint64_t wanted;

    do {
        if (cycles_apart(found, cycle) == 0) {
            __atomic_fetch_and(entry, ~RST_ID_MASK, ORDER_SEQ);
            return (uint32_t)(found & RST_ID_MASK);
        }
        if (cycles_apart(found, cycle) > 0)
            return 0;
        wanted = found & RST_ID_MASK ? found | RST_ID_UNSAFE : cycle | (found & RST_ID_UNSAFE);
    } while (!exchange(entry, &found, wanted));
    return 0;
}

/* Takers have run past the tail: moves it up to them, so that the next put need not search. */
static void catch_up(struct rst_id_queue *queue, uint64_t tail, uint64_t head)
{
    while (!exchange(&queue->tail, &tail, head)) {
        head = __atomic_load_n(&queue->head, ORDER_SEQ);
        tail = __atomic_load_n(&queue->tail, ORDER_SEQ);
        if ((int64_t)(tail - head) >= 0)
            return;
    }
}

uint32_t rst_id_queue_take(struct rst_id_queue *queue)
{
    while (__atomic_load_n(&queue->threshold, ORDER_SEQ) >= 0) {
        uint64_t position = __atomic_fetch_add(&queue->head, 1, ORDER_SEQ);
        uint32_t id = take_at(queue, position);
        uint64_t tail;

        if (id)
            return id;
        tail = __atomic_load_n(&queue->tail, ORDER_SEQ);
        if ((int64_t)(tail - (position + 1)) <= 0) {
            catch_up(queue, tail, position + 1);
            __atomic_fetch_sub(&queue->threshold, 1, ORDER_SEQ);
            return 0;
        }
        if (__atomic_fetch_sub(&queue->threshold, 1, ORDER_SEQ) <= 0)
            return 0;
    }
    return 0;
}
