/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Horizon slots: the words that pin timestamps, and the scan over them.
 *
 * Slots live in chunks. A chunk belongs to one thread's context at a time, so two threads never
 * write the same line on the common path. A context's first chunk has 8 slots, which is a line of
 * words, and each further one as many as all before it, up to 32. Chunks with no slot in use go
 * back to their block when the context has many of them or its thread ends. The words of a block
 * are contiguous, and the scan reads nothing else. Its cost grows with the greatest number of pins
 * that threads had open at once, at least 8 for each thread that had any, not with the number of
 * sessions.
 *
 * A block whose chunks are all free is unmapped after a grace period: scans, and readers of a
 * slot's view, are inside a read section. The lives of the views in a block continue when a chunk
 * changes its owner.
 *
 * A slot's word is 0 while free. Its holder, and since when it holds, are in other lines at a
 * constant distance. They are written before the word, and are used only if nothing has changed
 * after they were read (1 to 3, see rst_slot_read()).
 *
 * Begin and scan (G2; doc/design.md says why it is sound, tests/model checks it):
 *
 *     owner                                     scanner
 *     A slot := floor        (release)          a now := oracle()
 *     B compiler barrier                        b membarrier
 *     C ts := oracle()                          c m := min(now, every non-zero slot)
 *     D slot := ts           (release)          d safe point := max(.., min(m, now - life time))
 *                                               e floor := now  (release)
 *
 * A finish on a thread other than the chunk's clears the word and returns the slot through the
 * chunk's `returned` bitmap. The thread that makes it non-zero pushes the chunk on the owner's
 * stack of returns; the owner takes the whole stack when it has no free slot left. A chunk is on
 * the stack only between these two, so its link is never written while another thread may read it.
 */
#pragma once

#include "core/base/guard.h"
#include "core/base/rcu.h"
#include "core/base/scanners.h"

#include <pthread.h>
#include <roster/minimum.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

/* The smallest chunk, and what chunks consist of. */
#define RST_UNIT_SLOTS 8

/* The largest chunk. */
#define RST_CHUNK_UNITS RST_SMALL_IF_SANITIZED(4, 2)
#define RST_CHUNK_SLOTS (RST_CHUNK_UNITS * RST_UNIT_SLOTS)

#define RST_BLOCK_UNITS 80
#define RST_BLOCK_SLOTS ((size_t)RST_BLOCK_UNITS * RST_UNIT_SLOTS)
#define RST_BLOCK_SIZE ((size_t)64 * 1024)

/* Distance between the slots' own views, relative to that between their words. */
#define RST_VIEW_PER_WORD (sizeof(struct roster_shown) / sizeof(rst_word))

/* A slot's holder is a session, or a pin if the lowest bit is set. */
#define RST_HOLDER_IS_PIN ((uintptr_t)1)

struct rst_account;
struct rst_horizon;

struct rst_horizon_chunk {
    uint64_t free;                         /* owner only; 0 while the chunk is current */
    struct rst_horizon_cache *owner;       /* constant while it has one */
    uint64_t *words;                       /* constant while it has an owner, as is `units` */
    struct cds_list_head node;             /* owner only: in owner->available or owner->unused */
    rst_word returned;                     /* other threads set bits, the owner takes them */
    struct rst_horizon_chunk *return_next; /* in owner->returns */
    unsigned units;
} rst_cache_aligned;

struct rst_horizon_block {
    struct rst_horizon_block *next; /* changes under grow_lock; read by scans */
    struct rcu_head rcu;
    struct rst_horizon *horizon;
    uint64_t number;                    /* no other block of the horizon has it; constant */
    unsigned used;                      /* units ever given out; grows under grow_lock */
    uint8_t taken[RST_BLOCK_UNITS / 8]; /* bits of units that are given out; under grow_lock */
    uint8_t first[RST_BLOCK_UNITS];     /* the first unit of the chunk that a unit is of */
    struct rst_horizon_chunk chunks[RST_BLOCK_UNITS]; /* by their first units */
    /* For each slot at the same place: its word, its holder, and since when that holds it. */
    rst_word words[RST_BLOCK_SLOTS] rst_cache_aligned;
    rst_word holders[RST_BLOCK_SLOTS] rst_cache_aligned;
    rst_word since[RST_BLOCK_SLOTS] rst_cache_aligned;
    struct roster_shown views[RST_BLOCK_SLOTS] rst_cache_aligned;
};

_Static_assert(sizeof(struct rst_horizon_block) <= RST_BLOCK_SIZE, "a block fills its alignment");
_Static_assert(offsetof(struct rst_horizon_block, holders) -
                       offsetof(struct rst_horizon_block, words) ==
                   RST_BLOCK_SLOTS * sizeof(uint64_t),
               "rst_slot_holder() knows the distance");
_Static_assert(sizeof(struct rst_horizon_chunk) == RST_CACHE_LINE, "a chunk header is one line");

/* The other words of the slot with this word, at a constant distance. */
static inline uint64_t *rst_slot_holder(const uint64_t *word)
{
    return (uint64_t *)(uintptr_t)word + RST_BLOCK_SLOTS;
}

static inline uint64_t *rst_slot_since(const uint64_t *word)
{
    return (uint64_t *)(uintptr_t)word + 2 * RST_BLOCK_SLOTS;
}

/* A slot's contents at one instant. */
struct rst_held {
    uint64_t ts;
    uint64_t since;
    uintptr_t by; /* see RST_HOLDER_IS_PIN */
};

/*
 * Reads a slot, and retries while it changes; false if it is free, or its word is not below
 * `bound`. Under the read lock: the object it points to is freed after a grace period.
 *
 *     owner, takes the slot                     reader
 *     word := 0, of the holder before           w := word               (acquire)
 *     1 since, holder       (release, each)     2 h := holder, since    (acquire, each)
 *     A word := floor       (release)           3 word is still w, and holder h; else again
 *
 * A reader that sees a new since or holder has acquired the 0 that preceded them, so 3 finds that
 * or a later word. A reader that sees a word sees its holder. So if w is found twice under one
 * holder, w and the since are that holder's. The word alone proves nothing: a second holder may
 * have had the slot in between, and a third one may have the first one's word again.
 *
 * One case remains: a session holds the slot twice at one timestamp, and the reader sees the end of
 * neither. Both words are true of it; the since is between that of the first time and that of the
 * second.
 */
static inline bool rst_slot_read(const uint64_t *word, uint64_t bound, struct rst_held *held)
{
    uint64_t again = rst_load_acquire(word); /* pairs with A and D */

    do {
        held->ts = again;
        if (!held->ts || held->ts >= bound)
            return false;
        rst_test_point("slot: word read");
        held->by = (uintptr_t)rst_load_acquire(rst_slot_holder(word)); /* 2: pairs with 1 */
        held->since = rst_load_acquire(rst_slot_since(word));          /* 2: likewise */
        rst_test_point("slot: holder read");
        again = rst_load_acquire(word); /* 3: pairs with word := 0, A and D */
    } while (again != held->ts || (uintptr_t)rst_load_acquire(rst_slot_holder(word)) != held->by);
    return true;
}

/*
 * The slot's own view. It only ever shows a valid, idle transaction that has written nothing, so a
 * begin writes only three members of it. It is reused together with its slot: its life ends with
 * the transaction, whether that has shown it or not, and before the slot is free. So slot and life
 * name one transaction of the roster, see rst_slot_txn_seq().
 */
static inline struct roster_shown *rst_slot_view(const uint64_t *word)
{
    uintptr_t in_block = (uintptr_t)word % RST_BLOCK_SIZE, block = (uintptr_t)word - in_block;
    uintptr_t place = in_block - offsetof(struct rst_horizon_block, words);

    return (struct roster_shown *)(block + offsetof(struct rst_horizon_block, views) +
                                   place * RST_VIEW_PER_WORD);
}

#define RST_SLOT_NUMBER_BITS 22

/*
 * The number of the transaction that holds the slot, which none of the next 2^42 in it has: the
 * slot's own, and above it how many held the slot before, and slots of withdrawn blocks that had
 * its number. It is constant from when the slot is taken until the life of its view ends, and costs
 * neither of these anything. Never 0.
 */
static inline uint64_t rst_slot_txn_seq(const uint64_t *word)
{
    uintptr_t base = (uintptr_t)word & ~(uintptr_t)(RST_BLOCK_SIZE - 1);
    const struct rst_horizon_block *block = (const struct rst_horizon_block *)base;
    uint64_t slot = block->number * RST_BLOCK_SLOTS + (uint64_t)(word - block->words);
    /* Acquire: pairs with rst_life_end(). */
    uint64_t lives = rst_load_acquire(&rst_slot_view(word)->life) + 1;
    uint64_t number =
        lives << RST_SLOT_NUMBER_BITS | (slot & ((UINT64_C(1) << RST_SLOT_NUMBER_BITS) - 1));

    return number ? number : UINT64_MAX; /* of slot 0, once in 2^42 turns */
}

/* For view.reserved: the view is a slot's own, and is not retired. */
#define RST_VIEW_OF_SLOT 1

/*
 * One thread's slots. The free ones of the current chunk are on a stack of their own. The next
 * begin depends on the result of the last finish, and a pushed pointer is available sooner than a
 * computed bit. While a chunk is current its bitmap is empty.
 */
struct rst_horizon_cache {
    uint64_t *words;                   /* of the current chunk */
    size_t bytes;                      /* that these take; 0 at first */
    uintptr_t views_base;              /* where the own view of a slot at address 0 would be */
    struct rst_horizon_chunk *current; /* NULL at first */
    struct cds_list_head available;    /* other chunks with free slots, and with slots in use */
    struct cds_list_head unused;       /* other chunks without slots in use */
    struct rst_horizon *horizon;
    unsigned units;        /* of all its chunks */
    unsigned unused_units; /* of the unused ones */
    unsigned n_free;
    uint64_t *free[RST_CHUNK_SLOTS];
    struct rst_horizon_chunk *returns rst_cache_aligned; /* others push, the owner takes all */
};

/* A roster's slots, and the results of scans. */
struct rst_horizon {
    /* Read by every owner, written by scans only. */
    rst_word floor;      /* the now of a completed scan; never 0 */
    rst_word safe_point; /* never goes back */
    struct rst_guard_words words;
    rst_word scans;
    rst_word expired;
    struct rst_horizon_block *blocks; /* newest first */
    struct rst_scanners scanners rst_cache_aligned;
    struct rst_guard guard;
    pthread_mutex_t grow_lock;
    pthread_mutex_t report_lock; /* a report's decision, and pins below the record; see lease.c */
    uint64_t first_life;         /* of views in new blocks; under grow_lock */
    rst_word memory;
    struct rst_account *account; /* of what awaits a grace period */
} rst_cache_aligned;

/* Sets up a horizon whose floor is `now`. */
void rst_horizon_init(struct rst_horizon *horizon, uint64_t now, struct rst_account *account);
void rst_horizon_destroy(struct rst_horizon *horizon);

/* Gives back the memory that was left when it came out of use, because too much was waiting. */
void rst_horizon_trim(struct rst_horizon *horizon);

/* Steps f and g of scanners.h, by the scan that has decided or in its place. */
void rst_horizon_publish(struct rst_horizon *horizon, const struct rst_decision *decision);

/* Whether `ts` is still protected. */
static inline bool rst_horizon_protects(struct rst_horizon *horizon, uint64_t ts)
{
    return ts >= rst_load_acquire(&horizon->words.protected_from) &&
           ts >= rst_load_acquire(&horizon->guard.local);
}

/* 0 when `ts` is still protected, so that callers that pin nothing may begin there, or -ESTALE. */
int rst_horizon_ask_at(struct rst_horizon *horizon, uint64_t ts);

/*
 * Takes a slot and pins in it `ts`, chosen by the caller, without waiting for scans (scanners.h);
 * -ESTALE if that is no longer protected, -ENOMEM. _below: below a leased store's record, which the
 * caller will have lowered; under report_lock, so that no report comes between the two.
 */
int rst_horizon_pin_at(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                       uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot);
int rst_horizon_pin_below(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                          uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot);

void rst_horizon_cache_init(struct rst_horizon_cache *cache, struct rst_horizon *horizon);

/* The context's thread ends: returns the chunks without slots in use; true: there are no others.
 */
bool rst_horizon_cache_leave(struct rst_horizon_cache *cache);

/* Makes a chunk with free slots current: another one, a returned or a new one. 0 or -ENOMEM. */
rst_slow int rst_horizon_refill_slow(struct rst_horizon *horizon, struct rst_horizon_cache *cache);

/* A chunk that is not current has no more slots in use. Never blocks, never allocates (G7). */
rst_slow void rst_horizon_unused_slow(struct rst_horizon_cache *cache,
                                      struct rst_horizon_chunk *chunk);

/* Hands a slot, its word already 0, back to the context that owns its chunk. */
rst_slow void rst_horizon_return_slow(struct rst_horizon_chunk *chunk, uint64_t bit);

/* Takes a free slot of the current chunk, which has one; its word is still 0: nothing is pinned. */
static inline uint64_t *rst_horizon_pop(struct rst_horizon_cache *cache, unsigned n_free,
                                        uintptr_t holder, uint64_t since)
{
    uint64_t *word = cache->free[n_free - 1];

    cache->n_free = n_free - 1;
    rst_test_point("take: slot popped");
    /* 1: after the former holder's word := 0, before this holder's word; both pair with 2 */
    rst_store_release(rst_slot_since(word), since);
    rst_store_release(rst_slot_holder(word), holder);
    return word;
}

/* Takes a slot for `holder`, from another chunk if necessary. NULL: -ENOMEM. */
static inline uint64_t *rst_horizon_take(struct rst_horizon *horizon,
                                         struct rst_horizon_cache *cache, uintptr_t holder,
                                         uint64_t since)
{
    if (rst_unlikely(!cache->n_free) && rst_horizon_refill_slow(horizon, cache))
        return NULL;
    return rst_horizon_pop(cache, cache->n_free, holder, since);
}

/* Steps A and B: announces the floor in a slot that was taken. */
static rst_always_inline void rst_horizon_announce(struct rst_horizon *horizon, uint64_t *slot,
                                                   bool membarrier)
{
    /* Pairs with e: an oracle that only loads must not return what is older than the floor. */
    uint64_t floor = rst_control(NO_FLOOR) ? 0 : rst_load_acquire(&horizon->floor);

    rst_test_point("begin: floor read");
    /* A: pairs with c; the floor is a completed scan's, see e */
    rst_store_release(slot, floor);
    rst_compiler_barrier(); /* B: pairs with the scanner's membarrier (b) */
    rst_test_point("begin: floor announced");
    if (rst_unlikely(!membarrier))
        rst_fence_full_slow(); /* B: pairs with the scanner's fence (b) */
}

/* Whether a slot is of the current chunk. */
static inline bool rst_horizon_is_current(const struct rst_horizon_cache *cache,
                                          const uint64_t *word)
{
    return (uintptr_t)word - (uintptr_t)cache->words < cache->bytes;
}

/* The slots of a chunk, as bits. */
static inline uint64_t rst_horizon_all(const struct rst_horizon_chunk *chunk)
{
    return UINT64_MAX >> (64 - chunk->units * RST_UNIT_SLOTS);
}

/* As rst_slot_view() for a slot of the current chunk, in fewer instructions. */
static inline struct roster_shown *rst_horizon_current_view(const struct rst_horizon_cache *cache,
                                                            const uint64_t *word)
{
    return (struct roster_shown *)(cache->views_base + (uintptr_t)word * RST_VIEW_PER_WORD);
}

/* Frees a slot that is of the current chunk; so there is room. */
static inline void rst_horizon_push(struct rst_horizon_cache *cache, uint64_t *word)
{
    rst_store_release(word, 0);
    rst_test_point("release: word cleared");
    cache->free[cache->n_free++] = word;
}

/* Frees a slot. `cache` is the calling thread's, or NULL. Wait-free on the chunk's own thread. */
static inline void rst_horizon_release(struct rst_horizon_cache *cache, uint64_t *word)
{
    struct rst_horizon_block *block =
        (struct rst_horizon_block *)((uintptr_t)word & ~(uintptr_t)(RST_BLOCK_SIZE - 1));
    struct rst_horizon_chunk *chunk =
        &block->chunks[block->first[(size_t)(word - block->words) / RST_UNIT_SLOTS]];
    uint64_t bit = UINT64_C(1) << (word - chunk->words);

    if (cache && chunk == cache->current) {
        rst_horizon_push(cache, word);
        return;
    }
    rst_store_release(word, 0);
    rst_test_point("release: word cleared");
    if (rst_unlikely(chunk->owner != cache)) {
        rst_horizon_return_slow(chunk, bit);
        return;
    }
    if (rst_unlikely(!chunk->free))
        cds_list_add(&chunk->node, &cache->available);
    chunk->free |= bit;
    if (rst_unlikely(chunk->free == rst_horizon_all(chunk)))
        rst_horizon_unused_slow(cache, chunk);
}
