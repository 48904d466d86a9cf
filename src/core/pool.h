/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The object pool: views, statements and session records that are recycled after a grace period,
 * or at once when no reader is inside.
 *
 * Each thread has, per class of objects, two small arrays: `fresh` (nobody can see these) and
 * `retired` (unpublished by this thread, but a reader may still be looking). A full `retired` array
 * becomes a batch: a chain through the objects' nodes that goes to call_rcu as one callback and
 * comes back through the depot, a lock-free stack of batches.
 *
 * Hot reuse. A retired object of a hot class may be taken again at once when no reader is inside:
 *
 *     owner                                    reader (roster_read_lock)
 *     1 unpublish object   (release)           a readers += 1
 *     2 compiler barrier                       b membarrier
 *     3 load readers == 0  (acquire)           c dereference, read
 *     4 write object, publish it again         d readers -= 1  (release)
 *
 * Either 3 comes after the point in the owner's thread at which b takes effect, and sees a (or d,
 * and then 4 is after c); or 3 comes before that point, then so does 1, and c cannot find the
 * object. A thread that adopts the context of an ended one inherits its retired objects: the
 * ended thread's 1 happened before, and reaches c through the adopter's b.
 *
 * No ABA in the depot: a batch is pushed only by a grace period's callback (or when it is new), and
 * popped under the RCU read lock. That is the first technique of __cds_lfs_pop()'s contract.
 *
 * Nodes stand beside the objects, not in them: readers may be reading a retired object, so nothing
 * may be written to it.
 */
#ifndef ROSTER_CORE_POOL_H
#define ROSTER_CORE_POOL_H

#include "rcu.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* Objects a thread keeps in each array. Small under the sanitizers, so that they see hand-overs. */
#ifndef RST_MAGAZINE
#define RST_MAGAZINE 64
#endif

/* The smallest chunk, and the alignment of all. */
#define RST_POOL_MIN_CHUNK ((size_t)16 * 1024)

/* Chunks of sessions have this size, so that a session leads to its chunk. */
#define RST_SESSION_CHUNK ((size_t)32 * 1024)

struct roster;

enum rst_pool_class {
    RST_POOL_VIEW,
    RST_POOL_STATEMENT_SMALL,
    RST_POOL_STATEMENT_LARGE,
    RST_POOL_SESSION,
    RST_POOL_CLASSES,
};

struct rst_pool_node {
    union {
        struct rcu_head rcu;
        struct cds_lfs_node depot;
    };
    struct rst_pool_node *next; /* in the same batch */
};

/* A piece of memory that holds objects of one class; aligned to its size. */
struct rst_pool_chunk {
    struct rst_pool *pool;
    struct rst_pool_chunk *next; /* in pool->chunks; written once, before publication */
    uint64_t occupied[4];        /* sessions: who may be enumerated (see registry.h) */
} rst_cache_aligned;

/* What the pools of one roster count together. */
struct rst_pool_account {
    uint64_t backlog; /* bytes that await a grace period */
    uint64_t memory;  /* bytes in chunks */
    uint64_t backlog_limit;
    uint64_t backlog_refused;
};

struct rst_pool {
    struct roster *owner;
    size_t object_size; /* a multiple of the cache line */
    size_t chunk_size;  /* a power of two */
    unsigned per_chunk;
    /* An object's content is looked at when it is taken again. */
    bool keeps;
    struct rst_pool_chunk *chunks; /* pushed at the front under grow_lock, never removed */
    pthread_mutex_t grow_lock;
    struct rst_pool_account *account;
    struct __cds_lfs_stack depot rst_cache_aligned;
};

/* One class's arrays in a thread's context. */
struct rst_pool_cache {
    unsigned n_fresh;
    unsigned n_retired;
    void *fresh[RST_MAGAZINE];
    void *retired[RST_MAGAZINE];
};

/* Sets up a pool of objects of at least `object_size` bytes. Returns 0 or -errno. */
int rst_pool_init(struct rst_pool *pool, struct roster *owner, size_t object_size,
                  size_t chunk_size, struct rst_pool_account *account);

/* Frees all memory. No object is in use and no callback is under way. */
void rst_pool_destroy(struct rst_pool *pool);

/* The roster to which an object belongs whose chunks have `chunk_size` bytes. */
static inline struct roster *rst_pool_owner(const void *object, size_t chunk_size)
{
    return ((const struct rst_pool_chunk *)((uintptr_t)object & ~(uintptr_t)(chunk_size - 1)))
        ->pool->owner;
}

/* The n-th object of a chunk; n < pool->per_chunk. */
void *rst_pool_object(const struct rst_pool_chunk *chunk, unsigned n);

/* The place of an object in its chunk, and the chunk. */
unsigned rst_pool_index(const struct rst_pool *pool, const void *object,
                        struct rst_pool_chunk **chunk);

/* Refills `fresh` from the depot or from new memory; NULL and -ENOMEM or -ENOBUFS in `*err`. */
rst_slow void *rst_pool_take_slow(struct rst_pool *pool, struct rst_pool_cache *cache, int *err);

/* Makes room in a full `retired`: a batch to call_rcu, or into `fresh` when `quiet`. */
rst_slow void rst_pool_retire_slow(struct rst_pool *pool, struct rst_pool_cache *cache, bool quiet);

/* Retires one object without a thread's context: for ends on a thread that could not get one. */
rst_slow void rst_pool_retire_alone_slow(struct rst_pool *pool, void *object);

/* Whether no reader is inside. 3: pairs with a, b and d, see above. */
static inline bool rst_pool_quiet(const uint64_t *readers)
{
    return rst_control(BLIND_REUSE) || rst_load_acquire(readers) == 0;
}

/*
 * Takes an object that nobody else can see, if this thread has one at hand; else NULL. `readers`
 * is the roster's count of readers inside.
 */
static inline void *rst_pool_try_take(struct rst_pool_cache *cache, const uint64_t *readers)
{
    void *object;

    if (rst_likely(cache->n_retired && rst_pool_quiet(readers)))
        object = cache->retired[--cache->n_retired];
    else if (rst_likely(cache->n_fresh))
        object = cache->fresh[--cache->n_fresh];
    else
        return NULL;
    if (!object)
        __builtin_unreachable(); /* spares every caller a second comparison */
    return object;
}

/* The same, and elsewhere if it has none. Returns NULL with the errno in `*err`. */
static inline void *rst_pool_take(struct rst_pool *pool, struct rst_pool_cache *cache,
                                  const uint64_t *readers, int *err)
{
    void *object = rst_pool_try_take(cache, readers);

    return rst_likely(object) ? object : rst_pool_take_slow(pool, cache, err);
}

/* Takes an object of a class whose memory other owners' lock-free walks may still touch. */
static inline void *rst_pool_take_cold(struct rst_pool *pool, struct rst_pool_cache *cache,
                                       int *err)
{
    if (rst_likely(cache->n_fresh))
        return cache->fresh[--cache->n_fresh];
    return rst_pool_take_slow(pool, cache, err);
}

/* Gives back an object that was taken and never published. There is room: it came from here. */
static inline void rst_pool_untake(struct rst_pool_cache *cache, void *object)
{
    if (cache->n_fresh < RST_MAGAZINE)
        cache->fresh[cache->n_fresh++] = object;
    else
        cache->retired[cache->n_retired++] = object;
}

/* Whether rst_pool_put() has room. */
static inline bool rst_pool_has_room(const struct rst_pool_cache *cache)
{
    return cache->n_retired < RST_MAGAZINE;
}

/* Retires an object that this thread has just unpublished; there is room. */
static inline void rst_pool_put(struct rst_pool_cache *cache, void *object)
{
    rst_compiler_barrier(); /* 2 */
    rst_test_point("retire: unpublished");
    cache->retired[cache->n_retired++] = object;
}

/*
 * Retires an object that this thread has just unpublished. Never fails, never allocates (G7).
 * `readers` is NULL for classes that always wait for a grace period.
 */
static inline void rst_pool_retire(struct rst_pool *pool, struct rst_pool_cache *cache,
                                   const uint64_t *readers, void *object)
{
    if (rst_unlikely(!rst_pool_has_room(cache))) {
        rst_compiler_barrier(); /* 2: for what was retired before */
        rst_pool_retire_slow(pool, cache, readers && rst_pool_quiet(readers));
    }
    rst_pool_put(cache, object);
}

#endif /* ROSTER_CORE_POOL_H */
