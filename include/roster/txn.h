/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transactions: at most one per session; invalid -> pending -> valid -> invalid.
 */
#ifndef ROSTER_TXN_H
#define ROSTER_TXN_H

#include <roster/export.h>
#include <roster/session.h>
#include <roster/view.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/*
 * Opens a pending transaction, before its start timestamp is requested: announces a lower bound of
 * the timestamp, so that no safe point can pass it (G2). Then ask the roster's oracle (or the one
 * it wraps) and call roster_txn_activate(), or roster_txn_finish() to give up. Owner only;
 * wait-free (G9).
 *
 * Returns 0; -EINVAL for NULL; -EBUSY when a transaction is open; -ECANCELED when the connection
 * was killed; -EBADF when closed; -ENOMEM; -ECHILD. After an error nothing has changed.
 */
ROSTER_API int roster_txn_prepare(struct roster_session *session) ROSTER_MUST_CHECK;

/*
 * Makes the pending transaction valid, with a timestamp that was requested after
 * roster_txn_prepare() had returned. The running state becomes ROSTER_RUN_IDLE, or
 * ROSTER_RUN_RUNNING inside a statement. Owner only; wait-free (G9).
 *
 * Returns 0; -EINVAL for NULL, for a timestamp of 0 or ROSTER_TS_MAX, or when no transaction is
 * pending; -ESTALE when `start_ts` is below the announced bound, which a linearizable oracle asked
 * at the right moment never returns; -EBADF; -ENOMEM; -ECHILD. After an error nothing has
 * changed: the transaction is still pending.
 */
ROSTER_API int roster_txn_activate(struct roster_session *session,
                                   uint64_t start_ts) ROSTER_MUST_CHECK;

/*
 * Begins a transaction at the current time: prepare, ask the roster's oracle, activate, with one
 * published view instead of two. `start_ts` may be NULL. Owner only; wait-free except for the
 * oracle (G9). Guarantee G2.
 *
 * Returns as roster_txn_prepare(), or the oracle's error; -ENODATA for an invalid timestamp,
 * -ESTALE for one below that of an earlier scan, which a linearizable oracle never returns. After
 * an error nothing has changed, and `*start_ts` is undefined.
 */
ROSTER_API int roster_txn_begin(struct roster_session *session,
                                uint64_t *start_ts) ROSTER_MUST_CHECK;

/*
 * Begins a transaction at a chosen, older timestamp: a stale read, a backup. Waits for no scan and
 * no oracle. Under a leased store, a timestamp below the server's record first needs a transaction
 * of the store and may wait for it. Owner only. G2 covers the transaction once this has returned.
 *
 * Returns 0; -EINVAL for NULL, 0 or ROSTER_TS_MAX; -ESTALE when the timestamp is no longer
 * protected, because the local safe point, an age limit or the fence of a lease is above it: begin
 * at a younger one; otherwise as roster_txn_prepare(). A non-pinning session may begin there too,
 * but is not protected. Under a leased store also -ESTALE while fenced, and the store's errors (see
 * roster/store.h).
 */
ROSTER_API int roster_txn_begin_at(struct roster_session *session,
                                   uint64_t start_ts) ROSTER_MUST_CHECK;

/*
 * Publishes the owner's activity inside its transaction, or inside its statement if no transaction
 * is open; the end of that statement also ends the state. Entering
 * ROSTER_RUN_LOCK_WAITING sets blocked_since, leaving it clears it. Owner only; wait-free.
 *
 * Returns 0; -EINVAL for NULL, an unknown state, when a transaction is pending, or when neither a
 * transaction is open nor a statement running; -EBADF; -ENOMEM; -ECHILD. After an error nothing has
 * changed.
 */
ROSTER_API int roster_txn_set_state(struct roster_session *session,
                                    enum roster_run_state state) ROSTER_MUST_CHECK;

/*
 * Publishes how much the transaction has written so far and which schema version it sees. Owner
 * only; wait-free. Returns as roster_txn_set_state(), and -EINVAL when no transaction is valid.
 */
ROSTER_API int roster_txn_set_progress(struct roster_session *session, uint64_t entries,
                                       uint64_t entry_bytes,
                                       uint32_t schema_version) ROSTER_MUST_CHECK;

/* For roster_txn_set_flags(). */
#define ROSTER_TXN_READ_ONLY UINT32_C(1)  /* it was declared read-only */
#define ROSTER_TXN_HAS_WRITES UINT32_C(2) /* it has written */

/*
 * Publishes flags of the open transaction, pending or valid; the next transaction has none. One
 * store, no view; the first call of a session may allocate. Owner only.
 *
 * Returns 0; -EINVAL for NULL, an unknown flag, or when no transaction is open; -EBADF; -ENOMEM;
 * -ECHILD. After an error nothing has changed.
 */
ROSTER_API int roster_txn_set_flags(struct roster_session *session, uint32_t flags);

/*
 * The flags of the transaction that `shown` shows, under the conditions of roster_txn_seq(); 0 when
 * that is 0. Under the read lock or by the owner.
 */
ROSTER_API uint32_t roster_txn_flags(const struct roster_session *session,
                                     const struct roster_shown *shown);

/*
 * Ends the transaction, pending or valid, committed or not: publishes a view without it and takes
 * back its pin. A statement goes on. Owner only; wait-free (G9), never allocates, never blocks on a
 * reader (G7).
 *
 * Returns 0; -EINVAL for NULL; -EALREADY when no transaction is open; -EBADF; -ECHILD.
 */
ROSTER_API int roster_txn_finish(struct roster_session *session);

/*
 * Confirms the transaction's snapshot (G8): 0 means that no version it could have read until now
 * has been collected. Call it after the reads and before their result leaves the server. Owner
 * only; wait-free: three loads, and under a leased store a look at CLOCK_BOOTTIME.
 *
 * Returns 0; -ESTALE when the snapshot may be gone (safe point passed, age limit, server fenced):
 * abort the transaction; -EINVAL for NULL or when no transaction is valid; -EBADF; -ECHILD.
 */
ROSTER_API int roster_txn_check(const struct roster_session *session) ROSTER_MUST_CHECK;

ROSTER_END_DECLS

#endif /* ROSTER_TXN_H */
