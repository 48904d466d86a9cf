/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Barriers: named timestamps that the txn safe point may not pass until they expire.
 *
 * For clients that need old versions but have no record as a server: a backup, a change feed, an
 * operator. A barrier expires by the store's clock, not by any server's. One without a time to live
 * stands until it is deleted, or until it is older than the servers accept (enum roster_abandoned
 * in roster/safe_point.h): then it is deleted before the safe point passes it. So a client that
 * reads under such a barrier lists it after its reads: while it stands, what was read was there.
 */
#ifndef ROSTER_BARRIER_H
#define ROSTER_BARRIER_H

#include <stddef.h>
#include <stdint.h>

#include <roster/safe_point.h>

ROSTER_BEGIN_DECLS

/* A time to live that never ends. */
#define ROSTER_BARRIER_FOREVER INT64_MAX

/*
 * Sets a barrier, or moves it and sets its time to live anew. The lease that it hung on before is
 * ended, unless another key hangs on it.
 *
 * `name`: 1 to 128 bytes, no slash; `ts`: where it stands (the txn safe point may reach and not
 * pass it); `ttl_ms`: how long, 1 to ROSTER_STORE_MAX_TTL_MS, or ROSTER_BARRIER_FOREVER.
 *
 * Returns 0 when it stands; -EINVAL for NULL, an empty name or a value out of range; -ECHILD in a
 * forked child; -ESTALE when the txn safe point has passed `ts` (an existing barrier is left as it
 * was); -EBADMSG when the txn safe point cannot be read; -EREMCHG when it has gone back, as after a
 * backup of the store was restored: what is above it may be collected already; -ERESTART when
 * others were faster again and again (nothing changed); and errors of the store (after -EINPROGRESS
 * it may stand).
 */
ROSTER_API int roster_barrier_set(struct roster_safe_point *safe_point, const char *name,
                                  uint64_t ts, int64_t ttl_ms);

/*
 * Removes a barrier, and ends the lease that it hung on, unless another key hangs on it.
 *
 * Returns 0 when it is gone; -ENOENT when there was none, or it has expired or was passed; -EINVAL
 * for NULL or a value out of range; -ECHILD in a forked child; and errors of the store.
 */
ROSTER_API int roster_barrier_delete(struct roster_safe_point *safe_point, const char *name);

/* One barrier. */
struct roster_barrier {
    char name[129];
    uint64_t ts;    /* 0: the key holds no timestamp, and blocks */
    int64_t ttl_ms; /* left; ROSTER_BARRIER_FOREVER without an end */
};

/*
 * Lists all barriers in the order of their names. A key that another program has written may have a
 * name that no call here accepts: one that is too long is cut, and a byte of 0 in it reads '?'.
 *
 * `barriers`: receives them, to be given to free() (NULL when there are none); `count`: receives
 * how many.
 *
 * Returns 0 also when there are none; -EINVAL for NULL; -ECHILD in a forked child; -ENOMEM; and
 * errors of the store.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_barrier_list(struct roster_safe_point *safe_point,
                                                     struct roster_barrier **barriers,
                                                     size_t *count);

ROSTER_END_DECLS

#endif
