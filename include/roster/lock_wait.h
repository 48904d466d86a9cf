/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Waiting for a lock inside a transaction, and going back to what was before.
 */
#ifndef ROSTER_LOCK_WAIT_H
#define ROSTER_LOCK_WAIT_H

#include <roster/export.h>
#include <roster/session.h>

ROSTER_BEGIN_DECLS

/*
 * Publishes that the transaction waits for a lock: the running state becomes
 * ROSTER_RUN_LOCK_WAITING, blocked_since now. What it was is remembered. Owner only; wait-free.
 *
 * Returns 0; -EALREADY when it waits already; otherwise as roster_txn_set_state(). After an error
 * nothing has changed.
 */
ROSTER_API int roster_lock_wait_begin(struct roster_session *session) ROSTER_MUST_CHECK;

/*
 * Publishes that the wait is over, whether the lock was got or not: the running state becomes what
 * it was before roster_lock_wait_begin(), blocked_since 0. Owner only; wait-free.
 *
 * Returns 0; -EALREADY when nothing that began so is under way (the transaction or its state has
 * changed in between); otherwise as roster_txn_set_state(). After an error nothing has changed.
 */
ROSTER_API int roster_lock_wait_end(struct roster_session *session);

ROSTER_END_DECLS

#endif /* ROSTER_LOCK_WAIT_H */
