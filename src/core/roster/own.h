/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The contexts of one thread, found by the tag of their roster. They are linked through themselves:
 * nothing is allocated, and a thread that alternates between many rosters passes few of them. Each
 * bit of a tag, the lowest first, chooses one of two branches; tags count upwards, so of n contexts
 * about log2(n) are passed, and never more than 33.
 *
 * A tag is never used twice, so the context of a roster that is gone is not taken for that of
 * another one, wherever that stands in memory. The key is what the tag was at first.
 *
 * All of it is the thread's own.
 */
#ifndef ROSTER_CORE_ROSTER_OWN_H
#define ROSTER_CORE_ROSTER_OWN_H

#include <stdint.h>

/* In each context. */
struct rst_own_node {
    struct rst_own_node *branches[2], *next;
    uint32_t key;
};

/* All zero is none. */
struct rst_own {
    struct rst_own_node *root;
    struct rst_own_node *all; /* linked by `next` */
};

/* The one with this key; NULL when there is none. */
struct rst_own_node *rst_own_find(struct rst_own *own, uint32_t key);

/* Adds one whose key no other has. */
void rst_own_add(struct rst_own *own, struct rst_own_node *node);

/* Takes out the one that `link` leads to, which is `all` or the `next` of one. */
struct rst_own_node *rst_own_remove(struct rst_own *own, struct rst_own_node **link);

#endif /* ROSTER_CORE_ROSTER_OWN_H */
