/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Session records: objects that are used again after a grace period, because readers and other
 * owners' walks of the hash table may still be looking at them, in place.
 *
 * Each thread has two small arrays: `fresh` (no reader can see these) and `retired` (unpublished by
 * this thread, but a reader may still be looking). A full `retired` array becomes a batch: a chain
 * through the objects' nodes that goes to call_rcu as one callback and comes back through the
 * depot, a lock-free stack of batches.
 *
 * No ABA in the depot: a batch is pushed only by a grace period's callback (or when it is new), and
 * popped under the RCU read lock. That is the first technique of __cds_lfs_pop()'s contract.
 *
 * Nodes stand beside the objects, not in them: readers may be reading a retired object, so nothing
 * may be written to it. What an object holds on to, it keeps until it is taken again.
 */
#ifndef ROSTER_CORE_BASE_GRACED_H
#define ROSTER_CORE_BASE_GRACED_H

#include "core/base/rcu.h"
#include "core/base/slab.h"

#include <stddef.h>
#include <stdint.h>

/* Objects a thread keeps in each array. */
#ifndef RST_MAGAZINE
#define RST_MAGAZINE RST_SMALL_IF_SANITIZED(64, 2)
#endif

/* The smallest chunk, and the alignment of all. */
#define RST_GRACED_MIN_CHUNK ((size_t)16 * 1024)

/* Chunks of sessions have this size, so that a session leads to its chunk. */
#define RST_SESSION_CHUNK ((size_t)32 * 1024)

struct roster;

struct rst_graced_node {
    union { /* of a batch's first object, by where the batch is */
        struct rcu_head rcu;
        struct cds_lfs_node depot;
        struct {
            void *object;
            struct rst_graced_node *ahead; /* some places further on, to be asked for early */
        } member;                          /* of the others */
    };
    struct rst_graced_node *next; /* in the same batch */
};

/* A piece of memory that holds objects; aligned to its size. */
struct rst_graced_chunk {
    struct rst_graced *pool;
    struct rst_graced_chunk *next; /* in pool->chunks; written once, before publication */
    rst_word occupied[4];          /* who may be enumerated (see registry.h) */
} rst_cache_aligned;

struct rst_graced {
    struct roster *owner;
    size_t object_size; /* a multiple of the cache line */
    uint64_t inverse;   /* 2^32 / object_size, rounded up */
    size_t home_size;   /* the same; 0 for none */
    size_t chunk_size;  /* a power of two */
    unsigned per_chunk;
    struct rst_graced_chunk *chunks; /* pushed at the front, never removed */
    struct rst_slabs slabs;
    struct __cds_lfs_stack depot rst_cache_aligned;
};

/* The arrays in a thread's context. */
struct rst_graced_cache {
    unsigned n_fresh;
    unsigned n_retired;
    void *fresh[RST_MAGAZINE + 1]; /* one that is given back unused may meet a refill */
    void *retired[RST_MAGAZINE];
};

/*
 * Sets up a pool of objects of at least `object_size` bytes, each with a home beside it:
 * `home_size` bytes, or none, that belong to it as long as the pool lives. Objects stand together
 * and homes stand together, so that where only objects are looked at no cache is spent on homes.
 * Returns 0 or -errno.
 */
int rst_graced_init(struct rst_graced *pool, struct roster *owner, size_t object_size,
                    size_t home_size, size_t chunk_size, struct rst_account *account);

/* Frees all memory. No object is in use and no callback is under way. */
void rst_graced_destroy(struct rst_graced *pool);

/* The roster to which an object belongs whose chunks have `chunk_size` bytes. */
static inline struct roster *rst_graced_owner(const void *object, size_t chunk_size)
{
    return ((const struct rst_graced_chunk *)((uintptr_t)object & ~(uintptr_t)(chunk_size - 1)))
        ->pool->owner;
}

/* The n-th object of a chunk; n < pool->per_chunk. */
void *rst_graced_object(const struct rst_graced_chunk *chunk, unsigned n);

/* An object's home. */
void *rst_graced_home(const struct rst_graced *pool, const void *object);

/* The place of an object in its chunk, and the chunk. */
unsigned rst_graced_index(const struct rst_graced *pool, const void *object,
                          struct rst_graced_chunk **chunk);

/* Refills `fresh` from the depot or from new memory. NULL and -ENOMEM or -ENOBUFS in `*err`. */
rst_slow void *rst_graced_take_slow(struct rst_graced *pool, struct rst_graced_cache *cache,
                                    int *err);

/* Makes room in a full `retired`. */
rst_slow void rst_graced_retire_slow(struct rst_graced *pool, struct rst_graced_cache *cache);

/* Retires one object without a thread's context: for ends on a thread that could not get one. */
rst_slow void rst_graced_retire_alone_slow(struct rst_graced *pool, void *object);

/* Takes an object that no reader can see. NULL with the errno in `*err`. */
static inline void *rst_graced_take(struct rst_graced *pool, struct rst_graced_cache *cache,
                                    int *err)
{
    if (rst_likely(cache->n_fresh))
        return cache->fresh[--cache->n_fresh];
    return rst_graced_take_slow(pool, cache, err);
}

/* Gives back an object that was taken and never published. */
static inline void rst_graced_untake(struct rst_graced_cache *cache, void *object)
{
    cache->fresh[cache->n_fresh++] = object;
}

/* Retires an object that this thread has just unpublished. Never fails, never allocates (G7). */
static inline void rst_graced_retire(struct rst_graced *pool, struct rst_graced_cache *cache,
                                     void *object)
{
    if (rst_unlikely(cache->n_retired == RST_MAGAZINE))
        rst_graced_retire_slow(pool, cache);
    rst_test_point("retire: unpublished");
    cache->retired[cache->n_retired++] = object;
}

#endif /* ROSTER_CORE_BASE_GRACED_H */
