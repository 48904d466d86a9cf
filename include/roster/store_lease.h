/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/** \file
 * Leases of a store: how long keys stay unless a client keeps them alive. Threads, time-outs and
 * errors are those of roster/store.h.
 */
#ifndef ROSTER_STORE_LEASE_H
#define ROSTER_STORE_LEASE_H

#include <stdint.h>

#include <roster/store.h>

ROSTER_BEGIN_DECLS

/** A lease as the store last described it. */
struct roster_store_lease {
    int64_t id;         /**< positive */
    int64_t ttl_ms;     /**< it lives at least this long after asked_at_ns, unless revoked */
    int64_t granted_ms; /**< what a keep-alive sets it back to; at least what was asked for */
    /**
     * CLOCK_BOOTTIME, in nanoseconds, at the moment before the request that the store
     * acknowledged was sent. asked_at_ns + ttl_ms is the deadline by which its holder must have
     * fenced itself.
     */
    int64_t asked_at_ns;
};

/**
 * Makes a new lease.
 *
 * \param store      the store.
 * \param ttl_ms     how long it lives without a keep-alive, 1 to ROSTER_STORE_MAX_TTL_MS. etcd
 *                   rounds up to whole seconds and to its own minimum, about 1.5 election
 *                   time-outs.
 * \param timeout_ms as in roster/store.h.
 * \param lease      receives it.
 *
 * \retval 0 granted.
 * \retval -EINPROGRESS unknown; if it was granted, it expires by itself, unused.
 * \retval ... -EINVAL and the table of roster/store.h, -EKEYEXPIRED and -EMEDIUMTYPE excepted.
 * \retval -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_lease_grant(struct roster_store *store,
                                                          int64_t ttl_ms, int timeout_ms,
                                                          struct roster_store_lease *lease);

/**
 * Sets a lease's time to live back to what was granted.
 *
 * Time-outs of this call are harmless for the lease: the last success still counts.
 *
 * \param store      the store.
 * \param id         the lease.
 * \param timeout_ms as in roster/store.h.
 * \param lease      receives its new state.
 *
 * \retval 0 kept alive.
 * \retval -EKEYEXPIRED it is gone, and the keys that hung on it are, too.
 * \retval -ETIMEDOUT,-EBUSY,-EHOSTUNREACH it may or may not have been kept alive.
 * \retval ... -EINVAL and the table of roster/store.h, -EINPROGRESS and -EMEDIUMTYPE excepted.
 * \retval -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_lease_keep_alive(struct roster_store *store,
                                                               int64_t id, int timeout_ms,
                                                               struct roster_store_lease *lease);

/**
 * Asks how long a lease still lives, without keeping it alive.
 *
 * \param store      the store.
 * \param id         the lease.
 * \param timeout_ms as in roster/store.h.
 * \param lease      receives its state. Other than the rest of the interface this one may
 *                   report a lease that has just expired, as ttl_ms 0.
 *
 * \retval 0 it lives.
 * \retval -EKEYEXPIRED it is gone.
 * \retval ... -EINVAL and the table of roster/store.h, -EINPROGRESS and -EMEDIUMTYPE excepted.
 * \retval -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_lease_time_to_live(struct roster_store *store,
                                                                 int64_t id, int timeout_ms,
                                                                 struct roster_store_lease *lease);

/**
 * Ends a lease and deletes the keys that hang on it, all at one revision.
 *
 * \param store      the store.
 * \param id         the lease.
 * \param timeout_ms as in roster/store.h.
 *
 * \retval 0 it is gone.
 * \retval -EKEYEXPIRED it was gone already.
 * \retval -EINPROGRESS unknown; may be asked again.
 * \retval ... -EINVAL and the table of roster/store.h, -EMEDIUMTYPE excepted.
 * \retval -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_lease_revoke(struct roster_store *store, int64_t id,
                                                           int timeout_ms);

ROSTER_END_DECLS

#endif
