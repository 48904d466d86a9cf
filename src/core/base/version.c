/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include <roster/version.h>

const char *roster_version(void)
{
    return PACKAGE_VERSION;
}
