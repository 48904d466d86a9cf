/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Sessions: opening, closing, and their identity.
 */
#ifndef ROSTER_SESSION_H
#define ROSTER_SESSION_H

#include <roster/export.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

/* One client connection, or one internal worker of the server. One thread owns it at a time. */
struct roster_session;

enum roster_session_kind {
    ROSTER_SESSION_USER = 0,       /* a client connection */
    ROSTER_SESSION_INTERNAL = 1,   /* the server's own SQL: statistics, DDL, ... */
    ROSTER_SESSION_BACKGROUND = 2, /* a worker without statements: checkpoint, compaction, ... */
};

/* One more than the greatest of these numbers. */
#define ROSTER_SESSION_KINDS 3

/* The bit of a kind in the `kinds` of filters and options. */
#define ROSTER_KIND_BIT(kind) (UINT32_C(1) << (kind))

/* For attr.flags: transactions of this session never hold back the minimum (G2 does not cover
 * them; roster_txn_check() reports when their snapshot is gone). */
#define ROSTER_SESSION_NON_PINNING UINT32_C(1)

/* For attr.flags: the digests of a transaction's statements are kept, the first 50 of them, for
 * lists and for roster_history_add(). Costs 4 KiB a session, and some nanoseconds a call. */
#define ROSTER_SESSION_DIGESTS UINT32_C(2)

/* For attr.flags: strings that exceed ROSTER_IDENTITY_MAX are cut instead of refused, the later
 * ones first; in UTF-8 at the end of a character. */
#define ROSTER_SESSION_TRUNCATE UINT32_C(4)

/* For attr.flags: while the session is idle in a transaction, lists show the statement that ended
 * last in it. That statement's memory is kept until another statement or the transaction ends,
 * which costs some nanoseconds at both ends. */
#define ROSTER_SESSION_LAST_STATEMENT UINT32_C(8)

/* For attr.flags: an administrator's session, which may take a reserved place, see
 * roster_set_max_sessions(). Internal and background sessions may take one without it. */
#define ROSTER_SESSION_ADMIN UINT32_C(16)

/* For attr.flags: a background session that calls roster_killed() and obeys. A background session
 * without it rejects kills (-ENOTSUP), because its owner would never see them, except for those
 * with ROSTER_KILL_REASON_SHUTDOWN, by which a drain announces that the server is going down. Other
 * kinds of sessions can be killed without it. */
#define ROSTER_SESSION_KILLABLE UINT32_C(32)

/* Upper bound in bytes for user, host, database, application and attributes together: more than the
 * longest path. */
#define ROSTER_IDENTITY_MAX 8192

/*
 * Called by roster_kill() in the killer's thread when a kill was delivered: wakes an owner that
 * sleeps in poll() or on a condition variable. It must not block and must not call any function of
 * this library. It may run before roster_session_open() has returned 0, but not when that fails.
 * No lock is held while it runs, nor the read lock unless the killer holds it. The owner may
 * already have closed the session: the object behind `arg` must stay valid until attr.release is
 * called, or `arg` must not be a pointer (but an eventfd number, an id).
 */
typedef void roster_wake_fn(uint64_t session_id, void *arg);

struct roster_kill_info;     /* roster/kill.h */
struct roster_quota_refusal; /* roster/quota.h */

/* The same; `*kill` describes what was killed: the statement of a number, a transaction, or the
 * connection. It is valid until the callback returns. */
typedef void roster_wake_kill_fn(const struct roster_kill_info *kill, void *arg);

/*
 * Called once, some time after a session was closed, when none of its wake callbacks runs or will
 * run: the object behind `arg` may be freed. Runs in a thread of the library that blocks all
 * signals, or in roster_reclaim(); it must not block or fork, and must not call any function of
 * this library. Not called if the open failed. roster_release_wait() and roster_destroy() wait for
 * it.
 */
typedef void roster_release_fn(void *arg);

/* A session's identity. Strings are copied; NULL means unknown and differs from "". */
struct roster_session_attr {
    size_t size; /* sizeof(struct roster_session_attr) */
    uint64_t id; /* 0: the roster chooses one, and never chooses the same twice */
    enum roster_session_kind kind;
    uint32_t flags; /* of those above; 0: none */
    const char *user;
    const char *host; /* "host" or "host:port" */
    const char *database;
    const char *application;
    const char *attributes; /* free form, for instance "key=value,key=value" */
    roster_wake_fn *wake;   /* may be NULL, like the functions below */
    void *wake_arg;         /* for all three functions */
    roster_wake_kill_fn *wake_kill;
    roster_release_fn *release;
    uint64_t tag;                         /* roster_session_tag() */
    struct roster_quota_refusal *refusal; /* NULL, or where -EDQUOT is explained, see
                                             roster/quota.h */
};

#define ROSTER_SESSION_ATTR_INIT ROSTER_SIZED(struct roster_session_attr)

/*
 * Opens a session; the calling thread owns it. `attr` may be NULL: a user session without
 * attributes. Any thread; lock-free but for the allocator, unless there are rules of
 * roster_quota_set().
 *
 * The session is complete before anyone can find it (G1).
 *
 * Returns 0 and stores it in `*session`; -EINVAL for a NULL pointer, an unknown kind or flag, the
 * id UINT64_MAX or a struct (also attr.refusal) smaller than the first version's; -E2BIG for a
 * larger one with something unknown in it; -ENAMETOOLONG when the strings exceed
 * ROSTER_IDENTITY_MAX, without ROSTER_SESSION_TRUNCATE; -EEXIST when `id` is in use; -EUSERS when
 * max_sessions are open, or all but the places that are reserved, see roster_set_max_sessions();
 * -EDQUOT when the user, database or application has all sessions that a rule of roster_quota_set()
 * allows; -ESHUTDOWN while the server is drained of sessions of this kind; -ENOBUFS when the
 * backlog limit is reached; -ENOMEM; -ECHILD. After an error nothing has changed: no other thread
 * has seen the session, no kill has hit it, and `wake` will not be called.
 */
ROSTER_API int roster_session_open(struct roster *roster, const struct roster_session_attr *attr,
                                   struct roster_session **session) ROSTER_MUST_CHECK;

/*
 * Closes a session: ends its statement, finishes its transaction (counted as forced) and makes it
 * unfindable. Readers that already found it may go on reading it until they unlock (G4). Owner
 * only (G6); never blocks on a reader, never allocates (G7). NULL is allowed and does nothing.
 *
 * An id of the caller's choosing is free again at once. Who still carries it with the number of a
 * statement never meets its next bearer's, see roster_stmt_seq(); who carries the id alone does, so
 * let the roster choose, or reuse late, as roster_conn_ids_next() does.
 *
 * Returns 0; -EBADF when it is closed already (as far as that can be detected: the memory of a
 * closed session serves another one later, or goes back to the system); -ECHILD.
 */
ROSTER_API int roster_session_close(struct roster_session *session);

/* The session's id. Owner, or any thread under the read lock. 0 for NULL. */
ROSTER_API uint64_t roster_session_id(const struct roster_session *session);

/* The session's kind. Owner, or any thread under the read lock. 0 for NULL. */
ROSTER_API enum roster_session_kind roster_session_kind(const struct roster_session *session);

/* The flags with which it was opened. Owner, or any thread under the read lock. 0 for NULL. */
ROSTER_API uint32_t roster_session_flags(const struct roster_session *session);

/*
 * Replaces user, host, database, application and attributes (all five: NULL means not known
 * again); readers see all of the old or all of the new (G1). Nothing else of `attr` is looked at
 * but `refusal`: flags are those with which it was opened. Owner only.
 *
 * While there are rules of roster_quota_set() the session moves from the groups of the old values
 * to those of the new ones at once, and needs a place in those that it was not in.
 *
 * Returns 0; -EINVAL, -E2BIG, -ENAMETOOLONG, -EDQUOT as roster_session_open(); -EBADF when closed;
 * -ENOBUFS; -ENOMEM; -ECHILD. After an error nothing has changed.
 */
ROSTER_API int roster_session_update(struct roster_session *session,
                                     const struct roster_session_attr *attr) ROSTER_MUST_CHECK;

/*
 * Sets 64 bits that the server may use as it likes, for instance the address of its own connection:
 * what that leads to stays readable under the read lock when it is freed in attr.release. One
 * store. The first call may allocate, unless attr.tag was not 0. Owner only.
 *
 * Returns 0; -EINVAL for NULL; -EBADF when closed; -ENOMEM; -ECHILD. After an error nothing has
 * changed.
 */
ROSTER_API int roster_session_set_tag(struct roster_session *session, uint64_t tag);

/* The tag that was set last, by attr.tag at first; 0 for NULL. Owner, or any thread under the read
 * lock. */
ROSTER_API uint64_t roster_session_tag(const struct roster_session *session);

/*
 * Waits until attr.release of every session of the roster that was closed before has returned. Any
 * thread, but not under the read lock and not in a callback of the library.
 *
 * Returns 0; -EINVAL for NULL; -EBUSY at once under the read lock of any roster and in
 * attr.release, because it would wait for itself; -EPERM and -ENOMEM when the kernel refuses the
 * membarrier that a grace period needs; -ECHILD.
 */
ROSTER_API int roster_release_wait(struct roster *roster) ROSTER_MUST_CHECK;

ROSTER_END_DECLS

#endif /* ROSTER_SESSION_H */
