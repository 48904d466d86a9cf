/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Timestamp oracles that rest on a store.
 *
 * Two of them: a global one, whose timestamps are linearizable across all servers that use the
 * same key of the same store, and a persistent one, a hybrid clock of one process that never goes
 * back across a restart. The read and allocate functions of both are a roster_oracle_fn, see
 * roster/oracle.h for which one a server needs where.
 */
#ifndef ROSTER_ORACLE_STORE_H
#define ROSTER_ORACLE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include <roster/export.h>
#include <roster/oracle.h>
#include <roster/store.h>

ROSTER_BEGIN_DECLS

/* Returns milliseconds since the Unix epoch; any thread, never waits. */
typedef uint64_t roster_wall_clock_fn(void *arg);

/* ---------------------------------------------------------------------------- global */

/* A timestamp oracle that all servers share through one key of a store. */
struct roster_oracle_store;

/* Options of a store's oracle. Begin with ROSTER_ORACLE_STORE_OPTIONS_INIT; a member that is 0 or
 * NULL has its default. */
struct roster_oracle_store_options {
    size_t size; /* sizeof(struct roster_oracle_store_options) */

    const char *key; /* where the next timestamp is kept ("/roster/oracle"); copied */
    int timeout_ms;  /* for one timestamp, all attempts together (5000) */
    roster_wall_clock_fn *wall_clock; /* what timestamps follow (CLOCK_REALTIME) */
    void *wall_arg;                   /* its argument */
    /* A stored value that is further than this ahead of the wall clock, and of what was read
     * before, is taken for a mistake: timestamps that were jumped over never come back (86400000).
     */
    uint64_t max_ahead_ms;
};

#define ROSTER_ORACLE_STORE_OPTIONS_INIT ROSTER_SIZED(struct roster_oracle_store_options)

/*
 * Makes a handle on the oracle behind a key. The store is not contacted, and must stay open.
 *
 * Returns 0 when made; -EINVAL for NULL, a value out of range or a struct of an unknown size;
 * -ECHILD in a forked child; -E2BIG for larger options with something unknown in them; -ENOMEM.
 */
ROSTER_API ROSTER_MUST_CHECK int
roster_oracle_store_create(struct roster_store *store,
                           const struct roster_oracle_store_options *options,
                           struct roster_oracle_store **oracle);

/* Destroys a handle that is no longer in use; NULL is ignored. */
ROSTER_API void roster_oracle_store_destroy(struct roster_oracle_store *oracle);

/*
 * A roster_oracle_fn: gets a timestamp, greater than all that were got before by anyone anywhere.
 *
 * All callers of one handle that wait at the same moment share one compare-and-swap, which allots
 * them a range. A range is allotted after every one of them has asked, and what is left of none
 * is kept for later, so a call that begins after another has returned gets a greater timestamp.
 *
 * `oracle`: a struct roster_oracle_store; `ts`: receives the timestamp.
 *
 * Returns 0 when it has got one; -EBADMSG when the key holds no timestamp, or this server's clock
 * is centuries ahead (no client gets any until an operator has put it right); -EOVERFLOW when the
 * key holds a timestamp more than max_ahead_ms ahead of this server's clock: one of the two is
 * wrong, and nothing was changed; -EREMCHG when the key has vanished since this handle first saw
 * it, or its timestamp has gone back: the order of timestamps is no longer known (create a new
 * handle to begin again); and errors of the store (-EINPROGRESS excepted, which is settled inside);
 * -ECHILD in a forked child.
 */
ROSTER_API int roster_oracle_store_allocate(void *oracle, uint64_t *ts);

/*
 * A roster_oracle_fn: reads a timestamp that is not below any that a call which returned before,
 * by anyone anywhere, has read or allocated. Callers that wait at the same moment share one
 * request, which writes only when some of them allocate, or when none has for 10 ms.
 *
 * `oracle`: a struct roster_oracle_store; `ts`: receives the timestamp.
 *
 * Returns 0 when it has read one; -ECHILD in a forked child; -EBADMSG as of
 * roster_oracle_store_allocate(); -EREMCHG as of roster_oracle_store_allocate(); and errors of the
 * store (-EINPROGRESS excepted, which is settled inside).
 */
ROSTER_API int roster_oracle_store_read(void *oracle, uint64_t *ts);

/* What a handle has done since it was created. */
struct roster_oracle_store_stats {
    size_t size;           /* sizeof(struct roster_oracle_store_stats), set by the caller */
    uint64_t timestamps;   /* handed out */
    uint64_t transactions; /* sent to the store for them */
    uint64_t conflicts;    /* of them, another server was first */
    uint64_t failures;     /* calls that ended with an error */
    uint64_t ahead_ms;     /* how far the newest one is ahead of this server's wall clock */
};

/*
 * Reads the counters. Timestamps ahead of the wall clock are right, but say that some server's
 * clock is, or was, wrong by that much.
 *
 * Returns 0 when filled in; -EINVAL for NULL or a struct smaller than the first version's; -ECHILD
 * in a forked child; -E2BIG for a larger one with something unknown in it.
 */
ROSTER_API int roster_oracle_store_stats(struct roster_oracle_store *oracle,
                                         struct roster_oracle_store_stats *stats);

/* ---------------------------------------------------------------------------- persistent */

/* A hybrid clock of one process with a high-water mark in a store. */
struct roster_oracle_persistent;

/* Options of such a clock. Begin with ROSTER_ORACLE_PERSISTENT_OPTIONS_INIT; a member that is 0 or
 * NULL has its default. */
struct roster_oracle_persistent_options {
    size_t size; /* sizeof(struct roster_oracle_persistent_options) */

    const char *key;    /* where the mark is kept ("/roster/clock"); one process at a time */
    uint32_t window_ms; /* how far ahead the mark is put: a restart may skip as much (3000) */
    int timeout_ms;     /* for moving the mark (5000) */
    roster_wall_clock_fn *wall_clock; /* what timestamps follow (CLOCK_REALTIME) */
    void *wall_arg;                   /* its argument */
    uint64_t max_ahead_ms; /* a mark further than this ahead of it is no mark (86400000) */
};

#define ROSTER_ORACLE_PERSISTENT_OPTIONS_INIT ROSTER_SIZED(struct roster_oracle_persistent_options)

/*
 * Takes over the mark from its last user, and makes a clock that begins above it.
 *
 * Returns 0 when made; -EINVAL for NULL, a value out of range or a struct of an unknown size;
 * -ECHILD in a forked child; -E2BIG for larger options with something unknown in them; -EBADMSG
 * when the key holds no mark; -EOVERFLOW when the mark is more than max_ahead_ms ahead of this
 * server's clock: one of the two is wrong, and nothing was changed; -ENOMEM; and errors of the
 * store.
 */
ROSTER_API ROSTER_MUST_CHECK int
roster_oracle_persistent_create(struct roster_store *store,
                                const struct roster_oracle_persistent_options *options,
                                struct roster_oracle_persistent **oracle);

/* Destroys a clock that is no longer in use; NULL is ignored. */
ROSTER_API void roster_oracle_persistent_destroy(struct roster_oracle_persistent *oracle);

/*
 * A roster_oracle_fn: gets a timestamp greater than all that were got before, in this process or
 * in those that had the mark earlier. Lock-free, but for the call that moves the mark when half
 * of the window is used, and, when the store has not answered by the window's end, for all calls.
 *
 * `oracle`: a struct roster_oracle_persistent; `ts`: receives the timestamp.
 *
 * Returns 0 when it has got one; -EINVAL for NULL; -EREMCHG when another process has taken over the
 * mark (this clock is of no use any more); -EBADMSG when the key holds no mark any more; and errors
 * of the store, when the mark had to be moved and could not; -ECHILD in a forked child.
 */
ROSTER_API int roster_oracle_persistent_allocate(void *oracle, uint64_t *ts);

/*
 * A roster_oracle_fn: reads a timestamp that is not below any that a call which returned before has
 * read or allocated. Writes nothing unless the clock has not moved for 10 ms; then it allocates.
 *
 * `oracle`: a struct roster_oracle_persistent; `ts`: receives the timestamp.
 *
 * Returns 0 when it has read one; -EINVAL for NULL; -ECHILD in a forked child; -EREMCHG as of
 * roster_oracle_persistent_allocate(); -EBADMSG as of roster_oracle_persistent_allocate(); and
 * errors of the store, when the mark had to be moved and could not.
 */
ROSTER_API int roster_oracle_persistent_read(void *oracle, uint64_t *ts);

/*
 * Returns how many milliseconds the clock runs ahead of the wall clock: 0 in normal operation, more
 * after the wall clock stepped back or when it was wrong before a restart.
 */
ROSTER_API uint64_t
roster_oracle_persistent_ahead_ms(const struct roster_oracle_persistent *oracle);

ROSTER_END_DECLS

#endif
