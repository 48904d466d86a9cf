/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The minimum: the smallest timestamp that is pinned, who holds it, and the local safe point.
 */
#ifndef ROSTER_MINIMUM_H
#define ROSTER_MINIMUM_H

#include <roster/export.h>
#include <roster/pin.h>
#include <roster/session.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

enum roster_holder_kind {
    ROSTER_HOLDER_NONE = 0, /* nothing is pinned, and the minimum is the oracle's now; or the holder
                               began at a chosen timestamp and ended, both during the scan */
    ROSTER_HOLDER_TXN = 1,  /* a transaction, pending or valid */
    ROSTER_HOLDER_PIN = 2,  /* a stand-alone pin */
};

/*
 * The holder of a pinned timestamp, which it held during the call, since then. Of two transactions
 * of a session that pin one timestamp, one after the other during the call, `since` may be of the
 * first, of the second, or between.
 */
struct roster_holder {
    uint64_t ts;         /* what it pins; for a pending transaction its lower bound */
    uint64_t session_id; /* of a transaction; of a pin the session that it is held for, also one
                            that has closed; 0 without one, and once another session has its id */
    uint64_t pin_id;     /* 0 for a transaction */
    uint64_t since;      /* CLOCK_MONOTONIC, ns, at tick resolution */
    enum roster_holder_kind kind;
    enum roster_pin_kind pin_kind;         /* for ROSTER_HOLDER_PIN */
    enum roster_session_kind session_kind; /* of that session, when session_id is not 0 */
};

/* The result of a scan. */
struct roster_min {
    size_t size;                 /* sizeof(struct roster_min), set by the caller */
    uint64_t now;                /* the oracle's timestamp at which the scan was made */
    uint64_t min_start_ts;       /* <= now */
    uint64_t safe_point;         /* the local safe point after this scan, <= now; the roster's may
                                    already be higher, by scans that asked the oracle later */
    struct roster_holder holder; /* the holder of the minimum */
    struct roster_holder next; /* the oldest that does not belong to the holder: ending the holder's
                                  session or pin would advance the minimum to next.ts, or to now if
                                  next.kind is ROSTER_HOLDER_NONE */
    uint64_t expired;          /* pins beyond the age limit: ignored */
};

/*
 * Computes the minimum and advances the local safe point. Pins older than `max_age_ms` do not
 * count, and their owners' checks fail from now on (G8); 0: no age limit. `min` may be NULL. Any
 * thread, and any number of threads at once: none waits for another, and a call may return the
 * result of one that began after it. Owners are never delayed. A transaction or pin that begins at
 * a chosen timestamp during the call counts until the scan decides; a later one below the new safe
 * point is refused.
 *
 * Costs one membarrier and a read of 8 bytes for each slot. The number of slots depends neither on
 * the sessions nor on threads that only read, but on the pins that were open at once: a thread that
 * has begun a transaction or acquired a pin has 8 slots; a thread that had more open at once has at
 * most twice that number. Slots come in blocks of 640. Slots of ended threads and of past peaks are
 * reused first; a block is scanned until all of it is free, and then its memory is returned.
 *
 * Guarantees G2 and G3. The minimum itself may go back when a transaction or pin begins at an older
 * timestamp that is still protected; the safe point does not.
 *
 * Returns 0; -EINVAL for NULL or a size below the first version's; -E2BIG for a larger one with
 * something unknown in it; the oracle's error, -ENODATA for an invalid timestamp; -EPERM when the
 * kernel refuses the membarrier, -ENOMEM when the kernel lacks memory for it: otherwise an open
 * transaction might be missed; -ENOMEM also when the process lacks memory and more scans than ever
 * run at once; -ECHILD. After an error nothing has changed.
 */
ROSTER_API int roster_min_advance(struct roster *roster, uint64_t max_age_ms,
                                  struct roster_min *min);

/*
 * Read-only variant, for monitoring: advances and expires nothing, so that the local safe point
 * does not depend on monitoring. min->safe_point is that of the last scan before the call. A
 * transaction or pin that begins at a chosen timestamp during the call may or may not count. Any
 * thread; waits for no scan.
 *
 * Returns 0; -EINVAL for NULL or a size below the first version's; -E2BIG for a larger one with
 * something unknown in it; the oracle's error, -ENODATA when it gave no timestamp; -EPERM and
 * -ENOMEM when the kernel refuses the membarrier; -ECHILD.
 */
ROSTER_API int roster_min_peek(struct roster *roster, struct roster_min *min);

/* The sessions that roster_min_of() considers. Begin with ROSTER_MIN_FILTER_INIT: all of them. */
struct roster_min_filter {
    size_t size;    /* sizeof(struct roster_min_filter) */
    uint32_t kinds; /* ROSTER_KIND_BIT()s of those that count; 0: every kind */
    uint32_t reserved;
    const char *database; /* only sessions that use it; NULL: all sessions */
    uint64_t tag_mask;    /* only sessions whose tag equals `tag` in these bits; 0: any */
    uint64_t tag;
};

#define ROSTER_MIN_FILTER_INIT ROSTER_SIZED(struct roster_min_filter)

/*
 * As roster_min_peek(), for the sessions that `filter` matches and their pins: the oldest timestamp
 * that one database, or one kind of session, needs. Pins without an open session count if every
 * session does. Advances nothing. A session that gets another database or tag during the call
 * counts as before or as after. Any thread.
 *
 * Returns as roster_min_peek(), of either struct; -EINVAL also for an unknown kind.
 */
ROSTER_API int roster_min_of(struct roster *roster, const struct roster_min_filter *filter,
                             struct roster_min *min);

/* Called for one holder, under the read lock; the holder is valid until this returns. Returns 0
 * to continue, anything else to stop. */
typedef int roster_each_holder_fn(const struct roster_holder *holder, void *arg);

/*
 * Walks all holders of a timestamp, in no particular order: transactions, including pending ones,
 * and pins; not the transactions of sessions with ROSTER_SESSION_NON_PINNING. A holder that exists
 * during the whole walk is visited exactly once; one that begins or ends during it, once or not at
 * all. Advances and expires nothing, and never delays owners. Any thread; costs as much as
 * roster_min_peek() without the oracle, and allocates nothing.
 *
 * Returns 0; what `fn` returned when it stopped the walk; -EINVAL for NULL; -EPERM and -ENOMEM when
 * the kernel refuses the membarrier: then an open transaction might be missed; -ECHILD.
 */
ROSTER_API int roster_for_each_holder(struct roster *roster, roster_each_holder_fn *fn, void *arg);

/*
 * The local safe point as of the last scan: collectors may delete every version that no reader at
 * or above it can see. Any thread; one load. Guarantees G2 and G3. 0 before the first scan.
 */
ROSTER_API uint64_t roster_local_safe_point(const struct roster *roster);

ROSTER_END_DECLS

#endif /* ROSTER_MINIMUM_H */
