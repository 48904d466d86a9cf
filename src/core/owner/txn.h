/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of transactions.
 */
#ifndef ROSTER_CORE_OWNER_TXN_H
#define ROSTER_CORE_OWNER_TXN_H

#include "core/roster/session.h"
#include "core/roster/thread.h"

#include <roster/txn.h>

/* Ends the open transaction; `thread` is NULL when the calling thread has no context (G7). */
void rst_txn_end(struct rst_thread *thread, struct roster_session *session);

#endif /* ROSTER_CORE_OWNER_TXN_H */
