/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Giving memory back to the system. See trim.h.
 */
#include "core/base/trim.h"

#include <stdlib.h>

/* A slab is withdrawn when this many successive trims have found it unused. */
#ifdef ROSTER_TEST_DELAYS
#define LOOKS 1
#else
#define LOOKS 2
#endif

struct slabs {
    struct rst_slab **list; /* in the order of their addresses */
    size_t n;
};

static struct rst_slab *slab_of(const struct slabs *slabs, const void *object)
{
    size_t low = 0, high = slabs->n;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (slabs->list[middle]->base <= (const char *)object)
            low = middle;
        else
            high = middle;
    }
    return slabs->list[low];
}

static void sort_batch(const struct slabs *slabs, struct rst_hot_node *node)
{
    while (node) {
        struct rst_hot_node *next = rst_hot_next(node);
        struct rst_slab *slab = slab_of(slabs, node);

        rst_store_release(&node->next, (uintptr_t)slab->free); /* pairs with e of look.h */
        slab->free = node;
        slab->n_free++;
        node = next;
    }
}

/* Empties the depot into a list of batches, while others push. */
static struct rst_hot_node *take_depot(struct rst_hot *hot)
{
    struct rst_hot_node *all = NULL, *batch, *next;
    unsigned i;

    for (i = 0; i < RST_HOT_STACKS; i++) {
        batch = __atomic_exchange_n(&hot->depot[i], NULL, __ATOMIC_ACQUIRE); /* as stack_pop() */
        for (; batch; batch = next) {
            next = (struct rst_hot_node *)(uintptr_t)rst_load(&batch->after);
            rst_store_release(&batch->after, (uintptr_t)all); /* pairs with e of look.h */
            all = batch;
        }
    }
    return all;
}

/* Gives the free objects of a slab that stays back to the depot, neighbours in one batch. */
static void put_back(struct rst_hot *hot, struct rst_slab *slab)
{
    while (slab->free) {
        struct rst_hot_node *batch = slab->free, *last = batch;
        unsigned count = 1;

        for (; count < hot->most && rst_hot_next(last); count++)
            last = rst_hot_next(last);
        slab->free = rst_hot_next(last);
        rst_store_release(&last->next, 0); /* pairs with e of look.h */
        rst_hot_put_back(hot, batch, count);
    }
    slab->n_free = 0;
}

/* The batches that were taken: to their slabs, or back when there is no memory for the list. */
static size_t sort_all(struct rst_hot *hot, struct rst_hot_node *batch, struct slabs *slabs)
{
    struct rst_hot_node *next;

    slabs->n = rst_slabs_list(&hot->slabs, &slabs->list);
    for (; batch; batch = next) {
        next = (struct rst_hot_node *)(uintptr_t)rst_load(&batch->after);
        if (slabs->n)
            sort_batch(slabs, batch);
        else
            rst_hot_put_back(hot, batch, (unsigned)rst_load(&batch->count));
    }
    return slabs->n;
}

static void count(void *slabs, const struct rst_hot_node *node)
{
    slab_of(slabs, node)->n_free++;
}

static bool is_unused(const struct rst_hot *hot, struct rst_slab *slab, bool withdraw)
{
    return slab->n_free && slab->n_free % hot->per_piece == 0 &&
           rst_slab_is_unused(slab, slab->n_free / hot->per_piece, withdraw);
}

/* Whether any slab seems unused, and in `*goes` whether one has for long enough to be withdrawn. */
static bool look(struct rst_hot *hot, bool *goes)
{
    struct slabs slabs;
    bool again = false;
    size_t i;

    slabs.n = rst_slabs_list(&hot->slabs, &slabs.list);
    for (i = 0; !slabs.n && i < RST_HOT_STACKS; i++)
        again = again || rst_load(&hot->depot[i]); /* there was no memory for the list */
    if (!slabs.n)
        return again;
    rst_hot_visit(hot, count, &slabs);
    for (i = 0; i < slabs.n; i++) {
        struct rst_slab *slab = slabs.list[i];

        if (!is_unused(hot, slab, false))
            slab->looks = 0;
        else if (slab->looks < LOOKS)
            slab->looks++;
        again = again || slab->looks;
        *goes = *goes || slab->looks == LOOKS;
        slab->n_free = 0;
    }
    free(slabs.list);
    return again;
}

/*
 * The whole depot is taken only where a slab will go: in that time others carve what they use, so a
 * trim that gives nothing back would cost memory, and the next one more.
 */
bool rst_hot_trim(struct rst_hot *hot, rst_withdrawn_fn *withdrawn, void *arg)
{
    struct rst_hot_node *taken;
    struct slabs slabs = {NULL, 0};
    bool goes = false, again = look(hot, &goes);
    size_t i;

    if (!goes)
        return again;
    again = false;
    taken = take_depot(hot);
    rst_test_point("trim: depot taken");
    if (!taken || !sort_all(hot, taken, &slabs))
        return true;
    for (i = 0; i < slabs.n; i++) {
        struct rst_slab *slab = slabs.list[i];

        if (slab->looks < LOOKS || !is_unused(hot, slab, true)) {
            again = again || slab->looks;
            put_back(hot, slab);
            continue;
        }
        if (withdrawn)
            withdrawn(arg, slab);
        rst_slab_free_later(slab);
    }
    free(slabs.list);
    return again;
}
