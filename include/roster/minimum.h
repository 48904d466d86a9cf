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
    ROSTER_HOLDER_NONE = 0, /* nothing is pinned: the minimum is the oracle's now; or what held it
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
    uint64_t since;      /* since when: CLOCK_MONOTONIC, ns, at tick resolution */
    enum roster_holder_kind kind;
    enum roster_pin_kind pin_kind;         /* for ROSTER_HOLDER_PIN */
    enum roster_session_kind session_kind; /* of that session, when session_id is not 0 */
};

/* The result of a scan. */
struct roster_min {
    size_t size;           /* sizeof(struct roster_min), set by the caller */
    uint64_t now;          /* the oracle's timestamp at which the scan was made */
    uint64_t min_start_ts; /* <= now */
    uint64_t safe_point;   /* the local safe point after this scan, <= now; the roster's may be
                              higher already, by scans that asked the oracle later */
    struct roster_holder holder; /* who holds the minimum */
    struct roster_holder next;   /* the oldest that is not the holder's: ending the holder's
                                    session or pin would move the minimum up to next.ts, or to
                                    now when next.kind is ROSTER_HOLDER_NONE */
    uint64_t expired;            /* pins beyond the age limit: ignored */
};

/*
 * Computes the minimum and advances the local safe point. Pins older than `max_age_ms` are not
 * counted, and their owners' checks fail from now on (G8); 0: no age limit. `min` may be NULL. Any
 * thread, and any number at once: none waits for another, and a call may return the result of one
 * that began after it. Owners are never delayed. What begins at a chosen timestamp during the call
 * counts until the scan decides, and is refused when it comes later and is given up.
 *
 * It costs one membarrier and a read of 8 bytes for each slot. Their number follows neither the
 * sessions nor the threads that only look, but what was open at once: a thread that has begun a
 * transaction or acquired a pin has 8 slots; one that had more of them open at once has at most
 * twice as many as those. Slots come in blocks of 640. Those of threads that have ended, and of
 * peaks that are over, are given out again first; a block is read until all of it is free, and then
 * its memory goes back.
 *
 * Guarantees G2 and G3. The minimum itself may go back when someone begins at an older timestamp
 * that is still protected; the safe point does not.
 *
 * Returns 0; -EINVAL for NULL or a size below the first version's; -E2BIG for a larger one with
 * something unknown in it; the oracle's error, -EIO when it gave no timestamp; -EPERM when the
 * kernel refuses the membarrier, -ENOMEM when it is out of memory for it: then an open transaction
 * might be missed; -ENOMEM also when the process is, and more scans run at once than ever before;
 * -ECHILD. After an error nothing has changed.
 */
ROSTER_API int roster_min_advance(struct roster *roster, uint64_t max_age_ms,
                                  struct roster_min *min);

/*
 * Read-only variant, for monitoring: nothing is advanced and nothing expires, so that the local
 * safe point does not depend on monitoring. min->safe_point is that of the last scan before the
 * call. What begins at a chosen timestamp during the call may count or not. Any thread; waits for
 * no scan.
 *
 * Returns 0; -EINVAL for NULL or a size below the first version's; -E2BIG for a larger one with
 * something unknown in it; the oracle's error, -EIO when it gave no timestamp; -EPERM and -ENOMEM
 * when the kernel refuses the membarrier; -ECHILD.
 */
ROSTER_API int roster_min_peek(struct roster *roster, struct roster_min *min);

/* Of which sessions roster_min_of() asks. Begin with ROSTER_MIN_FILTER_INIT: of all. */
struct roster_min_filter {
    size_t size;    /* sizeof(struct roster_min_filter) */
    uint32_t kinds; /* ROSTER_KIND_BIT()s of those that count; 0: every kind */
    uint32_t reserved;
    const char *database; /* only sessions in this one; NULL: in any or none */
    uint64_t tag_mask;    /* only sessions whose tag has in these bits what `tag` has; 0: any */
    uint64_t tag;
};

#define ROSTER_MIN_FILTER_INIT ROSTER_SIZED(struct roster_min_filter)

/*
 * As roster_min_peek(), of the sessions that `filter` means and of their pins: the oldest timestamp
 * that one database, or one kind of session, needs. Pins without an open session count when every
 * session does. Nothing is advanced. A session that gets another database or tag during the call
 * counts as before or as after. Any thread.
 *
 * Returns as roster_min_peek(), of either struct; -EINVAL also for an unknown kind.
 */
ROSTER_API int roster_min_of(struct roster *roster, const struct roster_min_filter *filter,
                             struct roster_min *min);

/* Called for one holder, inside the read lock; the holder is valid until this returns. Returns 0 to
 * go on, anything else to stop. */
typedef int roster_each_holder_fn(const struct roster_holder *holder, void *arg);

/*
 * Walks all that pins a timestamp, in no particular order: transactions, pending ones too, and
 * pins; not the transactions of sessions with ROSTER_SESSION_NON_PINNING. What is pinned during the
 * whole walk is visited exactly once; what begins or ends during it once or not at all. Nothing is
 * advanced and nothing expires, and owners are never delayed. Any thread; costs what
 * roster_min_peek() does without the oracle, and allocates nothing.
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
