/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/** \file
 * What the error numbers mean that Roster's functions return.
 */
#ifndef ROSTER_ERROR_H
#define ROSTER_ERROR_H

#include <roster/export.h>

ROSTER_BEGIN_DECLS

/**
 * Explains the result of a function of Roster: what happened and what to do about it.
 *
 * \param err 0 or the negative errno that the function returned.
 * \return A constant string, never NULL, valid for the life of the program. Numbers that no
 *         function of Roster returns, positive ones included, are explained as such.
 *
 * May be called from any thread and from a signal handler.
 */
ROSTER_API const char *roster_strerror(int err);

ROSTER_END_DECLS

#endif
