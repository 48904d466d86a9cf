/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The contexts of one thread, found by the tag of their roster. They are linked through themselves:
 * nothing is allocated, and a thread that alternates between many rosters visits few of them. Each
 * bit of a tag, the lowest first, chooses one of two branches; tags count upwards, so of n contexts
 * about log2(n) are visited, and never more than 33.
 *
 * A tag is never used twice, so the context of a destroyed roster is not mistaken for that of
 * another one at the same address. The key is the original tag.
 *
 * Only the thread itself uses all of this, except `gone`: destroying a roster puts its contexts
 * there, under the process-wide lock, so that a thread finds those that it has to free without
 * visiting the others.
 */
#pragma once

#include <stdint.h>

/* In each context. */
struct rst_own_node {
    struct rst_own_node *branches[2];
    struct rst_own_node *next, **link; /* in `all`; what leads to this one */
    struct rst_own_node *gone_next;    /* in `gone` */
    uint32_t key;
};

/* All zero is none. */
struct rst_own {
    struct rst_own_node *root;
    struct rst_own_node *all;
    struct rst_own_node *gone; /* their rosters are; they are in `all` as well */
};

/* The one with this key; NULL when there is none. */
struct rst_own_node *rst_own_find(struct rst_own *own, uint32_t key);

/* Adds one whose key no other has. */
void rst_own_add(struct rst_own *own, struct rst_own_node *node);

/* Takes one out. */
void rst_own_remove(struct rst_own *own, struct rst_own_node *node);

/* Its roster is gone. Under the process-wide lock, as the next. */
static inline void rst_own_push_gone(struct rst_own *own, struct rst_own_node *node)
{
    node->gone_next = own->gone;
    own->gone = node;
}

/* Takes one out whose roster is gone; NULL: there is none. */
struct rst_own_node *rst_own_pop_gone(struct rst_own *own);
