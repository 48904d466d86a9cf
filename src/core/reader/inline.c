/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The functions of roster/inline.h, for callers into which they are not compiled.
 */
#define ROSTER_INLINE

#include <roster/view.h>
