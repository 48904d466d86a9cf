/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kill: aimed at one statement, one transaction or one connection, with a true answer to the caller
 * (G5).
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
    ROSTER_KILL_TARGET_TRANSACTION = 2, /* its connection stays usable */
};

/* One more than the greatest of these numbers. */
#define ROSTER_KILL_TARGETS 3

enum roster_kill_reason {
    ROSTER_KILL_REASON_INTERRUPTED = 1, /* a user or program asked for it */
    ROSTER_KILL_REASON_MAX_EXECUTION_TIME = 2,
    ROSTER_KILL_REASON_QUERY_MEMORY = 3,
    ROSTER_KILL_REASON_SERVER_MEMORY = 4,
    ROSTER_KILL_REASON_RUNAWAY = 5,
    ROSTER_KILL_REASON_IDLE = 6,     /* idle for too long */
    ROSTER_KILL_REASON_TXN_IDLE = 7, /* the same inside a transaction */
    ROSTER_KILL_REASON_TXN_AGE = 8,  /* its transaction has been open for too long */
    ROSTER_KILL_REASON_SHUTDOWN = 9, /* the server is going down */
};

/* One more than the greatest of these numbers. */
#define ROSTER_KILL_REASONS 10

/* The name of a reason ("interrupted", ...); "unknown" for an unknown number. */
ROSTER_API const char *roster_kill_reason_name(enum roster_kill_reason reason);

/* Set in the result of roster_killed() if the connection must end, not just the statement. */
#define ROSTER_KILLED_CONNECTION 0x100

/* The same if the transaction must end: roll it back and finish it; the connection may continue. */
#define ROSTER_KILLED_TRANSACTION 0x200

/* For roster_kill(): the statement that is running, whatever its number. */
#define ROSTER_STMT_ANY UINT64_C(0)

/* For roster_kill() and roster_kill_txn(): the transaction that is open, whatever its timestamp. */
#define ROSTER_TXN_ANY UINT64_C(0)

/*
 * Kills a statement, a transaction or a connection. `aim` is the number of the statement as seen in
 * a view, or ROSTER_STMT_ANY; for a transaction its start timestamp, or ROSTER_TXN_ANY; it is
 * ignored for a connection. The session's id and the statement's number identify a statement: no
 * other statement of the roster ever has both. ROSTER_STMT_ANY, ROSTER_TXN_ANY and a connection
 * refer to the session that has the id at the time of the kill. Two transactions of a session may
 * have the same start timestamp, if the oracle has not advanced between them or they chose it;
 * roster_kill_txn() also takes the transaction's number, which distinguishes them.
 * This function tears nothing down (G6): the session's wake callback wakes the owner, and
 * roster_killed() reports the kill to it. Any thread; killers of one roster take turns, owners
 * never wait for them; costs one membarrier.
 *
 * The result is exact (G5). For a statement or a connection, 0 means that the owner has seen the
 * kill or cannot end it without seeing it; for a transaction, that the owner has seen the kill, or
 * sees it if it asks before it finishes the transaction. -EINPROGRESS means that this is unknown;
 * every other result, that the owner will never see the kill. It is unknown only if the kernel
 * refuses the membarrier in the middle of the kill of a statement: the kill stands, and a later
 * call may return more once the kernel allows the membarrier again.
 *
 * Returns 0 when delivered; -ESRCH when no such session is open; -ENOENT when no statement is
 * running, its owner is just beginning or ending a nested one, or no transaction is open (nothing
 * is done: an idle connection is not closed); -ESTALE when the statement or transaction has ended;
 * -EALREADY when it, or the connection, was already killed for an earlier reason, which stays;
 * -ENOTSUP when it is a background session that was opened without ROSTER_SESSION_KILLABLE, unless
 * the reason is ROSTER_KILL_REASON_SHUTDOWN; -EINPROGRESS when whether the owner will see it is
 * unknown; -EINVAL for NULL, an unknown target or reason; -ENOMEM, nothing done; -EPERM and
 * -ENOMEM, nothing done, while the kernel refuses the membarrier, as found before the kill;
 * -ECHILD.
 */
ROSTER_API int roster_kill(struct roster *roster, uint64_t session_id,
                           enum roster_kill_target target, uint64_t aim,
                           enum roster_kill_reason reason) ROSTER_MUST_CHECK;

/*
 * Kills a transaction, pending or valid, that has both this start timestamp and this number
 * (roster_txn_seq()); either may be ROSTER_TXN_ANY. With the number it is as precise as the kill of
 * a statement: it never hits the next transaction of the session, whatever timestamp that has, nor
 * that of another session which has the id by now. roster_killed() reports the kill until
 * roster_txn_finish(), inside statements and between them; the next transaction is not affected.
 * Any thread, as roster_kill().
 *
 * Returns as roster_kill(), -EINPROGRESS excepted.
 */
ROSTER_API int roster_kill_txn(struct roster *roster, uint64_t session_id, uint64_t start_ts,
                               uint64_t txn_seq, enum roster_kill_reason reason) ROSTER_MUST_CHECK;

/*
 * Returns whether the session's running statement, its open transaction or its connection was
 * killed. Call it wherever a statement can stop, and after the wake callback. Owner only;
 * wait-free, one load of a line that the owner has (G9).
 *
 * Returns 0 if not; the enum roster_kill_reason if the statement was, the reason plus
 * ROSTER_KILLED_TRANSACTION or ROSTER_KILLED_CONNECTION when the transaction or the connection was
 * (the largest of them, see the functions below); -EINVAL for NULL; -EBADF when closed; -ECHILD.
 */
ROSTER_API int roster_killed(struct roster_session *session);

/*
 * Returns whether the statement, transaction or connection in `shown`, from a look or a walk, was
 * killed and continues: the counterpart of roster_killed() for readers. The owner may or may not
 * have seen the kill, and the call changes nothing. `shown` must be the result of the look, not a
 * copy of it; if the transaction shows something else by now, the result is 0. Under the read lock
 * or by the owner; two loads.
 *
 * Returns 0 when it was not; the enum roster_kill_reason when the statement was, the reason plus
 * ROSTER_KILLED_TRANSACTION or ROSTER_KILLED_CONNECTION when the transaction or the connection was
 * (the largest of them); -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_session_killed(const struct roster_session *session,
                                     const struct roster_shown *shown);

/*
 * Whether a result of roster_killed() or roster_stmt_end() means that the connection was killed; an
 * error does not. Returns 1 or 0.
 */
static inline int roster_killed_connection(int killed)
{
    return killed > 0 && (killed & ROSTER_KILLED_CONNECTION) != 0;
}

/*
 * Whether such a result means that the transaction was killed, but not its connection. Returns 1 or
 * 0.
 */
static inline int roster_killed_transaction(int killed)
{
    return killed > 0 && (killed & ROSTER_KILLED_TRANSACTION) != 0;
}

/*
 * The reason in such a result. Returns 0, which is not a reason, if nothing was killed, and for an
 * error.
 */
static inline enum roster_kill_reason roster_killed_reason(int killed)
{
    return ROSTER_CAST(enum roster_kill_reason,
                       killed > 0 ? killed & ~(ROSTER_KILLED_CONNECTION | ROSTER_KILLED_TRANSACTION)
                                  : 0);
}

/* What a kill hit. Members may be added at the end; `size` states how many there are. */
struct roster_kill_info {
    size_t size;
    uint64_t session_id;
    enum roster_kill_target target;
    enum roster_kill_reason reason;
    uint64_t stmt_seq; /* of the statement, when the target is one; else 0 */
    uint64_t start_ts; /* of the transaction, likewise; 0 while it is pending */
    uint64_t txn_seq;  /* its number */
    const char *by;    /* who requested it, valid during the call; NULL: unknown */
};

/*
 * Kills what `kill` describes, like roster_kill() and roster_kill_txn(), and records `kill->by` in
 * the event log (roster/event_log.h) as its origin: a user, an address, a part of the server. It
 * reads those of stmt_seq, start_ts and txn_seq that belong to the target; 0 means any. Any thread,
 * as roster_kill().
 *
 * Returns as roster_kill() for its target; -EINVAL also for a struct smaller than the first
 * version's; -E2BIG for a larger one with something unknown in it.
 */
ROSTER_API int roster_kill_by(struct roster *roster,
                              const struct roster_kill_info *kill) ROSTER_MUST_CHECK;

/*
 * Whether the caller may kill this session: the privilege check. Called under the read lock, for
 * sessions that the filter lets through. Returns 0 for no, anything else for yes.
 */
typedef int roster_may_kill_fn(const struct roster_session *session,
                               const struct roster_shown *view, void *arg);

/* The sessions that roster_kill_all() kills. Begin with ROSTER_KILL_FILTER_INIT: all of them. */
struct roster_kill_filter {
    size_t size;     /* sizeof(struct roster_kill_filter) */
    uint64_t except; /* the id of a session to spare, for instance the killer's; 0: none */
    uint32_t kinds;  /* ROSTER_KIND_BIT()s of those meant; 0: every kind */
    uint32_t reserved;
    const char *user;        /* only this user's; NULL: every user's */
    roster_may_kill_fn *may; /* NULL: every session may be killed */
    void *may_arg;
    const char *by; /* the origin, for the event log; may be NULL */
};

#define ROSTER_KILL_FILTER_INIT ROSTER_SIZED(struct roster_kill_filter)

/* The results for the sessions that matched: `matched` is the sum of the others. */
struct roster_kill_counts {
    size_t size; /* sizeof(struct roster_kill_counts), set by the caller */
    uint64_t matched;
    uint64_t delivered; /* roster_kill() returned 0 */
    uint64_t refused;   /* filter.may said no */
    uint64_t idle;      /* -ENOENT: no statement was running, or no transaction open */
    uint64_t stale;     /* -ESTALE: what was seen has ended */
    uint64_t dying;     /* -EALREADY: an earlier kill stands */
    uint64_t gone;      /* -ESRCH: it was closed before the kill */
    uint64_t unknown;   /* the kernel refused the membarrier during the kill: -EINPROGRESS for
                           a statement; for a transaction nothing was done */
    uint64_t rejected;  /* -ENOTSUP: a background session that does not support kills */
};

/*
 * Kills the running statement, the open transaction or the connection of every session that
 * `filter` matches; NULL matches all. Each kill hits what was seen, nothing later (G5). A session
 * that is opened during the call may or may not be included. `counts` may be NULL. Any thread, as
 * roster_kill(). Costs one membarrier for all sessions, one more to find out whether the kernel
 * allows any, and some 40 bytes of memory a session; without that memory, a membarrier for each 64
 * sessions. Owners are woken when all results are known.
 *
 * Returns 0, whatever the results; -EINPROGRESS, the counts filled, when some are unknown;
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
