/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT _Alignof(max_align_t)
#define CHUNK_SIZE ((size_t)4096)

struct chunk {
    struct chunk *next;
    _Alignas(max_align_t) unsigned char data[];
};

/* Stands before the object, in the same allocation. */
struct arena {
    struct chunk *chunks;
    unsigned char *free;
    size_t n_free;
    size_t used;
    size_t limit;
    int error;
    _Alignas(max_align_t) unsigned char object[];
};

static struct arena *arena_of(const void *object)
{
    return (struct arena *)((uintptr_t)object - offsetof(struct arena, object));
}

void *rst_store_arena_new(size_t object_size, size_t limit)
{
    struct arena *arena = calloc(1, sizeof(*arena) + object_size);

    if (!arena)
        return NULL;
    arena->limit = limit;
    return arena->object;
}

static int add_chunk(struct arena *arena, size_t size)
{
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
    struct chunk *chunk = malloc(sizeof(*chunk) + room);

    if (!chunk)
        return -ENOMEM;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->free = chunk->data;
    arena->n_free = room;
    return 0;
}

void *rst_store_arena_alloc(void *object, size_t size)
{
    struct arena *arena = arena_of(object);
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    unsigned char *piece;

    if (size > arena->limit - arena->used) {
        arena->error = -EMSGSIZE;
        return NULL;
    }
    if (rounded > arena->n_free) {
        arena->error = add_chunk(arena, rounded);
        if (arena->error != 0)
            return NULL;
    }
    piece = arena->free;
    arena->free += rounded;
    arena->n_free -= rounded;
    arena->used += size;
    return piece;
}

int rst_store_arena_copy(void *object, struct roster_store_bytes from,
                         struct roster_store_bytes *to)
{
    void *data;

    to->data = NULL;
    to->size = 0;
    if (from.size == 0)
        return 0;
    data = rst_store_arena_alloc(object, from.size);
    if (!data)
        return rst_store_arena_error(object);
    memcpy(data, from.data, from.size);
    to->data = data;
    to->size = from.size;
    return 0;
}

int rst_store_arena_copy_kv(void *object, const struct roster_store_kv *from,
                            struct roster_store_kv *to)
{
    int err;

    *to = *from;
    err = rst_store_arena_copy(object, from->key, &to->key);
    if (!err)
        err = rst_store_arena_copy(object, from->value, &to->value);
    return err;
}

void *rst_store_arena_grow(void *object, void *array, size_t count, size_t item_size)
{
    size_t room = count == 0 ? 4 : count * 2;
    void *larger;

    /* Arrays have room for 4, 8, 16, ... items, so they are full at exactly these counts. */
    if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
        return array;
    larger = rst_store_arena_alloc(object, room * item_size);
    if (larger && count > 0)
        memcpy(larger, array, count * item_size);
    return larger;
}

size_t rst_store_arena_used(const void *object)
{
    return arena_of(object)->used;
}

int rst_store_arena_error(const void *object)
{
    return arena_of(object)->error;
}

void roster_store_free(const void *result)
{
    struct arena *arena;
    struct chunk *next;
    struct chunk *chunk;

    if (!result)
        return;
    arena = arena_of(result);
    for (chunk = arena->chunks; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(arena);
}
