/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A roster's own heap. See heap.h.
 */
#include "core/base/heap.h"

#include "core/base/trim.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_LOG2 6
#define LEAST ((size_t)1 << LEAST_LOG2)

/* AddressSanitizer and valgrind see more if all memory comes from the C library. */
#ifdef RST_ASAN
#define IS_WATCHED true
#elif defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define IS_WATCHED (RUNNING_ON_VALGRIND != 0)
#endif
#endif
#ifndef IS_WATCHED
#define IS_WATCHED false
#endif

/* Pieces of memory, as slab.h carves them: of some eight objects. */
#define LEAST_PIECE ((size_t)4096)
#define LARGEST_PIECE ((size_t)32768)

/* The bytes of the objects of a class. */
static size_t size_of(unsigned class)
{
    return class ? (LEAST / 4) * (5 + (class - 1) % 4) << (class - 1) / 4 : LEAST;
}

static unsigned class_of(size_t bytes)
{
    unsigned log2;

    if (bytes <= LEAST)
        return 0;
    log2 = 63 - (unsigned)__builtin_clzll(bytes - 1);
    return 4 * (log2 - LEAST_LOG2) + (unsigned)((bytes - 1) >> (log2 - 2) & 3) + 1;
}

/* The class that it is of; NULL: it is the C library's. */
static struct rst_hot *hot_of(struct rst_heap *heap, size_t bytes)
{
    unsigned class = class_of(bytes);

    return class < RST_HEAP_CLASSES && !IS_WATCHED ? &heap->classes[class] : NULL;
}

void rst_heap_init(struct rst_heap *heap, struct rst_account *account)
{
    unsigned n;

    heap->account = account;
    for (n = 0; n < RST_HEAP_CLASSES; n++) {
        size_t size = size_of(n), piece = LEAST_PIECE;

        while (piece < LARGEST_PIECE && piece < 8 * size)
            piece *= 2;
        rst_hot_init_nodes(&heap->classes[n], piece, 0, size, piece / size, account);
    }
}

void rst_heap_destroy(struct rst_heap *heap)
{
    unsigned n;

    for (n = 0; n < RST_HEAP_CLASSES; n++)
        rst_hot_destroy(&heap->classes[n]);
}

void *rst_heap_take(struct rst_heap *heap, size_t bytes)
{
    struct rst_hot *hot = hot_of(heap, bytes);
    struct rst_hot_cache none = {NULL, NULL, 0, 0};
    void *memory;

    if (!hot) {
        memory = calloc(1, bytes);
        if (memory)
            rst_fetch_add(&heap->account->memory, bytes);
        return memory;
    }
    memory = rst_hot_take_slow(hot, &none);
    rst_hot_flush(hot, &none);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void rst_heap_give(struct rst_heap *heap, const void *memory, size_t bytes)
{
    void *given = (void *)(uintptr_t)memory;
    struct rst_hot *hot = hot_of(heap, bytes);

    if (!given)
        return;
    if (hot) {
        rst_poison(given, bytes);
        rst_hot_put_alone_slow(hot, given);
    } else {
        rst_fetch_sub(&heap->account->memory, bytes);
        free(given);
    }
}

bool rst_heap_trim(struct rst_heap *heap)
{
    bool again = false;
    unsigned n;

    for (n = 0; n < RST_HEAP_CLASSES; n++)
        again = rst_hot_trim(&heap->classes[n], NULL, NULL) || again;
    return again;
}

size_t rst_heap_ahead(struct rst_heap *heap)
{
    size_t bytes = 0;
    unsigned n;

    for (n = 0; n < RST_HEAP_CLASSES; n++)
        bytes += rst_slabs_ahead(&heap->classes[n].slabs);
    return bytes;
}
