/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Memory for objects of one class. It comes from the system in slabs, each twice as large as the
 * one before up to a huge page, so that a small server stays small and a large one spends neither a
 * page on the allocator nor an entry of the TLB on every piece; and it is carved into pieces.
 */
#ifndef ROSTER_CORE_BASE_SLAB_H
#define ROSTER_CORE_BASE_SLAB_H

#include "core/base/rcu.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* What the memory of one roster adds up to. */
struct rst_account {
    rst_word memory;  /* bytes that were carved */
    rst_word backlog; /* bytes that await a grace period */
    uint64_t backlog_limit;
    rst_word backlog_refused;
};

/* 0, or -ENOBUFS, which is counted, when so much awaits a grace period that nothing may join it. */
int rst_account_check(struct rst_account *account);

struct rst_slab {
    struct rst_slab *next;
    char *base;
    size_t bytes;
    size_t carved;
};

struct rst_slabs {
    pthread_mutex_t lock;
    struct rst_slab *newest; /* under the lock */
    size_t piece;            /* bytes; a slab is aligned to a multiple of them, or to a page */
    struct rst_account *account;
};

/* `piece` is a power of two. Returns 0 or -errno. */
int rst_slabs_init(struct rst_slabs *slabs, size_t piece, struct rst_account *account);

/* Returns all memory to the system. */
void rst_slabs_destroy(struct rst_slabs *slabs);

/* A piece, all zero; NULL: -ENOMEM. */
void *rst_slabs_carve(struct rst_slabs *slabs);

#endif /* ROSTER_CORE_BASE_SLAB_H */
