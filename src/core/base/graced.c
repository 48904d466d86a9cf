/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Session records: batches, depot and growth. See graced.h.
 */
#include "core/base/graced.h"
#include "core/base/reclaim.h"
#include "core/base/trim.h"

#include <errno.h>
#include <string.h>

/* The most that the objects of a thread's list hold on to, beside those of the last one. */
#define HELD_BYTES ((size_t)16 * 1024)

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static struct rst_hot_node *node_of(const struct rst_graced *pool, const void *object)
{
    struct rst_graced_chunk *chunk;
    unsigned n = rst_graced_index(pool, object, &chunk);

    return &rst_graced_nodes(chunk)[n];
}

void rst_graced_init(struct rst_graced *pool, struct roster *owner, size_t object_size,
                     size_t chunk_size, rst_graced_drop_fn *drop, struct rst_account *account)
{
    size_t header = sizeof(struct rst_graced_chunk) + RST_CACHE_LINE;
    size_t each, most = (RST_GRACED_MIN_CHUNK - header) / sizeof(struct rst_hot_node);

    memset(pool, 0, sizeof(*pool));
    pool->owner = owner;
    pool->drop = drop;
    pool->object_size = round_up(object_size, RST_CACHE_LINE);
    pool->inverse = ((UINT64_C(1) << 32) + pool->object_size - 1) / pool->object_size;
    each = pool->object_size + sizeof(struct rst_hot_node);
    pool->chunk_size = chunk_size;
    while (pool->chunk_size < header + each)
        pool->chunk_size *= 2;
    pool->per_chunk = (unsigned)((pool->chunk_size - header) / each);
    if (pool->per_chunk > most)
        pool->per_chunk = (unsigned)most;
    pool->to_objects =
        round_up(sizeof(struct rst_graced_chunk) + pool->per_chunk * sizeof(struct rst_hot_node),
                 RST_CACHE_LINE);
    rst_hot_init_nodes(&pool->free, pool->chunk_size, sizeof(struct rst_graced_chunk),
                       sizeof(struct rst_hot_node), pool->per_chunk, account);
}

void rst_graced_destroy(struct rst_graced *pool)
{
    rst_hot_destroy(&pool->free);
}

static struct rst_account *account_of(const struct rst_graced *pool)
{
    return pool->free.slabs.account;
}

/* The memory that one object takes. */
static size_t bytes_each(const struct rst_graced *pool)
{
    return pool->object_size + sizeof(struct rst_hot_node);
}

/*
 * Of a batch that awaits its grace period. It stands in the second node, as the first one's place
 * is the callback's: to count the nodes would move all their lines to this processor and back.
 */
static unsigned length_of(const struct rst_hot_node *batch)
{
    const struct rst_hot_node *second = rst_hot_next(batch);

    return second ? (unsigned)rst_load(&second->count) : 1;
}

static void batch_put(struct rst_graced *pool, struct rst_hot_node *batch, size_t held)
{
    unsigned n = length_of(batch);

    rst_hot_put_batch(&pool->free, batch, n);
    rst_fetch_sub(&account_of(pool)->backlog, n * bytes_each(pool) + held);
}

/* A grace period has passed: no thread can see these. In the thread of reclaim.h, as the next. */
static void batch_is_free(struct rcu_head *head)
{
    struct rst_hot_node *batch = caa_container_of(head, struct rst_hot_node, rcu);

    rst_callback_begin(head);
    rst_test_point("pool: batch free");
    batch_put(rst_graced_chunk_of_node(batch)->pool, batch, 0);
    rst_callback_end();
}

static void batch_holds(struct rcu_head *head)
{
    struct rst_hot_node *batch = caa_container_of(head, struct rst_hot_node, rcu), *node;
    struct rst_graced *pool = rst_graced_chunk_of_node(batch)->pool;
    size_t held = 0;

    rst_callback_begin(head);
    for (node = batch; node; node = rst_hot_next(node))
        held += pool->drop(pool, rst_graced_of_node(node));
    batch_put(pool, batch, held);
    rst_callback_end();
}

static void batch_retire(struct rst_graced *pool, struct rst_graced_cache *cache)
{
    size_t bytes = cache->n_retired * bytes_each(pool) + cache->held_retired;
    struct rst_hot_node *batch = cache->retired;

    if (rst_hot_next(batch)) /* see length_of() */
        rst_store(&rst_hot_next(batch)->count, cache->n_retired);
    rst_account_await(account_of(pool), bytes);
    cache->batch = cache->n_retired;
    cache->retired = NULL;
    cache->n_retired = 0;
    rst_call_rcu(&batch->rcu, cache->held_retired ? batch_holds : batch_is_free);
    cache->held_retired = 0;
}

void rst_graced_retire(struct rst_graced *pool, struct rst_graced_cache *cache, void *object,
                       size_t held, uint64_t others)
{
    struct rst_graced_cache alone = {.retired = NULL};
    struct rst_hot_node *node = node_of(pool, object);

    rst_test_point("retire: unpublished");
    if (!cache)
        cache = &alone;
    rst_store(&node->next, (uintptr_t)cache->retired);
    cache->retired = node;
    cache->n_retired++;
    cache->held_retired += held;
    if (cache->n_retired < RST_HOT_BATCH && cache->n_retired <= 2 * cache->batch &&
        cache->n_retired <= others / 8 && cache->held_retired < HELD_BYTES)
        return;
    batch_retire(pool, cache);
    if (rst_hot_count(&cache->free) > others / 8)
        rst_hot_flush(&pool->free, &cache->free);
}

void rst_graced_flush(struct rst_graced *pool, struct rst_graced_cache *cache)
{
    if (cache->retired)
        batch_retire(pool, cache);
    rst_hot_flush(&pool->free, &cache->free);
}

/* A new chunk, which others can find from now on; NULL: -ENOMEM. */
static struct rst_graced_chunk *carve(struct rst_graced *pool)
{
    struct rst_graced_chunk *chunk = rst_slabs_carve(&pool->free.slabs);

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
 * More objects for a thread that has none: of the depot, or of new memory, which walkers can find
 * before any other thread can get an object of it. Also those of the depot are refused: each that
 * is taken may be retired, with what it holds on to.
 */
static int more(struct rst_graced *pool, struct rst_graced_cache *cache)
{
    int err = rst_account_check(account_of(pool));
    struct rst_graced_chunk *chunk;

    if (err || rst_hot_refill(&pool->free, &cache->free))
        return err;
    chunk = carve(pool);
    if (!chunk)
        return -ENOMEM;
    rst_hot_add(&pool->free, &cache->free, (char *)chunk);
    return 0;
}

/* Nodes and objects have left the nearest caches since, so the next ones are prefetched. */
void *rst_graced_take(struct rst_graced *pool, struct rst_graced_cache *cache, int *err)
{
    struct rst_hot_node *node;

    *err = cache->free.top ? 0 : more(pool, cache);
    if (*err)
        return NULL;
    node = rst_hot_pop(&cache->free);
    rst_prefetch(cache->free.top);
    return rst_graced_of_node(node);
}

void rst_graced_untake(struct rst_graced *pool, struct rst_graced_cache *cache, void *object)
{
    rst_hot_put(&pool->free, &cache->free, node_of(pool, object));
}

static bool is_in(const struct rst_slab *slab, const void *address)
{
    return (uintptr_t)address - (uintptr_t)slab->base < slab->bytes;
}

/*
 * Takes a slab's chunks out of the list, while others push at its front. A walker that has
 * found one goes on from it, within its read section.
 */
static void unlink_chunks(void *arg, const struct rst_slab *slab)
{
    struct rst_graced *pool = arg;
    struct rst_graced_chunk **link = &pool->chunks, *chunk;

    while ((chunk = rst_load_acquire(link))) { /* pairs with carve() */
        if (!is_in(slab, chunk))
            link = &chunk->next;
        else if (!__atomic_compare_exchange_n(link, &chunk, chunk->next, false, __ATOMIC_RELEASE,
                                              __ATOMIC_RELAXED))
            link = &pool->chunks; /* the front has changed */
    }
}

bool rst_graced_trim(struct rst_graced *pool)
{
    return rst_hot_trim(&pool->free, unlink_chunks, pool);
}
