/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The object pool's slow paths: batches, depot and growth. The algorithm is told in pool.h.
 */
#include "pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    *chunk = chunk_of(pool, object);
    return (unsigned)((size_t)((const char *)object - objects_of(*chunk)) / pool->object_size);
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

int rst_pool_init(struct rst_pool *pool, struct roster *owner, size_t object_size,
                  size_t chunk_size, struct rst_pool_account *account)
{
    size_t header = sizeof(struct rst_pool_chunk) + RST_CACHE_LINE;
    size_t each, most = (RST_POOL_MIN_CHUNK - header) / sizeof(struct rst_pool_node);

    memset(pool, 0, sizeof(*pool));
    pool->owner = owner;
    pool->object_size = round_up(object_size, RST_CACHE_LINE);
    each = pool->object_size + sizeof(struct rst_pool_node);
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
    while (pool->chunks) {
        struct rst_pool_chunk *next = pool->chunks->next;

        free(pool->chunks);
        pool->chunks = next;
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
    struct rst_pool_node *batch = NULL;

    while (n--) {
        struct rst_pool_node *node = node_of(pool, objects[n]);

        node->next = batch;
        batch = node;
    }
    return batch;
}

void rst_pool_retire_slow(struct rst_pool *pool, struct rst_pool_cache *cache, bool quiet)
{
    if (quiet && cache->n_fresh == 0) {
        memcpy(cache->fresh, cache->retired, sizeof(cache->retired));
        cache->n_fresh = cache->n_retired;
    } else {
        batch_retire(pool, batch_link(pool, cache->retired, cache->n_retired), cache->n_retired);
    }
    cache->n_retired = 0;
}

void rst_pool_retire_alone_slow(struct rst_pool *pool, void *object)
{
    batch_retire(pool, batch_link(pool, &object, 1), 1);
}

/* New memory: what does not fit into `fresh` goes to the depot as batches. */
static int grow(struct rst_pool *pool, struct rst_pool_cache *cache)
{
    struct rst_pool_chunk *chunk = aligned_alloc(pool->chunk_size, pool->chunk_size);
    void *batch[RST_MAGAZINE];
    unsigned i, n = 0;

    if (!chunk)
        return -ENOMEM;
    memset(chunk, 0, pool->chunk_size);
    chunk->pool = pool;
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
    rst_fetch_add(&pool->account->memory, pool->chunk_size);
    pthread_mutex_lock(&pool->grow_lock);
    chunk->next = pool->chunks;
    rst_store_release(&pool->chunks, chunk); /* pairs with rst_registry_walk() */
    pthread_mutex_unlock(&pool->grow_lock);
    return 0;
}

void *rst_pool_take_slow(struct rst_pool *pool, struct rst_pool_cache *cache, int *err)
{
    struct rst_pool_node *node = depot_pop(pool);

    for (; node; node = node->next) {
        rst_unpoison(object_of(node), pool->object_size);
        cache->fresh[cache->n_fresh++] = object_of(node);
    }
    if (!cache->n_fresh) {
        if (rst_load(&pool->account->backlog) > pool->account->backlog_limit) {
            rst_fetch_add(&pool->account->backlog_refused, 1);
            *err = -ENOBUFS;
            return NULL;
        }
        *err = grow(pool, cache);
        if (*err)
            return NULL;
    }
    return cache->fresh[--cache->n_fresh];
}
