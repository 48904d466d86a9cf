/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The version, of the header at compile time and of the library at run time.
 */
#ifndef ROSTER_VERSION_H
#define ROSTER_VERSION_H

#include <roster/export.h>

#define ROSTER_VERSION_MAJOR 0
#define ROSTER_VERSION_MINOR 1
#define ROSTER_VERSION_PATCH 0

/* One number to compare with: 0x000100 is version 0.1.0. */
#define ROSTER_VERSION_NUMBER                                                                      \
    (ROSTER_VERSION_MAJOR << 16 | ROSTER_VERSION_MINOR << 8 | ROSTER_VERSION_PATCH)

ROSTER_BEGIN_DECLS

/* Returns the version of the library in use as a constant string, such as "0.1.0". */
ROSTER_API const char *roster_version(void);

ROSTER_END_DECLS

#endif
