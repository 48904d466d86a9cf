/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A roster's own heap: memory of any size for objects that readers read in place, such as
 * identities, sides and pins, and that are freed after a grace period. The C library's heap returns
 * free memory to the system only if nothing above it is in use, so after a peak most of it would
 * stay with the process.
 *
 * Each size class is a struct rst_hot without lists of threads: these objects are on no common
 * path, and are mostly freed by another thread than the one that took them. Each power of two has
 * four classes, so at most a fifth of an object is unused.
 */
#pragma once

#include "core/base/hot.h"

/* From 64 bytes to 10 KiB, enough for the longest identity. Larger objects come from the C library.
 */
#define RST_HEAP_CLASSES 30

struct rst_heap {
    struct rst_account *account;
    struct rst_hot classes[RST_HEAP_CLASSES];
};

void rst_heap_init(struct rst_heap *heap, struct rst_account *account);
void rst_heap_destroy(struct rst_heap *heap);

/* Zeroed memory, included in the account; NULL: -ENOMEM. */
void *rst_heap_take(struct rst_heap *heap, size_t bytes);

/* Frees memory that was taken with this size; NULL is allowed. Never fails, never allocates. */
void rst_heap_give(struct rst_heap *heap, const void *memory, size_t bytes);

/* As rst_hot_trim(). */
bool rst_heap_trim(struct rst_heap *heap);

/* As rst_slabs_ahead(). */
size_t rst_heap_ahead(struct rst_heap *heap);
