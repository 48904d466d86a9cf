/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Scans in progress, and pins reported to them. See scanners.h.
 */
#include "core/base/scanners.h"

#include <stdlib.h>
#include <string.h>

void rst_scanners_init(struct rst_scanners *scanners)
{
    memset(scanners, 0, sizeof(*scanners));
    scanners->all = &scanners->first;
}

void rst_scanners_destroy(struct rst_scanners *scanners)
{
    while (scanners->all != &scanners->first) {
        struct rst_scanner *next = scanners->all->next;

        free(scanners->all);
        scanners->all = next;
    }
}

static struct rst_scanner *add(struct rst_scanners *scanners, uint64_t *memory)
{
    struct rst_scanner *made = aligned_alloc(RST_CACHE_LINE, sizeof(*made));

    if (!made)
        return NULL;
    memset(made, 0, sizeof(*made));
    made->active = 1;
    made->next = rst_load(&scanners->all);
    /* Release, before b: a pin whose slot the scan misses finds it. Pairs with the acquire in
     * rst_scanners_note(). */
    while (!__atomic_compare_exchange_n(&scanners->all, &made->next, made, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    rst_fetch_add(memory, sizeof(*made));
    return made;
}

static struct rst_scanner *claim(struct rst_scanners *scanners, uint64_t *memory)
{
    struct rst_scanner *scanner;

    /* Acquire; pairs with the release in add(). */
    for (scanner = rst_load_acquire(&scanners->all); scanner; scanner = scanner->next)
        /* 1: acquire; pairs with h */
        if (!rst_load(&scanner->active) &&
            !__atomic_exchange_n(rst_whole(&scanner->active), 1, __ATOMIC_ACQ_REL))
            return scanner;
    return add(scanners, memory);
}

struct rst_scanner *rst_scanner_begin(struct rst_scanners *scanners, uint64_t *memory)
{
    struct rst_scanner *scanner = claim(scanners, memory);

    if (!scanner)
        return NULL;
    /* 2: before b; release, so that a thread that finds it sees f of the scan before. Pairs with
     * note(), and with rst_scanner_decided(): a thread that sees the number sees that low is open.
     */
    rst_store_release(&scanner->low, RST_LOW_NONE);
    rst_store_release(&scanner->seq, rst_load(&scanner->seq) + 1);
    return scanner;
}

void rst_scanner_end(struct rst_scanner *scanner)
{
    /* h: release, after f; pairs with 1, and with the acquire in rst_scanners_note() */
    rst_store_release(&scanner->active, 0);
}

bool rst_scanner_decide(struct rst_scanner *scanner, uint64_t low,
                        const struct rst_decision *decision)
{
    /* Release, after the number of this scan; pairs with rst_scanner_decided(). */
    rst_store_release(&scanner->bound, decision->bound);
    rst_store_release(&scanner->from, decision->from);
    rst_store_release(&scanner->safe_point, decision->safe_point);
    /* e: release, after d; acquire: what was pinned is seen. Pairs with note(). */
    return __atomic_compare_exchange_n(rst_whole(&scanner->low), &low, 0, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

bool rst_scanner_decided(const struct rst_scanner *scanner, struct rst_decision *decision)
{
    /* Acquire; pairs with 2. What the next scan decides, and may yet decide otherwise, comes with
     * the next number; each of these pairs with rst_scanner_decide(). */
    uint64_t seq = rst_load_acquire(&scanner->seq);

    if (rst_load_acquire(&scanner->low)) /* pairs with 2 and e */
        return false;
    decision->bound = rst_load_acquire(&scanner->bound);
    decision->from = rst_load_acquire(&scanner->from);
    decision->safe_point = rst_load_acquire(&scanner->safe_point);
    /* Acquire: a thread that sees the next scan sees f of this one. Pairs with 2. */
    return rst_load_acquire(&scanner->seq) == seq;
}

static bool note(struct rst_scanner *scanner, uint64_t ts)
{
    struct rst_decision decision;
    uint64_t low = rst_load_acquire(&scanner->low); /* pairs with 2 and e */

    while (low > ts)
        if (__atomic_compare_exchange_n(rst_whole(&scanner->low), &low, ts, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return true;
    return low || !rst_scanner_decided(scanner, &decision) || ts >= decision.bound;
}

bool rst_scanners_note(struct rst_scanners *scanners, uint64_t ts)
{
    struct rst_scanner *scanner;
    bool stands = true;

    /* Acquire; pairs with the release in add(), and with h. */
    for (scanner = rst_load_acquire(&scanners->all); scanner; scanner = scanner->next)
        if (rst_load_acquire(&scanner->active))
            stands &= note(scanner, ts);
    return stands;
}
