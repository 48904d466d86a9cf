/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Views and statements: objects that are reused as soon as they are unpublished, while a reader may
 * still be copying them (look.h shows why that is correct).
 *
 * For each class a thread has a list of free objects and a second, full list, both linked through
 * the objects themselves. Surplus objects go to the class's depot, a stack of batches; missing ones
 * come from there. Batches start small and grow with use, so a thread that runs one statement keeps
 * little. A thread keeps no object so large that it is a batch by itself; otherwise each of many
 * threads would keep the longest text it ever had. Such objects come from the depot and go there,
 * at the cost of an exchange, which is little compared with writing them.
 *
 * The depot has no ABA problem. It consists of a few stacks; a thread takes a whole stack by one
 * exchange, keeps a batch and pushes the rest back. If the thread is preempted in between, one
 * stack is hidden, and others take from the next. With a single stack they would have to carve new
 * memory in the meantime, despite the surplus.
 *
 * Every write to a free object comes after the end of its life (2 of look.h). The links are stored
 * with release. That suffices if the same thread has ended the life. It also suffices if another
 * thread has, because objects change hands only by release and acquire.
 */
#pragma once

#include "core/base/rcu.h"
#include "core/base/slab.h"

#include <stddef.h>
#include <stdint.h>

/* Stacks of a depot. Batches go to them in turn. */
#define RST_HOT_STACKS 8

/* The most objects of a batch, when they are small. */
#define RST_HOT_BATCH RST_SMALL_IF_SANITIZED(64, 2)

/* At the beginning of a free object. */
struct rst_hot_node {
    rst_word next; /* in the same list; an address, like `after` */
    union {        /* of a batch's first */
        struct {
            rst_word after; /* the next batch in the depot */
            rst_word count;
        };
        struct rcu_head rcu; /* of objects that await a grace period, see graced.h */
    };
};

struct rst_hot {
    size_t stride;    /* from node to node in a piece */
    size_t offset;    /* of a piece's first node */
    size_t per_piece; /* nodes */
    unsigned most;    /* objects of a batch */
    struct rst_slabs slabs;
    struct rst_hot_node *depot[RST_HOT_STACKS] rst_cache_aligned; /* others push, one takes all */
} rst_cache_aligned;

/* A thread's. All zero is an empty one. */
struct rst_hot_cache {
    struct rst_hot_node *top;
    struct rst_hot_node *full; /* a batch, or NULL */
    unsigned room;             /* how many more objects fit on the list of `top` */
    unsigned limit;            /* how many it may have; 0 at first */
};

/* Objects of a power of two of bytes, at least a cache line, each its own node. */
void rst_hot_init(struct rst_hot *hot, size_t object_size, struct rst_account *account);

/* Any other: in each piece of memory there are `per_piece` nodes from `offset` on. */
void rst_hot_init_nodes(struct rst_hot *hot, size_t piece, size_t offset, size_t stride,
                        size_t per_piece, struct rst_account *account);
void rst_hot_destroy(struct rst_hot *hot);

/* Fills the thread's list, which is empty, from the other list or the depot; false: both are. */
bool rst_hot_refill(struct rst_hot *hot, struct rst_hot_cache *cache);

/* The same from a new piece of memory; the surplus goes to the depot. */
void rst_hot_add(struct rst_hot *hot, struct rst_hot_cache *cache, char *piece);

/* A list of objects goes to the depot; back to it, where they were taken from. */
void rst_hot_put_batch(struct rst_hot *hot, struct rst_hot_node *batch, unsigned count);
void rst_hot_put_back(struct rst_hot *hot, struct rst_hot_node *batch, unsigned count);

/* Visits the objects in the depot, a stack at a time, so that others find the rest. */
typedef void rst_hot_visit_fn(void *arg, const struct rst_hot_node *node);
void rst_hot_visit(struct rst_hot *hot, rst_hot_visit_fn *visit, void *arg);

/* How many objects the thread has. */
static inline unsigned rst_hot_count(const struct rst_hot_cache *cache)
{
    return cache->limit - cache->room + (cache->full ? (unsigned)rst_load(&cache->full->count) : 0);
}

/* An object, from the other list, the depot or new memory; NULL: -ENOMEM. */
rst_slow void *rst_hot_take_slow(struct rst_hot *hot, struct rst_hot_cache *cache);

/* Gives back an object when the list has reached its limit. */
rst_slow void rst_hot_put_full_slow(struct rst_hot *hot, struct rst_hot_cache *cache, void *object);

/* Gives back one object without a thread's context. */
rst_slow void rst_hot_put_alone_slow(struct rst_hot *hot, void *object);

/* The thread ends: all of its objects go to the depot. */
void rst_hot_flush(struct rst_hot *hot, struct rst_hot_cache *cache);

static inline struct rst_hot_node *rst_hot_next(const struct rst_hot_node *node)
{
    return (struct rst_hot_node *)(uintptr_t)rst_load(&node->next);
}

/* Takes an object from the thread's list, which is not empty. */
static inline void *rst_hot_pop(struct rst_hot_cache *cache)
{
    struct rst_hot_node *node = cache->top;

    cache->top = rst_hot_next(node);
    cache->room++;
    return node;
}

/* Takes an object; NULL: -ENOMEM. */
static inline void *rst_hot_take(struct rst_hot *hot, struct rst_hot_cache *cache)
{
    return rst_likely(cache->top) ? rst_hot_pop(cache) : rst_hot_take_slow(hot, cache);
}

/* Whether rst_hot_push() has room. */
static inline bool rst_hot_has_room(const struct rst_hot_cache *cache)
{
    return cache->room != 0;
}

/* Gives back an object that no session points to any more; there is room. */
static inline void rst_hot_push(struct rst_hot_cache *cache, void *object)
{
    struct rst_hot_node *node = object;

    rst_store_release(&node->next, (uintptr_t)cache->top); /* after 2; pairs with e of look.h */
    cache->top = node;
    cache->room--;
}

/* Gives back an object that no session points to any more. Never fails, never allocates (G7). */
static inline void rst_hot_put(struct rst_hot *hot, struct rst_hot_cache *cache, void *object)
{
    if (rst_likely(rst_hot_has_room(cache)))
        rst_hot_push(cache, object);
    else
        rst_hot_put_full_slow(hot, cache, object);
}
