/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The private side of transactions.
 */
#ifndef ROSTER_CORE_OWNER_TXN_H
#define ROSTER_CORE_OWNER_TXN_H

#include "core/roster/session.h"

#include <roster/txn.h>
#include <stddef.h>
#include <string.h>

/* Ends the open transaction; `thread` is NULL when the calling thread has no context (G7). */
void rst_txn_end(struct rst_thread *thread, struct roster_session *session);

/* Fills in a view that nobody can see yet, all 64 bytes of it. */
static inline void rst_view_fill(struct roster_view *view, const struct roster_session *session,
                                 const struct roster_statement *statement)
{
    view->start_ts = 0;
    view->state_since = 0;
    view->identity = session->identity;
    view->schema_version = 0;
    view->txn_state = ROSTER_TXN_INVALID;
    view->run_state = ROSTER_RUN_IDLE;
    view->reserved = 0;
    memset(&view->statement, 0, sizeof(*view) - offsetof(struct roster_view, statement));
    view->statement = statement;
}

#endif /* ROSTER_CORE_OWNER_TXN_H */
