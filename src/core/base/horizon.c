/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Horizon slots: growth, hand-back and pins. The algorithm is described in horizon.h.
 */
#include "core/base/horizon.h"

#include <errno.h>
#include <roster/timestamp.h>
#include <stdlib.h>
#include <string.h>

int rst_horizon_init(struct rst_horizon *horizon, uint64_t now)
{
    int err;

    memset(horizon, 0, sizeof(*horizon));
    horizon->floor = now;
    rst_scanners_init(&horizon->scanners);
    err = rst_guard_init(&horizon->guard, &horizon->words);
    if (err)
        return err;
    err = -pthread_mutex_init(&horizon->report_lock, NULL);
    if (err)
        goto guard;
    err = -pthread_mutex_init(&horizon->grow_lock, NULL);
    if (!err)
        return 0;
    pthread_mutex_destroy(&horizon->report_lock);
guard:
    rst_guard_destroy(&horizon->guard);
    return err;
}

void rst_horizon_destroy(struct rst_horizon *horizon)
{
    while (horizon->blocks) {
        struct rst_horizon_block *next = horizon->blocks->next;

        free(horizon->blocks);
        horizon->blocks = next;
    }
    rst_scanners_destroy(&horizon->scanners);
    pthread_mutex_destroy(&horizon->grow_lock);
    pthread_mutex_destroy(&horizon->report_lock);
    rst_guard_destroy(&horizon->guard);
}

void rst_horizon_return_slow(struct rst_horizon_chunk *chunk, uint64_t bit)
{
    struct rst_horizon_cache *owner = chunk->owner;
    struct rst_horizon_chunk *top;

    /* 4: release, the word is 0 before the slot is handed back; pairs with 6 */
    if (__atomic_fetch_or(&chunk->returned, bit, __ATOMIC_ACQ_REL))
        return; /* it is on the stack, or the thread that made it non-zero is about to push it */
    rst_test_point("return: bit set");
    top = rst_load(&owner->returns);
    do {
        chunk->return_next = top;
        /* 5: release, the link is written before the chunk can be found; pairs with 7 */
    } while (!__atomic_compare_exchange_n(&owner->returns, &top, chunk, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
}

/* What a new cache takes from: nothing. Its words are nowhere, so nothing is returned to it. */
struct rst_horizon_chunk rst_horizon_no_chunk;

void rst_horizon_cache_init(struct rst_horizon_cache *cache)
{
    cache->current = &rst_horizon_no_chunk;
}

static void collect_returns(struct rst_horizon_cache *cache)
{
    /* 7: acquire; pairs with 5 */
    struct rst_horizon_chunk *chunk = __atomic_exchange_n(&cache->returns, NULL, __ATOMIC_ACQUIRE);

    while (chunk) {
        /* Read the link first: once `returned` is 0 the chunk may be pushed again. */
        struct rst_horizon_chunk *next = chunk->return_next;

        rst_test_point("return: link read");
        if (!chunk->free && chunk != cache->current) {
            chunk->next = cache->available;
            cache->available = chunk;
        }
        /* 6: acquire pairs with 4; release keeps the read of the link before it */
        chunk->free |= __atomic_exchange_n(&chunk->returned, 0, __ATOMIC_ACQ_REL);
        chunk = next;
    }
}

/* The newest block if it has a chunk left, else a new one; under grow_lock. */
static struct rst_horizon_block *block_with_room(struct rst_horizon *horizon)
{
    struct rst_horizon_block *block = horizon->blocks;

    if (block && block->used < RST_BLOCK_CHUNKS)
        return block;
    block = aligned_alloc(RST_BLOCK_SIZE, RST_BLOCK_SIZE);
    if (!block)
        return NULL;
    memset(block, 0, offsetof(struct rst_horizon_block, holders));
    block->next = horizon->blocks;
    block->number = block->next ? block->next->number + 1 : 0;
    rst_fetch_add(&horizon->memory, RST_BLOCK_SIZE);
    /* Pairs with the acquire in read_slots(), which comes after its membarrier: a scan that
     * misses this store also misses every A after it, and then C is after a. */
    rst_store_release(&horizon->blocks, block);
    return block;
}

static void init_views(struct roster_shown *views)
{
    unsigned i;

    memset(views, 0, RST_CHUNK_SLOTS * sizeof(*views));
    for (i = 0; i < RST_CHUNK_SLOTS; i++) {
        views[i].txn_state = ROSTER_TXN_VALID;
        views[i].reserved = RST_VIEW_OF_SLOT;
    }
}

static struct rst_horizon_chunk *new_chunk(struct rst_horizon *horizon,
                                           struct rst_horizon_cache *owner)
{
    struct rst_horizon_chunk *chunk = NULL;
    struct rst_horizon_block *block;
    unsigned n;

    pthread_mutex_lock(&horizon->grow_lock);
    block = block_with_room(horizon);
    if (block) {
        n = block->used;
        chunk = &block->chunks[n];
        chunk->free = UINT64_MAX >> (64 - RST_CHUNK_SLOTS);
        chunk->owner = owner;
        chunk->words = block->words + (size_t)n * RST_CHUNK_SLOTS;
        chunk->views_base = (uintptr_t)block->views - (uintptr_t)block->words * RST_VIEW_PER_WORD;
        memset(block->since + (size_t)n * RST_CHUNK_SLOTS, 0, RST_CHUNK_SLOTS * sizeof(uint64_t));
        init_views(block->views + (size_t)n * RST_CHUNK_SLOTS);
        rst_store_release(&block->used, n + 1); /* as the store of horizon->blocks */
    }
    pthread_mutex_unlock(&horizon->grow_lock);
    return chunk;
}

/* Moves the free slots of a chunk to the stack, the first on top. */
static void make_current(struct rst_horizon_cache *cache, struct rst_horizon_chunk *chunk)
{
    cache->current = chunk;
    while (chunk->free) {
        unsigned n = 63 - (unsigned)__builtin_clzll(chunk->free);

        cache->free[cache->n_free++] = chunk->words + n;
        chunk->free &= ~(UINT64_C(1) << n);
    }
}

int rst_horizon_refill_slow(struct rst_horizon *horizon, struct rst_horizon_cache *cache)
{
    struct rst_horizon_chunk *chunk = cache->current;

    collect_returns(cache);
    if (!chunk->free) {
        chunk = cache->available;
        if (chunk)
            cache->available = chunk->next;
        else
            chunk = new_chunk(horizon, cache);
    }
    if (!chunk)
        return -ENOMEM;
    make_current(cache, chunk);
    return 0;
}

void rst_horizon_publish(struct rst_horizon *horizon, const struct rst_decision *decision)
{
    if (rst_control(SAFE_POINT_FIRST))
        rst_raise(&horizon->safe_point, decision->safe_point);
    rst_test_point("scan: decided");
    /* f: before the safe point is known to any collector. Pairs with rst_guard_check(). */
    rst_guard_raise_local(&horizon->guard, &horizon->words, decision->from);
    rst_test_point("scan: given up");
    if (rst_control(SAFE_POINT_GOES_BACK))
        rst_store_release(&horizon->safe_point, decision->safe_point);
    rst_raise(&horizon->safe_point, decision->safe_point); /* g */
    rst_test_point("scan: safe point stored");
}

/* 6 of scanners.h: what refuses a pin is published, also where the scan that decided it stands
 * still, so that the caller finds out why, and which timestamps are left. */
static int refuse(struct rst_horizon *horizon)
{
    struct rst_decision decision;
    const struct rst_scanner *scanner;

    if (rst_control(REFUSED_UNPUBLISHED))
        return -ESTALE;
    /* Acquire; pairs with add() in scanners.c, and with h. */
    for (scanner = rst_load_acquire(&horizon->scanners.all); scanner; scanner = scanner->next)
        if (rst_load_acquire(&scanner->active) && rst_scanner_decided(scanner, &decision))
            rst_horizon_publish(horizon, &decision);
    return -ESTALE;
}

int rst_horizon_ask_at(struct rst_horizon *horizon, uint64_t ts)
{
    return rst_horizon_protects(horizon, ts) ? 0 : refuse(horizon);
}

/* 2 to 4: false when a scan has decided above `ts`. */
static bool stands(struct rst_horizon *horizon, uint64_t *slot, uint64_t ts)
{
    bool kept;

    rst_store_release(slot, ts); /* 2 of scanners.h */
    rst_test_point("pin: stored");
    rst_fence_full_slow(); /* 3 */
    kept = rst_control(PIN_UNTOLD) || rst_scanners_note(&horizon->scanners, ts);
    rst_test_point("pin: noted");
    return kept;
}

/* 1 and 5 of a pin below the record. */
static bool may_lower(struct rst_horizon *horizon, uint64_t ts)
{
    return rst_guard_may_lower(&horizon->guard, ts);
}

static int pin(struct rst_horizon *horizon, struct rst_horizon_cache *cache, uintptr_t holder,
               uint64_t since, uint64_t ts, bool (*protects)(struct rst_horizon *, uint64_t),
               uint64_t **slot)
{
    if (!protects(horizon, ts))
        return refuse(horizon);
    rst_test_point("pin: protected");
    *slot = rst_horizon_take(horizon, cache, holder, since);
    if (!*slot)
        return -ENOMEM;
    if (stands(horizon, *slot, ts) && protects(horizon, ts))
        return 0;
    rst_horizon_release(cache, *slot);
    *slot = NULL;
    return refuse(horizon);
}

int rst_horizon_pin_at(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                       uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot)
{
    return pin(horizon, cache, holder, since, ts, rst_horizon_protects, slot);
}

int rst_horizon_pin_below(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                          uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot)
{
    return pin(horizon, cache, holder, since, ts, may_lower, slot);
}
