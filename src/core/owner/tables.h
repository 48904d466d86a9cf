/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The tables that a transaction uses: a list that only grows, in the session's side. It belongs to
 * the transaction whose start timestamp it has; it is never cleared, so ends stay as they are (G9).
 * (Two transactions of one session that chose the same old timestamp look like one: the second
 * inherits the first one's table list. That is harmless: a schema change may wait longer than
 * needed.)
 */
#ifndef ROSTER_CORE_OWNER_TABLES_H
#define ROSTER_CORE_OWNER_TABLES_H

#include "core/roster/side.h"

#include <roster/view.h>
#include <stddef.h>

/* Under the read lock: the tables of the transaction that the view shows, and how many. */
const struct rst_table *rst_tables_of(const struct roster_session *session,
                                      const struct roster_shown *view, size_t *count);

#endif /* ROSTER_CORE_OWNER_TABLES_H */
