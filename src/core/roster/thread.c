/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Per-thread contexts: making, adopting and giving them up. See thread.h.
 */
#include "core/roster/thread.h"

#include "core/base/reclaim.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Stands in rst_thread_last while the thread has no context, so that it is never NULL. */
static struct rst_thread no_thread = {
    .tag = RST_TAG_NONE,
    .gate_idle = UINT64_MAX,
    .gate_txn = UINT64_MAX,
    .gate_stmt = UINT64_MAX,
    .horizon = {.current = &rst_horizon_no_chunk},
};

__thread struct rst_thread *rst_thread_last = &no_thread;

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t exit_key;
static bool has_exit_key, has_fork_handler;
static uint32_t last_tag;

static void free_list(struct rst_thread *thread)
{
    while (thread) {
        struct rst_thread *next = thread->next;

        free(thread);
        thread = next;
    }
}

/* Unlinks from this thread's list the contexts whose roster is gone; under process_lock. */
static struct rst_thread *unlink_dead(void)
{
    struct rst_thread **link = &rst_thread_last;
    struct rst_thread *dead = NULL;

    while (*link != &no_thread) {
        struct rst_thread *thread = *link;

        if (rst_load(&thread->tag) == RST_TAG_NONE) {
            *link = thread->next;
            thread->next = dead;
            dead = thread;
        } else {
            link = &thread->next;
        }
    }
    return dead;
}

/* What a thread that ends leaves in its context. */
static void leave(struct rst_thread *thread)
{
    unsigned class;

    for (class = 0; class < thread->roster->hot_classes; class ++)
        rst_hot_flush(&thread->roster->hot[class], &thread->hot[class]);
}

/* The thread ends: its contexts wait for adoption. */
static void thread_exit(void *unused)
{
    struct rst_thread *dead;

    (void)unused;
    pthread_mutex_lock(&process_lock);
    dead = unlink_dead();
    while (rst_thread_last != &no_thread) {
        struct rst_thread *thread = rst_thread_last;

        rst_thread_last = thread->next;
        leave(thread);
        thread->bound = false;
        thread->idle_next = thread->roster->idle_threads;
        thread->roster->idle_threads = thread;
    }
    pthread_mutex_unlock(&process_lock);
    free_list(dead);
}

void rst_thread_process_lock(void)
{
    pthread_mutex_lock(&process_lock);
}

void rst_thread_process_unlock(void)
{
    pthread_mutex_unlock(&process_lock);
}

/* The contexts are of the parent's rosters. */
static void forked_child(void)
{
    rst_thread_last = &no_thread;
    rst_thread_process_unlock();
}

/* Does what is not done yet; a later call may succeed where this one has failed. */
static int process_init(void)
{
    int err = 0;

    if (!has_exit_key) {
        err = pthread_key_create(&exit_key, thread_exit);
        has_exit_key = !err;
    }
    if (!err && !has_fork_handler) {
        err = pthread_atfork(rst_thread_process_lock, rst_thread_process_unlock, forked_child);
        has_fork_handler = !err;
    }
    return -err;
}

int rst_thread_process_init(void)
{
    int err = rst_process_init();

    if (err)
        return err;
    pthread_mutex_lock(&process_lock);
    err = process_init();
    pthread_mutex_unlock(&process_lock);
    /* After the lock here: a fork first waits for the grace period that is under way, and that may
     * be for a reader who waits for the lock. */
    return err ? err : rst_reclaim_process_init();
}

uint32_t rst_thread_new_tag(void)
{
    return rst_fetch_add(&last_tag, 1) + 1;
}

/* Moves this thread's context of the roster to the front; NULL when it has none. */
static struct rst_thread *find_own(uint32_t tag)
{
    struct rst_thread **link = &rst_thread_last;

    while (*link != &no_thread) {
        struct rst_thread *thread = *link;

        if (rst_load(&thread->tag) == tag) {
            *link = thread->next;
            thread->next = rst_thread_last;
            rst_thread_last = thread;
            return thread;
        }
        link = &thread->next;
    }
    return NULL;
}

static void init_gates(struct rst_thread *thread, const struct roster *roster)
{
    union rst_gate idle = {.word = 0}, txn, stmt;

    thread->gate_idle = UINT64_MAX;
    thread->gate_txn = UINT64_MAX;
    thread->gate_stmt = UINT64_MAX;
    thread->text_limit = roster->text_limit;
#ifdef ROSTER_DEBUG
    return;
#endif
    if (!roster->membarrier)
        return;
    idle.tag = roster->tag;
    txn = idle;
    txn.txn_state = ROSTER_TXN_VALID;
    stmt = idle;
    stmt.in_stmt = RST_IN_STMT;
    thread->gate_idle = idle.word;
    thread->gate_txn = txn.word;
    thread->gate_stmt = stmt.word;
}

static struct rst_thread *new_context(struct roster *roster)
{
    struct rst_thread *thread = aligned_alloc(RST_CACHE_LINE, sizeof(*thread));

    if (!thread)
        return NULL;
    memset(thread, 0, sizeof(*thread));
    thread->tag = roster->tag;
    init_gates(thread, roster);
    rst_horizon_cache_init(&thread->horizon);
    thread->roster = roster;
    thread->roster_next = roster->threads;
    rst_store_release(&roster->threads, thread); /* pairs with count_threads() in reader/stats.c */
    return thread;
}

struct rst_thread *rst_thread_enter_slow(struct roster *roster, int *err)
{
    struct rst_thread *thread, *dead;

    *err = -ECHILD;
    if (rst_process_is_other(roster->process))
        return NULL;
    thread = find_own(roster->tag);
    if (thread)
        return thread;
    /* Any value but NULL makes thread_exit() run. */
    *err = -pthread_setspecific(exit_key, &no_thread);
    if (*err)
        return NULL;
    pthread_mutex_lock(&process_lock);
    dead = unlink_dead();
    thread = roster->idle_threads;
    if (thread)
        roster->idle_threads = thread->idle_next;
    else
        thread = new_context(roster);
    if (thread) {
        thread->bound = true;
        thread->next = rst_thread_last;
        rst_thread_last = thread;
    }
    pthread_mutex_unlock(&process_lock);
    free_list(dead);
    *err = thread ? 0 : -ENOMEM;
    return thread;
}

void rst_thread_leave_roster(struct roster *roster)
{
    struct rst_thread *dead;

    pthread_mutex_lock(&process_lock);
    while (roster->threads) {
        struct rst_thread *thread = roster->threads;

        roster->threads = thread->roster_next;
        if (thread->bound)
            rst_store(&thread->tag, RST_TAG_NONE); /* its thread will free it */
        else
            free(thread);
    }
    roster->idle_threads = NULL;
    dead = unlink_dead();
    pthread_mutex_unlock(&process_lock);
    free_list(dead);
}
