/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Horizon slots: growth, hand-back and the scan. The algorithm is told in horizon.h.
 */
#include "core/base/horizon.h"

#include "core/roster/pin.h"
#include "core/roster/session.h"

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
        return; /* it is on the stack, or whoever made it non-zero is about to push it */
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
    rst_fetch_add(&horizon->memory, RST_BLOCK_SIZE);
    /* Pairs with the acquire in rst_horizon_scan(), which comes after its membarrier: a scan that
     * misses this store also misses every A after it, and then C is after a. */
    rst_store_release(&horizon->blocks, block);
    return block;
}

static void init_views(struct roster_view *views)
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

/* A slot that may be the oldest or the next oldest. */
struct candidate {
    uint64_t ts;
    uint64_t since;
    uintptr_t holder;
    uint64_t session_id; /* slots of one session end together */
    uint64_t pin_id;     /* 0 for a transaction */
};

struct scan {
    struct candidate oldest; /* ts is now while there is none */
    struct candidate next;
    uint64_t lower;
    uint64_t expired;
};

static const struct roster_pin *pin_of(uintptr_t holder)
{
    return (const struct roster_pin *)(holder & ~RST_HOLDER_IS_PIN);
}

static const struct roster_session *session_of(uintptr_t holder)
{
    return (const struct roster_session *)holder;
}

static void identify(struct candidate *found)
{
    if (found->holder & RST_HOLDER_IS_PIN) {
        found->session_id = pin_of(found->holder)->session_id;
        found->pin_id = pin_of(found->holder)->id;
    } else {
        found->session_id = session_of(found->holder)->id;
        found->pin_id = 0;
    }
}

/* Whether ending what holds `a` also ends `b`. */
static bool end_together(const struct candidate *a, const struct candidate *b)
{
    return a->holder && a->session_id == b->session_id && (a->session_id || a->pin_id == b->pin_id);
}

static void consider(struct scan *scan, const struct candidate *found)
{
    if (found->ts < scan->oldest.ts) {
        if (!end_together(&scan->oldest, found))
            scan->next = scan->oldest;
        scan->oldest = *found;
    } else if (found->ts < scan->next.ts && !end_together(&scan->oldest, found)) {
        scan->next = *found;
    }
}

/* Looks again at a slot that seemed old: takes it with its holder, of one and the same moment. */
static void look_closer(struct scan *scan, const uint64_t *word)
{
    struct candidate found;
    uint64_t again = rst_load_acquire(word);

    do {
        found.ts = again;
        if (found.ts == 0 || found.ts >= scan->next.ts)
            return;
        /* 2: acquire; pairs with 1: whoever sees a new holder sees the word that was 0 before */
        found.holder = (uintptr_t)rst_load_acquire(rst_slot_holder(word));
        found.since = rst_load_acquire(rst_slot_since(word));
        rst_test_point("scan: holder read");
        again = rst_load_acquire(word); /* 3 */
    } while (again != found.ts);
    if (found.ts <= scan->lower) {
        scan->expired++;
        return;
    }
    identify(&found);
    consider(scan, &found);
}

/* Words that are compared before one branch is taken for all of them. */
#define GROUP 8

_Static_assert(RST_CHUNK_SLOTS % GROUP == 0, "a chunk is whole groups");

/* A free slot's 0 wraps to the maximum and is never below; c pairs with A and D. */
static inline unsigned is_below(const uint64_t *word, uint64_t bound)
{
    return rst_load(word) - 1 < bound;
}

/* By a sum: an addition with carry a word, where a branch would cost as much as all the rest. */
static inline bool one_is_below(const uint64_t *word, uint64_t bound)
{
    unsigned n = is_below(word, bound);

    n += is_below(word + 1, bound);
    n += is_below(word + 2, bound);
    n += is_below(word + 3, bound);
    n += is_below(word + 4, bound);
    n += is_below(word + 5, bound);
    n += is_below(word + 6, bound);
    n += is_below(word + 7, bound);
    return n != 0;
}

static void scan_block(struct scan *scan, const struct rst_horizon_block *block)
{
    size_t slots = (size_t)rst_load_acquire(&block->used) * RST_CHUNK_SLOTS;
    const uint64_t *word = block->words, *end = word + slots;
    unsigned n;

    for (; word < end; word += GROUP) {
        if (rst_likely(!one_is_below(word, scan->next.ts - 1)))
            continue;
        for (n = 0; n < GROUP; n++)
            look_closer(scan, &word[n]);
    }
}

static void describe(struct roster_holder *out, const struct candidate *found)
{
    memset(out, 0, sizeof(*out));
    out->ts = found->ts;
    if (!found->holder)
        return;
    out->since = found->since;
    out->session_id = found->session_id;
    out->pin_id = found->pin_id;
    if (found->holder & RST_HOLDER_IS_PIN) {
        out->kind = ROSTER_HOLDER_PIN;
        out->pin_kind = pin_of(found->holder)->kind;
        out->session_kind = pin_of(found->holder)->session_kind;
    } else {
        out->kind = ROSTER_HOLDER_TXN;
        out->session_kind = (enum roster_session_kind)session_of(found->holder)->kind;
    }
}

static void advance(struct rst_horizon *horizon, const struct scan *scan, uint64_t now,
                    uint64_t life_time_ms)
{
    uint64_t bound = roster_ts_before(now, life_time_ms);
    uint64_t safe_point = scan->oldest.ts < bound ? scan->oldest.ts : bound;
    uint64_t protected_from = scan->lower && !rst_control(EXPIRED_UNTOLD) ? scan->lower + 1 : 0;

    rst_test_point("scan: slots read");
    if (!rst_control(SAFE_POINT_GOES_BACK) && safe_point < horizon->safe_point)
        safe_point = horizon->safe_point;
    if (protected_from < safe_point)
        protected_from = safe_point;
    if (rst_control(SAFE_POINT_FIRST))
        rst_store_release(&horizon->safe_point, safe_point);
    rst_test_point("scan: safe point computed");
    /* Before the safe point is known to any collector: pairs with rst_guard_check(). */
    rst_guard_raise_local(&horizon->guard, &horizon->words, protected_from);
    rst_store_release(&horizon->safe_point, safe_point);
    rst_test_point("scan: safe point stored");
    rst_store(&horizon->expired, scan->expired);
    rst_count(&horizon->scans);
    /* e: release, after c; pairs with A */
    if (now > horizon->floor)
        rst_store_release(&horizon->floor, now);
}

/* Steps b and c, or the error of b. Under the RCU read lock, so that sessions and pins that hold a
 * slot stay readable, until they have been described. */
static int read_slots(struct rst_horizon *horizon, bool membarrier, uint64_t now, uint64_t lower,
                      struct scan *scan)
{
    const struct rst_horizon_block *block;
    int err = 0;

    memset(scan, 0, sizeof(*scan));
    scan->oldest.ts = now;
    scan->next.ts = now;
    scan->lower = lower;
    if (rst_control(NO_SCAN_BARRIER))
        rst_compiler_barrier();
    else
        err = rst_owners_barrier(membarrier); /* b: pairs with B, or with the fence after A */
    if (err)
        return err;
    rst_test_point("scan: owners fenced");
    for (block = rst_load_acquire(&horizon->blocks); block; block = block->next)
        scan_block(scan, block);
    return 0;
}

static void describe_all(const struct rst_horizon *horizon, const struct scan *scan, uint64_t now,
                         struct roster_min *min)
{
    min->now = now;
    min->min_start_ts = scan->oldest.ts;
    min->safe_point = horizon->safe_point;
    min->expired = scan->expired;
    describe(&min->holder, &scan->oldest);
    describe(&min->next, &scan->next);
}

int rst_horizon_scan(struct rst_horizon *horizon, bool membarrier, uint64_t now, uint64_t lower,
                     uint64_t life_time_ms, struct roster_min *min)
{
    struct scan scan;
    int err;

    if (rst_control(SCAN_BEFORE_NOW))
        now = ROSTER_TS_MAX;
    rst_rcu_read_lock();
    err = read_slots(horizon, membarrier, now, lower, &scan);
    if (rst_control(SCAN_BEFORE_NOW) &&
        !rst_oracle_now(caa_container_of(horizon, struct roster, horizon), &now) &&
        scan.oldest.ts > now)
        scan.oldest.ts = now;
    if (!err) {
        advance(horizon, &scan, now, life_time_ms);
        describe_all(horizon, &scan, now, min);
    }
    rst_rcu_read_unlock();
    return err;
}

int rst_horizon_peek(struct rst_horizon *horizon, bool membarrier, uint64_t now,
                     struct roster_min *min)
{
    struct scan scan;
    int err;

    rst_rcu_read_lock();
    err = read_slots(horizon, membarrier, now, 0, &scan);
    if (!err)
        describe_all(horizon, &scan, now, min);
    rst_rcu_read_unlock();
    return err;
}
