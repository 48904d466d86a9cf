/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Functions shared by the calls of a session's owner.
 */
#pragma once

#include "core/roster/look.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"

#include <roster/quota.h>
#include <roster/txn.h>

/*
 * draining.c: the calling thread is about to open a session of this kind: whether a drain refuses
 * it. If not, every drain that begins from now on repeats its walk until rst_drain_opened().
 * Nothing has been published yet, so a refused open has nothing to undo.
 */
bool rst_drain_refuses(struct rst_thread *thread, unsigned kind);

/* The session is findable, or will not be opened. */
void rst_drain_opened(struct rst_thread *thread);

/* refusal.c: whether attr.refusal can be filled in: 0, -EINVAL, -E2BIG. */
int rst_refusal_check(const struct roster_quota_refusal *callers);

/* Fills in attr.refusal, if there is one, and logs that the session was rejected with `err`: for
 * -EDQUOT, `*why` is the reason. Returns `err`. */
rst_slow int rst_refusal_tell_slow(struct roster *roster, const struct roster_session_attr *attr,
                                   const struct roster_quota_refusal *why, int err);

/* Ends the open transaction; `thread` is NULL when the calling thread has no context (G7). */
void rst_txn_end(struct rst_thread *thread, struct roster_session *session);

/* Ends the statement that is shown; `thread` is NULL when there is no context. As
 * roster_stmt_end(). */
int rst_statement_end(struct rst_thread *thread, struct roster_session *session);

/* nested.c: whether a statement is suspended. */
bool rst_nested_has(const struct roster_session *session);

/* Ends the statement that is shown and shows the one that was suspended last. `thread` is NULL when
 * there is no context. As roster_stmt_end(). */
rst_slow int rst_nested_end_slow(struct rst_thread *thread, struct roster_session *session);

/* last.c: keeps a statement, or nothing for NULL; returns what was kept before, to be given back
 * after what shows the end was published, or NULL. */
rst_slow struct rst_statement *rst_last_swap_slow(struct roster_session *session,
                                                  struct rst_statement *statement);

/* Keeps nothing any more. */
rst_slow void rst_last_drop_slow(struct roster_session *session);

rst_slow void rst_digests_add_slow(struct roster_session *session, const char *digest,
                                   size_t length);
rst_slow void rst_digests_clear_slow(struct roster_session *session);

/* Under the read lock: the tables of the transaction that the view shows, and how many. */
const struct rst_table *rst_tables_of(const struct roster_session *session,
                                      const struct roster_shown *view, size_t *count);

/*
 * For the owner, once its wait is published: checks whether the wait closes a cycle. Returns 0;
 * -EDEADLK, after ending the wait; -ENOMEM.
 */
rst_slow int rst_deadlock_check(struct roster_session *session);
