/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of a roster: everything that its sessions share.
 */
#pragma once

#include "core/base/graced.h"
#include "core/base/heap.h"
#include "core/base/horizon.h"
#include "core/base/hot.h"
#include "core/base/process.h"
#include "core/base/rcu.h"
#include "core/base/stays.h"
#include "core/base/struct_size.h"
#include "core/base/ticker.h"
#include "core/roster/registry.h"

#include <errno.h>
#include <pthread.h>
#include <roster/block.h>
#include <roster/manager.h>
#include <roster/metrics.h>
#include <roster/timestamp.h>

struct rst_event_log;
struct rst_quota;

/* Trims of the roster's memory, one at a time. See trim.h of this folder. */
struct rst_trim {
    struct rcu_head head;
    rst_word due;    /* of the roster's clock: not before */
    rst_word queued; /* 1: one is on its way, or none may be any more */
};

struct rst_lease_ops;
struct rst_thread;

/* The classes of hot objects: views, and statements of 128 bytes, 256, and so on to 2 MiB. */
enum {
    RST_HOT_VIEW,
    RST_HOT_STATEMENT,
    RST_HOT_CLASSES = RST_HOT_STATEMENT + 15,
};

/* The newest result of a scan, for those that began before it did. No thread waits for it: one that
 * finds it taken makes a scan of its own. */
struct rst_last_scan {
    rst_word begun; /* scans that have begun: each has a number */
    rst_word number;
    rst_word taken;
    uint64_t max_age_ms;
    struct roster_min min;
};

/* Counted by the owner, summed by roster_stats(). */
struct rst_thread_counts {
    rst_word sessions_opened;
    rst_word txns_begun;
    rst_word txns_forced;
    rst_word statements;
};

/* At most one measurement of a grace period. */
struct rst_grace {
    struct rcu_head head;
    rst_word since; /* CLOCK_MONOTONIC, ns; 0 while none is */
    rst_word took;
};

/* Of scans, by any number of threads. */
struct rst_scan_times {
    rst_word sum_ns;
    rst_word buckets[ROSTER_TIME_BUCKETS];
};

/* The newest deadlocks. Only threads that have found one or list them take the lock. */
struct rst_deadlocks {
    pthread_mutex_t lock;
    uint64_t total;                                 /* found so far */
    struct roster_deadlock *kept[ROSTER_DEADLOCKS]; /* number n at (n - 1) % ROSTER_DEADLOCKS; NULL:
                                                       there was no memory for it */
    rst_word memory;                                /* bytes that these take */
};

struct roster {
    /* Constant after creation. */
    uint32_t tag;
    unsigned process; /* that made it, see process.h */
    bool membarrier;  /* owners run without fences */
    bool reclaims_by_hand;
    uint32_t text_limit;
    uint64_t life_time_ms;
    roster_oracle_fn *oracle;
    void *oracle_arg;
    struct roster_oracle_local *own_clock; /* NULL when the caller brought an oracle */

    struct rst_horizon horizon;
    struct rst_ticker ticker;

    struct rst_registry registry rst_cache_aligned;
    struct rst_graced sessions;
    unsigned hot_classes; /* the first of RST_HOT_CLASSES, as many as text_limit needs */
    struct rst_hot hot[RST_HOT_CLASSES];
    struct rst_heap heap; /* of what readers read in place, beside session records */
    struct rst_account account rst_cache_aligned;
    rst_word looks_again; /* tries of looks that came to nothing */

    rst_word pins;
    rst_word next_pin_id;
    rst_word attached;                     /* watchdogs and the syncer */
    uint32_t draining;                     /* the bits of the kinds of sessions that are refused */
    uint32_t drainers;                     /* 1 while a thread is in roster_drain() */
    pthread_mutex_t lease_lock;            /* pins below the record, and a syncer that stops */
    const struct rst_lease_ops *lease_ops; /* NULL: no syncer */
    void *lease_arg;
    pthread_mutex_t kill_lock; /* killers take turns, owners never come here */
    rst_word non_pinning;      /* sessions that were opened so, see side.c */
    rst_word generations;      /* sessions that were given one, see side.h */
    rst_word blocks;           /* sessions with a record of what they wait for, see block.h */
    struct rst_deadlocks deadlocks;
    struct rst_quota *quota; /* constant */
    rst_word kills_delivered;
    rst_word kills_refused;
    rst_word kills[ROSTER_KILL_REASONS][ROSTER_KILL_RESULTS];
    struct rst_scan_times scan_times;
    struct rst_last_scan last_scan;
    struct rst_grace grace;
    struct rst_trim trim;
    struct rst_thread_counts alone;  /* by threads that could get no context, or that have ended */
    struct rst_all_stays stays;      /* likewise, and what a thread has no entry for */
    struct rst_event_log *event_log; /* constant */

    /* Written under the process-wide lock of thread.c. */
    struct cds_list_head threads;
    struct rst_thread *idle_threads;
};

/* Reads the oracle; a result that is not a timestamp is -ENODATA. */
static inline int rst_oracle_now(const struct roster *roster, uint64_t *ts)
{
    int err = roster->oracle(roster->oracle_arg, ts);

    if (rst_likely(!err && *ts - 1 < ROSTER_TS_MAX - 1))
        return 0;
    return err < 0 ? err : -ENODATA;
}

/* The checks of a call that fills in a result for its caller: 0, -EINVAL, -E2BIG or -ECHILD. */
static inline int rst_result_check(const struct roster *roster, const void *result, size_t size)
{
    int err = roster && result ? rst_struct_check(result, size, size) : -EINVAL;

    if (!err && rst_process_is_other(roster->process))
        err = -ECHILD;
    return err;
}
