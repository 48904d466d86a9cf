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

/* The most bytes that a digest may have: 32 bytes in hexadecimal, or any 64 bytes. */
#define ROSTER_DIGEST_MAX 64

/*
 * Begins a statement: publishes its command, a copy of its text and digest, and the running state
 * ROSTER_RUN_RUNNING. `text` has `text_length` bytes of any value and may be NULL when that is 0;
 * what exceeds options.text_limit is cut off, also inside a character, as the bytes need not be
 * text, and its full length remembered. `digest` has
 * `digest_length` bytes, 0 for none. Owner only; wait-free (G9), with text and digest of more than
 * 4000 bytes lock-free.
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
 * Begins a statement that only cleans up, such as a ROLLBACK: allowed when the connection was
 * killed, too, when roster_stmt_begin() says -ECANCELED. Else a server that runs the end of a
 * killed connection's transaction as a statement leaves that open, and what it holds with it. It
 * can be killed as any other, and roster_killed() goes on saying that the connection was: a
 * statement that has to come to its end does not ask. Owner only; wait-free.
 *
 * Returns as roster_stmt_begin(), -ECANCELED excepted.
 */
ROSTER_API int roster_stmt_begin_cleanup(struct roster_session *session,
                                         enum roster_command command, const char *text,
                                         size_t text_length, const char *digest,
                                         size_t digest_length) ROSTER_MUST_CHECK;

/*
 * Ends the statement and goes back to ROSTER_RUN_IDLE, or in a transaction to the state that this
 * was in before the statement; an open transaction stays open. Owner only; wait-free as
 * roster_stmt_begin(), never allocates. From its return on no kill can hit this statement (G5).
 *
 * Returns 0 when the statement was not killed, or what roster_killed() would have said (a positive
 * value) when it was, even if the owner had not noticed; -EINVAL for NULL; -EALREADY when no
 * statement is running; -EBADF; -ECHILD.
 */
ROSTER_API int roster_stmt_end(struct roster_session *session);

/* The most statements of a session that may be suspended at a time. */
#define ROSTER_STMT_SUSPENDED 64

/*
 * Begins a statement while others of the session are open, as interleaved cursors are. Lists show
 * this one; the one that was shown is suspended, with its number and the time when it began, until
 * this one has ended. Without an open statement it is roster_stmt_begin(). The first call of a
 * session allocates. Owner only; wait-free but for the allocator.
 *
 * What is suspended cannot be killed until it is shown again: a kill of it says -ESTALE, and
 * ROSTER_STMT_ANY is the one that is shown. An end by roster_stmt_end() is of that one.
 *
 * Returns as roster_stmt_begin(), -EBUSY excepted; -ECANCELED also when the statement that is
 * shown was killed: end that one first; -ENOSPC when ROSTER_STMT_SUSPENDED are suspended. After an
 * error nothing has changed; a list may have shown the statement whose -ECANCELED is for the one
 * that is shown, so its number is not given again.
 */
ROSTER_API int roster_stmt_push(struct roster_session *session, enum roster_command command,
                                const char *text, size_t text_length, const char *digest,
                                size_t digest_length) ROSTER_MUST_CHECK;

/*
 * Ends the open statement that has this number, which roster_stmt_seq() has said after it began:
 * they may end in any order. When it was shown, the one suspended last is shown again. Owner only;
 * never allocates (G7).
 *
 * Returns as roster_stmt_end(), and 0 for one that was suspended; -EALREADY when no open statement
 * has this number.
 */
ROSTER_API int roster_stmt_pop(struct roster_session *session, uint64_t seq);

/*
 * The number of the statement that began last. Each statement of a session has the next
 * number, or a greater one after -ECANCELED from roster_stmt_push(). The first one's is above that
 * of every session that was closed before, so that in the lifetime of a roster no two statements
 * have the same session id and number, no matter which side chooses the ids: 1 in the first session
 * of a roster. Before the first statement: one less. 0 for NULL. Owner only.
 */
ROSTER_API uint64_t roster_stmt_seq(const struct roster_session *session);

ROSTER_END_DECLS

#endif /* ROSTER_STATEMENT_H */
