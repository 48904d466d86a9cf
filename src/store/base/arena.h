/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Results: an object and everything that it points to, built piece by piece and freed as one by
 * roster_store_free(). The object's memory is zeroed, that of later pieces is not.
 */
#pragma once

#include <stddef.h>

#include <roster/store.h>

/* Returns an object to which pieces of up to `limit` bytes in all may be added; NULL: memory. */
void *rst_store_arena_new(size_t object_size, size_t limit);

/* Returns memory that lives as long as the object, or NULL, see rst_store_arena_error(). */
void *rst_store_arena_alloc(void *object, size_t size);

/* Copies bytes; on failure returns -ENOMEM or -EMSGSIZE. */
int rst_store_arena_copy(void *object, struct roster_store_bytes from,
                         struct roster_store_bytes *to);

/* Copies a key with all that belongs to it; on failure returns -ENOMEM or -EMSGSIZE. */
int rst_store_arena_copy_kv(void *object, const struct roster_store_kv *from,
                            struct roster_store_kv *to);

/*
 * Makes room in an array that has `count` items and was only ever grown by this function, one
 * item at a time: returns the array, moved or not, or NULL, see rst_store_arena_error().
 */
void *rst_store_arena_grow(void *object, void *array, size_t count, size_t item_size);

/* Bytes added so far. */
size_t rst_store_arena_used(const void *object);

/* Why the last allocation failed: -ENOMEM, or -EMSGSIZE for the limit. */
int rst_store_arena_error(const void *object);
