/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Timestamp oracles: where start timestamps and the scanner's "now" come from.
 */
#ifndef ROSTER_ORACLE_H
#define ROSTER_ORACLE_H

#include <roster/export.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/*
 * An oracle. Stores a timestamp in `*ts` and returns 0, or returns a negative errno and leaves
 * `*ts` alone. It must be linearizable: a call that begins after another has returned gets a
 * timestamp that is not below the other's, whichever threads (and, in a cluster, servers) make the
 * two calls. It may block (a request to a remote oracle), it may be called from any number of
 * threads at once, and it must not call back into this or another roster. G2 requires only
 * this of the oracle: it need not be a memory fence. A result of 0 with a `*ts` of 0 or
 * ROSTER_TS_MAX, or a positive result, is an error too: the caller gets -ENODATA.
 *
 * An error goes to the caller of the function that asked, as it is. So that it says who failed, it
 * must be none that those functions return themselves with another meaning: not -EAGAIN, -EBADF,
 * -EBUSY, -ECANCELED, -EINVAL, -ENOBUFS, -ENODATA, -EPERM or -ESTALE. roster_store_strerror()
 * explains the errors of the oracles that rest on a store, and those of such functions as well.
 *
 * Two kinds of calls satisfy this contract. One *reads* the clock: it writes nothing, and two
 * callers may get the same timestamp. The other *allocates*: its timestamp is above all that were
 * read or allocated before. A roster only needs to read: a transaction that begins at T must see
 * every commit completed before, so T must not be below their timestamps, but need not be unique. A
 * commit whose versions carry its timestamp allocates one while it holds the lock that keeps others
 * from reading them, as in examples/guide/collector.c. An oracle that always allocates also works.
 */
typedef int roster_oracle_fn(void *arg, uint64_t *ts);

/* A hybrid clock of this process: wall-clock milliseconds and a logical counter. */
struct roster_oracle_local;

/*
 * Creates a local hybrid clock. Any thread. Returns 0; -EINVAL for NULL; -ENOMEM.
 *
 * The idea is that of Kulkarni and others, "Logical Physical Clocks" (2014).
 */
ROSTER_API int roster_oracle_local_create(struct roster_oracle_local **clock) ROSTER_MUST_CHECK;

/* Destroys a clock that is no longer in use. NULL is allowed. Any thread. */
ROSTER_API void roster_oracle_local_destroy(struct roster_oracle_local *clock);

/*
 * A roster_oracle_fn that reads the clock in `clock`: the result is not below any timestamp that an
 * earlier call has read or allocated. Writes nothing, so that threads do not contend for a line.
 * The clock moves with roster_oracle_local_allocate() and roster_oracle_local_advance(); a roster
 * whose oracle this is advances it with each of its ticks (options.tick_ms, or roster_tick()), so
 * timestamps lag behind the wall clock by a tick. Syncers and safe points advance it before they
 * compare it with what other servers have written. Any thread; wait-free; never fails and returns
 * 0. Neither argument may be NULL.
 */
ROSTER_API int roster_oracle_local_read(void *clock, uint64_t *ts);

/*
 * A roster_oracle_fn that allocates a timestamp of the clock in `clock`: above all that were read
 * or allocated before. Follows the wall clock; when that steps back, the last value is incremented
 * until the wall clock has caught up. Any thread; lock-free; never fails and returns 0.
 * A forked child continues with a copy of the clock, which repeats the parent's timestamps. Neither
 * argument may be NULL.
 */
ROSTER_API int roster_oracle_local_allocate(void *clock, uint64_t *ts);

/*
 * Advances the clock to the wall clock, for readers of a clock that no roster advances. NULL is
 * allowed and does nothing. Any thread; lock-free.
 */
ROSTER_API void roster_oracle_local_advance(struct roster_oracle_local *clock);

/*
 * How many milliseconds the clock runs ahead of the wall clock: 0 in normal operation, more after
 * the wall clock stepped back or when more than 262 144 timestamps a millisecond are requested.
 * Any thread.
 */
ROSTER_API uint64_t roster_oracle_local_ahead_ms(const struct roster_oracle_local *clock);

ROSTER_END_DECLS

#endif /* ROSTER_ORACLE_H */
