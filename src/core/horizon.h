/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Horizon slots: the words that pin timestamps, and the scan over them.
 *
 * Slots live in chunks of 64. A chunk belongs to one thread's context for good, so two threads
 * never write the same line on the common path; the context of a thread that ended is adopted as a
 * whole by the next new thread. 40 chunks make a block, in which all words stand together, so that
 * the scan reads nothing else: its cost grows with the most pins that were ever open at once, not
 * with the number of sessions.
 *
 * A slot's word is 0 while free. Who holds it stands beside it in another line, is written before
 * the word, and is believed only when the word is the same after it was read (1 to 3 below).
 *
 * Begin and scan (G2; doc/design.md tells why it is sound, tests/model checks it):
 *
 *     owner                                     scanner, under scan_lock
 *     A slot := floor        (release)          a now := oracle()
 *     B compiler barrier                        b membarrier
 *     C ts := oracle()                          c m := min(now, every non-zero slot)
 *     D slot := ts           (release)          d safe point := max(.., min(m, now - life time))
 *                                               e floor := now  (release)
 *
 * A finish on another thread than the chunk's clears the word and hands the slot back through the
 * chunk's `returned` bitmap. Whoever makes that non-zero pushes the chunk on the owner's stack of
 * returns; the owner takes the whole stack when it has no free slot left. A chunk is on the stack
 * only between these two, so its link is never written while another thread may read it.
 */
#ifndef ROSTER_CORE_HORIZON_H
#define ROSTER_CORE_HORIZON_H

#include "rcu.h"

#include <errno.h>
#include <pthread.h>
#include <roster/minimum.h>
#include <stddef.h>
#include <stdint.h>

#define RST_CHUNK_SLOTS 64
#define RST_BLOCK_CHUNKS 40
#define RST_BLOCK_SLOTS ((size_t)RST_BLOCK_CHUNKS * RST_CHUNK_SLOTS)
#define RST_BLOCK_SIZE ((size_t)64 * 1024)

/* Who holds a slot is a session, or a pin when the lowest bit is set. */
#define RST_HOLDER_IS_PIN ((uintptr_t)1)

struct rst_horizon_chunk {
    uint64_t free;                         /* owner only */
    struct rst_horizon_cache *owner;       /* constant */
    uint64_t *words;                       /* constant */
    struct rst_horizon_chunk *next;        /* owner only: in owner->available */
    uint64_t returned;                     /* other threads set bits, the owner takes them */
    struct rst_horizon_chunk *return_next; /* in owner->returns */
} rst_cache_aligned;

struct rst_horizon_block {
    struct rst_horizon_block *next; /* written once, before publication */
    unsigned used;                  /* chunks given out; grows under grow_lock */
    struct rst_horizon_chunk chunks[RST_BLOCK_CHUNKS];
    /* For each slot at the same place: its word, its holder, and since when that holds it. */
    uint64_t words[RST_BLOCK_SLOTS] rst_cache_aligned;
    uint64_t holders[RST_BLOCK_SLOTS] rst_cache_aligned;
    uint64_t since[RST_BLOCK_SLOTS] rst_cache_aligned;
};

_Static_assert(sizeof(struct rst_horizon_block) <= RST_BLOCK_SIZE, "a block fills its alignment");
_Static_assert(offsetof(struct rst_horizon_block, holders) -
                       offsetof(struct rst_horizon_block, words) ==
                   RST_BLOCK_SLOTS * sizeof(uint64_t),
               "rst_slot_holder() knows the distance");
_Static_assert(sizeof(struct rst_horizon_chunk) == RST_CACHE_LINE, "a chunk header is one line");

/* The other words of the slot whose word this is: at a constant distance. */
static inline uint64_t *rst_slot_holder(const uint64_t *word)
{
    return (uint64_t *)(uintptr_t)word + RST_BLOCK_SLOTS;
}

static inline uint64_t *rst_slot_since(const uint64_t *word)
{
    return (uint64_t *)(uintptr_t)word + 2 * RST_BLOCK_SLOTS;
}

/* One thread's slots. */
struct rst_horizon_cache {
    struct rst_horizon_chunk *current;   /* to take from; never NULL, at first without slots */
    struct rst_horizon_chunk *available; /* other chunks with free slots */
    struct rst_horizon_chunk *returns rst_cache_aligned; /* others push, the owner takes all */
};

/* A roster's slots, and what scans have established. */
struct rst_horizon {
    /* Read by every owner, written by scans only. */
    uint64_t floor;          /* the now of a completed scan; never 0 */
    uint64_t safe_point;     /* never goes back */
    uint64_t protected_from; /* the smallest timestamp still guaranteed (G8) */
    uint64_t scans;
    uint64_t expired;
    struct rst_horizon_block *blocks; /* newest first */
    /* Scanners and whoever begins at a chosen timestamp. */
    pthread_mutex_t scan_lock rst_cache_aligned;
    pthread_mutex_t grow_lock;
    uint64_t memory;
} rst_cache_aligned;

/* Sets up a horizon whose floor is `now`. Returns 0 or -errno. */
int rst_horizon_init(struct rst_horizon *horizon, uint64_t now);
void rst_horizon_destroy(struct rst_horizon *horizon);

/* One scan, steps b to e, under scan_lock; `now` was fetched after the lock was taken (a). */
void rst_horizon_scan(struct rst_horizon *horizon, bool membarrier, uint64_t now, uint64_t lower,
                      uint64_t life_time_ms, struct roster_min *min);

/*
 * Takes a slot and pins `ts`, chosen by the caller, in it; -ESTALE when that is not protected any
 * more. _locked: under scan_lock, so that no scan comes between the decision and the slot.
 */
int rst_horizon_pin_at(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                       uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot);
int rst_horizon_pin_locked(struct rst_horizon *horizon, struct rst_horizon_cache *cache,
                           uintptr_t holder, uint64_t since, uint64_t ts, uint64_t **slot);

/*
 * Whether everything read so far at `ts` was still there: 0 or -ESTALE (G8). The fence keeps the
 * reads before the load; a collector reads the safe point after protected_from was written, so a
 * read that missed something collected cannot precede a load that misses its cause.
 */
static inline int rst_horizon_check(const struct rst_horizon *horizon, uint64_t ts)
{
    rst_fence_load_load();
    rst_test_point("check: reads done");
    if (rst_control(BLIND_CHECK))
        return 0;
    /* Pairs with the release in horizon.c's advance(). */
    return rst_likely(ts >= rst_load_acquire(&horizon->protected_from)) ? 0 : -ESTALE;
}

extern struct rst_horizon_chunk rst_horizon_no_chunk;

void rst_horizon_cache_init(struct rst_horizon_cache *cache);

/* Makes a chunk with free slots current: another one, a returned or a new one. 0 or -ENOMEM. */
rst_slow int rst_horizon_refill_slow(struct rst_horizon *horizon, struct rst_horizon_cache *cache);

/* Hands a slot, its word already 0, back to the context that owns its chunk. */
rst_slow void rst_horizon_return_slow(struct rst_horizon_chunk *chunk, uint64_t bit);

/* Takes a slot of a chunk that has one; its word is still 0, so nothing is pinned. */
static inline uint64_t *rst_horizon_take_from(struct rst_horizon_chunk *chunk, uintptr_t holder,
                                              uint64_t since)
{
    uint64_t *word = chunk->words + __builtin_ctzll(chunk->free);

    chunk->free &= chunk->free - 1;
    rst_test_point("take: bit cleared");
    rst_store_changed(rst_slot_since(word), since);
    /* 1: after the former holder's word := 0, before this holder's word; pairs with 2, 3 */
    rst_store_release(rst_slot_holder(word), holder);
    return word;
}

/* Takes a slot for `holder`, from a new chunk if need be. NULL: -ENOMEM. */
static inline uint64_t *rst_horizon_take(struct rst_horizon *horizon,
                                         struct rst_horizon_cache *cache, uintptr_t holder,
                                         uint64_t since)
{
    if (rst_unlikely(!cache->current->free) && rst_horizon_refill_slow(horizon, cache))
        return NULL;
    return rst_horizon_take_from(cache->current, holder, since);
}

/* The place of a slot in a chunk; RST_CHUNK_SLOTS or more when it is not of this chunk. */
static inline uintptr_t rst_horizon_place(const struct rst_horizon_chunk *chunk,
                                          const uint64_t *word)
{
    return ((uintptr_t)word - (uintptr_t)chunk->words) / sizeof(*word);
}

/* Frees a slot that is of this chunk, which is the calling thread's. */
static inline void rst_horizon_release_to(struct rst_horizon_chunk *chunk, uint64_t *word,
                                          uintptr_t place)
{
    rst_store_release(word, 0);
    rst_test_point("release: word cleared");
    chunk->free |= UINT64_C(1) << place;
}

/* Frees a slot. `cache` is the calling thread's, or NULL. Wait-free on the chunk's own thread. */
static inline void rst_horizon_release(struct rst_horizon_cache *cache, uint64_t *word)
{
    struct rst_horizon_block *block =
        (struct rst_horizon_block *)((uintptr_t)word & ~(uintptr_t)(RST_BLOCK_SIZE - 1));
    size_t n = (size_t)(word - block->words);
    struct rst_horizon_chunk *chunk = &block->chunks[n / RST_CHUNK_SLOTS];
    uint64_t bit = UINT64_C(1) << (n % RST_CHUNK_SLOTS);

    rst_store_release(word, 0);
    rst_test_point("release: word cleared");
    if (rst_unlikely(chunk->owner != cache)) {
        rst_horizon_return_slow(chunk, bit);
        return;
    }
    if (rst_unlikely(!chunk->free && chunk != cache->current)) {
        chunk->next = cache->available;
        cache->available = chunk;
    }
    chunk->free |= bit;
}

#endif /* ROSTER_CORE_HORIZON_H */
