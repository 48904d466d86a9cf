/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Nested statements: how the end of the one that is shown finds them.
 */
#ifndef ROSTER_CORE_OWNER_NESTED_H
#define ROSTER_CORE_OWNER_NESTED_H

#include "core/roster/session.h"
#include "core/roster/thread.h"

/* Whether a statement is suspended. */
bool rst_nested_has(const struct roster_session *session);

/* Ends the statement that is shown and shows the one that was suspended last. `thread` is NULL when
 * there is no context. As roster_stmt_end(). */
rst_slow int rst_nested_end_slow(struct rst_thread *thread, struct roster_session *session);

#endif /* ROSTER_CORE_OWNER_NESTED_H */
