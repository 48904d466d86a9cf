/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The object pool's slow paths: batches, depot and growth. The algorithm is told in pool.h.
 */
#include "core/base/pool.h"

#include "core/base/reclaim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Places in a batch from a node to the one that is asked for meanwhile. */
#define AHEAD 4

#define HUGE_PAGE ((size_t)2 * 1024 * 1024)

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static struct rst_pool_node *nodes_of(const struct rst_pool_chunk *chunk)
{
    return (struct rst_pool_node *)(uintptr_t)(chunk + 1);
}

static char *objects_of(const struct rst_pool_chunk *chunk)
{
    const struct rst_pool *pool = chunk->pool;
    size_t offset = sizeof(*chunk) + pool->per_chunk * sizeof(struct rst_pool_node);

    return (char *)(uintptr_t)chunk + round_up(offset, RST_CACHE_LINE);
}

static struct rst_pool_chunk *chunk_of(const struct rst_pool *pool, const void *address)
{
    return (struct rst_pool_chunk *)((uintptr_t)address & ~(uintptr_t)(pool->chunk_size - 1));
}

void *rst_pool_object(const struct rst_pool_chunk *chunk, unsigned n)
{
    return objects_of(chunk) + n * chunk->pool->object_size;
}

unsigned rst_pool_index(const struct rst_pool *pool, const void *object,
                        struct rst_pool_chunk **chunk)
{
    uint64_t offset;

    *chunk = chunk_of(pool, object);
    offset = (uint64_t)((const char *)object - objects_of(*chunk));
    /* offset / object_size, without a division; exact for multiples below 2^32 */
    return (unsigned)((offset * pool->inverse) >> 32);
}

static struct rst_pool_node *node_of(const struct rst_pool *pool, const void *object)
{
    struct rst_pool_chunk *chunk;
    unsigned n = rst_pool_index(pool, object, &chunk);

    return &nodes_of(chunk)[n];
}

/* A chunk's nodes stand in its first RST_POOL_MIN_CHUNK bytes, so no chunk size is needed. */
static struct rst_pool_chunk *chunk_of_node(const struct rst_pool_node *node)
{
    return (struct rst_pool_chunk *)((uintptr_t)node & ~(uintptr_t)(RST_POOL_MIN_CHUNK - 1));
}

static void *object_of(const struct rst_pool_node *node)
{
    struct rst_pool_chunk *chunk = chunk_of_node(node);

    return rst_pool_object(chunk, (unsigned)(node - nodes_of(chunk)));
}

void *rst_pool_home(const struct rst_pool *pool, const void *object)
{
    struct rst_pool_chunk *chunk;
    unsigned n = rst_pool_index(pool, object, &chunk);

    return objects_of(chunk) + pool->per_chunk * pool->object_size + n * pool->home_size;
}

int rst_pool_init(struct rst_pool *pool, struct roster *owner, size_t object_size,
                  size_t chunk_size, struct rst_pool_account *account)
{
    return rst_pool_init_with_homes(pool, owner, object_size, 0, chunk_size, account);
}

int rst_pool_init_with_homes(struct rst_pool *pool, struct roster *owner, size_t object_size,
                             size_t home_size, size_t chunk_size, struct rst_pool_account *account)
{
    size_t header = sizeof(struct rst_pool_chunk) + RST_CACHE_LINE;
    size_t each, most = (RST_POOL_MIN_CHUNK - header) / sizeof(struct rst_pool_node);

    memset(pool, 0, sizeof(*pool));
    pool->owner = owner;
    pool->object_size = round_up(object_size, RST_CACHE_LINE);
    pool->home_size = round_up(home_size, RST_CACHE_LINE);
    pool->inverse = ((UINT64_C(1) << 32) + pool->object_size - 1) / pool->object_size;
    each = pool->object_size + pool->home_size + sizeof(struct rst_pool_node);
    pool->chunk_size = chunk_size;
    while (pool->chunk_size < header + each)
        pool->chunk_size *= 2;
    pool->per_chunk = (unsigned)((pool->chunk_size - header) / each);
    if (pool->per_chunk > most)
        pool->per_chunk = (unsigned)most;
    pool->account = account;
    __cds_lfs_init(&pool->depot);
    return -pthread_mutex_init(&pool->grow_lock, NULL);
}

void rst_pool_destroy(struct rst_pool *pool)
{
    /* A slab's first chunk comes after the others of the slab, so they have been passed. */
    while (pool->chunks) {
        struct rst_pool_chunk *chunk = pool->chunks;

        pool->chunks = chunk->next;
        if (chunk->slab_bytes == HUGE_PAGE)
            munmap(chunk, HUGE_PAGE);
        else if (chunk->slab_bytes)
            free(chunk);
    }
    pthread_mutex_destroy(&pool->grow_lock);
}

/* Only for batches whose grace period has passed, or new ones: see "No ABA" in pool.h. */
static void depot_push(struct rst_pool *pool, struct rst_pool_node *batch)
{
    const struct rst_pool_node *node;

    for (node = batch; node && !pool->keeps; node = node->next)
        rst_poison(object_of(node), pool->object_size);
    cds_lfs_node_init(&batch->depot);
    rst_tsan_release(batch);
    cds_lfs_push(&pool->depot, &batch->depot);
}

static struct rst_pool_node *depot_pop(struct rst_pool *pool)
{
    struct cds_lfs_node *top;

    rst_rcu_read_lock();
    top = __cds_lfs_pop(&pool->depot);
    rst_rcu_read_unlock();
    rst_tsan_acquire(top);
    return top ? caa_container_of(top, struct rst_pool_node, depot) : NULL;
}

/* A batch that is held by nobody: back into the depot. Runs in liburcu's thread. */
static void batch_is_free(struct rcu_head *head)
{
    struct rst_pool_node *batch = caa_container_of(head, struct rst_pool_node, rcu);
    struct rst_pool_node *node;
    struct rst_pool *pool;
    size_t bytes = 0;

    rst_callback_begin(head);
    rst_test_point("pool: batch free");
    pool = chunk_of_node(batch)->pool;
    for (node = batch; node; node = node->next)
        bytes += pool->object_size;
    depot_push(pool, batch);
    rst_fetch_sub(&pool->account->backlog, bytes);
    rst_callback_end();
}

static void batch_retire(struct rst_pool *pool, struct rst_pool_node *batch, unsigned n)
{
    rst_fetch_add(&pool->account->backlog, n * pool->object_size);
    rst_call_rcu(&batch->rcu, batch_is_free);
}

/* Links `n` objects into a batch. */
static struct rst_pool_node *batch_link(const struct rst_pool *pool, void *const *objects,
                                        unsigned n)
{
    struct rst_pool_node *batch = NULL, *later[AHEAD] = {NULL};

    while (n--) {
        struct rst_pool_node *node = node_of(pool, objects[n]);

        node->member.object = objects[n];
        node->member.ahead = later[n % AHEAD];
        later[n % AHEAD] = node;
        node->next = batch;
        batch = node;
    }
    return batch;
}

/*
 * Makes a batch fresh and returns how many objects it had. Its nodes, and the objects, which will
 * be written next, have gone from the nearest cache meanwhile, so several are asked for at once.
 */
static unsigned batch_take(const struct rst_pool *pool, struct rst_pool_cache *cache,
                           const struct rst_pool_node *batch)
{
    void *object = object_of(batch); /* of the first the node has been written since */
    unsigned n = 0;

    (void)pool;
    for (;;) {
        rst_unpoison(object, pool->object_size);
        __builtin_prefetch(object, 1);
        cache->fresh[cache->n_fresh + n++] = object;
        batch = batch->next;
        if (!batch)
            break;
        __builtin_prefetch(batch->member.ahead);
        object = batch->member.object;
    }
    cache->n_fresh += n;
    return n;
}

/* Whether the oldest batch that waits may be used again. 3 of pool.h, for what has waited. */
static bool oldest_is_free(const struct rst_pool_cache *cache, const uint64_t *door)
{
    uint64_t word = rst_load_acquire(door);

    return cache->oldest && (rst_control(BLIND_REUSE) || (uint32_t)word == 0 ||
                             word >> 32 != cache->oldest->waiting.moments);
}

/*
 * Whether one more batch may wait in the thread. One that takes none while it retires, although it
 * could, does not need more. And what waits in threads that have nothing to do comes back to
 * nobody, so it must never add up to the limit at which the others are refused.
 */
static bool may_wait(const struct rst_pool *pool, const struct rst_pool_cache *cache,
                     const uint64_t *door)
{
    return pool->hot && cache->waiting < RST_POOL_WAITING &&
           rst_load(&pool->account->backlog) < pool->account->backlog_limit / 2 &&
           (cache->consumes || !oldest_is_free(cache, door));
}

/* A batch of which a reader may still see something waits for the next moment without readers. */
static void wait_in_thread(struct rst_pool *pool, struct rst_pool_cache *cache,
                           struct rst_pool_node *batch, const uint64_t *door)
{
    size_t bytes = cache->n_retired * pool->object_size;

    batch->waiting.younger = NULL;
    batch->waiting.moments = rst_load_acquire(door) >> 32; /* 3: after 1 and 2 of all of them */
    if (cache->oldest)
        cache->youngest->waiting.younger = batch;
    else
        cache->oldest = batch;
    cache->youngest = batch;
    cache->waiting += bytes;
    rst_fetch_add(&pool->account->backlog, bytes);
}

/* The oldest batch that waits becomes fresh. */
static void take_oldest(struct rst_pool *pool, struct rst_pool_cache *cache)
{
    const struct rst_pool_node *batch = cache->oldest;
    size_t bytes;

    cache->oldest = batch->waiting.younger;
    bytes = batch_take(pool, cache, batch) * pool->object_size;
    cache->waiting -= bytes;
    rst_fetch_sub(&pool->account->backlog, bytes);
}

void rst_pool_retire_slow(struct rst_pool *pool, struct rst_pool_cache *cache, const uint64_t *door)
{
    bool quiet = door && rst_pool_quiet(door);
    struct rst_pool_node *batch;

    if (quiet && cache->n_fresh == 0) {
        memcpy(cache->fresh, cache->retired, sizeof(cache->retired));
        cache->n_fresh = cache->n_retired;
    } else {
        batch = batch_link(pool, cache->retired, cache->n_retired);
        if (door && may_wait(pool, cache, door))
            wait_in_thread(pool, cache, batch, door);
        else
            batch_retire(pool, batch, cache->n_retired);
    }
    cache->n_retired = 0;
    cache->consumes = false;
}

void rst_pool_retire_alone_slow(struct rst_pool *pool, void *object)
{
    batch_retire(pool, batch_link(pool, &object, 1), 1);
}

/* Memory that begins at a multiple of its size, straight from the kernel. */
static char *map_huge_page(void)
{
    char *made =
        mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (made == MAP_FAILED)
        return NULL;
    before = -(uintptr_t)made % HUGE_PAGE;
    if (before)
        munmap(made, before);
    munmap(made + before + HUGE_PAGE, HUGE_PAGE - before);
    madvise(made + before, HUGE_PAGE, MADV_HUGEPAGE); /* a wish */
    return made + before;
}

/* Allocates a slab for twice as many chunks as the last one had. */
static int slab_new(struct rst_pool *pool)
{
    struct rst_pool_slab *slab = &pool->slab;
    size_t bytes = slab->bytes ? 2 * slab->bytes : pool->chunk_size;
    char *made;

    if (bytes >= HUGE_PAGE && pool->chunk_size <= HUGE_PAGE) {
        bytes = HUGE_PAGE;
        made = map_huge_page();
    } else {
        made = aligned_alloc(pool->chunk_size, bytes);
    }
    if (!made)
        return -ENOMEM;
    slab->next = made;
    slab->bytes = slab->left = bytes;
    return 0;
}

/* A new chunk, which others can find as soon as it has been carved; NULL: -ENOMEM. */
static struct rst_pool_chunk *carve(struct rst_pool *pool)
{
    struct rst_pool_chunk *chunk = NULL;
    struct rst_pool_slab *slab = &pool->slab;

    pthread_mutex_lock(&pool->grow_lock);
    if (slab->left || !slab_new(pool)) {
        chunk = (struct rst_pool_chunk *)(void *)slab->next;
        memset(chunk, 0, pool->chunk_size);
        chunk->pool = pool;
        chunk->slab_bytes = slab->left == slab->bytes ? slab->bytes : 0;
        slab->next += pool->chunk_size;
        slab->left -= pool->chunk_size;
        chunk->next = pool->chunks;
        rst_store_release(&pool->chunks, chunk); /* pairs with rst_registry_walk() */
    }
    pthread_mutex_unlock(&pool->grow_lock);
    return chunk;
}

/*
 * New memory: what does not fit into `fresh` goes to the depot as batches. The chunk is in the
 * list before any other thread can get an object of it, else a walk could miss that object.
 */
static int grow(struct rst_pool *pool, struct rst_pool_cache *cache)
{
    struct rst_pool_chunk *chunk = carve(pool);
    void *batch[RST_MAGAZINE];
    unsigned i, n = 0;

    if (!chunk)
        return -ENOMEM;
    rst_fetch_add(&pool->account->memory, pool->chunk_size);
    for (i = 0; i < pool->per_chunk; i++) {
        if (cache->n_fresh < RST_MAGAZINE) {
            cache->fresh[cache->n_fresh++] = rst_pool_object(chunk, i);
            continue;
        }
        batch[n++] = rst_pool_object(chunk, i);
        if (n == RST_MAGAZINE || i + 1 == pool->per_chunk) {
            depot_push(pool, batch_link(pool, batch, n));
            n = 0;
        }
    }
    return 0;
}

static void take_from_depot(struct rst_pool *pool, struct rst_pool_cache *cache)
{
    const struct rst_pool_node *batch = depot_pop(pool);

    if (batch)
        batch_take(pool, cache, batch);
}

int rst_account_check(struct rst_pool_account *account)
{
    if (rst_load(&account->backlog) <= account->backlog_limit)
        return 0;
    rst_fetch_add(&account->backlog_refused, 1);
    return -ENOBUFS;
}

void *rst_pool_take_slow(struct rst_pool *pool, struct rst_pool_cache *cache, const uint64_t *door,
                         int *err)
{
    cache->consumes = true;
    if (door && oldest_is_free(cache, door))
        take_oldest(pool, cache);
    else
        take_from_depot(pool, cache);
    if (!cache->n_fresh) {
        *err = rst_account_check(pool->account);
        if (!*err)
            *err = grow(pool, cache);
        if (*err)
            return NULL;
    }
    return cache->fresh[--cache->n_fresh];
}
