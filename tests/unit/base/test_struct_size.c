/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Structs that begin with their size, from callers of other versions. */

#include "config.h"

#include "core/base/struct_size.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

/* Versions 1, 2 (ours) and 3 of one struct. */
struct v1 {
    size_t size;
    long a;
};
struct v2 {
    size_t size;
    long a;
    long b;
};
struct v3 {
    size_t size;
    long a;
    long b;
    long c;
};

static int get(struct v2 *known, const void *callers)
{
    return rst_struct_get(known, sizeof(struct v2), sizeof(struct v1), callers);
}

Test(struct_size, an_older_caller_gets_zero_for_what_he_does_not_have)
{
    struct v1 callers = {sizeof(callers), 1};
    struct v2 known = {99, 99, 99};

    cr_assert_eq(get(&known, &callers), 0);
    cr_assert_eq(known.a, 1);
    cr_assert_eq(known.b, 0);
}

Test(struct_size, the_same_version)
{
    struct v2 callers = {sizeof(callers), 1, 2}, known;

    cr_assert_eq(get(&known, &callers), 0);
    cr_assert_eq(known.a, 1);
    cr_assert_eq(known.b, 2);
}

Test(struct_size, a_newer_caller_may_not_ask_for_what_we_do_not_know)
{
    struct v3 callers = {sizeof(callers), 1, 2, 0};
    struct v2 known = {99, 99, 99};

    cr_assert_eq(get(&known, &callers), 0);
    cr_assert_eq(known.b, 2);
    known.b = 99;
    callers.c = LONG_MIN; /* one byte of it is not 0 */
    cr_assert_eq(get(&known, &callers), -E2BIG);
    cr_assert_eq(known.b, 99, "written after an error");
}

Test(struct_size, a_size_below_the_first_version_is_no_struct)
{
    struct v1 callers = {sizeof(callers) - 1, 1};
    struct v2 known = {99, 99, 99};

    cr_assert_eq(get(&known, &callers), -EINVAL);
    callers.size = 0;
    cr_assert_eq(get(&known, &callers), -EINVAL);
    cr_assert_eq(known.a, 99, "written after an error");
}

Test(struct_size, results_fit_exactly_or_less)
{
    cr_assert_eq(rst_struct_check(15, 24, 16), -EINVAL);
    cr_assert_eq(rst_struct_check(16, 24, 16), 0);
    cr_assert_eq(rst_struct_check(20, 24, 16), 0);
    cr_assert_eq(rst_struct_check(24, 24, 16), 0);
    cr_assert_eq(rst_struct_check(25, 24, 16), -E2BIG);
    cr_assert_eq(rst_struct_check(SIZE_MAX, 24, 16), -E2BIG);
}
