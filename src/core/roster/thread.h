/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Per-thread contexts: the part of a roster that a thread owns, so that its common path writes no
 * line that another thread's common path writes (G9).
 *
 * A thread gets a context of a roster at its first call on it. When the thread ends, its free
 * objects are returned, its counts are added to the roster's own, and the context is freed. If
 * slots are still in use, by transactions that the thread has not finished, the context stays, and
 * the next new thread adopts it. No other thread refers to a context that has no slot in use,
 * except under the process-wide lock. The memory of contexts belongs to the process, because a
 * thread may notice late that a roster was destroyed.
 *
 * Two variables are thread-local: a pointer to the context used last, the only one that common
 * paths read, and the root of the thread's other contexts (own.h). The process-wide lock of
 * thread.c guards the assignment of contexts. It is taken when a thread first calls a roster, when
 * it ends, and when a roster is destroyed.
 */
#pragma once

#include "core/base/graced.h"
#include "core/base/horizon.h"
#include "core/base/hot.h"
#include "core/base/process.h"
#include "core/base/rcu.h"
#include "core/base/stays.h"
#include "core/roster/own.h"
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
    size_t text_limit;  /* the longest text that stmt_begin's common path takes */
    struct rst_horizon_cache horizon;
    struct rst_thread_counts counts;
    struct rst_hot_cache hot[RST_HOT_CLASSES];
    struct rst_graced_cache sessions;
    struct rst_stays stays;
    uint32_t opening; /* the bit of the kind of session that the thread is opening, see drain.c */
    struct rst_own_node own; /* the thread's own */
    /* Under the process-wide lock: */
    struct cds_list_head of_roster; /* in roster->threads, all of them */
    struct rst_thread *idle_next;   /* in roster->idle_threads */
    struct rst_own *owner;          /* its thread's; NULL once that has ended */
} rst_cache_aligned;

/* All contexts of a roster, under the process-wide lock. The loop of liburcu forms the address of a
 * context at the list's head, where there is none, nor the alignment of one. */
#define rst_for_each_thread(thread, node, roster)                                                  \
    for ((node) = (roster)->threads.next;                                                          \
         (node) != &(roster)->threads &&                                                           \
         ((thread) = caa_container_of(node, struct rst_thread, of_roster), true);                  \
         (node) = (node)->next)

/* The size of a piece of memory, and the number of contexts that are carved from it. */
#define RST_CONTEXTS_PIECE ((size_t)16 * 1024)
#define RST_CONTEXTS (RST_CONTEXTS_PIECE / sizeof(struct rst_thread))

/* The context that this thread used last; never NULL, its tag is RST_TAG_NONE at first. */
extern __thread struct rst_thread *rst_thread_last
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/*
 * All contexts of this thread; NULL: none. Not thread-local itself: a thread that calls in the last
 * round of its destructors, after ours, gets a context that stays when it has ended, and destroying
 * the roster writes here.
 */
extern __thread struct rst_own *rst_thread_own
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Sets up what all rosters of the process share. Returns 0, -ECHILD, or -errno. */
int rst_thread_process_init(void);

/* The lock of the data shared by all rosters of the process, once that is set up. A fork waits for
 * it; while it is held, contexts of rosters are not freed. */
void rst_thread_process_lock(void);
void rst_thread_process_unlock(void);

/* A tag for a new roster. */
uint32_t rst_thread_new_tag(void);

/* This thread's context of the roster, created or adopted if necessary; NULL with the errno in
 * `*err`. */
rst_slow struct rst_thread *rst_thread_enter_slow(struct roster *roster, int *err);

/*
 * Takes all contexts away from a roster with nothing in use: what they have is given back.
 * A thread that calls again gets a new one.
 */
void rst_thread_leave_roster(struct roster *roster);

/* Frees the contexts of threads that have ended whose slots have come back since. As
 * rst_hot_trim(), of the memory of all contexts. */
bool rst_threads_trim(struct roster *roster);

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
