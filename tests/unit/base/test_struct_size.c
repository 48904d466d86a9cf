/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Structs that begin with their size, from callers of other versions. */

#include "core/base/struct_size.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

Test(struct_size, of_nothing_all_is_zero)
{
    struct v2 known = {99, 99, 99};

    cr_assert_eq(get(&known, NULL), 0);
    cr_assert(known.size == sizeof(known) && known.a == 0 && known.b == 0);
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

/* A struct whose size was never set is not read as far as that says: here memory ends behind it. */
Test(struct_size, a_size_that_no_struct_has_is_refused_unread)
{
    static const size_t sizes[] = {64 * 1024 + 1, SIZE_MAX / 2, SIZE_MAX};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct v2 known = {99, 99, 99}, *callers = (void *)(pages + page - sizeof(*callers));
    size_t n;

    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + page, page, PROT_NONE), 0);
    for (n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
        callers->size = sizes[n];
        cr_expect_eq(get(&known, callers), -E2BIG);
        cr_expect_eq(rst_struct_check(callers, sizeof(known), sizeof(known)), -E2BIG);
    }
    cr_assert_eq(known.a, 99, "written after an error");
    cr_assert_eq(munmap(pages, 2 * page), 0);
}

/* What is filled in is what the caller has, and nothing behind it. */
Test(struct_size, results_are_filled_in_as_far_as_the_caller_goes)
{
    const struct v2 known = {sizeof(known), 1, 2};
    struct v3 newer = {sizeof(newer), 99, 99, 0}, older = {sizeof(struct v1), 99, 99, 99};

    cr_assert_eq(rst_struct_check(&newer, sizeof(struct v2), sizeof(struct v1)), 0);
    rst_struct_put(&newer, &known, sizeof(known));
    cr_assert(newer.size == sizeof(newer) && newer.a == 1 && newer.b == 2 && newer.c == 0);
    cr_assert_eq(rst_struct_check(&older, sizeof(struct v2), sizeof(struct v1)), 0);
    rst_struct_put(&older, &known, sizeof(known));
    cr_assert(older.size == sizeof(struct v1) && older.a == 1 && older.b == 99 && older.c == 99);
    newer.c = 1;
    cr_assert_eq(rst_struct_check(&newer, sizeof(struct v2), sizeof(struct v1)), -E2BIG);
    older.size--;
    cr_assert_eq(rst_struct_check(&older, sizeof(struct v2), sizeof(struct v1)), -EINVAL);
}
