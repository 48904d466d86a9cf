/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kill: aimed at one statement or one connection, with a true answer to whoever asked (G5).
 */
#ifndef ROSTER_KILL_H
#define ROSTER_KILL_H

#include <roster/export.h>
#include <roster/session.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

enum roster_kill_target {
    ROSTER_KILL_STATEMENT = 0,
    ROSTER_KILL_CONNECTION = 1,
};

enum roster_kill_reason {
    ROSTER_KILL_INTERRUPTED = 1, /* somebody asked for it */
    ROSTER_KILL_MAX_EXECUTION_TIME = 2,
    ROSTER_KILL_QUERY_MEMORY = 3,
    ROSTER_KILL_SERVER_MEMORY = 4,
    ROSTER_KILL_RUNAWAY = 5,
};

/* Set in the result of roster_killed() when the connection is to go, not just the statement. */
#define ROSTER_KILLED_CONNECTION 0x100

/* For roster_kill(): whichever statement runs. */
#define ROSTER_STMT_ANY UINT64_C(0)

/*
 * Kills a statement or a connection. `stmt_seq` is the statement that was seen in a view, or
 * ROSTER_STMT_ANY; it is not looked at when the target is the connection. Nothing is torn down
 * here (G6): the owner is told through roster_killed(), and woken by its wake callback. Any
 * thread; lock-free; costs one membarrier.
 *
 * The answer is true (G5): 0 means that the owner has seen the kill or cannot end the statement
 * without seeing it; every other answer means that it will never see it.
 *
 * Returns 0 when delivered; -ESRCH when no such session is open; -ENOENT when no statement is
 * running (nothing is done: an idle connection is not closed); -ESTALE when the statement aimed at
 * has ended; -EALREADY when it, or the connection, is already dying for an earlier reason, which
 * stays; -EINVAL for NULL, an unknown target or reason; -ENOMEM; -ECHILD.
 */
ROSTER_API int roster_kill(struct roster *roster, uint64_t session_id,
                           enum roster_kill_target target, uint64_t stmt_seq,
                           enum roster_kill_reason reason) ROSTER_MUST_CHECK;

/*
 * Asks whether the session's running statement or its connection was killed. Call it wherever a
 * statement can stop. Owner only; wait-free, one load of a line that the owner has (G9).
 *
 * Returns 0 when not; the enum roster_kill_reason when the statement was, the reason plus
 * ROSTER_KILLED_CONNECTION when the connection was; -EINVAL for NULL; -EBADF when closed.
 */
ROSTER_API int roster_killed(struct roster_session *session);

ROSTER_END_DECLS

#endif /* ROSTER_KILL_H */
