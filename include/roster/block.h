/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Blocking: waits of one session for another. A wait names its holder and its object, so that lists
 * show the blocker and the session at the root of the chain, and a wait that would close a circle
 * is refused. Sessions that do not wait pay nothing for it.
 */
#ifndef ROSTER_BLOCK_H
#define ROSTER_BLOCK_H

#include <roster/export.h>
#include <roster/session.h>
#include <roster/wait.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

/* Upper bound on the bytes of a text that names the object of a wait. */
#define ROSTER_BLOCK_TEXT 119

/* Number of waits that lists follow to a root, so that the cost of a list grows only with its
 * sessions. */
#define ROSTER_BLOCK_DEPTH 256

/* For block.flags: check for a circle of waits before this one begins. */
#define ROSTER_BLOCK_CHECK UINT32_C(1)

/*
 * What a session waits for. Begin with ROSTER_BLOCK_INIT.
 *
 * The holder is identified by its id and by a number that no later session with that id has, so it
 * may close at any time. If a lock ends with the holder's transaction, name the transaction, too:
 * then a holder that has moved on to its next transaction does not appear to block sessions that
 * have not been woken yet, and ROSTER_BLOCK_CHECK finds only true deadlocks. If there are several
 * holders, name one, and begin again with another when it has released the lock.
 */
struct roster_block {
    size_t size; /* sizeof(struct roster_block) */
    uint64_t holder_id;
    uint64_t holder_generation; /* its roster_session_generation(); 0: the session that has the id
                                   now, which is exact if the roster chooses the ids */
    uint64_t holder_txn; /* roster_txn_seq() of the transaction with which the lock ends; 0: none */
    const char *what;    /* a table, a key; NULL: not known; cut at ROSTER_BLOCK_TEXT */
    uint32_t event;      /* registered by roster_wait_event_register() */
    uint32_t flags;      /* ROSTER_BLOCK_CHECK or 0 */
};

#define ROSTER_BLOCK_INIT ROSTER_SIZED(struct roster_block)

/*
 * Stores a number in `*generation` that no other session of the roster ever has, for sessions that
 * will wait for this one. It stays the same until the session is closed. The first call of a
 * session may allocate; later ones are a load. Owner only.
 *
 * Returns 0; -EINVAL for NULL; -EBADF when closed; -ENOMEM; -ECHILD.
 */
ROSTER_API int roster_session_generation(struct roster_session *session, uint64_t *generation);

/*
 * As roster_wait_begin(), with the session that is waited for, until roster_wait_end() or the
 * session's next wait. Publishes no view. The first call of a session may allocate. Owner only.
 * Wait-free without ROSTER_BLOCK_CHECK.
 *
 * With ROSTER_BLOCK_CHECK it follows the waits from the holder on. If they lead back to this
 * session, and all existed at one instant, the wait does not begin; the deadlock is kept for
 * roster_deadlocks() and logged as an event, and each member has its number, see
 * roster_session_deadlock(). Of the waits that close one circle exactly one is refused, even if
 * many threads check at once, provided that all of them request the check. Costs a lookup (some 40
 * ns) for each session in the chain, in one read-side critical section, and follows at most 65 536:
 * a longer circle is not found.
 *
 * Returns 0; -EDEADLK when it would wait for itself; -EINVAL for NULL, a holder_id of 0, an unknown
 * flag, an event that was not registered, or a struct smaller than the first version's; -E2BIG for
 * a larger one with something unknown in it; -EBADF when closed; -ENOMEM; -ECHILD. After -EDEADLK
 * and -ENOMEM the session waits for nothing, after any other error for what it waited for before.
 */
ROSTER_API int roster_block_begin(struct roster_session *session,
                                  const struct roster_block *block) ROSTER_MUST_CHECK;

/* The result of roster_session_blocked(). */
struct roster_blocked {
    size_t size;               /* sizeof(struct roster_blocked), set by the caller */
    uint64_t blocker;          /* the session that is waited for */
    uint64_t blocker_start_ts; /* of its transaction; 0: it has none, or it is gone */
    uint64_t root_blocker;    /* where the chain of waits ends: the blocker, or what that waits for;
                            0 for a circle, and after ROSTER_BLOCK_DEPTH waits */
    uint64_t since;           /* CLOCK_MONOTONIC, ns, as roster_session_wait() */
    uint32_t depth;           /* how many waits lead to the root, this one included */
    uint32_t blocker_is_gone; /* 1: it was closed, or its transaction has ended */
    uint32_t event;           /* what kind of wait it is */
    uint32_t what_length;     /* bytes in `what` */
    char what[ROSTER_BLOCK_TEXT + 1]; /* ends with a NUL */
};

/*
 * Finds the session that this one waits for. Each wait in the chain is of one instant, but not of
 * the same one, so the chain as a whole may never have existed. Owner, or any thread under
 * the read lock; never delays an owner.
 *
 * Returns 0; -ENOENT when it waits for no session; -EINVAL for NULL or a size below the first
 * version's; -E2BIG for a larger one with something unknown in it; -ECHILD.
 */
ROSTER_API int roster_session_blocked(const struct roster_session *session,
                                      struct roster_blocked *blocked);

/* The result of roster_blocking(). */
struct roster_blocking {
    size_t size;           /* sizeof(struct roster_blocking), set by the caller */
    uint64_t waiting;      /* sessions that wait for another one */
    uint64_t waiting_long; /* of these, those that have for `min_ms` */
    uint64_t since;        /* when the longest of these began: CLOCK_MONOTONIC, ns; 0: there is
                              none */
    uint64_t root_blocker; /* the session that most of these wait for in the end, waiting for none
                              itself; 0: they wait in a circle, or are too many to follow */
    uint64_t root_waiting; /* how many of these do */
    uint64_t root_since;   /* when the longest of those began */
    uint32_t root_is_gone; /* 1: that was closed, or its transaction has ended, and those behind
                              it have not gone on */
};

/*
 * Counts the sessions that wait for another one and those that have waited for `min_ms`
 * milliseconds or longer, and finds the session that blocks most of these: for monitors. If no
 * session has ever waited for another one it costs a load, else a walk over all sessions, some
 * nanoseconds each, and some lookups (40 ns) for each long wait; no part of a chain is followed
 * repeatedly, and at most 262 144 waits are followed. It uses no memory but 20 KiB of its stack: it
 * tracks 64 roots of long waits and reports the largest of them, which is exact if there are no
 * more. Any thread; never delays an owner. The counts are of the time of the call, not of one
 * instant.
 *
 * Returns 0; -EINVAL for NULL or a size below the first version's; -E2BIG for a larger one with
 * something unknown in it; -ECHILD. After an error `*blocking` is unchanged.
 */
ROSTER_API int roster_blocking(struct roster *roster, uint64_t min_ms,
                               struct roster_blocking *blocking);

/* The number of the newest deadlock that the session was a member of; 0: none. Owner, or any thread
 * under the read lock. */
ROSTER_API uint64_t roster_session_deadlock(const struct roster_session *session);

/* Number of deadlocks that are kept, of members of each, and of bytes of a statement's text. */
#define ROSTER_DEADLOCKS 32
#define ROSTER_DEADLOCK_MEMBERS 16
#define ROSTER_DEADLOCK_TEXT 255

/* The most bytes of a member's user that are kept. */
#define ROSTER_DEADLOCK_USER 63

/* A session that waited in a deadlock, for the next member; the last one for the first. */
struct roster_deadlock_member {
    uint64_t session_id;
    uint64_t start_ts; /* of its transaction; 0: it had none */
    uint64_t txn_seq;
    uint64_t stmt_seq;
    uint64_t wait_ns; /* for how long it had waited; 0 for the one that was refused */
    uint32_t event;
    uint32_t text_length;                /* bytes in `text` */
    char what[ROSTER_BLOCK_TEXT + 1];    /* that it waited for; ends with a NUL, as the next two */
    char user[ROSTER_DEADLOCK_USER + 1]; /* "": not known */
    char text[ROSTER_DEADLOCK_TEXT + 1]; /* the beginning of its statement */
};

struct roster_deadlock {
    uint64_t number;  /* the roster's first is 1 */
    uint64_t at_ms;   /* milliseconds since the Unix epoch */
    uint64_t at;      /* CLOCK_MONOTONIC, ns */
    uint32_t members; /* in the circle */
    uint32_t kept;    /* of these, the first, which are here; the first one's wait was refused */
    struct roster_deadlock_member member[ROSTER_DEADLOCK_MEMBERS];
};

struct roster_deadlock_list {
    uint64_t total; /* found since the roster was created; the newest are here */
    size_t count;
    const struct roster_deadlock *deadlocks; /* the newest first */
};

/*
 * Copies the newest deadlocks. Any thread; waits only for one that is being written.
 *
 * Returns 0 and stores the list in `*list`, to be freed with roster_deadlock_list_free(); -EINVAL
 * for NULL; -ENOMEM; -ECHILD.
 */
ROSTER_API int roster_deadlocks(struct roster *roster,
                                struct roster_deadlock_list **list) ROSTER_MUST_CHECK;

/* Frees a copied list. NULL is allowed. Any thread, also after the roster was destroyed. */
ROSTER_API void roster_deadlock_list_free(struct roster_deadlock_list *list);

ROSTER_END_DECLS

#endif /* ROSTER_BLOCK_H */
