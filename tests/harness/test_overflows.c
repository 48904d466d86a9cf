/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A signed overflow, undefined in C. */

#include <limits.h>

#include <criterion/criterion.h>

static volatile int biggest = INT_MAX;

Test(overflows, signed_addition)
{
    biggest = biggest + 1;
}
