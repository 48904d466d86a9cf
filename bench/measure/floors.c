/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Floors. See floors.h.
 */
#include "floors.h"

#include "complain.h"
#include "order.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 256

struct floors *floors_create(bool random_order, size_t records, size_t threads)
{
    struct floors *floors = must_have(calloc(1, sizeof(*floors)));
    size_t i, bytes = records * sizeof(*floors->records);

    floors->records = must_have(aligned_alloc(FLOOR_RECORD_BYTES, bytes));
    floors->order = must_have(malloc(records * sizeof(struct floor_record *)));
    floors->shares =
        must_have(aligned_alloc(_Alignof(struct floor_share), threads * sizeof(*floors->shares)));
    memset(floors->records, 0, bytes);
    floors->n_records = records;
    floors->n_shares = threads;
    for (i = 0; i < records; i++)
        floors->order[i] = &floors->records[i];
    if (random_order)
        order_shuffle(floors->order, records);
    for (i = 0; i < threads; i++) {
        size_t from = records * i / threads;

        floors->shares[i] = (struct floor_share){.records = floors->order + from,
                                                 .n = records * (i + 1) / threads - from,
                                                 .random = UINT64_C(88172645463325252) + i};
    }
    return floors;
}

void floors_limit(struct floors *floors, size_t active)
{
    size_t i;

    for (i = 0; i < floors->n_shares; i++) {
        struct floor_share *share = &floors->shares[i];

        if (active >= share->n)
            continue;
        order_spread(share->records, share->n, active);
        share->n = active;
    }
}

void floors_destroy(void *arg)
{
    struct floors *floors = arg;

    free(floors->shares);
    free(floors->order);
    free(floors->records);
    free(floors);
}

/* Two writes to each record in turn, the first of which may be an exchange. */
static inline __attribute__((always_inline)) int in_turn(struct worker *worker, bool exchange)
{
    struct floor_share *share = worker->job->arg;
    struct floor_record *const *records = share->records;
    size_t at = share->at, n = share->n, i;
    uint64_t ts = share->ts, ops = 0;

    for (; !runner_stopped(worker); ops += BATCH)
        for (i = 0; i < BATCH; i++) {
            if (exchange)
                (void)__atomic_exchange_n(&records[at]->ts, ++ts, __ATOMIC_SEQ_CST);
            else
                __atomic_store_n(&records[at]->ts, ++ts, __ATOMIC_RELEASE);
            __atomic_store_n(&records[at]->ts, 0, __ATOMIC_RELEASE);
            at = at + 1 == n ? 0 : at + 1;
        }
    share->at = at;
    share->ts = ts;
    worker->ops = ops;
    return 0;
}

int floor_two_stores(struct worker *worker)
{
    return in_turn(worker, false);
}

int floor_exchange_store(struct worker *worker)
{
    return in_turn(worker, true);
}

int floor_exchange_store_random(struct worker *worker)
{
    struct floor_share *share = worker->job->arg;
    uint64_t random = share->random, ts = share->ts, ops = 0;
    size_t i;

    for (; !runner_stopped(worker); ops += BATCH)
        for (i = 0; i < BATCH; i++) {
            struct floor_record *record = share->records[random_below(&random, share->n)];

            (void)__atomic_exchange_n(&record->ts, ++ts, __ATOMIC_SEQ_CST);
            __atomic_store_n(&record->ts, 0, __ATOMIC_RELEASE);
        }
    share->random = random;
    share->ts = ts;
    worker->ops = ops;
    return 0;
}

int floor_read_records(struct worker *worker)
{
    const struct floors *floors = worker->job->arg;
    uint64_t ops = 0;
    size_t i;

    for (; !runner_stopped(worker); ops++)
        for (i = 0; i < floors->n_records; i++)
            (void)__atomic_load_n((volatile uint64_t *)&floors->records[i].ts, __ATOMIC_RELAXED);
    worker->ops = ops;
    return 0;
}

struct floor_walk *floor_walk_create(size_t bytes)
{
    struct floor_walk *walk = must_have(calloc(1, sizeof(*walk)));
    size_t i;

    walk->n_words = bytes / sizeof(uint64_t);
    walk->words = must_have(
        aligned_alloc(FLOOR_RECORD_BYTES, (bytes / FLOOR_RECORD_BYTES + 1) * FLOOR_RECORD_BYTES));
    for (i = 0; i < walk->n_words; i++)
        walk->words[i] = i;
    return walk;
}

void floor_walk_destroy(void *arg)
{
    struct floor_walk *walk = arg;

    free(walk->words);
    free(walk);
}

static uint64_t walk_once(const uint64_t *words, size_t n)
{
    uint64_t sums[4] = {0, 0, 0, 0};
    size_t i;

    for (i = 0; i + 4 <= n; i += 4) {
        sums[0] += words[i];
        sums[1] += words[i + 1];
        sums[2] += words[i + 2];
        sums[3] += words[i + 3];
    }
    for (; i < n; i++)
        sums[0] += words[i];
    return sums[0] + sums[1] + sums[2] + sums[3];
}

int floor_walk_job(struct worker *worker)
{
    struct floor_walk *walk = worker->job->arg;
    uint64_t ops = 0;

    for (; !runner_stopped(worker); ops++) {
        walk->sum += walk_once(walk->words, walk->n_words);
        /* One walk is like the other, but each is to be made. */
        __asm__ __volatile__("" ::: "memory");
    }
    worker->ops = ops;
    return 0;
}
