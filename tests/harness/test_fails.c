/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* One failed assertion between two good tests. */

#include <criterion/criterion.h>

Test(fails, before)
{
    cr_assert(1);
}

Test(fails, wrong)
{
    cr_assert_eq(1, 2);
}

Test(fails, zafter)
{
    cr_assert(1);
}
