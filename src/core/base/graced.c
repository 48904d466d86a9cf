/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Session records: batches, depot and growth. See graced.h.
 */
#include "core/base/graced.h"
#include "core/base/reclaim.h"

#include <errno.h>
#include <string.h>

/* Places in a batch from a node to the one that is prefetched. */
#define AHEAD 4

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static struct rst_graced_node *nodes_of(const struct rst_graced_chunk *chunk)
{
    return (struct rst_graced_node *)(uintptr_t)(chunk + 1);
}

static char *objects_of(const struct rst_graced_chunk *chunk)
{
    const struct rst_graced *pool = chunk->pool;
    size_t offset = sizeof(*chunk) + pool->per_chunk * sizeof(struct rst_graced_node);

    return (char *)(uintptr_t)chunk + round_up(offset, RST_CACHE_LINE);
}

static struct rst_graced_chunk *chunk_of(const struct rst_graced *pool, const void *address)
{
    return (struct rst_graced_chunk *)((uintptr_t)address & ~(uintptr_t)(pool->chunk_size - 1));
}

void *rst_graced_object(const struct rst_graced_chunk *chunk, unsigned n)
{
    return objects_of(chunk) + n * chunk->pool->object_size;
}

unsigned rst_graced_index(const struct rst_graced *pool, const void *object,
                          struct rst_graced_chunk **chunk)
{
    uint64_t offset;

    *chunk = chunk_of(pool, object);
    offset = (uint64_t)((const char *)object - objects_of(*chunk));
    /* offset / object_size, without a division; exact for multiples below 2^32 */
    return (unsigned)((offset * pool->inverse) >> 32);
}

static struct rst_graced_node *node_of(const struct rst_graced *pool, const void *object)
{
    struct rst_graced_chunk *chunk;
    unsigned n = rst_graced_index(pool, object, &chunk);

    return &nodes_of(chunk)[n];
}

/* A chunk's nodes stand in its first RST_GRACED_MIN_CHUNK bytes, so no chunk size is needed. */
static struct rst_graced_chunk *chunk_of_node(const struct rst_graced_node *node)
{
    return (struct rst_graced_chunk *)((uintptr_t)node & ~(uintptr_t)(RST_GRACED_MIN_CHUNK - 1));
}

static void *object_of(const struct rst_graced_node *node)
{
    struct rst_graced_chunk *chunk = chunk_of_node(node);

    return rst_graced_object(chunk, (unsigned)(node - nodes_of(chunk)));
}

void *rst_graced_home(const struct rst_graced *pool, const void *object)
{
    struct rst_graced_chunk *chunk;
    unsigned n = rst_graced_index(pool, object, &chunk);

    return objects_of(chunk) + pool->per_chunk * pool->object_size + n * pool->home_size;
}

int rst_graced_init(struct rst_graced *pool, struct roster *owner, size_t object_size,
                    size_t home_size, size_t chunk_size, struct rst_account *account)
{
    size_t header = sizeof(struct rst_graced_chunk) + RST_CACHE_LINE;
    size_t each, most = (RST_GRACED_MIN_CHUNK - header) / sizeof(struct rst_graced_node);

    memset(pool, 0, sizeof(*pool));
    pool->owner = owner;
    pool->object_size = round_up(object_size, RST_CACHE_LINE);
    pool->home_size = round_up(home_size, RST_CACHE_LINE);
    pool->inverse = ((UINT64_C(1) << 32) + pool->object_size - 1) / pool->object_size;
    each = pool->object_size + pool->home_size + sizeof(struct rst_graced_node);
    pool->chunk_size = chunk_size;
    while (pool->chunk_size < header + each)
        pool->chunk_size *= 2;
    pool->per_chunk = (unsigned)((pool->chunk_size - header) / each);
    if (pool->per_chunk > most)
        pool->per_chunk = (unsigned)most;
    __cds_lfs_init(&pool->depot);
    return rst_slabs_init(&pool->slabs, pool->chunk_size, account);
}

void rst_graced_destroy(struct rst_graced *pool)
{
    rst_slabs_destroy(&pool->slabs);
}

/* Only for batches whose grace period has passed, or new ones: see "No ABA" in graced.h. */
static void depot_push(struct rst_graced *pool, struct rst_graced_node *batch)
{
    cds_lfs_node_init(&batch->depot);
    rst_tsan_release(batch);
    cds_lfs_push(&pool->depot, &batch->depot);
}

static struct rst_graced_node *depot_pop(struct rst_graced *pool)
{
    struct cds_lfs_node *top;

    rst_rcu_read_lock();
    top = __cds_lfs_pop(&pool->depot);
    rst_rcu_read_unlock();
    rst_tsan_acquire(top);
    return top ? caa_container_of(top, struct rst_graced_node, depot) : NULL;
}

/* A batch that no thread holds: back into the depot. Runs in liburcu's thread. */
static void batch_is_free(struct rcu_head *head)
{
    struct rst_graced_node *batch = caa_container_of(head, struct rst_graced_node, rcu);
    struct rst_graced_node *node;
    struct rst_graced *pool;
    size_t bytes = 0;

    rst_callback_begin(head);
    rst_test_point("pool: batch free");
    pool = chunk_of_node(batch)->pool;
    for (node = batch; node; node = node->next)
        bytes += pool->object_size;
    depot_push(pool, batch);
    rst_fetch_sub(&pool->slabs.account->backlog, bytes);
    rst_callback_end();
}

static void batch_retire(struct rst_graced *pool, struct rst_graced_node *batch, unsigned n)
{
    rst_fetch_add(&pool->slabs.account->backlog, n * pool->object_size);
    rst_call_rcu(&batch->rcu, batch_is_free);
}

/* Links `n` objects into a batch. */
static struct rst_graced_node *batch_link(const struct rst_graced *pool, void *const *objects,
                                          unsigned n)
{
    struct rst_graced_node *batch = NULL, *later[AHEAD] = {NULL};

    while (n--) {
        struct rst_graced_node *node = node_of(pool, objects[n]);

        node->member.object = objects[n];
        node->member.ahead = later[n % AHEAD];
        later[n % AHEAD] = node;
        node->next = batch;
        batch = node;
    }
    return batch;
}

/*
 * Makes a batch fresh. Its nodes, and the objects, which will be written next, have gone from the
 * nearest cache, so several are asked for at once.
 */
static void batch_take(struct rst_graced_cache *cache, const struct rst_graced_node *batch)
{
    void *object = object_of(batch); /* of the first the node has been written since */

    for (;;) {
        rst_prefetch_write(object);
        cache->fresh[cache->n_fresh++] = object;
        batch = batch->next;
        if (!batch)
            break;
        rst_prefetch(batch->member.ahead);
        object = batch->member.object;
    }
}

void rst_graced_retire_slow(struct rst_graced *pool, struct rst_graced_cache *cache)
{
    batch_retire(pool, batch_link(pool, cache->retired, cache->n_retired), cache->n_retired);
    cache->n_retired = 0;
}

void rst_graced_retire_alone_slow(struct rst_graced *pool, void *object)
{
    batch_retire(pool, batch_link(pool, &object, 1), 1);
}

/* A new chunk, which others can find from now on; NULL: -ENOMEM. */
static struct rst_graced_chunk *carve(struct rst_graced *pool)
{
    struct rst_graced_chunk *chunk = rst_slabs_carve(&pool->slabs);

    if (!chunk)
        return NULL;
    chunk->pool = pool;
    chunk->next = rst_load(&pool->chunks);
    /* Release: pairs with rst_registry_walk(). */
    while (!__atomic_compare_exchange_n(&pool->chunks, &chunk->next, chunk, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    return chunk;
}

/*
 * New memory: what does not fit into `fresh` goes to the depot as batches. The chunk is in the
 * list before any other thread can get an object of it, else a walk could miss that object.
 */
static int grow(struct rst_graced *pool, struct rst_graced_cache *cache)
{
    struct rst_graced_chunk *chunk = carve(pool);
    void *batch[RST_MAGAZINE];
    unsigned i, n = 0;

    if (!chunk)
        return -ENOMEM;
    for (i = 0; i < pool->per_chunk; i++) {
        if (cache->n_fresh < RST_MAGAZINE) {
            cache->fresh[cache->n_fresh++] = rst_graced_object(chunk, i);
            continue;
        }
        batch[n++] = rst_graced_object(chunk, i);
        if (n == RST_MAGAZINE || i + 1 == pool->per_chunk) {
            depot_push(pool, batch_link(pool, batch, n));
            n = 0;
        }
    }
    return 0;
}

void *rst_graced_take_slow(struct rst_graced *pool, struct rst_graced_cache *cache, int *err)
{
    const struct rst_graced_node *batch = depot_pop(pool);

    *err = 0;
    if (batch) {
        batch_take(cache, batch);
    } else {
        *err = rst_account_check(pool->slabs.account);
        if (!*err)
            *err = grow(pool, cache);
        if (*err)
            return NULL;
    }
    return cache->fresh[--cache->n_fresh];
}
