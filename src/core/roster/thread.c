/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Per-thread contexts: making, adopting and giving them up. See thread.h.
 */
#include "config.h"

#include "core/roster/thread.h"

#include "core/base/reclaim.h"
#include "core/base/trim.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* Stands in rst_thread_last while the thread has no context, so that it is never NULL. */
static struct rst_thread no_thread = {
    .tag = RST_TAG_NONE,
    .gate_idle = UINT64_MAX,
    .gate_txn = UINT64_MAX,
    .gate_stmt = UINT64_MAX,
};

__thread struct rst_thread *rst_thread_last = &no_thread;
__thread struct rst_own *rst_thread_own;

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t exit_key;
static bool has_exit_key, has_fork_handler;
static uint32_t last_tag;

/*
 * The memory of contexts, and of the threads' places for them, while there are any; under
 * process_lock. Not the C library's: a thread whose first allocation is here would have it make a
 * cache for the thread, of which most stays with the process when many threads have ended.
 */
struct objects {
    struct rst_hot memory;
    struct rst_hot_cache free;
    unsigned in_use;
};

_Static_assert(sizeof(struct rst_own) <= RST_CACHE_LINE, "a place is one line");

static struct objects contexts, places;
static struct rst_account objects_account;

/* The last one takes all the memory with it. */
static void objects_give(struct objects *objects, void *object)
{
    rst_hot_put(&objects->memory, &objects->free, object);
    if (--objects->in_use)
        return;
    rst_hot_destroy(&objects->memory);
    objects->free = (struct rst_hot_cache){NULL, NULL, 0, 0};
}

static void *objects_take(struct objects *objects)
{
    void *object = rst_hot_take(&objects->memory, &objects->free);

    if (object)
        objects->in_use++;
    else if (!objects->in_use)
        rst_hot_destroy(&objects->memory);
    return object;
}

static bool objects_trim(struct objects *objects)
{
    if (!objects->in_use)
        return false;
    rst_hot_flush(&objects->memory, &objects->free);
    return rst_hot_trim(&objects->memory, NULL, NULL);
}

static struct rst_thread *take_context(void)
{
    if (!contexts.in_use)
        rst_hot_init_nodes(&contexts.memory, RST_CONTEXTS_PIECE, 0, sizeof(struct rst_thread),
                           RST_CONTEXTS, &objects_account);
    return objects_take(&contexts);
}

static struct rst_thread *of_node(struct rst_own_node *node)
{
    return caa_container_of(node, struct rst_thread, own);
}

/* Without a context the thread has no place for them either. Under process_lock. */
static void free_place(void)
{
    struct rst_own *own = rst_thread_own;

    if (!own || own->all)
        return;
    objects_give(&places, own);
    rst_thread_own = NULL;
}

/* Frees those of this thread's contexts whose roster is gone; under process_lock. */
static void free_dead(void)
{
    struct rst_own_node *node;

    while (rst_thread_own && (node = rst_own_pop_gone(rst_thread_own))) {
        if (rst_thread_last == of_node(node))
            rst_thread_last = &no_thread;
        objects_give(&contexts, of_node(node));
    }
    free_place();
}

static void add_counts(struct rst_thread_counts *to, const struct rst_thread_counts *counts)
{
    rst_fetch_add(&to->sessions_opened, counts->sessions_opened);
    rst_fetch_add(&to->txns_begun, counts->txns_begun);
    rst_fetch_add(&to->txns_forced, counts->txns_forced);
    rst_fetch_add(&to->statements, counts->statements);
}

/* Takes a context that no slot refers to away from its roster; under process_lock. */
static void detach(struct rst_thread *thread)
{
    struct roster *roster = thread->roster;

    add_counts(&roster->alone, &thread->counts);
    rst_stays_add(&roster->stays, &thread->stays);
    cds_list_del(&thread->of_roster);
    rst_fetch_sub(&roster->account.memory, sizeof(*thread));
}

/* Gives back all that is free; true: no slot refers to the context. Under process_lock. */
static bool give_back(struct rst_thread *thread)
{
    struct roster *roster = thread->roster;
    unsigned class;

    for (class = 0; class < roster->hot_classes; class ++)
        rst_hot_flush(&roster->hot[class], &thread->hot[class]);
    rst_graced_flush(&roster->sessions, &thread->sessions);
    return rst_horizon_cache_leave(&thread->horizon);
}

/* Gives up a context whose thread ends; under process_lock. */
static void leave(struct rst_thread *thread)
{
    struct roster *roster = thread->roster;

    thread->owner = NULL;
    if (give_back(thread)) {
        detach(thread);
        objects_give(&contexts, thread);
        return;
    }
    thread->idle_next = roster->idle_threads;
    roster->idle_threads = thread;
}

/* Frees the contexts of threads that have ended whose slots have come back since. */
static void reap(struct roster *roster)
{
    struct rst_thread **link, *thread;

    for (link = &roster->idle_threads; *link;) {
        thread = *link;
        if (!rst_load(&thread->horizon.returns) || !rst_horizon_cache_leave(&thread->horizon)) {
            link = &thread->idle_next;
            continue;
        }
        *link = thread->idle_next;
        detach(thread);
        objects_give(&contexts, thread);
    }
}

bool rst_threads_trim(struct roster *roster)
{
    bool again;

    pthread_mutex_lock(&process_lock);
    reap(roster);
    again = objects_trim(&contexts);
    again = objects_trim(&places) || again || roster->idle_threads;
    pthread_mutex_unlock(&process_lock);
    return again;
}

/* The thread ends. */
static void thread_exit(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&process_lock);
    free_dead();
    rst_thread_last = &no_thread;
    while (rst_thread_own && rst_thread_own->all) {
        struct rst_thread *thread = of_node(rst_thread_own->all);

        rst_own_remove(rst_thread_own, &thread->own);
        leave(thread);
    }
    free_place();
    pthread_mutex_unlock(&process_lock);
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
    rst_thread_own = NULL;
    rst_thread_process_unlock();
}

/* Completes the setup; after a failure a later call may succeed. */
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

static void init_gates(struct rst_thread *thread, const struct roster *roster)
{
    union rst_gate idle = {.word = 0}, txn, stmt;

    thread->gate_idle = UINT64_MAX;
    thread->gate_txn = UINT64_MAX;
    thread->gate_stmt = UINT64_MAX;
    thread->text_limit = roster->text_limit < RST_LONG_TEXT ? roster->text_limit : RST_LONG_TEXT;
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
    struct rst_thread *thread = take_context();

    if (!thread)
        return NULL;
    memset(thread, 0, sizeof(*thread));
    thread->tag = thread->own.key = roster->tag;
    init_gates(thread, roster);
    rst_horizon_cache_init(&thread->horizon, &roster->horizon);
    thread->roster = roster;
    cds_list_add(&thread->of_roster, &roster->threads);
    rst_fetch_add(&roster->account.memory, sizeof(*thread));
    return thread;
}

/* Under process_lock, as the next. */
static struct rst_thread *adopt_or_make(struct roster *roster)
{
    struct rst_thread *thread = roster->idle_threads;

    if (!thread)
        return new_context(roster);
    roster->idle_threads = thread->idle_next;
    return thread;
}

/* Whether there is a place for this thread's contexts. */
static bool has_place(void)
{
    struct rst_own *own = rst_thread_own;

    if (own)
        return true;
    if (!places.in_use)
        rst_hot_init(&places.memory, RST_CACHE_LINE, &objects_account);
    own = objects_take(&places);
    if (!own)
        return false;
    memset(own, 0, sizeof(*own));
    rst_thread_own = own;
    return true;
}

struct rst_thread *rst_thread_enter_slow(struct roster *roster, int *err)
{
    struct rst_own_node *node;
    struct rst_thread *thread;

    *err = -ECHILD;
    if (rst_process_is_other(roster->process))
        return NULL;
    node = rst_thread_own ? rst_own_find(rst_thread_own, roster->tag) : NULL;
    if (node) {
        rst_thread_last = of_node(node);
        return rst_thread_last;
    }
    /* Any value but NULL makes thread_exit() run. */
    *err = -pthread_setspecific(exit_key, &no_thread);
    if (*err)
        return NULL;
    pthread_mutex_lock(&process_lock);
    free_dead();
    thread = has_place() ? adopt_or_make(roster) : NULL;
    if (thread) {
        thread->owner = rst_thread_own;
        rst_own_add(rst_thread_own, &thread->own);
        rst_thread_last = thread;
    }
    pthread_mutex_unlock(&process_lock);
    *err = thread ? 0 : -ENOMEM;
    return thread;
}

void rst_thread_leave_roster(struct roster *roster)
{
    pthread_mutex_lock(&process_lock);
    while (!cds_list_empty(&roster->threads)) {
        struct rst_thread *thread =
            cds_list_first_entry(&roster->threads, struct rst_thread, of_roster);

        (void)give_back(thread); /* nothing is open, so nothing is in use */
        detach(thread);
        if (!thread->owner) {
            objects_give(&contexts, thread);
            continue;
        }
        rst_store(&thread->tag, RST_TAG_NONE);
        rst_own_push_gone(thread->owner, &thread->own); /* its thread will free it */
    }
    roster->idle_threads = NULL;
    free_dead();
    pthread_mutex_unlock(&process_lock);
}
