/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Memory for objects of one class. See slab.h.
 */
#include "core/base/slab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 * 1024 * 1024)
#define FIRST_SLAB ((size_t)16 * 1024)

int rst_account_check(struct rst_account *account)
{
    if (rst_load(&account->backlog) <= account->backlog_limit)
        return 0;
    rst_fetch_add(&account->backlog_refused, 1);
    return -ENOBUFS;
}

int rst_slabs_init(struct rst_slabs *slabs, size_t piece, struct rst_account *account)
{
    slabs->newest = NULL;
    slabs->piece = piece;
    slabs->account = account;
    return -pthread_mutex_init(&slabs->lock, NULL);
}

/* Memory that begins at a multiple of a huge page, straight from the kernel, and is zero. */
static char *map_aligned(size_t bytes)
{
    char *made =
        mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (made == MAP_FAILED)
        return NULL;
    before = -(uintptr_t)made % HUGE_PAGE;
    if (before)
        munmap(made, before);
    munmap(made + before + bytes, HUGE_PAGE - before);
    madvise(made + before, bytes, MADV_HUGEPAGE); /* a wish */
    return made + before;
}

static bool is_mapped(size_t bytes)
{
    return bytes >= HUGE_PAGE;
}

static struct rst_slab *slab_new(const struct rst_slabs *slabs)
{
    struct rst_slab *slab = malloc(sizeof(*slab));
    size_t bytes = slabs->newest ? 2 * slabs->newest->bytes : FIRST_SLAB;

    if (!slab)
        return NULL;
    if (bytes > HUGE_PAGE)
        bytes = HUGE_PAGE;
    if (bytes < slabs->piece)
        bytes = slabs->piece;
    slab->base = is_mapped(bytes) ? map_aligned(bytes) : aligned_alloc(slabs->piece, bytes);
    if (!slab->base) {
        free(slab);
        return NULL;
    }
    slab->bytes = bytes;
    slab->carved = 0;
    return slab;
}

static void slab_free(struct rst_slab *slab)
{
    if (is_mapped(slab->bytes))
        munmap(slab->base, slab->bytes);
    else
        free(slab->base);
    free(slab);
}

void rst_slabs_destroy(struct rst_slabs *slabs)
{
    while (slabs->newest) {
        struct rst_slab *next = slabs->newest->next;

        slab_free(slabs->newest);
        slabs->newest = next;
    }
    pthread_mutex_destroy(&slabs->lock);
}

void *rst_slabs_carve(struct rst_slabs *slabs)
{
    struct rst_slab *slab;
    void *piece = NULL;
    bool mapped = false;

    pthread_mutex_lock(&slabs->lock);
    slab = slabs->newest;
    if (!slab || slab->carved == slab->bytes) {
        slab = slab_new(slabs);
        if (slab) {
            slab->next = slabs->newest;
            slabs->newest = slab;
        }
    }
    if (slab) {
        piece = slab->base + slab->carved;
        slab->carved += slabs->piece;
        mapped = is_mapped(slab->bytes);
    }
    pthread_mutex_unlock(&slabs->lock);
    if (!piece)
        return NULL;
    rst_fetch_add(&slabs->account->memory, slabs->piece);
    return mapped ? piece : memset(piece, 0, slabs->piece);
}
