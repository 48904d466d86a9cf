/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kill: aimed at one statement or one connection, with a true answer to the caller (G5).
 */
#ifndef ROSTER_KILL_H
#define ROSTER_KILL_H

#include <roster/export.h>
#include <roster/session.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

enum roster_kill_target {
    ROSTER_KILL_TARGET_STATEMENT = 0,
    ROSTER_KILL_TARGET_CONNECTION = 1,
};

enum roster_kill_reason {
    ROSTER_KILL_REASON_INTERRUPTED = 1, /* somebody asked for it */
    ROSTER_KILL_REASON_MAX_EXECUTION_TIME = 2,
    ROSTER_KILL_REASON_QUERY_MEMORY = 3,
    ROSTER_KILL_REASON_SERVER_MEMORY = 4,
    ROSTER_KILL_REASON_RUNAWAY = 5,
    ROSTER_KILL_REASON_IDLE = 6,     /* did nothing for too long */
    ROSTER_KILL_REASON_TXN_IDLE = 7, /* the same inside a transaction */
    ROSTER_KILL_REASON_TXN_AGE = 8,  /* its transaction has been open for too long */
    ROSTER_KILL_REASON_SHUTDOWN = 9, /* the server goes down */
};

/* The name of a reason ("interrupted", ...); "unknown" for an unknown number. */
ROSTER_API const char *roster_kill_reason_name(enum roster_kill_reason reason);

/* Set in the result of roster_killed() when the connection is to go, not just the statement. */
#define ROSTER_KILLED_CONNECTION 0x100

/* For roster_kill(): whichever statement runs. */
#define ROSTER_STMT_ANY UINT64_C(0)

/*
 * Kills a statement or a connection. `stmt_seq` is the statement that was seen in a view, or
 * ROSTER_STMT_ANY; it is not looked at when the target is the connection. A statement is aimed at
 * by its session's id and its number, which no other statement of the roster ever has;
 * ROSTER_STMT_ANY and a connection are aimed at whichever session has the id when the kill comes.
 * Nothing is torn down here (G6): the owner learns it from roster_killed(), and is woken by its
 * wake callback. Any thread; killers of one roster take turns, owners never wait for them; costs
 * one membarrier.
 *
 * The answer is true (G5): 0 means that the owner has seen the kill or cannot end the statement
 * without seeing it; -EINPROGRESS that this is unknown; every other answer that it will never see
 * it. It is unknown only when the kernel refuses the membarrier in the middle of the call: the kill
 * stands, and a later call may know more once the kernel relents.
 *
 * Returns 0 when delivered; -ESRCH when no such session is open; -ENOENT when no statement is
 * running (nothing is done: an idle connection is not closed); -ESTALE when the statement aimed at
 * has ended; -EALREADY when it, or the connection, is already dying for an earlier reason, which
 * stays; -EINPROGRESS when whether the owner will see it is unknown; -EINVAL for NULL, an unknown
 * target or reason; -ENOMEM, nothing done; -EPERM and -ENOMEM, nothing done, while the kernel
 * refuses the membarrier, which the call before has found out; -ECHILD.
 */
ROSTER_API int roster_kill(struct roster *roster, uint64_t session_id,
                           enum roster_kill_target target, uint64_t stmt_seq,
                           enum roster_kill_reason reason) ROSTER_MUST_CHECK;

/*
 * Asks whether the session's running statement or its connection was killed. Call it wherever a
 * statement can stop. Owner only; wait-free, one load of a line that the owner has (G9).
 *
 * Returns 0 when not; the enum roster_kill_reason when the statement was, the reason plus
 * ROSTER_KILLED_CONNECTION when the connection was (see roster_killed_connection() below); -EINVAL
 * for NULL; -EBADF when closed; -ECHILD.
 */
ROSTER_API int roster_killed(struct roster_session *session);

/*
 * Of what roster_killed() or roster_stmt_end() returned: whether the connection was killed. An
 * error is no kill. Returns 1 or 0.
 */
static inline int roster_killed_connection(int killed)
{
    return killed >= ROSTER_KILLED_CONNECTION;
}

/*
 * Of the same: why the statement or the connection was killed. Returns 0, which is no reason, when
 * neither was, and for an error.
 */
static inline enum roster_kill_reason roster_killed_reason(int killed)
{
    return ROSTER_CAST(enum roster_kill_reason,
                       killed > 0 ? killed & ~ROSTER_KILLED_CONNECTION : 0);
}

/* The bit of a session kind in roster_kill_filter.kinds. */
#define ROSTER_KIND_BIT(kind) (UINT32_C(1) << (kind))

/*
 * Whether the caller may kill this session: the privilege check. Called under the read lock, for
 * sessions that the filter lets through. Returns 0 for no, anything else for yes.
 */
typedef int roster_may_kill_fn(const struct roster_session *session,
                               const struct roster_shown *view, void *arg);

/* Which sessions roster_kill_all() means. Begin with ROSTER_KILL_FILTER_INIT: all of them. */
struct roster_kill_filter {
    size_t size;     /* sizeof(struct roster_kill_filter) */
    uint64_t except; /* the id of a session to spare, for instance the killer's; 0: none */
    uint32_t kinds;  /* ROSTER_KIND_BIT()s of those meant; 0: every kind */
    uint32_t reserved;
    const char *user;        /* only this user's; NULL: every user's */
    roster_may_kill_fn *may; /* NULL: every session may be killed */
    void *may_arg;
};

#define ROSTER_KILL_FILTER_INIT                                                                    \
    {                                                                                              \
        sizeof(struct roster_kill_filter), 0, 0, 0, ROSTER_NULL, ROSTER_NULL, ROSTER_NULL          \
    }

/* What became of the sessions that were meant: matched is the sum of the others. */
struct roster_kill_counts {
    size_t size; /* sizeof(struct roster_kill_counts), set by the caller */
    uint64_t matched;
    uint64_t delivered; /* roster_kill() returned 0 */
    uint64_t refused;   /* filter.may said no */
    uint64_t idle;      /* -ENOENT: no statement was running */
    uint64_t stale;     /* -ESTALE: the statement that was seen has ended */
    uint64_t dying;     /* -EALREADY: an earlier kill stands */
    uint64_t gone;      /* -ESRCH: it was closed before the kill */
    uint64_t unknown;   /* -EINPROGRESS: the kernel refused the membarrier during the kill */
};

/*
 * Kills the running statement, or the connection, of every session that `filter` means; NULL means
 * all of them. Each statement is aimed at as it was seen (G5). A session that is opened during the
 * call may or may not be among them. `counts` may be NULL. Any thread, as roster_kill().
 *
 * Returns 0, whatever became of them; -EINPROGRESS, the counts filled, when some are unknown;
 * -EINVAL for a NULL roster, an unknown target, reason or kind, or a struct smaller than the first
 * version's; -E2BIG for a larger one with something unknown in it; -EPERM and -ENOMEM, nothing
 * done, as roster_kill(); -ECHILD.
 */
ROSTER_API int roster_kill_all(struct roster *roster, enum roster_kill_target target,
                               enum roster_kill_reason reason,
                               const struct roster_kill_filter *filter,
                               struct roster_kill_counts *counts);

ROSTER_END_DECLS

#endif /* ROSTER_KILL_H */
