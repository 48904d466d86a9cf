/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A read of freed memory. */

#include <stdlib.h>

#include <criterion/criterion.h>

static char *volatile kept;

static void drop(void)
{
    free(kept);
}

Test(uses_after_free, read)
{
    volatile char seen;

    kept = calloc(1, 100);
    cr_assert(kept != NULL);
    drop();
    seen = kept[50];
    (void)seen;
}
