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
    err = rst_guard_init(&horizon->guard, &horizon->words);
    if (err)
        return err;
    err = -pthread_mutex_init(&horizon->scan_lock, NULL);
    if (err)
        goto guard;
    err = -pthread_mutex_init(&horizon->grow_lock, NULL);
    if (!err)
        return 0;
    pthread_mutex_destroy(&horizon->scan_lock);
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
    pthread_mutex_destroy(&horizon->grow_lock);
    pthread_mutex_destroy(&horizon->scan_lock);
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

int rst_horizon_pin_unchecked(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                              uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot)
{
    *slot = rst_horizon_take(horizon, cache, holder, since);
    if (!*slot)
        return -ENOMEM;
    rst_store_release(*slot, ts); /* D: pairs with c, and no scan is under way */
    return 0;
}

int rst_horizon_pin_locked(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                           uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot)
{
    if (ts < rst_load(&horizon->words.protected_from))
        return -ESTALE;
    rst_test_point("pin: decided");
    return rst_horizon_pin_unchecked(horizon, cache, holder, since, ts, slot);
}

int rst_horizon_pin_at(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                       uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot)
{
    int err;

    if (rst_control(PIN_UNLOCKED))
        return rst_horizon_pin_locked(horizon, cache, holder, since, ts, slot);
    pthread_mutex_lock(&horizon->scan_lock);
    err = rst_horizon_pin_locked(horizon, cache, holder, since, ts, slot);
    pthread_mutex_unlock(&horizon->scan_lock);
    return err;
}

int rst_horizon_ask_at(struct rst_horizon *horizon, uint64_t ts)
{
    bool stale;

    pthread_mutex_lock(&horizon->scan_lock);
    stale = ts < rst_load(&horizon->words.protected_from);
    pthread_mutex_unlock(&horizon->scan_lock);
    return stale ? -ESTALE : 0;
}
