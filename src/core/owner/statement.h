/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of statements.
 */
#ifndef ROSTER_CORE_OWNER_STATEMENT_H
#define ROSTER_CORE_OWNER_STATEMENT_H

#include "core/owner/request.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"

/* Ends the statement that is shown; `thread` is NULL when there is no context. As
 * roster_stmt_end(). */
int rst_statement_end(struct rst_thread *thread, struct roster_session *session);

#endif /* ROSTER_CORE_OWNER_STATEMENT_H */
