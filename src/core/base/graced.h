/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Session records: objects that are reused after a grace period, because readers and other owners'
 * walks of the hash table may still be reading them in place.
 *
 * Free objects are kept as in hot.h, linked through nodes. A retired object joins a list of its
 * thread. The list becomes a batch, which goes to the reclaiming thread as one callback and to the
 * depot after a grace period. The length of the list follows the number of objects in use, so that
 * few wait if few are in use, and the memory that they hold.
 *
 * Nodes are beside the objects, not inside them: a retired object may have readers, so it must not
 * be written. The memory that an object holds is dropped after its grace period.
 */
#pragma once

#include "core/base/hot.h"
#include "core/base/rcu.h"

#include <stddef.h>
#include <stdint.h>

/* The smallest chunk, and the alignment of all. */
#define RST_GRACED_MIN_CHUNK ((size_t)16 * 1024)

/* Chunks of sessions have this size, so that a session leads to its chunk. */
#define RST_SESSION_CHUNK ((size_t)32 * 1024)

struct roster;

/* A piece of memory that holds objects; aligned to its size. */
struct rst_graced_chunk {
    struct rst_graced *pool;
    struct rst_graced_chunk *next; /* in pool->chunks, which walkers read in a read section */
    rst_word occupied[4];          /* objects that may be enumerated (see registry.h) */
} rst_cache_aligned;

/* Drops the memory held by an object that no thread can see. Returns the number of bytes. */
typedef size_t rst_graced_drop_fn(struct rst_graced *pool, void *object);

struct rst_graced {
    struct roster *owner;
    size_t object_size; /* a multiple of the cache line */
    uint64_t inverse;   /* 2^32 / object_size, rounded up */
    size_t to_objects;  /* bytes from a chunk to its first object */
    size_t chunk_size;  /* a power of two */
    unsigned per_chunk;
    struct rst_graced_chunk *chunks; /* pushed at the front; removed when their slab is */
    rst_graced_drop_fn *drop;
    struct rst_hot free;
};

/* A thread's. All zero is an empty one. */
struct rst_graced_cache {
    struct rst_hot_cache free;
    struct rst_hot_node *retired;
    unsigned n_retired;
    unsigned batch;      /* the last list's length */
    size_t held_retired; /* bytes held by these */
};

/* Sets up a pool of objects of at least `object_size` bytes. */
void rst_graced_init(struct rst_graced *pool, struct roster *owner, size_t object_size,
                     size_t chunk_size, rst_graced_drop_fn *drop, struct rst_account *account);

/* Frees all memory. No object is in use and no callback is under way. */
void rst_graced_destroy(struct rst_graced *pool);

/* The roster to which an object belongs whose chunks have `chunk_size` bytes. */
static inline struct roster *rst_graced_owner(const void *object, size_t chunk_size)
{
    return ((const struct rst_graced_chunk *)((uintptr_t)object & ~(uintptr_t)(chunk_size - 1)))
        ->pool->owner;
}

/* The n-th object of a chunk; n < pool->per_chunk. */
static inline void *rst_graced_object(const struct rst_graced_chunk *chunk, unsigned n)
{
    const struct rst_graced *pool = chunk->pool;

    return (char *)(uintptr_t)chunk + pool->to_objects + n * pool->object_size;
}

/* An object's index in its chunk, and the chunk. */
static inline unsigned rst_graced_index(const struct rst_graced *pool, const void *object,
                                        struct rst_graced_chunk **chunk)
{
    uintptr_t start = (uintptr_t)object & ~(uintptr_t)(pool->chunk_size - 1);
    uint64_t offset = (uintptr_t)object - start - pool->to_objects;

    *chunk = (struct rst_graced_chunk *)start;
    /* offset / object_size, without a division; exact for multiples below 2^32 */
    return (unsigned)((offset * pool->inverse) >> 32);
}

/* A chunk's nodes, in the order of its objects. */
static inline struct rst_hot_node *rst_graced_nodes(const struct rst_graced_chunk *chunk)
{
    return (struct rst_hot_node *)(uintptr_t)(chunk + 1);
}

/* The chunk of a node. Nodes are in its first RST_GRACED_MIN_CHUNK bytes, so no size is needed. */
static inline struct rst_graced_chunk *rst_graced_chunk_of_node(const struct rst_hot_node *node)
{
    return (struct rst_graced_chunk *)((uintptr_t)node & ~(uintptr_t)(RST_GRACED_MIN_CHUNK - 1));
}

/* The object of a node. */
static inline void *rst_graced_of_node(const struct rst_hot_node *node)
{
    struct rst_graced_chunk *chunk = rst_graced_chunk_of_node(node);

    return rst_graced_object(chunk, (unsigned)(node - rst_graced_nodes(chunk)));
}

/* The object that rst_graced_take() will return next; NULL if unknown. */
static inline void *rst_graced_next(const struct rst_graced_cache *cache)
{
    return cache->free.top ? rst_graced_of_node(cache->free.top) : NULL;
}

/* Takes an object that no thread can see. NULL and -ENOMEM or -ENOBUFS in `*err`. */
void *rst_graced_take(struct rst_graced *pool, struct rst_graced_cache *cache, int *err);

/* Gives back an object that was taken but never published, and holds no memory. */
void rst_graced_untake(struct rst_graced *pool, struct rst_graced_cache *cache, void *object);

/*
 * Retires an object that this thread has just unpublished, which holds `held` bytes; `others` more
 * objects are in use. `cache` is NULL if the thread has no context. Never fails, never allocates
 * (G7).
 */
void rst_graced_retire(struct rst_graced *pool, struct rst_graced_cache *cache, void *object,
                       size_t held, uint64_t others);

/* The thread ends: its objects go to the depot or wait for their grace period. */
void rst_graced_flush(struct rst_graced *pool, struct rst_graced_cache *cache);

/* As rst_hot_trim(). */
bool rst_graced_trim(struct rst_graced *pool);
