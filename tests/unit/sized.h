/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The rule for structs that begin with their size (doc/abi.md), for any public call that takes one.
 * tests/library/sized.sh wants every such call to be in a table of these.
 */
#pragma once

#include <criterion/criterion.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* What a newer caller's struct may have behind what the library knows. */
#define SIZED_MORE 24

struct sized {
    const char *name;
    size_t size; /* sizeof of the struct */
    /* Calls with the struct, fills in what else it needs, and undoes what it did when that is 0. */
    int (*call)(void *callers);
    bool is_result;
};

static inline int sized_call(const struct sized *sized, unsigned char *bytes, size_t size,
                             unsigned char last)
{
    memset(bytes, 0, sized->size + SIZED_MORE);
    memcpy(bytes, &size, sizeof(size));
    bytes[sized->size + SIZED_MORE - 1] = last;
    return sized->call(bytes);
}

static inline void sized_check(const struct sized *sized)
{
    static const unsigned char zeros[SIZED_MORE];
    unsigned char bytes[16384] __attribute__((aligned(16)));
    size_t size = sized->size, larger = size + SIZED_MORE;

    cr_assert_leq(larger, sizeof(bytes));
    cr_expect_eq(sized_call(sized, bytes, 0, 0), -EINVAL, "%s: no size", sized->name);
    cr_expect_eq(sized_call(sized, bytes, size - 1, 0), -EINVAL, "%s: too small", sized->name);
    cr_expect_eq(sized_call(sized, bytes, size, 0), 0, "%s", sized->name);
    cr_expect_eq(sized_call(sized, bytes, larger, 1), -E2BIG, "%s: unknown", sized->name);
    cr_expect_eq(sized_call(sized, bytes, larger, 0), 0, "%s: larger", sized->name);
    if (!sized->is_result)
        return;
    cr_expect_eq(memcmp(bytes, &larger, sizeof(larger)), 0, "%s: size changed", sized->name);
    cr_expect_eq(memcmp(bytes + size, zeros, SIZED_MORE), 0, "%s: wrote too far", sized->name);
}
