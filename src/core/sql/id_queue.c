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

int rst_id_queue_init(struct rst_id_queue *queue, uint32_t capacity)
{
    memset(queue, 0, sizeof(*queue));
    for (queue->order = 2; UINT64_C(1) << (queue->order - 1) < capacity; queue->order++)
        ;
    queue->entries = calloc((size_t)1 << queue->order, sizeof(*queue->entries));
    queue->head = UINT64_C(1) << queue->order;
    queue->tail = queue->head;
    queue->put_end = queue->head;
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
    uint64_t position, end;

    do
        position = __atomic_fetch_add(&queue->tail, 1, ORDER_SEQ);
    while (!put_at(queue, position, id));
    end = __atomic_load_n(&queue->put_end, ORDER_SEQ);
    while ((int64_t)(end - position) <= 0 && !exchange(&queue->put_end, &end, position + 1))
        ;
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

/*
 * Whether takers have yet to pass an id. The head is loaded first: if it is not below the end
 * then, each id whose put was over at the load of the end had been passed.
 */
static bool has_more(const struct rst_id_queue *queue)
{
    uint64_t head = __atomic_load_n(&queue->head, ORDER_SEQ);

    return (int64_t)(__atomic_load_n(&queue->put_end, ORDER_SEQ) - head) > 0;
}

uint32_t rst_id_queue_take(struct rst_id_queue *queue)
{
    while (has_more(queue)) {
        uint32_t id;

        rst_test_point("id queue: has more");
        id = take_at(queue, __atomic_fetch_add(&queue->head, 1, ORDER_SEQ));
        if (id)
            return id;
        rst_test_point("id queue: missed");
    }
    return 0;
}
