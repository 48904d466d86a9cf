/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Memory for objects of one class. It comes from the system in slabs, each of about a quarter of
 * what there is already, up to a huge page, so that a small server stays small and a large one
 * spends neither a page on the allocator nor an entry of the TLB on every piece; and it is carved
 * into pieces. Slabs with no piece in use go back to the system, see trim.h.
 */
#pragma once

#include "core/base/rcu.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* What the memory of one roster adds up to. */
struct rst_account {
    rst_word memory;  /* bytes that are held, in use or not */
    rst_word backlog; /* bytes that await a grace period */
    rst_word freed;   /* 1: objects came back, so that trim.h may find something */
    uint64_t backlog_limit;
    rst_word backlog_refused;
};

/* Of something that grows and shrinks by itself, `counted` bytes are in the account: makes them
 * `bytes`. */
static inline void rst_account_change(struct rst_account *account, size_t *counted, size_t bytes)
{
    rst_fetch_add(&account->memory, (uint64_t)bytes - *counted); /* also less, on 32 bits */
    *counted = bytes;
}

/* 0, or -ENOBUFS, which is counted, when so much awaits a grace period that nothing may join it. */
int rst_account_check(struct rst_account *account);

/* Zero memory straight from the kernel, at a multiple of `alignment`, a power of two; NULL: none.
 */
void *rst_map(size_t bytes, size_t alignment);
void rst_unmap(void *memory, size_t bytes);

/* Memory that is 0, or NULL. Where it is large it is mapped, in huge pages if the system has them,
 * and not of the host's heap, whose pages would keep that wish. NULL may be given back. */
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
    struct rst_hot_node *free; /* trim.c's: the slab's free objects, and how many they are */
    size_t n_free;
    unsigned looks; /* in how many trims in a row it was unused */
};

struct rst_slabs {
    pthread_mutex_t lock;
    struct rst_slab *newest; /* under the lock, as the next */
    size_t bytes;            /* of all slabs */
    size_t piece;            /* bytes; a slab is aligned to a multiple of them, or to a page */
    struct rst_account *account;
};

/* `piece` is a power of two. Returns 0 or -errno. */
int rst_slabs_init(struct rst_slabs *slabs, size_t piece, struct rst_account *account);

/* Returns all memory to the system. */
void rst_slabs_destroy(struct rst_slabs *slabs);

/* Bytes that the kernel has given for pieces still to be carved: a huge page comes as a whole. */
size_t rst_slabs_ahead(struct rst_slabs *slabs);

/* A piece, all zero; NULL: -ENOMEM. */
void *rst_slabs_carve(struct rst_slabs *slabs);

/*
 * All slabs in the order of their addresses; they stay until they are withdrawn. Returns their
 * number, and an array that the caller frees; 0 when there is no memory for it.
 */
size_t rst_slabs_list(struct rst_slabs *slabs, struct rst_slab ***list);

/*
 * Whether all pieces that were carved from a slab are these, which are free. If so, and if wanted,
 * it is withdrawn; _free_later() then gives its memory back after a grace period.
 */
bool rst_slab_is_unused(struct rst_slab *slab, size_t pieces, bool withdraw);
void rst_slab_free_later(struct rst_slab *slab);
