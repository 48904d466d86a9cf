/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Waiting for grace periods, in a thread or by hand. See reclaim.h.
 */
#include "core/base/reclaim.h"

#include "core/base/background.h"
#include "core/base/clock.h"
#include "core/base/process.h"
#include "core/base/rcu.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <urcu/static/urcu-bp.h>

/* The least time between two grace periods, each of which interrupts every running thread. */
#define PAUSE_MS 10

/* Who starts and ends the thread. */
static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned users, users_by_hand;
static pthread_t thread;

/* Held in a round by hand, and while it changes whether there is a thread. */
static pthread_mutex_t by_hand_lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static bool has_thread;

/* Pushed by any thread, taken as a whole by a round. */
static struct rcu_head *queued;
/* While there are users. `work` is posted when the first one is pushed, and by barriers; `urge`
 * ends the pause before a round: barriers, the end, and rst_reclaim_soon() post it. */
static sem_t work, urge;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
/* Under the lock: rounds begun and finished; tries to have a grace period, and the last that
 * failed, with its error. */
static uint64_t begun, done, tries, failed_try;
static int failed_err;
static bool stop;
static uint64_t threads; /* that were to start so far: one that has ended does not come back */
static unsigned turn, keepers[2]; /* of each turn; see reclaim.h */

/* The turn in which this thread keeps, and how deep it is in; and whether it calls back. */
static __thread struct {
    unsigned turn, depth;
    bool calls_back;
} keep __attribute__((tls_model("initial-exec")));

static bool lost;               /* this process: see before_fork() */
static __thread bool has_locks; /* the same, while this thread forks */

int rst_rcu_ready(void)
{
    return urcu_bp_has_sys_membarrier ? rst_membarrier() : 0;
}

static void drain(sem_t *posts)
{
    while (!sem_trywait(posts))
        ;
}

/* Waits until it is urged, at most PAUSE_MS; without a clock that long in any case. */
static void pause_between(void)
{
    uint64_t now = rst_monotonic_ns(), ns = PAUSE_MS * UINT64_C(1000000);
    const struct timespec until = rst_timespec(now + ns), all = rst_timespec(ns);

    if (now)
        while (sem_clockwait(&urge, CLOCK_MONOTONIC, &until) && errno == EINTR)
            ;
    else
        nanosleep(&all, NULL);
    drain(&urge);
}

/* One try. Returns 0 if a grace period is possible, else after a pause. */
static int try_to_begin(void)
{
    int err;

    pthread_mutex_lock(&lock);
    tries++;
    pthread_mutex_unlock(&lock);
    err = rst_rcu_ready();
    if (err) {
        pthread_mutex_lock(&lock);
        failed_try = tries;
        failed_err = err;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        pause_between();
        pthread_mutex_lock(&lock);
        if (stop)
            err = -ESHUTDOWN;
        pthread_mutex_unlock(&lock);
    }
    return err;
}

/* Waits for a grace period, however long the kernel refuses one; false: the thread is to end. */
static bool grace_period(void)
{
    int err;

    do
        err = try_to_begin();
    while (err && err != -ESHUTDOWN);
    if (!err)
        urcu_bp_synchronize_rcu();
    return !err;
}

static void wait_for_keepers(void)
{
    unsigned ends;

    pthread_mutex_lock(&lock);
    ends = turn;
    turn = !ends;
    while (keepers[ends])
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static struct rcu_head *link_of(const struct rcu_head *head)
{
    return (struct rcu_head *)(void *)head->next.next;
}

static void set_link(struct rcu_head *head, struct rcu_head *next)
{
    head->next.next = (struct cds_wfcq_node *)(void *)next;
}

/* Calls back in the order in which they were queued, where no round was refused between: what
 * relies on an order waits for a round. */
static void call_back(struct rcu_head *newest)
{
    struct rcu_head *oldest = NULL, *next;

    for (; newest; newest = next) {
        next = link_of(newest);
        set_link(newest, oldest);
        oldest = newest;
    }
    keep.calls_back = true;
    for (; oldest; oldest = next) {
        next = link_of(oldest);
        oldest->func(oldest);
    }
    keep.calls_back = false;
}

/* Waits until there is work, and for the pause since the last grace period. False: the end. */
static bool begin_round(void)
{
    bool go_on;

    while (sem_wait(&work))
        ;
    pause_between();
    pthread_mutex_lock(&lock);
    go_on = !stop;
    begun += go_on;
    pthread_mutex_unlock(&lock);
    return go_on;
}

static void end_round(void)
{
    pthread_mutex_lock(&lock);
    done = begun;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static struct rcu_head *take(void)
{
    /* Acquire: what was done before rst_call_rcu(); pairs with push(). */
    return __atomic_exchange_n(&queued, NULL, __ATOMIC_ACQUIRE);
}

static void put_back(struct rcu_head *newest)
{
    struct rcu_head *next;

    for (; newest; newest = next) {
        next = link_of(newest);
        rst_reclaim_push(newest, newest->func);
    }
}

static void *reclaim_main(void *unused)
{
    while (begin_round()) {
        struct rcu_head *taken = take();

        if (!grace_period()) {
            put_back(taken);
            break;
        }
        wait_for_keepers();
        call_back(taken);
        end_round();
    }
    return unused;
}

/* A round by hand, under by_hand_lock and without a thread. */
static int run(void)
{
    int err = rst_rcu_ready();
    struct rcu_head *taken;

    if (err)
        return err;
    drain(&work); /* what was posted for is taken now */
    taken = take();
    urcu_bp_synchronize_rcu();
    wait_for_keepers();
    call_back(taken);
    return 0;
}

/* Whether a round could not end before this thread goes on: it may be in the middle of one. */
static bool would_wait_for_itself(void)
{
    return urcu_bp_read_ongoing() || keep.depth || keep.calls_back;
}

int rst_reclaim_run(void)
{
    int err = 0;

    if (!rst_load(&queued))
        return 0;
    if (would_wait_for_itself())
        return -EBUSY;
    if (pthread_mutex_trylock(&by_hand_lock))
        return 0;
    if (!has_thread)
        err = run();
    pthread_mutex_unlock(&by_hand_lock);
    return err;
}

/* What all users share. */
static int start(void)
{
    int err = rst_rcu_ready();

    if (err)
        return err;
    sem_init(&work, 0, 0);
    sem_init(&urge, 0, 0);
    return 0;
}

static void end(void)
{
    sem_destroy(&work);
    sem_destroy(&urge);
}

static int start_thread(void)
{
    int err;

    pthread_mutex_lock(&by_hand_lock);
    pthread_mutex_lock(&lock);
    stop = false;
    threads++;
    pthread_mutex_unlock(&lock);
    drain(&work);
    if (rst_load(&queued)) /* by rosters by hand; one that is queued now posts itself */
        sem_post(&work);
    err = rst_thread_start(&thread, "roster-reclaim", reclaim_main, NULL);
    has_thread = !err;
    pthread_mutex_unlock(&by_hand_lock);
    return err;
}

/* Callbacks queued by rosters by hand stay for them. */
static void end_thread(void)
{
    pthread_mutex_lock(&by_hand_lock);
    pthread_mutex_lock(&lock);
    stop = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    sem_post(&work);
    sem_post(&urge);
    pthread_join(thread, NULL);
    pthread_mutex_lock(&lock);
    begun = done; /* it may have ended inside a round */
    pthread_mutex_unlock(&lock);
    has_thread = false;
    pthread_mutex_unlock(&by_hand_lock);
}

/*
 * A fork: no other thread is inside liburcu or holds a lock of ours when the child is copied. What
 * was queued is about the parent's rosters, and is left alone. The lock comes last: a reader that a
 * grace period waits for may need it, to keep something.
 *
 * A fork inside a read-side section, or a keeper, cannot wait for what waits for it: a round, or a
 * grace period of the server's own, which liburcu does not say. The child is then copied
 * with the locks as they are, and can never use what they guard: it has no roster of its own.
 */
static void before_fork(void)
{
    has_locks = !lost && !would_wait_for_itself();
    if (!has_locks)
        return;
    pthread_mutex_lock(&users_lock);
    urcu_bp_before_fork();
    pthread_mutex_lock(&lock);
}

static void unlock_all(void)
{
    pthread_mutex_unlock(&lock);
    pthread_mutex_unlock(&users_lock);
}

static void after_fork(void)
{
    if (!has_locks)
        return;
    urcu_bp_after_fork_parent();
    unlock_all();
}

static void forked_child(void)
{
    lost = !has_locks;
    keep.depth = 0;
    keep.calls_back = false;
    if (lost)
        return;
    urcu_bp_after_fork_child();
    users = users_by_hand = 0;
    has_thread = false;
    by_hand_lock = (pthread_mutex_t)PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
    changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER; /* none waits here */
    queued = NULL;
    begun = done = tries = failed_try = 0;
    keepers[0] = keepers[1] = 0;
    unlock_all();
}

int rst_reclaim_process_init(void)
{
    static bool has_handlers;

    return rst_process_at_fork(&has_handlers, before_fork, after_fork, forked_child);
}

int rst_reclaim_start(bool by_hand)
{
    int err = 0;

    if (lost)
        return -EPERM;
    /* The lock may be held until the last thread has ended, and that waits for its last round. */
    if (would_wait_for_itself())
        return -EBUSY;
    pthread_mutex_lock(&users_lock);
    if (!users)
        err = start();
    if (!err && !by_hand && users == users_by_hand) {
        err = start_thread();
        if (err && !users)
            end();
    }
    if (!err) {
        users++;
        users_by_hand += by_hand;
    }
    pthread_mutex_unlock(&users_lock);
    return err;
}

void rst_reclaim_end(bool by_hand)
{
    pthread_mutex_lock(&users_lock);
    users--;
    users_by_hand -= by_hand;
    if (!by_hand && users == users_by_hand)
        end_thread();
    if (!users)
        end();
    pthread_mutex_unlock(&users_lock);
}

void rst_reclaim_push(struct rcu_head *head, void (*func)(struct rcu_head *))
{
    struct rcu_head *top = rst_load(&queued);

    head->func = func;
    do
        set_link(head, top);
    /* Release: the link, and all that was done before; pairs with reclaim_main(). */
    while (!__atomic_compare_exchange_n(&queued, &top, head, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
    if (!top)
        sem_post(&work);
}

void rst_reclaim_soon(void)
{
    sem_post(&urge);
}

void rst_keep_begin(void)
{
    if (keep.depth++)
        return;
    pthread_mutex_lock(&lock);
    keep.turn = turn;
    keepers[turn]++;
    pthread_mutex_unlock(&lock);
}

void rst_keep_end(void)
{
    if (!keep.depth || --keep.depth) /* none in a child that was forked between the two */
        return;
    pthread_mutex_lock(&lock);
    if (!--keepers[keep.turn])
        pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* As rst_rcu_barrier(); -ESRCH when the thread ends, also when there is another one by then. */
static int wait_for_thread(void)
{
    uint64_t target, tried, waits_for;
    int err = 0;

    pthread_mutex_lock(&lock);
    target = begun + 1; /* the first round that takes all that is queued now */
    tried = tries;
    waits_for = threads;
    sem_post(&work);
    sem_post(&urge);
    while (done < target && failed_try <= tried && !stop && threads == waits_for)
        pthread_cond_wait(&changed, &lock);
    if (done < target)
        err = stop || threads != waits_for ? -ESRCH : failed_err;
    pthread_mutex_unlock(&lock);
    return err;
}

/* As rst_rcu_barrier(); -ESRCH where there is a thread. */
static int wait_by_hand(void)
{
    int err;

    if (pthread_mutex_lock(&by_hand_lock))
        return -EBUSY;
    err = has_thread ? -ESRCH : run();
    pthread_mutex_unlock(&by_hand_lock);
    return err;
}

int rst_rcu_barrier(void)
{
    int err;

    if (would_wait_for_itself())
        return -EBUSY;
    do {
        err = wait_by_hand();
        if (err == -ESRCH)
            err = wait_for_thread();
    } while (err == -ESRCH);
    rst_tsan_acquire(&rst_grace_period);
    rst_tsan_acquire(&rst_callbacks_done);
    return err;
}
