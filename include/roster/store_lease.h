/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Leases of a store: how long keys stay unless a client keeps them alive. Threads, time-outs and
 * errors are those of roster/store.h.
 */
#ifndef ROSTER_STORE_LEASE_H
#define ROSTER_STORE_LEASE_H

#include <stdint.h>

#include <roster/store.h>

ROSTER_BEGIN_DECLS

/* A lease as the store last described it. */
struct roster_store_lease {
    int64_t id;         /* positive */
    int64_t ttl_ms;     /* it lives at least this long after asked_at_ns, unless revoked */
    int64_t granted_ms; /* what a keep-alive sets it back to; at least what was asked for */
    /*
     * CLOCK_BOOTTIME, in nanoseconds, at the moment before the request that the store
     * acknowledged was sent. asked_at_ns + ttl_ms is the deadline by which its holder must have
     * fenced itself.
     */
    int64_t asked_at_ns;
};

/*
 * Makes a new lease.
 *
 * `ttl_ms`: how long it lives without a keep-alive, 1 to ROSTER_STORE_MAX_TTL_MS (etcd rounds up to
 * whole seconds and to its own minimum, about 1.5 election time-outs); `timeout_ms`: as in
 * roster/store.h; `lease`: receives it.
 *
 * Returns 0 when granted; -EINPROGRESS when that is unknown (if it was granted, it expires by
 * itself, unused); and -EINVAL and the table of roster/store.h, -EKEYEXPIRED and -EMEDIUMTYPE
 * excepted; -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_lease_grant(struct roster_store *store,
                                                          int64_t ttl_ms, int timeout_ms,
                                                          struct roster_store_lease *lease);

/*
 * Sets a lease's time to live back to what was granted.
 *
 * Time-outs of this call are harmless for the lease: the last success still counts.
 *
 * `timeout_ms`: as in roster/store.h; `lease`: receives its new state.
 *
 * Returns 0 when kept alive; -EKEYEXPIRED when it is gone, and the keys that hung on it are, too;
 * -ETIMEDOUT, -ENOLCK, -EHOSTUNREACH when it may or may not have been kept alive; and -EINVAL and
 * the table of roster/store.h, -EINPROGRESS and -EMEDIUMTYPE excepted; -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_lease_keep_alive(struct roster_store *store,
                                                               int64_t id, int timeout_ms,
                                                               struct roster_store_lease *lease);

/*
 * Asks how long a lease still lives, without keeping it alive.
 *
 * `timeout_ms`: as in roster/store.h; `lease`: receives its state (other than the rest of the
 * interface this one may report a lease that has just expired, as ttl_ms 0).
 *
 * Returns 0 when it lives; -EKEYEXPIRED when it is gone; and -EINVAL and the table of
 * roster/store.h, -EINPROGRESS and -EMEDIUMTYPE excepted; -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_lease_time_to_live(struct roster_store *store,
                                                                 int64_t id, int timeout_ms,
                                                                 struct roster_store_lease *lease);

/*
 * Ends a lease and deletes the keys that hang on it, all at one revision.
 *
 * `timeout_ms`: as in roster/store.h.
 *
 * Returns 0 when it is gone; -EKEYEXPIRED when it was gone already; -EINPROGRESS when that is
 * unknown (may be asked again); and -EINVAL and the table of roster/store.h, -EMEDIUMTYPE excepted;
 * -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_lease_revoke(struct roster_store *store, int64_t id,
                                                           int timeout_ms);

ROSTER_END_DECLS

#endif
