/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The per-thread contexts: what a thread owns of a roster, so that its common path writes no line
 * that another thread's common path writes (G9).
 *
 * A thread gets a context of a roster at its first call on it and keeps it until it ends; then the
 * context, with its slots and its magazines, waits for the next new thread and is adopted as a
 * whole. Contexts are freed with their roster, so their number is the most threads that were ever
 * in at once.
 *
 * The only thread-local state is one pointer, to the context used last; the thread's contexts of
 * other rosters hang behind it. The process-wide lock of thread.c guards who has which context; it
 * is taken when a thread meets a roster, when it ends, and when a roster is destroyed.
 */
#ifndef ROSTER_CORE_ROSTER_THREAD_H
#define ROSTER_CORE_ROSTER_THREAD_H

#include "core/base/graced.h"
#include "core/base/horizon.h"
#include "core/base/hot.h"
#include "core/base/process.h"
#include "core/base/rcu.h"
#include "core/base/stays.h"
#include "core/roster/counters.h"
#include "core/roster/roster.h"

#include <stdint.h>

struct roster;

struct rst_thread {
    uint32_t tag; /* of the roster it belongs to; RST_TAG_NONE once that is destroyed */
    struct roster *roster;
    /* What the gate of a session looks like for the common paths; never, where there are none:
     * without membarrier and with --enable-debug. */
    uint64_t gate_idle; /* no transaction, no statement */
    uint64_t gate_txn;  /* a valid transaction that pins, no statement */
    uint64_t gate_stmt; /* a statement, no transaction */
    size_t text_limit;  /* the roster's: the longest text that stmt_begin's common path takes */
    struct rst_horizon_cache horizon;
    struct rst_thread_counts counts;
    struct rst_hot_cache hot[RST_HOT_CLASSES];
    struct rst_graced_cache sessions;
    struct rst_stays stays[ROSTER_RUN_STATES];
    uint32_t opening; /* the bit of the kind of session that the thread is opening, see drain.c */
    /* Under the process-wide lock: */
    struct rst_thread *next;        /* this thread's other contexts; the thread's own */
    struct rst_thread *roster_next; /* in roster->threads, all of them */
    struct rst_thread *idle_next;   /* in roster->idle_threads */
    bool bound;                     /* some thread's list has it */
} rst_cache_aligned;

/* The context that this thread used last; never NULL, its tag is RST_TAG_NONE at first. */
extern __thread struct rst_thread *rst_thread_last
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Sets up what all rosters of the process share. Returns 0, -ECHILD, or -errno. */
int rst_thread_process_init(void);

/* The lock of what all rosters of the process share, once that is set up. A fork waits for it. */
void rst_thread_process_lock(void);
void rst_thread_process_unlock(void);

/* A tag for a new roster. */
uint32_t rst_thread_new_tag(void);

/* This thread's context of the roster, made or adopted if need be. NULL: `*err` says why. */
rst_slow struct rst_thread *rst_thread_enter_slow(struct roster *roster, int *err);

/* Takes all contexts away from a roster that is being destroyed, and frees them. */
void rst_thread_leave_roster(struct roster *roster);

/* This thread's context of the roster with this tag if it was the last one used, else NULL. */
static inline struct rst_thread *rst_thread_try(uint32_t tag)
{
    struct rst_thread *thread = rst_thread_last;

    return rst_likely(rst_load(&thread->tag) == tag) ? thread : NULL;
}

/* This thread's context of the roster; NULL with the errno in `*err`. */
static inline struct rst_thread *rst_enter(struct roster *roster, int *err)
{
    struct rst_thread *thread = rst_thread_try(roster->tag);

    return rst_likely(thread) ? thread : rst_thread_enter_slow(roster, err);
}

#endif /* ROSTER_CORE_ROSTER_THREAD_H */
