/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A program that was built against other headers than the library. */

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include <roster/build.h>

#define AT(name, grows) AT_##name,
enum { ROSTER_BUILD_STRUCTS(AT) STRUCTS };

static const struct roster_build ours = ROSTER_BUILD_INIT;

#define DIFFERS(build, expected)                                                                   \
    do {                                                                                           \
        const char *differs = "";                                                                  \
        cr_expect_eq(roster_build_check(&(build), &differs), -ENOEXEC);                            \
        cr_expect(differs && !strcmp(differs, expected), "%s", differs ? differs : "nothing");     \
    } while (0)

Test(build, fits_itself)
{
    const char *differs = "";

    cr_assert_eq(roster_build_check(&ours, &differs), 0);
    cr_assert_null(differs);
    cr_assert_eq(roster_build_check(&ours, NULL), 0);
    cr_assert_eq(roster_build_check(NULL, &differs), -EINVAL);
}

/* A caller whose header is newer: this library is too old for it. */
Test(build, names_a_struct_that_has_grown)
{
    struct roster_build newer = ours;

    newer.sizes[AT_roster_stats] += 8;
    DIFFERS(newer, "roster_stats");
    newer = ours;
    newer.sizes[AT_roster_stats] -= 8;
    cr_assert_eq(roster_build_check(&newer, NULL), 0); /* older, and the library knows more */
}

/* Structs without a size are read as they are. */
Test(build, names_a_struct_that_is_another)
{
    struct roster_build other = ours;

    other.sizes[AT_roster_entry] += 8;
    DIFFERS(other, "roster_entry");
    other.sizes[AT_roster_entry] -= 16;
    DIFFERS(other, "roster_entry");
    other.sizes[AT_roster_entry] = 0; /* its header has none */
    cr_assert_eq(roster_build_check(&other, NULL), 0);
}

Test(build, wants_a_version_that_is_compatible)
{
    struct roster_build other = ours;

    other.version = ours.version ^ 1; /* the last part */
    cr_assert_eq(roster_build_check(&other, NULL), 0);
    other.version = ours.version + 0x100;
    DIFFERS(other, "version");
    other.version = ours.version + 0x10000;
    DIFFERS(other, "version");
    if (ROSTER_VERSION_MAJOR || !ROSTER_VERSION_MINOR)
        return;
    other.version = ours.version - 0x100;
    DIFFERS(other, "version");
}

/* A header with a struct more. */
Test(build, knows_that_it_does_not_know_all)
{
    struct {
        struct roster_build known;
        size_t more;
    } newer = {ours, 64};
    const char *differs = "";

    newer.known.size = sizeof(newer);
    cr_assert_eq(roster_build_check(&newer.known, &differs), -E2BIG);
    cr_assert_str_eq(differs, "structs");
}
