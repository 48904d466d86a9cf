/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The one place that includes liburcu and knows the sanitizers. To switch the flavour, change only
 * this file and rcu.c.
 *
 * ThreadSanitizer does not see inside liburcu and knows neither grace periods nor membarrier. This
 * file states to it only the following:
 *  - an unlock or a call_rcu() happens before the callback and before the end of a barrier, and a
 * callback before the end of a barrier (rst_grace_period, rst_callbacks_done). There is
 * deliberately no acquire at read lock: it would hide a missing publication;
 *  - a push or an add happens before the pop or the find of that node.
 */
#pragma once

#include "config.h"
#include "core/base/atomic.h"
#include "core/base/controls.h"

#if defined(__SANITIZE_THREAD__)
#define RST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RST_TSAN 1
#endif
#endif

#ifdef RST_TSAN
#include <sanitizer/tsan_interface.h>
#define rst_tsan_acquire(addr) __tsan_acquire((void *)(addr))
#define rst_tsan_release(addr) __tsan_release((void *)(addr))
#else
#define rst_tsan_acquire(addr) ((void)(addr))
#define rst_tsan_release(addr) ((void)(addr))
#endif

/* Not inlined where its code would be instrumented: liburcu-bp's readers are less aligned than
 * their type says, which UndefinedBehaviorSanitizer reports. */
#if !defined(RST_TSAN) && !defined(ROSTER_SANITIZER_UNDEFINED)
#define _LGPL_SOURCE
#define URCU_INLINE_SMALL_FUNCTIONS
#endif

#if defined(__SANITIZE_ADDRESS__)
#define RST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RST_ASAN 1
#endif
#endif

/* Memory that no thread may read until it is reused: a build with test delays overwrites it, so
 * that a late reader sees garbage. */
#ifdef ROSTER_TEST_DELAYS
#include <string.h>
#define rst_poison(addr, size) memset(addr, 0xd6, size)
#else
#define rst_poison(addr, size) ((void)(addr), (void)(size))
#endif

/* Small arrays under the sanitizers and with test delays: these exercise hand-overs that are rare
 * otherwise.
 */
#if defined(RST_ASAN) || defined(RST_TSAN) || defined(ROSTER_SANITIZER_UNDEFINED) ||               \
    defined(ROSTER_TEST_DELAYS)
#define RST_SMALL_IF_SANITIZED(usual, small) (small)
#else
#define RST_SMALL_IF_SANITIZED(usual, small) (usual)
#endif

#include <stdbool.h>
#include <stdint.h>
#include <urcu/arch.h>
#include <urcu/list.h>
#include <urcu/rculfhash.h>
#include <urcu/urcu-bp.h>

#define RST_CACHE_LINE 64
#define rst_cache_aligned __attribute__((aligned(RST_CACHE_LINE)))
#define rst_likely(x) __builtin_expect(!!(x), 1)
#define rst_unlikely(x) __builtin_expect(!!(x), 0)
/* Out of line, so that the fast path that calls it stays small. */
#define rst_slow __attribute__((noinline, cold))
/* Inlined into each caller: the common path calls nothing (G9), and NULL folds away. */
#define rst_always_inline inline __attribute__((always_inline))

/* rcu_assign_pointer() and rcu_dereference(). */
#ifdef ROSTER_CONTROL_PLAIN_PUBLICATION
/* The control of the publication test: what ThreadSanitizer must report. */
#define rst_assign_pointer(p, v) (*(p) = (v))
#else
#define rst_assign_pointer(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#endif
#define rst_dereference(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)

/*
 * Prefetches the line at an address, for reading or writing. To the compiler the empty statement
 * has an effect. Otherwise gcc would treat a static function that does only this as free of
 * effects, and drop its calls.
 */
#define rst_prefetch(address) rst_prefetch_for((address), 0)
#define rst_prefetch_write(address) rst_prefetch_for((address), 1)
#define rst_prefetch_for(address, writes)                                                          \
    do {                                                                                           \
        __asm__ __volatile__("");                                                                  \
        __builtin_prefetch((address), (writes));                                                   \
    } while (0)

/* Only keeps the compiler from moving accesses across. */
#define rst_compiler_barrier() __asm__ __volatile__("" ::: "memory")

/*
 * Stores a value that is usually there already, such as a tick: on a path bound by stores, a load
 * and a predicted branch are cheaper than one more store.
 */
#define rst_store_changed(p, v)                                                                    \
    do {                                                                                           \
        if (rst_unlikely(rst_load(p) != (v)))                                                      \
            rst_store((p), (v));                                                                   \
    } while (0)

/* Adds one to a statistic that only this thread writes and others read. */
#if defined(__x86_64__) && !defined(RST_TSAN)
#define rst_count(p) __asm__ __volatile__("addq $1, %0" : "+m"(*(p)))
#else
#define rst_count(p) rst_store((p), rst_load(p) + 1)
#endif

/*
 * A fence that orders earlier loads before later loads; nothing on x86. ThreadSanitizer cannot
 * model fences (gcc refuses them), so there it only stops the compiler.
 */
static inline void rst_fence_load_load(void)
{
#ifdef RST_TSAN
    rst_compiler_barrier();
#else
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

/* A full fence right after an atomic read-modify-write of the same thread, which is one on x86. */
static inline void rst_fence_after_rmw(void)
{
#if defined(RST_TSAN) || defined(__x86_64__) || defined(__i386__)
    rst_compiler_barrier();
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs where it is called */
#endif
}

/* A sequentially consistent fence, for machines without membarrier; never on the common path. */
rst_slow void rst_fence_full_slow(void);

/* Registers the process for membarrier; false when the kernel has or allows none. Once. */
bool rst_membarrier_init(void);

/*
 * Makes every other running thread of the process execute a full fence between two of its
 * instructions, and is one for the caller. The kernel may begin to refuse it at any time, to one
 * thread or to all (a seccomp filter). Returns 0; -ENOMEM after some tries; -EPERM if it fails for
 * any other reason. After an error nothing is ordered, so the caller's operation fails.
 */
int rst_membarrier(void) __attribute__((warn_unused_result));

/* The same, as the other side of owners, which may run with fences instead. */
static inline int rst_owners_barrier(bool membarrier)
{
    if (rst_likely(membarrier))
        return rst_membarrier();
    rst_fence_full_slow();
    return 0;
}

/* For statistics: how often membarrier() failed in this process, and whether its last call failed.
 */
uint64_t rst_membarrier_failures(void);
bool rst_membarrier_refused(void);

/* Readers' sections happen before the code after a grace period. */
extern char rst_grace_period;

/* Callbacks happen before the code after a barrier; this is stated for no other thread. */
extern char rst_callbacks_done;

#if defined(_LGPL_SOURCE) && defined(ROSTER_KNOWN_URCU_SECTION)
#define RST_OWN_SECTION 1
/*
 * The address of liburcu's pointer to this thread's reader record; the pointer is NULL until the
 * thread has entered a section. liburcu's own inline functions compute this address at each use. In
 * a shared library that is a call, four for each section. A lookup among 100 000 sessions takes
 * 0.83 (0.81 to 0.94) of the textbook's time with them and 0.56 (0.52 to 0.58) without; among 1 000
 * sessions 1.11 and 0.86. The code below relies on the same internals as liburcu's inline
 * functions, and like them is compiled for one release. configure lists the releases for which the
 * source was compared; others use the functions.
 */
extern __thread struct urcu_bp_reader **rst_reader
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

rst_slow void rst_rcu_read_lock_slow(void);

/* urcu_bp_read_lock() */
static inline void rst_rcu_read_lock(void)
{
    struct urcu_bp_reader *reader = *rst_reader;
    unsigned long ctr;

    if (rst_unlikely(!reader)) {
        rst_rcu_read_lock_slow();
        return;
    }
    rst_compiler_barrier();
    ctr = reader->ctr;
    if (rst_unlikely(ctr & URCU_BP_GP_CTR_NEST_MASK)) {
        CMM_STORE_SHARED(reader->ctr, ctr + URCU_BP_GP_COUNT);
        return;
    }
    CMM_STORE_SHARED(reader->ctr, CMM_LOAD_SHARED(urcu_bp_gp.ctr));
    urcu_bp_smp_mb_slave();
}

/* urcu_bp_read_unlock() */
static inline void rst_rcu_read_unlock(void)
{
    struct urcu_bp_reader *reader = *rst_reader;

    urcu_bp_smp_mb_slave();
    CMM_STORE_SHARED(reader->ctr, reader->ctr - URCU_BP_GP_COUNT);
    rst_compiler_barrier();
}
#else
static inline void rst_rcu_read_lock(void)
{
    urcu_bp_read_lock();
}

static inline void rst_rcu_read_unlock(void)
{
    rst_tsan_release(&rst_grace_period);
    urcu_bp_read_unlock();
}
#endif

/* First statement of every callback of rst_call_rcu(). */
static inline void rst_callback_begin(struct rcu_head *head)
{
    rst_tsan_acquire(head);
    rst_tsan_acquire(&rst_grace_period);
    (void)head;
}

/* Last statement of every callback of rst_call_rcu(). */
static inline void rst_callback_end(void)
{
    rst_tsan_release(&rst_callbacks_done);
}
