/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The lock-free queue of ids. Row of the TiDB page: "Local 32-bit ids are reused first in, first
 * out".
 */

#include "core/sql/id_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* Lets an empty queue go on as if `position` ids had been put and taken. */
static void go_on_at(struct rst_id_queue *queue, uint64_t position)
{
    uint64_t before =
        (position >> queue->order << RST_ID_CYCLE_SHIFT) - (UINT64_C(1) << RST_ID_CYCLE_SHIFT);

    for (uint64_t i = 0; i < UINT64_C(1) << queue->order; i++)
        queue->entries[i] = before;
    queue->head = position;
    queue->tail = position;
    queue->put_end = position;
}

Test(id_queue, first_in_first_out)
{
    struct rst_id_queue queue;

    cr_assert_eq(rst_id_queue_init(&queue, 100), 0);
    cr_assert_eq(rst_id_queue_take(&queue), 0);
    for (uint32_t round = 0; round < 1000; round++) {
        uint32_t n = round % 100 + 1;

        for (uint32_t i = 1; i <= n; i++)
            rst_id_queue_put(&queue, i * 7 % 101);
        for (uint32_t i = 1; i <= n; i++)
            cr_assert_eq(rst_id_queue_take(&queue), i * 7 % 101);
        cr_assert_eq(rst_id_queue_take(&queue), 0, "it is empty again");
    }
    rst_id_queue_destroy(&queue);
}

Test(id_queue, an_empty_queue_can_be_asked_for_ever)
{
    struct rst_id_queue queue;

    cr_assert_eq(rst_id_queue_init(&queue, 1), 0);
    for (uint32_t i = 1; i < 100; i++) {
        for (uint32_t j = 0; j < i; j++)
            cr_assert_eq(rst_id_queue_take(&queue), 0);
        rst_id_queue_put(&queue, i);
        cr_assert_eq(rst_id_queue_take(&queue), i);
    }
    rst_id_queue_destroy(&queue);
}

Test(id_queue, positions_may_wrap)
{
    struct rst_id_queue queue;

    cr_assert_eq(rst_id_queue_init(&queue, 4), 0);
    go_on_at(&queue, UINT64_MAX - 20);
    for (uint32_t i = 1; i <= 50; i++) {
        rst_id_queue_put(&queue, i);
        rst_id_queue_put(&queue, i + 100);
        cr_assert_eq(rst_id_queue_take(&queue), i);
        cr_assert_eq(rst_id_queue_take(&queue), i + 100);
        cr_assert_eq(rst_id_queue_take(&queue), 0);
    }
    cr_assert_lt(queue.head, 1000, "positions have wrapped");
    rst_id_queue_destroy(&queue);
}

#define THREADS 4
#define CAPACITY 6 /* fewer ids than there could be hands, so that the queue runs empty */
#define ROUNDS 20000

struct shared {
    struct rst_id_queue queue;
    uint32_t holders[CAPACITY + 1];
    uint32_t wrong;
};

static void *take_and_put(void *arg)
{
    struct shared *shared = arg;
    uint32_t held[2];

    for (int round = 0; round < ROUNDS; round++) {
        unsigned n;

        for (n = 0; n < 2; n++) {
            held[n] = rst_id_queue_take(&shared->queue);
            if (held[n] && __atomic_exchange_n(&shared->holders[held[n]], 1, __ATOMIC_RELAXED))
                __atomic_fetch_add(&shared->wrong, 1, __ATOMIC_RELAXED);
        }
        for (n = 0; n < 2; n++)
            if (held[n]) {
                __atomic_store_n(&shared->holders[held[n]], 0, __ATOMIC_RELAXED);
                rst_id_queue_put(&shared->queue, held[n]);
            }
    }
    return NULL;
}

static void hammer(uint64_t position)
{
    struct shared shared;
    pthread_t threads[THREADS];
    uint32_t i, seen = 0, id;

    memset(&shared, 0, sizeof(shared));
    cr_assert_eq(rst_id_queue_init(&shared.queue, CAPACITY), 0);
    if (position)
        go_on_at(&shared.queue, position);
    for (i = 1; i <= CAPACITY; i++)
        rst_id_queue_put(&shared.queue, i);
    for (i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, take_and_put, &shared), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(shared.wrong, 0, "%u times two threads had the same id", shared.wrong);
    while ((id = rst_id_queue_take(&shared.queue)) != 0) {
        cr_assert_not(seen & 1U << id, "%u was in twice", id);
        seen |= 1U << id;
    }
    cr_assert_eq(seen, (1U << (CAPACITY + 1)) - 2, "no id was lost");
    rst_id_queue_destroy(&shared.queue);
}

Test(id_queue, no_id_is_lost_or_doubled_between_threads)
{
    hammer(0);
}

Test(id_queue, nor_while_positions_wrap)
{
    hammer(UINT64_MAX - ROUNDS);
}

#define EACH 100000

struct ordered {
    struct rst_id_queue queue;
    uint32_t taken;
    uint32_t wrong;
};

static void *put_odd(void *arg)
{
    struct ordered *shared = arg;

    for (uint32_t i = 0; i < EACH; i++)
        rst_id_queue_put(&shared->queue, 2 * i + 1);
    return NULL;
}

static void *put_even(void *arg)
{
    struct ordered *shared = arg;

    for (uint32_t i = 1; i <= EACH; i++)
        rst_id_queue_put(&shared->queue, 2 * i);
    return NULL;
}

static void *take_in_order(void *arg)
{
    struct ordered *shared = arg;
    uint32_t last[2] = {0, 0};

    while (__atomic_load_n(&shared->taken, __ATOMIC_RELAXED) < 2 * EACH) {
        uint32_t id = rst_id_queue_take(&shared->queue);

        if (!id)
            continue;
        __atomic_fetch_add(&shared->taken, 1, __ATOMIC_RELAXED);
        if (id <= last[id % 2])
            __atomic_fetch_add(&shared->wrong, 1, __ATOMIC_RELAXED);
        last[id % 2] = id;
    }
    return NULL;
}

Test(id_queue, each_taker_sees_each_putters_order)
{
    struct ordered shared;
    pthread_t threads[4];
    void *(*const mains[])(void *) = {put_odd, put_even, take_in_order, take_in_order};

    memset(&shared, 0, sizeof(shared));
    cr_assert_eq(rst_id_queue_init(&shared.queue, 2 * EACH), 0);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, mains[i], &shared), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(shared.taken, 2 * EACH);
    cr_assert_eq(shared.wrong, 0, "%u ids overtook an earlier one", shared.wrong);
    rst_id_queue_destroy(&shared.queue);
}
