/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Statements: what a session executes.
 */
#ifndef ROSTER_STATEMENT_H
#define ROSTER_STATEMENT_H

#include <roster/export.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* Upper bound on the bytes of a digest: 32 bytes in hexadecimal, or any 64 bytes. */
#define ROSTER_DIGEST_MAX 64

/*
 * Begins a statement: publishes its command, a copy of its text and digest, and the running state
 * ROSTER_RUN_RUNNING. `text` has `text_length` bytes of any value and may be NULL when that is 0;
 * text beyond options.text_limit is cut off, also inside a character, as the bytes need not be
 * text, and its full length is kept. `digest` has `digest_length` bytes, 0 for none. Owner only;
 * wait-free (G9), with text and digest of more than 4000 bytes lock-free.
 *
 * Returns 0; -EINVAL for NULL with a length or a text of 4 GiB or more; -ENAMETOOLONG for a digest
 * of more than ROSTER_DIGEST_MAX bytes; -EBUSY when a statement is running; -ECANCELED when the
 * connection was killed: close it; -EBADF when closed; -ENOMEM; -ECHILD. After an error
 * nothing has changed.
 */
ROSTER_API int roster_stmt_begin(struct roster_session *session, enum roster_command command,
                                 const char *text, size_t text_length, const char *digest,
                                 size_t digest_length) ROSTER_MUST_CHECK;

/*
 * Begins a statement that only cleans up, such as a ROLLBACK. It is allowed even if the connection
 * was killed, when roster_stmt_begin() returns -ECANCELED. Without it, a server that ends the
 * transaction of a killed connection by a statement would leave the transaction and its pin open.
 * The statement can be killed like any other, and roster_killed() continues to report the kill of
 * the connection, so a statement that must complete does not call it. Owner only; wait-free.
 *
 * Returns as roster_stmt_begin(), -ECANCELED excepted.
 */
ROSTER_API int roster_stmt_begin_cleanup(struct roster_session *session,
                                         enum roster_command command, const char *text,
                                         size_t text_length, const char *digest,
                                         size_t digest_length) ROSTER_MUST_CHECK;

/*
 * Ends the statement and returns to ROSTER_RUN_IDLE, or in a transaction to the transaction's state
 * before the statement; an open transaction stays open. Owner only; wait-free as
 * roster_stmt_begin(), never allocates. After it has returned, no kill can hit this statement (G5).
 *
 * Returns 0 when the statement was not killed, or the result of roster_killed() (a positive value)
 * when it was, even if the owner had not noticed; -EINVAL for NULL; -EALREADY when no
 * statement is running; -EBADF; -ECHILD.
 */
ROSTER_API int roster_stmt_end(struct roster_session *session);

/* Upper bound on the suspended statements of a session. */
#define ROSTER_STMT_SUSPENDED 64

/*
 * Begins a statement while others of the session are open, for interleaved cursors. Lists show the
 * new statement; the one shown before is suspended, with its number and starting time, until the
 * new one has ended. Without an open statement this is roster_stmt_begin(). The first call of a
 * session allocates. Owner only; wait-free except for the allocator.
 *
 * A suspended statement cannot be killed until it is shown again: a kill of it returns -ESTALE.
 * ROSTER_STMT_ANY and roster_stmt_end() refer to the statement that is shown.
 *
 * Returns as roster_stmt_begin(), -EBUSY excepted; -ECANCELED also when the statement that is
 * shown was killed: end that one first; -ENOSPC when ROSTER_STMT_SUSPENDED are suspended. After an
 * error nothing has changed; but a list may have shown the statement that failed with -ECANCELED,
 * so its number is not used again.
 */
ROSTER_API int roster_stmt_push(struct roster_session *session, enum roster_command command,
                                const char *text, size_t text_length, const char *digest,
                                size_t digest_length) ROSTER_MUST_CHECK;

/*
 * Ends the open statement with this number, which roster_stmt_seq() returned after it began.
 * Statements may end in any order. If the statement was shown, the one suspended last is shown
 * again. Owner only; never allocates (G7).
 *
 * Returns as roster_stmt_end(), and 0 for one that was suspended; -EALREADY when no open statement
 * has this number.
 */
ROSTER_API int roster_stmt_pop(struct roster_session *session, uint64_t seq);

/*
 * The number of the statement that began last. Each statement of a session has the next number, or
 * a greater one after -ECANCELED from roster_stmt_push(). A session's first number is above those
 * of all sessions closed before, and 1 in a roster's first session. So no two statements in the
 * lifetime of a roster have the same session id and number, no matter which side chooses the ids.
 * Before the first statement: one less. 0 for NULL. Owner only.
 */
ROSTER_API uint64_t roster_stmt_seq(const struct roster_session *session);

ROSTER_END_DECLS

#endif /* ROSTER_STATEMENT_H */
