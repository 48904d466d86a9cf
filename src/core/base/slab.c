/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Memory for objects of one class. See slab.h.
 */
#include "core/base/slab.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* LeakSanitizer takes what only mapped memory leads to for lost, unless it knows of that. */
#ifdef RST_ASAN
#include <sanitizer/lsan_interface.h>
#define root_begins(memory, bytes) __lsan_register_root_region((memory), (bytes))
#define root_ends(memory, bytes) __lsan_unregister_root_region((memory), (bytes))
#else
#define root_begins(memory, bytes) ((void)0)
#define root_ends(memory, bytes) ((void)0)
#endif

#define HUGE_PAGE ((size_t)2 * 1024 * 1024)

#ifdef ROSTER_TEST_DELAYS
/* Slabs come and go all the time, and a thread that looks at one that is gone crashes. */
#define FIRST_SLAB ((size_t)4096)
#define LARGEST_SLAB FIRST_SLAB
#else
#define FIRST_SLAB ((size_t)16 * 1024)
#define LARGEST_SLAB HUGE_PAGE
#endif

int rst_account_check(struct rst_account *account)
{
    if (!rst_account_is_full(account))
        return 0;
    rst_fetch_add(&account->backlog_refused, 1);
    return -ENOBUFS;
}

void rst_slabs_init(struct rst_slabs *slabs, size_t piece, struct rst_account *account)
{
    *slabs =
        (struct rst_slabs){.lock = PTHREAD_MUTEX_INITIALIZER, .piece = piece, .account = account};
}

void *rst_map(size_t bytes, size_t alignment)
{
    char *made =
        mmap(NULL, bytes + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (made == MAP_FAILED)
        return NULL;
    before = -(uintptr_t)made % alignment;
    if (before)
        munmap(made, before);
    munmap(made + before + bytes, alignment - before);
    root_begins(made + before, bytes);
    return made + before;
}

void rst_unmap(void *memory, size_t bytes)
{
    root_ends(memory, bytes);
    /* Leaving a hole takes one more mapping, and the process may have reached its limit. */
    if (munmap(memory, bytes))
        madvise(memory, bytes, MADV_DONTNEED);
}

static size_t whole_pages(size_t bytes)
{
    return (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
}

static void *map_huge(size_t bytes, size_t alignment)
{
    void *made = rst_map(bytes, alignment);

    if (made && bytes >= HUGE_PAGE)
        madvise(made, bytes, MADV_HUGEPAGE); /* a wish */
    return made;
}

void *rst_zeroed_take(size_t bytes)
{
    return bytes < HUGE_PAGE ? calloc(1, bytes) : map_huge(whole_pages(bytes), HUGE_PAGE);
}

void rst_zeroed_give(void *memory, size_t bytes)
{
    if (bytes < HUGE_PAGE)
        free(memory);
    else if (memory)
        rst_unmap(memory, whole_pages(bytes));
}

static struct rst_slab *slab_new(struct rst_slabs *slabs)
{
    struct rst_slab *slab = calloc(1, sizeof(*slab));
    size_t bytes = FIRST_SLAB;

    if (!slab)
        return NULL;
    while (bytes < LARGEST_SLAB && bytes < slabs->bytes / 4)
        bytes *= 2;
    if (bytes < slabs->piece)
        bytes = slabs->piece;
    /* Aligned to all that its pieces may have to be. Small ones are mapped, too: the C library does
     * not for certain return to the system what is freed, least of all in the arenas of threads. */
    slab->base = map_huge(bytes, bytes);
    if (!slab->base) {
        free(slab);
        return NULL;
    }
    slab->bytes = bytes;
    slab->slabs = slabs;
    slab->account = slabs->account;
    return slab;
}

static void slab_free(struct rst_slab *slab)
{
    rst_unmap(slab->base, slab->bytes);
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

    pthread_mutex_lock(&slabs->lock);
    slab = slabs->newest;
    if (!slab || slab->carved == slab->bytes) {
        slab = slab_new(slabs);
        if (slab) {
            slab->next = slabs->newest;
            slabs->newest = slab;
            slabs->bytes += slab->bytes;
        }
    }
    if (slab) {
        piece = slab->base + slab->carved;
        slab->carved += slabs->piece;
    }
    pthread_mutex_unlock(&slabs->lock);
    if (piece)
        rst_fetch_add(&slabs->account->memory, slabs->piece);
    return piece;
}

/* Whether the kernel has given the last page of a slab. */
static bool has_last_page(const struct rst_slab *slab)
{
    char *end = slab->base + slab->bytes;
    unsigned char state = 0;

    return !mincore(end - sysconf(_SC_PAGESIZE), 1, &state) && (state & 1);
}

/* Only the newest slab has pieces left. */
size_t rst_slabs_ahead(struct rst_slabs *slabs)
{
    const struct rst_slab *slab;
    size_t bytes = 0;

    pthread_mutex_lock(&slabs->lock);
    slab = slabs->newest;
    if (slab && slab->carved < slab->bytes && has_last_page(slab))
        bytes = slab->bytes - slab->carved;
    pthread_mutex_unlock(&slabs->lock);
    return bytes;
}

static int by_address(const void *a, const void *b)
{
    const struct rst_slab *const *left = a, *const *right = b;

    return (*left)->base < (*right)->base ? -1 : (*left)->base > (*right)->base;
}

size_t rst_slabs_list(struct rst_slabs *slabs, struct rst_slab ***list)
{
    struct rst_slab *slab;
    size_t n = 0;

    pthread_mutex_lock(&slabs->lock);
    for (slab = slabs->newest; slab; slab = slab->next)
        n++;
    *list = n ? malloc(n * sizeof(struct rst_slab *)) : NULL;
    n = 0;
    for (slab = *list ? slabs->newest : NULL; slab; slab = slab->next)
        (*list)[n++] = slab;
    pthread_mutex_unlock(&slabs->lock);
    if (n)
        qsort(*list, n, sizeof(struct rst_slab *), by_address);
    return n;
}

bool rst_slab_is_unused(struct rst_slab *slab, size_t pieces, bool withdraw)
{
    struct rst_slabs *slabs = slab->slabs;
    struct rst_slab **link = &slabs->newest;
    bool unused;

    pthread_mutex_lock(&slabs->lock);
    unused = slab->carved == pieces * slabs->piece;
    if (unused && withdraw) {
        while (*link != slab)
            link = &(*link)->next;
        *link = slab->next;
        slabs->bytes -= slab->bytes;
    }
    pthread_mutex_unlock(&slabs->lock);
    return unused;
}

static void free_slab(struct rcu_head *head)
{
    struct rst_slab *slab = caa_container_of(head, struct rst_slab, rcu);

    rst_callback_begin(head);
    rst_fetch_sub(&slab->account->memory, slab->carved);
    slab_free(slab);
    rst_callback_end();
}

void rst_slab_free_later(struct rst_slab *slab)
{
    rst_call_rcu(&slab->rcu, free_slab);
}
