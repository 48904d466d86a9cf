/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The contexts of one thread. See own.h.
 */
#include "core/roster/own.h"

#include <string.h>

/* What leads to the one with this key, or would. */
static struct rst_own_node **place_of(struct rst_own *own, uint32_t key)
{
    struct rst_own_node **link = &own->root;
    uint32_t bits;

    for (bits = key; *link && (*link)->key != key; bits >>= 1)
        link = &(*link)->branches[bits & 1];
    return link;
}

struct rst_own_node *rst_own_find(struct rst_own *own, uint32_t key)
{
    return *place_of(own, key);
}

void rst_own_add(struct rst_own *own, struct rst_own_node *node)
{
    memset(node->branches, 0, sizeof(node->branches));
    *place_of(own, node->key) = node;
    node->next = own->all;
    node->link = &own->all;
    if (node->next)
        node->next->link = &node->next;
    own->all = node;
}

/* Any one without branches that is below, or this one itself, takes its place: what leads to either
 * begins with the same bits. */
static void take_out(struct rst_own_node **place)
{
    struct rst_own_node *node = *place, **link = place, *last;

    while ((*link)->branches[0] || (*link)->branches[1])
        link = &(*link)->branches[!(*link)->branches[0]];
    last = *link;
    *link = NULL;
    if (last == node)
        return;
    memcpy(last->branches, node->branches, sizeof(last->branches));
    *place = last;
}

void rst_own_remove(struct rst_own *own, struct rst_own_node *node)
{
    *node->link = node->next;
    if (node->next)
        node->next->link = node->link;
    take_out(place_of(own, node->key));
}

struct rst_own_node *rst_own_pop_gone(struct rst_own *own)
{
    struct rst_own_node *node = own->gone;

    if (!node)
        return NULL;
    own->gone = node->gone_next;
    rst_own_remove(own, node);
    return node;
}
