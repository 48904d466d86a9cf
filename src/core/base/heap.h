/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A roster's own heap: memory of any size for what readers read in place, such as identities, sides
 * and pins, which is given back after a grace period. The C library's heap would do, but what is
 * free in it goes back to the system only where nothing above is in use, so that after a peak most
 * of it stays with the process.
 *
 * Each size class is a struct rst_hot without lists of threads: these are not on any common path,
 * and are mostly given back by another thread than they were taken by. There are four classes for
 * each power of two, so at most a fifth of an object is unused.
 */
#pragma once

#include "core/base/hot.h"

/* From 64 bytes to 10 KiB, which the longest identity fits into. What is larger is the C library's.
 */
#define RST_HEAP_CLASSES 30

struct rst_heap {
    struct rst_account *account;
    struct rst_hot classes[RST_HEAP_CLASSES];
};

/* Returns 0 or -errno. */
int rst_heap_init(struct rst_heap *heap, struct rst_account *account);
void rst_heap_destroy(struct rst_heap *heap);

/* Memory that is all zero, and in the account; NULL: -ENOMEM. */
void *rst_heap_take(struct rst_heap *heap, size_t bytes);

/* Gives back what was taken with this many bytes; NULL is allowed. Never fails, never allocates. */
void rst_heap_give(struct rst_heap *heap, const void *memory, size_t bytes);

/* As rst_hot_trim(). */
bool rst_heap_trim(struct rst_heap *heap);

/* As rst_slabs_ahead(). */
size_t rst_heap_ahead(struct rst_heap *heap);
