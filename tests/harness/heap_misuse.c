/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* heap_misuse overflow|late: an object of a roster's own heap is written past its end, or read
 * after it was freed. */

#include "core/base/heap.h"
#include "core/base/reclaim.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 100 };

int main(int argc, char **argv)
{
    static struct rst_account account = {.backlog_limit = UINT64_MAX};
    static struct rst_heap heap;
    volatile char *object;
    char seen = 0;

    if (argc != 2 || rst_reclaim_start(false))
        return 2;
    rst_heap_init(&heap, &account);
    object = rst_heap_take(&heap, SIZE);
    if (!object)
        return 2;
    if (strcmp(argv[1], "overflow") == 0)
        object[SIZE] = 1;
    rst_heap_give(&heap, (const void *)object, SIZE);
    if (strcmp(argv[1], "late") == 0)
        seen = object[SIZE / 2];
    rst_heap_destroy(&heap);
    rst_reclaim_end(false);
    return seen ? 1 : 0;
}
