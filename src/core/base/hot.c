/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Objects that are used again at once: batches, the depot, and new memory. See hot.h.
 */
#include "core/base/hot.h"

/* The smallest piece of memory that is carved at once. */
#define PIECE ((size_t)4096)

/* A batch has at most this size, unless it is one object. */
#define BATCH_BYTES ((size_t)8192)

void rst_hot_init_nodes(struct rst_hot *hot, size_t piece, size_t offset, size_t stride,
                        size_t per_piece, struct rst_account *account)
{
    *hot = (struct rst_hot){
        .stride = stride, .offset = offset, .per_piece = per_piece, .most = RST_HOT_BATCH};
    while (hot->most > 1 && hot->most * stride > BATCH_BYTES)
        hot->most /= 2;
    rst_slabs_init(&hot->slabs, piece, account);
}

void rst_hot_init(struct rst_hot *hot, size_t object_size, struct rst_account *account)
{
    size_t piece = object_size > PIECE ? object_size : PIECE;

    rst_hot_init_nodes(hot, piece, 0, object_size, piece / object_size, account);
}

void rst_hot_destroy(struct rst_hot *hot)
{
    rst_slabs_destroy(&hot->slabs);
}

static struct rst_hot_node *after(const struct rst_hot_node *batch)
{
    return (struct rst_hot_node *)(uintptr_t)rst_load(&batch->after);
}

/* The stack that a batch belongs to: neighbours in memory are of different ones. */
static struct rst_hot_node **stack_of(struct rst_hot *hot, const struct rst_hot_node *batch)
{
    return &hot->depot[(uintptr_t)batch / hot->stride / hot->most % RST_HOT_STACKS];
}

static void depot_push(struct rst_hot *hot, struct rst_hot_node *batch)
{
    struct rst_hot_node **stack = stack_of(hot, batch);
    struct rst_hot_node *top = rst_load(stack);

    do {
        rst_store_release(&batch->after, (uintptr_t)top); /* pairs with e of look.h */
        /* Release: what was done to the objects, the ends of their lives among it, before they can
         * be taken; pairs with the exchange in stack_pop(). */
    } while (
        !__atomic_compare_exchange_n(stack, &top, batch, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

void rst_hot_put_back(struct rst_hot *hot, struct rst_hot_node *batch, unsigned count)
{
    rst_store_release(&batch->count, count); /* pairs with e of look.h */
    depot_push(hot, batch);
}

void rst_hot_put_batch(struct rst_hot *hot, struct rst_hot_node *batch, unsigned count)
{
    rst_hot_put_back(hot, batch, count);
    rst_store_changed(&hot->slabs.account->freed, 1);
}

/* Until what was taken from a stack is back, other threads find there only what was pushed since.
 */
static void stack_return(struct rst_hot_node **stack, struct rst_hot_node *rest)
{
    struct rst_hot_node *none = NULL;

    while (rest && !__atomic_compare_exchange_n(stack, &none, rest, false, __ATOMIC_RELEASE,
                                                __ATOMIC_RELAXED)) {
        /* Few have come since, so it is them that are put in front. */
        struct rst_hot_node *newer = __atomic_exchange_n(stack, NULL, __ATOMIC_ACQUIRE);
        struct rst_hot_node *last = newer;

        while (last && after(last))
            last = after(last);
        if (last) {
            rst_store_release(&last->after, (uintptr_t)rest); /* pairs with e of look.h */
            rest = newer;
        }
        none = NULL;
    }
}

/* Takes one batch from a stack. The rest goes back at once. */
static struct rst_hot_node *stack_pop(struct rst_hot_node **stack)
{
    struct rst_hot_node *batch;

    if (!rst_load(stack))
        return NULL;
    batch = __atomic_exchange_n(stack, NULL, __ATOMIC_ACQUIRE); /* pairs with depot_push() */
    rst_test_point("hot: depot taken");
    if (batch)
        stack_return(stack, after(batch));
    return batch;
}

void rst_hot_visit(struct rst_hot *hot, rst_hot_visit_fn *visit, void *arg)
{
    struct rst_hot_node *taken, *batch, *node;
    unsigned i;

    for (i = 0; i < RST_HOT_STACKS; i++) {
        taken = __atomic_exchange_n(&hot->depot[i], NULL, __ATOMIC_ACQUIRE); /* as stack_pop() */
        for (batch = taken; batch; batch = after(batch))
            for (node = batch; node; node = rst_hot_next(node))
                visit(arg, node);
        stack_return(&hot->depot[i], taken);
    }
}

/* One batch from the first stack that has any. Threads begin at different ones. */
static struct rst_hot_node *depot_pop(struct rst_hot *hot, const struct rst_hot_cache *cache)
{
    struct rst_hot_node *batch = NULL;
    uintptr_t first = (uintptr_t)cache / RST_CACHE_LINE;
    unsigned i;

    for (i = 0; !batch && i < RST_HOT_STACKS; i++)
        batch = stack_pop(&hot->depot[(first + i) % RST_HOT_STACKS]);
    /* A trim may have missed what was out of the stack with it. */
    if (batch)
        rst_store_changed(&hot->slabs.account->freed, 1);
    return batch;
}

/* The next list of this thread is larger. The first is of some 256 bytes. */
static void grow_limit(const struct rst_hot *hot, struct rst_hot_cache *cache)
{
    if (!cache->limit)
        cache->limit = hot->offset || hot->stride >= 256 ? 1 : (unsigned)(256 / hot->stride);
    else if (cache->limit < hot->most)
        cache->limit *= 2;
    if (cache->limit > hot->most)
        cache->limit = hot->most;
}

static void use(struct rst_hot *hot, struct rst_hot_cache *cache, struct rst_hot_node *batch)
{
    /* One from a thread with longer lists may have more. */
    while (cache->limit < rst_load(&batch->count))
        grow_limit(hot, cache);
    cache->room = cache->limit - (unsigned)rst_load(&batch->count);
    cache->top = batch;
}

bool rst_hot_refill(struct rst_hot *hot, struct rst_hot_cache *cache)
{
    struct rst_hot_node *batch = cache->full;

    cache->full = NULL;
    if (!batch) {
        grow_limit(hot, cache);
        batch = depot_pop(hot, cache);
    }
    if (batch)
        use(hot, cache, batch);
    return batch != NULL;
}

void rst_hot_add(struct rst_hot *hot, struct rst_hot_cache *cache, char *piece)
{
    struct rst_hot_node *node, *batch = NULL;
    size_t n = hot->per_piece;
    unsigned count = 0;

    while (n--) {
        node = (struct rst_hot_node *)(void *)(piece + hot->offset + n * hot->stride);
        rst_store(&node->next, (uintptr_t)batch);
        batch = node;
        rst_store(&batch->count, ++count);
        if (!n)
            use(hot, cache, batch);
        if (count < cache->limit || !n)
            continue;
        depot_push(hot, batch);
        batch = NULL;
        count = 0;
    }
}

/* Whether threads keep none of these: a batch is one object, and so is a piece of memory. */
static bool is_large(const struct rst_hot *hot)
{
    return hot->most == 1 && hot->per_piece == 1;
}

static void *take_large(struct rst_hot *hot, const struct rst_hot_cache *cache)
{
    struct rst_hot_node *batch = depot_pop(hot, cache);

    return batch ? batch : rst_slabs_carve(&hot->slabs);
}

void *rst_hot_take_slow(struct rst_hot *hot, struct rst_hot_cache *cache)
{
    char *piece;

    if (is_large(hot))
        return take_large(hot, cache);
    if (!rst_hot_refill(hot, cache)) {
        piece = rst_slabs_carve(&hot->slabs);
        if (!piece)
            return NULL;
        rst_hot_add(hot, cache, piece);
    }
    return rst_hot_pop(cache);
}

/* Makes room in a list that has reached its limit. */
static void make_room(struct rst_hot *hot, struct rst_hot_cache *cache)
{
    unsigned before = cache->limit;

    if (before < hot->most) {
        grow_limit(hot, cache);
        cache->room += cache->limit - before;
        return;
    }
    if (cache->full)
        rst_hot_put_batch(hot, cache->full, (unsigned)rst_load(&cache->full->count));
    rst_store_release(&cache->top->count, cache->limit); /* pairs with e of look.h */
    cache->full = cache->top;
    cache->top = NULL;
    cache->room = cache->limit;
}

void rst_hot_put_alone_slow(struct rst_hot *hot, void *object)
{
    struct rst_hot_node *node = object;

    rst_store_release(&node->next, 0); /* pairs with e of look.h */
    rst_hot_put_batch(hot, node, 1);
}

void rst_hot_put_full_slow(struct rst_hot *hot, struct rst_hot_cache *cache, void *object)
{
    if (is_large(hot)) {
        rst_hot_put_alone_slow(hot, object);
        return;
    }
    make_room(hot, cache);
    rst_hot_push(cache, object);
}

void rst_hot_flush(struct rst_hot *hot, struct rst_hot_cache *cache)
{
    if (cache->full)
        rst_hot_put_batch(hot, cache->full, (unsigned)rst_load(&cache->full->count));
    if (cache->top)
        rst_hot_put_batch(hot, cache->top, cache->limit - cache->room);
    *cache = (struct rst_hot_cache){NULL, NULL, 0, 0};
}
