/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner keeps the statement that ended last. See roster/last.h.
 */
#ifndef ROSTER_CORE_OWNER_LAST_H
#define ROSTER_CORE_OWNER_LAST_H

#include "core/roster/look.h"
#include "core/roster/session.h"

/* Keeps a statement, or nothing for NULL; returns what was kept before, to be given back after
 * what shows the end was published, or NULL. */
rst_slow struct rst_statement *rst_last_swap_slow(struct roster_session *session,
                                                  struct rst_statement *statement);

/* Keeps nothing any more. */
rst_slow void rst_last_drop_slow(struct roster_session *session);

#endif /* ROSTER_CORE_OWNER_LAST_H */
