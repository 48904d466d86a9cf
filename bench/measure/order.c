/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Orders. See order.h.
 */
#include "order.h"

#include <string.h>

/* Pointers of whatever type, so they are moved as bytes. */
static void swap(char *a, char *b)
{
    char kept[sizeof(void *)];

    memcpy(kept, a, sizeof(kept));
    memcpy(a, b, sizeof(kept));
    memcpy(b, kept, sizeof(kept));
}

void order_shuffle(void *pointers, size_t n)
{
    uint64_t random = UINT64_C(362436069362436069);
    char *bytes = pointers;
    size_t i;

    for (i = n; i > 1; i--)
        swap(bytes + (i - 1) * sizeof(void *), bytes + random_below(&random, i) * sizeof(void *));
}

void order_spread(void *pointers, size_t n, size_t few)
{
    size_t i, stride = few ? n / few : 1;
    char *bytes = pointers;

    for (i = 0; i < few; i++)
        swap(bytes + i * sizeof(void *), bytes + i * stride * sizeof(void *));
}
