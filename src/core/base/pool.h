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
 * Hot reuse. A retired object of a hot class may be taken again at once when no reader is inside.
 * The door is one word: how many readers are inside, and above that how often there was none.
 *
 *     owner                                    reader (roster_read_lock)
 *     1 unpublish object   (release)           a door += 1
 *     2 compiler barrier                       b membarrier
 *     3 load door: nobody  (acquire)           c dereference, read
 *     4 write object, publish it again         d door -= 1, and one more moment  (release)
 *                                                without readers if it was the last
 *
 * Either 3 comes after the point in the owner's thread at which b takes effect, and sees a (or d,
 * and then 4 is after c); or 3 comes before that point, then so does 1, and c cannot find the
 * object. A thread that adopts the context of an ended one inherits its retired objects: the
 * ended thread's 1 happened before, and reaches c through the adopter's b.
 *
 * The same argument serves while readers come and go: if 3 finds somebody inside, the batch waits
 * in the thread with the number of moments that 3 saw. Once that number has changed there was a
 * moment without readers after 3, so everyone whom 3 saw has left, and whoever came later cannot
 * find the object. A lister that runs all the time thus makes a committer cycle through what one
 * pass of the list takes, not through what a grace period takes. What would make a thread keep too
 * much goes to call_rcu.
 *
 * No ABA in the depot: a batch is pushed only by a grace period's callback (or when it is new), and
 * popped under the RCU read lock. That is the first technique of __cds_lfs_pop()'s contract.
 *
 * Nodes stand beside the objects, not in them: readers may be reading a retired object, so nothing
 * may be written to it.
 */
#ifndef ROSTER_CORE_BASE_POOL_H
#define ROSTER_CORE_BASE_POOL_H

#include "core/base/rcu.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* Objects a thread keeps in each array. */
#ifndef RST_MAGAZINE
#define RST_MAGAZINE RST_SMALL_IF_SANITIZED(64, 2)
#endif

/* Bytes that may wait in a thread, of each class. */
#define RST_POOL_WAITING ((size_t)8 << 20)

/* The most objects of one class that a call gives back unused; the last may have refilled. */
#define RST_POOL_UNTAKES 3

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
    union { /* of a batch's first object, by where the batch is */
        struct rcu_head rcu;
        struct cds_lfs_node depot;
        struct {
            struct rst_pool_node *younger;
            uint64_t moments; /* without door, when it was retired */
        } waiting;
        struct {
            void *object;
            struct rst_pool_node *ahead; /* some places further on, to be asked for early */
        } member;                        /* of the others */
    };
    struct rst_pool_node *next; /* in the same batch */
};

/* A piece of memory that holds objects of one class; aligned to its size. */
struct rst_pool_chunk {
    struct rst_pool *pool;
    struct rst_pool_chunk *next; /* in pool->chunks; written once, before publication */
    rst_word occupied[4];        /* sessions: who may be enumerated (see registry.h) */
    size_t slab_bytes;           /* of the slab that begins here; 0 when none does */
} rst_cache_aligned;

/*
 * Where the next chunks come from: memory that was allocated for several at once, each slab for
 * twice as many as the one before up to a huge page. So a small server stays small, and a large
 * one spends neither a page on the allocator nor an entry of the TLB on every chunk.
 */
struct rst_pool_slab {
    char *next;
    size_t left;
    size_t bytes; /* left at first */
};

/* What the pools of one roster count together. */
struct rst_pool_account {
    rst_word backlog; /* bytes that await a grace period */
    rst_word memory;  /* bytes in chunks */
    uint64_t backlog_limit;
    rst_word backlog_refused;
};

/* 0, or -ENOBUFS, which is counted, when so much awaits a grace period that nothing may join it. */
int rst_account_check(struct rst_pool_account *account);

struct rst_pool {
    struct roster *owner;
    size_t object_size; /* a multiple of the cache line */
    uint64_t inverse;   /* 2^32 / object_size, rounded up */
    size_t home_size;   /* the same; 0 for none */
    size_t chunk_size;  /* a power of two */
    unsigned per_chunk;
    bool hot; /* there may be moments without readers: with membarrier */
    /* An object's content is looked at when it is taken again. */
    bool keeps;
    struct rst_pool_chunk *chunks; /* pushed at the front under grow_lock, never removed */
    struct rst_pool_slab slab;     /* under grow_lock */
    pthread_mutex_t grow_lock;
    struct rst_pool_account *account;
    struct __cds_lfs_stack depot rst_cache_aligned;
};

/* One class's arrays in a thread's context. */
struct rst_pool_cache {
    unsigned n_fresh;
    unsigned n_retired;
    void *fresh[RST_MAGAZINE + RST_POOL_UNTAKES];
    void *retired[RST_MAGAZINE];
    /* Batches that wait in the thread for a moment without door, and their bytes. */
    struct rst_pool_node *oldest;
    struct rst_pool_node *youngest;
    size_t waiting;
    bool consumes; /* it took a batch after it last retired one */
};

/* Sets up a pool of objects of at least `object_size` bytes. Returns 0 or -errno. */
int rst_pool_init(struct rst_pool *pool, struct roster *owner, size_t object_size,
                  size_t chunk_size, struct rst_pool_account *account);

/*
 * The same with a home beside each object: `home_size` bytes that belong to it as long as the pool
 * lives. Objects stand together and homes stand together, so that where only objects are looked at
 * no cache is spent on homes.
 */
int rst_pool_init_with_homes(struct rst_pool *pool, struct roster *owner, size_t object_size,
                             size_t home_size, size_t chunk_size, struct rst_pool_account *account);

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

/* An object's home. */
void *rst_pool_home(const struct rst_pool *pool, const void *object);

/* The place of an object in its chunk, and the chunk. */
unsigned rst_pool_index(const struct rst_pool *pool, const void *object,
                        struct rst_pool_chunk **chunk);

/*
 * Refills `fresh` from what waited, from the depot, or from new memory. NULL and -ENOMEM or
 * -ENOBUFS in `*err`. `door` is NULL for classes that always wait for a grace period.
 */
rst_slow void *rst_pool_take_slow(struct rst_pool *pool, struct rst_pool_cache *cache,
                                  const uint64_t *door, int *err);

/* Makes room in a full `retired`. */
rst_slow void rst_pool_retire_slow(struct rst_pool *pool, struct rst_pool_cache *cache,
                                   const uint64_t *door);

/* Retires one object without a thread's context: for ends on a thread that could not get one. */
rst_slow void rst_pool_retire_alone_slow(struct rst_pool *pool, void *object);

/* A reader comes (a) and goes (d). */
static inline void rst_door_enter(uint64_t *door)
{
    __atomic_fetch_add(door, 1, __ATOMIC_ACQ_REL); /* pairs with 3, together with b */
}

static inline void rst_door_leave(uint64_t *door)
{
    uint64_t word = rst_load(door), next;

    do {
        next = word - 1;
        if ((uint32_t)next == 0)
            next += UINT64_C(1) << 32;
        /* release, after everything that was read; pairs with 3 */
    } while (
        !__atomic_compare_exchange_n(door, &word, next, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* Whether no reader is inside. 3: pairs with a, b and d, see above. */
static inline bool rst_pool_quiet(const uint64_t *door)
{
    return rst_control(BLIND_REUSE) || (uint32_t)rst_load_acquire(door) == 0;
}

/*
 * Takes an object that nobody else can see, if this thread has one at hand; else NULL. `door` is
 * the roster's.
 */
static inline void *rst_pool_try_take(struct rst_pool_cache *cache, const uint64_t *door)
{
    unsigned n = cache->n_retired;
    void *object;

    if (rst_likely(n && rst_pool_quiet(door)))
        object = cache->retired[cache->n_retired = n - 1];
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
                                  const uint64_t *door, int *err)
{
    void *object = rst_pool_try_take(cache, door);

    return rst_likely(object) ? object : rst_pool_take_slow(pool, cache, door, err);
}

/* Takes an object of a class whose memory other owners' lock-free walks may still touch. */
static inline void *rst_pool_take_cold(struct rst_pool *pool, struct rst_pool_cache *cache,
                                       int *err)
{
    if (rst_likely(cache->n_fresh))
        return cache->fresh[--cache->n_fresh];
    return rst_pool_take_slow(pool, cache, NULL, err);
}

/*
 * Gives back an object that was taken and never published. Both arrays together have room for what
 * they had before and what a refill in between has brought; either one alone has not, because an
 * object that came from `retired` would make `fresh` longer with every call that fails.
 */
static inline void rst_pool_untake(struct rst_pool_cache *cache, void *object)
{
    if (cache->n_fresh < RST_MAGAZINE || cache->n_retired == RST_MAGAZINE)
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
 * `door` is NULL for classes that always wait for a grace period.
 */
static inline void rst_pool_retire(struct rst_pool *pool, struct rst_pool_cache *cache,
                                   const uint64_t *door, void *object)
{
    if (rst_unlikely(!rst_pool_has_room(cache))) {
        rst_compiler_barrier(); /* 2: for what was retired before */
        rst_pool_retire_slow(pool, cache, door);
    }
    rst_pool_put(cache, object);
}

#endif /* ROSTER_CORE_BASE_POOL_H */
