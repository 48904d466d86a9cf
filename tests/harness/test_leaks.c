/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A leak, which AddressSanitizer finds only after the test has passed for Criterion. */

#include <stdlib.h>

#include <criterion/criterion.h>

static void *volatile kept;

Test(leaks, memory)
{
    kept = malloc(4321);
    cr_assert(kept != NULL);
    kept = NULL;
}
