/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The version of the library and of its headers. */

#include "config.h"

#include <stdio.h>

#include <criterion/criterion.h>

#include <roster/version.h>

Test(version, library_and_header_agree)
{
    char text[32];

    snprintf(text, sizeof(text), "%d.%d.%d", ROSTER_VERSION_MAJOR, ROSTER_VERSION_MINOR,
             ROSTER_VERSION_PATCH);
    cr_assert_str_eq(roster_version(), text);
    cr_assert_str_eq(roster_version(), PACKAGE_VERSION);
}

Test(version, number_grows_with_each_part)
{
    cr_assert_eq(ROSTER_VERSION_NUMBER >> 16, ROSTER_VERSION_MAJOR);
    cr_assert_eq(ROSTER_VERSION_NUMBER >> 8 & 0xff, ROSTER_VERSION_MINOR);
    cr_assert_eq(ROSTER_VERSION_NUMBER & 0xff, ROSTER_VERSION_PATCH);
}
