/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Horizon slots: growth, hand-back and pins. The algorithm is described in horizon.h.
 */
#include "core/base/horizon.h"

#include "core/base/reclaim.h"
#include "core/base/slab.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void rst_horizon_init(struct rst_horizon *horizon, uint64_t now, struct rst_account *account)
{
    *horizon = (struct rst_horizon){.floor = now,
                                    .grow_lock = PTHREAD_MUTEX_INITIALIZER,
                                    .report_lock = PTHREAD_MUTEX_INITIALIZER,
                                    .account = account};
    rst_scanners_init(&horizon->scanners);
    rst_guard_init(&horizon->guard, &horizon->words);
}

void rst_horizon_destroy(struct rst_horizon *horizon)
{
    while (horizon->blocks) {
        struct rst_horizon_block *next = horizon->blocks->next;

        rst_unmap(horizon->blocks, RST_BLOCK_SIZE);
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

void rst_horizon_cache_init(struct rst_horizon_cache *cache, struct rst_horizon *horizon)
{
    memset(cache, 0, sizeof(*cache));
    CDS_INIT_LIST_HEAD(&cache->available);
    CDS_INIT_LIST_HEAD(&cache->unused);
    cache->horizon = horizon;
}

/* The first chunk of a list of a context; NULL: there is none. */
static struct rst_horizon_chunk *first_of(struct cds_list_head *list)
{
    return cds_list_empty(list) ? NULL : cds_list_first_entry(list, struct rst_horizon_chunk, node);
}

static void collect_returns(struct rst_horizon_cache *cache)
{
    /* 7: acquire; pairs with 5 */
    struct rst_horizon_chunk *chunk = __atomic_exchange_n(&cache->returns, NULL, __ATOMIC_ACQUIRE);

    while (chunk) {
        /* Read the link first: once `returned` is 0 the chunk may be pushed again. */
        struct rst_horizon_chunk *next = chunk->return_next;

        rst_test_point("return: link read");
        if (!chunk->free && chunk != cache->current)
            cds_list_add(&chunk->node, &cache->available);
        /* 6: acquire pairs with 4; release keeps the read of the link before it */
        chunk->free |= __atomic_exchange_n(&chunk->returned, 0, __ATOMIC_ACQ_REL);
        if (chunk != cache->current && chunk->free == rst_horizon_all(chunk))
            rst_horizon_unused_slow(cache, chunk);
        chunk = next;
    }
}

static void free_block(struct rcu_head *head)
{
    struct rst_horizon_block *block = caa_container_of(head, struct rst_horizon_block, rcu);

    rst_callback_begin(head);
    rst_fetch_sub(&block->horizon->memory, RST_BLOCK_SIZE);
    rst_fetch_sub(&block->horizon->account->backlog, RST_BLOCK_SIZE);
    rst_store_changed(&block->horizon->account->freed, 1); /* others may have been left for it */
    rst_unmap(block, RST_BLOCK_SIZE);
    rst_callback_end();
}

/* Lives go on from block to block, so that no transaction has the number of another one. */
static void keep_lives(struct rst_horizon *horizon, const struct rst_horizon_block *block)
{
    size_t n;

    for (n = 0; n < RST_BLOCK_SLOTS; n++)
        if (block->views[n].life >= horizon->first_life)
            horizon->first_life = block->views[n].life + 1;
}

/*
 * Withdraws a block with no chunk given out, unless it is the only one; under grow_lock. Where too
 * much awaits a grace period it is left, to be used again: a begin cannot be refused.
 */
static void withdraw_block(struct rst_horizon *horizon, struct rst_horizon_block *block)
{
    struct rst_horizon_block **link = &horizon->blocks;
    unsigned i;

    for (i = 0; i < sizeof(block->taken); i++)
        if (block->taken[i])
            return;
    if ((block == horizon->blocks && !block->next) || rst_account_is_full(horizon->account))
        return;
    while (*link != block)
        link = &(*link)->next;
    keep_lives(horizon, block);
    /* A scan that has found it goes on from it, within its read section. */
    rst_store_release(link, block->next); /* pairs with the scan's loads */
    rst_account_await(horizon->account, RST_BLOCK_SIZE);
    rst_call_rcu(&block->rcu, free_block);
}

void rst_horizon_trim(struct rst_horizon *horizon)
{
    struct rst_horizon_block *block, *next;

    pthread_mutex_lock(&horizon->grow_lock);
    for (block = horizon->blocks; block; block = next) {
        next = block->next;
        withdraw_block(horizon, block);
    }
    pthread_mutex_unlock(&horizon->grow_lock);
}

/* The bits of `units` neighbours in a byte of block->taken, the first of them at `at`. */
static uint8_t bits_of(unsigned units, unsigned at)
{
    return (uint8_t)(((1U << units) - 1) << at);
}

/* Gives a chunk back to its block; under grow_lock. No thread refers to it: its slots are free. */
static void give_back(struct rst_horizon_cache *cache, struct rst_horizon_chunk *chunk)
{
    struct rst_horizon_block *block =
        (struct rst_horizon_block *)((uintptr_t)chunk & ~(uintptr_t)(RST_BLOCK_SIZE - 1));
    unsigned first = (unsigned)(chunk - block->chunks);

    cache->units -= chunk->units;
    chunk->owner = NULL;
    block->taken[first / 8] &= (uint8_t)~bits_of(chunk->units, first % 8);
    withdraw_block(cache->horizon, block);
}

/* Gives back unused chunks, at most `most`, until not more than `keep` units are unused. */
static void give_back_unused(struct rst_horizon_cache *cache, unsigned keep, unsigned most)
{
    while (cache->unused_units > keep && most--) {
        struct rst_horizon_chunk *chunk = first_of(&cache->unused);

        cds_list_del(&chunk->node);
        cache->unused_units -= chunk->units;
        give_back(cache, chunk);
    }
}

/*
 * What a context keeps for what comes next follows what it uses: two chunks, and a quarter of what
 * it has. Two go for each one that comes, so that after a peak no more than that remains.
 */
void rst_horizon_unused_slow(struct rst_horizon_cache *cache, struct rst_horizon_chunk *chunk)
{
    unsigned keep = 2 * RST_CHUNK_UNITS + cache->units / 4;

    cds_list_del(&chunk->node);
    cds_list_add(&chunk->node, &cache->unused);
    cache->unused_units += chunk->units;
    if (cache->unused_units <= keep || pthread_mutex_trylock(&cache->horizon->grow_lock))
        return;
    give_back_unused(cache, keep, 2);
    pthread_mutex_unlock(&cache->horizon->grow_lock);
}

bool rst_horizon_cache_leave(struct rst_horizon_cache *cache)
{
    struct rst_horizon_chunk *chunk = cache->current;

    collect_returns(cache);
    cache->current = NULL;
    cache->words = NULL;
    cache->bytes = 0;
    if (chunk) {
        while (cache->n_free)
            chunk->free |= UINT64_C(1) << (cache->free[--cache->n_free] - chunk->words);
        if (chunk->free)
            cds_list_add(&chunk->node, &cache->available);
        if (chunk->free == rst_horizon_all(chunk))
            rst_horizon_unused_slow(cache, chunk);
    }
    pthread_mutex_lock(&cache->horizon->grow_lock);
    give_back_unused(cache, 0, UINT_MAX);
    pthread_mutex_unlock(&cache->horizon->grow_lock);
    return !cache->units;
}

static bool has_number(const struct rst_horizon *horizon, uint64_t number)
{
    const struct rst_horizon_block *block = horizon->blocks;

    while (block && block->number != number)
        block = block->next;
    return block != NULL;
}

/* The smallest, so that it stays below what rst_slot_txn_seq() has bits for. */
static uint64_t free_number(const struct rst_horizon *horizon)
{
    const struct rst_horizon_block *block;
    uint64_t number = 0;

    /* The number of blocks is free, unless some were withdrawn. */
    for (block = horizon->blocks; block; block = block->next)
        number++;
    while (has_number(horizon, number))
        number--;
    return number;
}

static struct rst_horizon_block *new_block(struct rst_horizon *horizon)
{
    struct rst_horizon_block *block = rst_map(RST_BLOCK_SIZE, RST_BLOCK_SIZE);

    if (!block)
        return NULL;
    block->horizon = horizon;
    block->next = horizon->blocks;
    block->number = free_number(horizon);
    rst_fetch_add(&horizon->memory, RST_BLOCK_SIZE);
    /* Pairs with the acquire in read_slots(), which comes after its membarrier: a scan that
     * misses this store also misses every A after it, and then C is after a. */
    rst_store_release(&horizon->blocks, block);
    return block;
}

/* Takes `units` neighbours, a power of two, that are free; false: there are none. */
static bool block_take(struct rst_horizon_block *block, unsigned units, unsigned *first)
{
    for (*first = 0; *first < RST_BLOCK_UNITS; *first += units) {
        uint8_t bits = bits_of(units, *first % 8);

        if (block->taken[*first / 8] & bits)
            continue;
        block->taken[*first / 8] |= bits;
        return true;
    }
    return false;
}

/* What was never given out is made ready. What was keeps its views, because their lives go on. */
static void prepare_units(struct rst_horizon_block *block, unsigned end)
{
    size_t n;

    for (n = (size_t)block->used * RST_UNIT_SLOTS; n < (size_t)end * RST_UNIT_SLOTS; n++) {
        block->views[n].life = block->horizon->first_life;
        block->views[n].txn_state = ROSTER_TXN_VALID;
        block->views[n].reserved = RST_VIEW_OF_SLOT;
    }
    if (end > block->used)
        rst_store_release(&block->used, end); /* as the store of horizon->blocks */
}

static struct rst_horizon_chunk *new_chunk(struct rst_horizon *horizon,
                                           struct rst_horizon_cache *owner)
{
    unsigned units = RST_CHUNK_UNITS, first = 0;
    struct rst_horizon_chunk *chunk = NULL;
    struct rst_horizon_block *block;

    while (units > 1 && units > owner->units)
        units /= 2;
    pthread_mutex_lock(&horizon->grow_lock);
    for (block = horizon->blocks; block && !block_take(block, units, &first); block = block->next)
        ;
    if (!block) {
        block = new_block(horizon);
        (void)(block && block_take(block, units, &first));
    }
    if (block) {
        chunk = &block->chunks[first];
        chunk->owner = owner;
        chunk->words = block->words + (size_t)first * RST_UNIT_SLOTS;
        chunk->units = units;
        chunk->free = rst_horizon_all(chunk);
        memset(block->first + first, (int)first, units);
        prepare_units(block, first + units);
        owner->units += units;
    }
    pthread_mutex_unlock(&horizon->grow_lock);
    return chunk;
}

/* Moves the free slots of a chunk to the stack, the first on top. */
static void make_current(struct rst_horizon_cache *cache, struct rst_horizon_chunk *chunk)
{
    cache->current = chunk;
    cache->words = chunk->words;
    cache->bytes = chunk->units * RST_UNIT_SLOTS * sizeof(*chunk->words);
    cache->views_base =
        (uintptr_t)rst_slot_view(chunk->words) - (uintptr_t)chunk->words * RST_VIEW_PER_WORD;
    while (chunk->free) {
        unsigned n = 63 - (unsigned)__builtin_clzll(chunk->free);

        cache->free[cache->n_free++] = chunk->words + n;
        chunk->free &= ~(UINT64_C(1) << n);
    }
}

/* Another chunk with free slots, which is in none of the lists any more; NULL: -ENOMEM. */
static struct rst_horizon_chunk *next_chunk(struct rst_horizon *horizon,
                                            struct rst_horizon_cache *cache)
{
    struct rst_horizon_chunk *chunk = first_of(&cache->available);

    if (chunk) {
        cds_list_del(&chunk->node);
        return chunk;
    }
    chunk = first_of(&cache->unused);
    if (!chunk)
        return new_chunk(horizon, cache);
    cds_list_del(&chunk->node);
    cache->unused_units -= chunk->units;
    return chunk;
}

int rst_horizon_refill_slow(struct rst_horizon *horizon, struct rst_horizon_cache *cache)
{
    struct rst_horizon_chunk *chunk = cache->current;

    collect_returns(cache);
    if (!chunk || !chunk->free)
        chunk = next_chunk(horizon, cache);
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
