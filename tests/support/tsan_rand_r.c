/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * BoxFort maps its arena at 0x200000000000 + (rand_r() << 24), using the low 22 bits, which
 * is mostly inside ThreadSanitizer's shadow. This rand_r takes the place of the C library's
 * and stays in 0x566000000000..0x567fff000000, a range that ThreadSanitizer leaves free.
 */

#include <stdlib.h>

#define ARENA_FIRST 0x366000U
#define ARENA_MASK 0x1fffU

__attribute__((visibility("default"))) int rand_r(unsigned int *seed)
{
    *seed = *seed * 1103515245U + 12345U;
    return (int)(ARENA_FIRST + ((*seed >> 16) & ARENA_MASK));
}
