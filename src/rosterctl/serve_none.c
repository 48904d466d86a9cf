/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * serve, where there is no library for it.
 */
#include "rosterctl/rosterctl.h"

int ctl_serve(const struct options *options)
{
    (void)options;
    return ctl_error(CTL_NOT_FOUND, "serve: rosterctl was built without libmicrohttpd");
}
