/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A test that ends by a signal. */

#include <signal.h>

#include <criterion/criterion.h>

Test(crashes, by_signal)
{
    raise(SIGKILL);
}
