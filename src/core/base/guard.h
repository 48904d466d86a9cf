/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The inputs of protected_from, the one word for G8. The lock is held for only a few instructions,
 * so that fencing waits for no thread; scans take it only under a leased store.
 */
#pragma once

#include "core/base/rcu.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>

/* The lease deadline of a roster without a leased store. */
#define RST_LEASE_NONE UINT64_MAX

struct rst_guard {
    pthread_mutex_t lock;
    rst_word local;  /* the local safe point, or what an age limit gave up; never goes back, and
                      * is raised without the lock */
    uint64_t record; /* see lease.h; 0 without a leased store */
    uint64_t passed; /* the cluster's safe point as this process publishes it; never goes back */
    bool fenced;
    uint64_t fenced_since; /* CLOCK_BOOTTIME, ns; not after the deadline that was missed */
};

/* The part that owners read; in the line of struct rst_horizon that only scans write. */
struct rst_guard_words {
    rst_word protected_from; /* the smallest timestamp still guaranteed (G8) */
    rst_word lease_deadline; /* CLOCK_BOOTTIME, ns; 0 while fenced */
};

void rst_guard_init(struct rst_guard *guard, struct rst_guard_words *words);
void rst_guard_destroy(struct rst_guard *guard);

/* A scan has given up everything below `local`; afterwards collectors may be notified. Any number
 * of scans at once; without a leased store no lock is taken. */
void rst_guard_raise_local(struct rst_guard *guard, struct rst_guard_words *words, uint64_t local);

/* Raises the record, or sets it. */
void rst_guard_raise_record(struct rst_guard *guard, struct rst_guard_words *words,
                            uint64_t record);
void rst_guard_set_record(struct rst_guard *guard, struct rst_guard_words *words, uint64_t record);

/* Whether something below `ts` is protected: not while fenced. */
bool rst_guard_protects_below(struct rst_guard *guard, uint64_t ts);

/*
 * The cluster's safe point is `ts`: all checks below it fail from now on, so it may be published.
 * False, with nothing changed, if the roster is not fenced and still protects a timestamp below it.
 */
bool rst_guard_pass(struct rst_guard *guard, struct rst_guard_words *words, uint64_t ts);

/* Fences, or unfences until `deadline`. */
void rst_guard_fence(struct rst_guard *guard, struct rst_guard_words *words);
void rst_guard_unfence(struct rst_guard *guard, struct rst_guard_words *words, uint64_t deadline);

/* Nanoseconds until the deadline of a leased store; below 0, for how long it has been fenced. */
int64_t rst_guard_margin_ns(struct rst_guard *guard, const struct rst_guard_words *words);

/* Whether lowering the record alone could protect `ts` again. */
bool rst_guard_may_lower(struct rst_guard *guard, uint64_t ts);

/* Whether the lease still lives: 0 or -ESTALE. Outside the common path of a roster without one. */
rst_slow int rst_guard_lease_slow(uint64_t deadline);

/*
 * Whether everything read so far at `ts` was still there: 0 or -ESTALE (G8). The fence keeps the
 * reads before the loads; a collector reads the safe point after protected_from was written, so a
 * read that missed something collected cannot precede a load that misses its cause.
 */
static inline int rst_guard_check(const struct rst_guard_words *words, uint64_t ts)
{
    uint64_t deadline;

    rst_fence_load_load();
    rst_test_point("check: reads done");
    if (rst_control(BLIND_CHECK))
        return 0;
    /* Before protected_from: a thread that sees a new lease's deadline also sees what the end of
     * the old lease cost. Pairs with the release in rst_guard_unfence(). */
    deadline = rst_load_acquire(&words->lease_deadline);
    /* Pairs with the release in guard.c's publish(). */
    if (rst_unlikely(ts < rst_load_acquire(&words->protected_from)))
        return -ESTALE;
    return rst_likely(deadline == RST_LEASE_NONE) ? 0 : rst_guard_lease_slow(deadline);
}
