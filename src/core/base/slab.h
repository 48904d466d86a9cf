/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Memory for objects of one class. It comes from the system in slabs, which are carved into pieces.
 * A new slab has about a quarter of the memory already held, up to a huge page. So a small server
 * stays small, and a large one needs neither an allocator page nor a TLB entry for every piece.
 * Slabs with no piece in use are returned to the system, see trim.h.
 */
#pragma once

#include "core/base/rcu.h"
#include "core/base/reclaim.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* The memory of one roster. */
struct rst_account {
    rst_word memory;  /* bytes held, in use or not */
    rst_word backlog; /* bytes that await a grace period */
    rst_word freed;   /* 1: objects came back, so a trim may find something */
    uint64_t backlog_limit;
    rst_word backlog_refused;
};

/* For an object that grows and shrinks by itself: changes the `counted` bytes in the account to
 * `bytes`. */
static inline void rst_account_change(struct rst_account *account, size_t *counted, size_t bytes)
{
    rst_fetch_add(&account->memory, (uint64_t)bytes - *counted); /* also less, on 32 bits */
    *counted = bytes;
}

/* Whether so much awaits a grace period that nothing may join it that can be refused. */
static inline bool rst_account_is_full(const struct rst_account *account)
{
    return rst_load(&account->backlog) > account->backlog_limit;
}

/* 0, or -ENOBUFS, which is counted, when it is full. */
int rst_account_check(struct rst_account *account);

/*
 * Each time that as many bytes more await a grace period, the next one begins without the usual
 * pause. A thread that opens and closes all the time then goes round in memory that the caches of
 * its processor hold; with the pause alone, in several times as much.
 */
#define RST_URGENT_BYTES RST_SMALL_IF_SANITIZED((uint64_t)1024 * 1024, (uint64_t)64 * 1024)

/* Counts bytes that await a grace period; called before rst_call_rcu(). */
static inline void rst_account_await(struct rst_account *account, size_t bytes)
{
    uint64_t before = rst_fetch_add(&account->backlog, bytes);

    if (before / RST_URGENT_BYTES != (before + bytes) / RST_URGENT_BYTES)
        rst_reclaim_soon();
}

/* Zeroed memory from the kernel, at a multiple of `alignment`, a power of two; NULL: out of memory.
 */
void *rst_map(size_t bytes, size_t alignment);
void rst_unmap(void *memory, size_t bytes);

/* Zeroed memory, or NULL. Large memory is mapped, in huge pages if the system has them, and does
 * not come from the host's heap, whose pages would keep the advice. NULL may be freed. */
void *rst_zeroed_take(size_t bytes);
void rst_zeroed_give(void *memory, size_t bytes);

struct rst_slab {
    struct rst_slab *next;
    char *base;
    size_t bytes;
    size_t carved;
    struct rst_slabs *slabs;
    struct rst_account *account;
    struct rcu_head rcu;
    struct rst_hot_node *free; /* of trim.c: the slab's free objects, and their number */
    size_t n_free;
    unsigned looks; /* successive trims that found it unused */
};

struct rst_slabs {
    pthread_mutex_t lock;
    struct rst_slab *newest; /* under the lock, as the next */
    size_t bytes;            /* of all slabs */
    size_t piece;            /* bytes; a slab is aligned to its size */
    struct rst_account *account;
};

/* `piece` is a power of two. */
void rst_slabs_init(struct rst_slabs *slabs, size_t piece, struct rst_account *account);

/* Returns all memory to the system. */
void rst_slabs_destroy(struct rst_slabs *slabs);

/* Resident bytes of pieces not carved yet: the kernel provides a huge page as a whole. */
size_t rst_slabs_ahead(struct rst_slabs *slabs);

/* A zeroed piece; NULL: -ENOMEM. */
void *rst_slabs_carve(struct rst_slabs *slabs);

/*
 * All slabs by address; they stay until they are withdrawn. Returns their number, and an array that
 * the caller frees; 0 if there is no memory for it.
 */
size_t rst_slabs_list(struct rst_slabs *slabs, struct rst_slab ***list);

/*
 * Whether these free pieces are all that were carved from the slab. If so, and if wanted, the slab
 * is withdrawn; _free_later() then frees its memory after a grace period.
 */
bool rst_slab_is_unused(struct rst_slab *slab, size_t pieces, bool withdraw);
void rst_slab_free_later(struct rst_slab *slab);
