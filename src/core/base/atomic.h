/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Words shared by several threads, for all libraries; pointers that readers follow are in rcu.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A 64-bit word shared by several threads. Its loads and stores are atomic if it lies within one
 * cache line; the ABI of i386 would let a member of a struct straddle two.
 */
typedef uint64_t rst_word __attribute__((aligned(sizeof(uint64_t))));
_Static_assert(__atomic_always_lock_free(sizeof(rst_word), 0), "the processor loads 64 bits whole");

/* For the build that detects words not declared so. */
#ifdef ROSTER_CHECK_WORDS
#define rst_whole(p) ((uintptr_t)(p) % sizeof(*(p)) ? __builtin_trap() : (void)0, (p))
#else
#define rst_whole(p) (p)
#endif

/*
 * Every access to a word that another thread may touch goes through one of these, so that grep
 * finds all of them. They are liburcu's uatomic_read/uatomic_set and rcu_assign_pointer /
 * rcu_dereference in the form that compilers and ThreadSanitizer understand; the instructions are
 * plain moves on x86.
 */
#define rst_load(p) __atomic_load_n(rst_whole(p), __ATOMIC_RELAXED)
#define rst_load_acquire(p) __atomic_load_n(rst_whole(p), __ATOMIC_ACQUIRE)
#define rst_store(p, v) __atomic_store_n(rst_whole(p), (v), __ATOMIC_RELAXED)
#define rst_store_release(p, v) __atomic_store_n(rst_whole(p), (v), __ATOMIC_RELEASE)
#define rst_fetch_add(p, v) __atomic_fetch_add(rst_whole(p), (v), __ATOMIC_RELAXED)
#define rst_fetch_sub(p, v) __atomic_fetch_sub(rst_whole(p), (v), __ATOMIC_RELAXED)

/*
 * A counter that decides whether memory is freed. Everything before rst_let_go() happens before
 * everything after an rst_held() that returns 0. rst_let_go() is the last access to the memory.
 */
#define rst_hold(p) ((void)rst_fetch_add(p, 1))
/* Pairs with rst_held(). */
#define rst_let_go(p) ((void)__atomic_fetch_sub(rst_whole(p), 1, __ATOMIC_RELEASE))
#define rst_held(p) rst_load_acquire(p) /* pairs with rst_let_go() */

/* Raises a word that never falls, with release, for threads that read the new value. */
static inline void rst_raise(uint64_t *word, uint64_t to)
{
    uint64_t was = rst_load(word);

    while (was < to && !__atomic_compare_exchange_n(rst_whole(word), &was, to, true,
                                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}
