/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Threads and their end, see background.h.
 */
#include "core/base/background.h"

#include "core/base/clock.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

int rst_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
{
    sigset_t all, old;
    int err;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    err = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!err)
        pthread_setname_np(*thread, name);
    return -err;
}

static int64_t now_ns(void)
{
    return (int64_t)rst_monotonic_ns();
}

static int64_t next_due(const struct rst_duty *duty)
{
    return duty->interval_ms ? rst_background_in((int64_t)duty->interval_ms * 1000000) : 0;
}

void rst_background_init(struct rst_background *background, const struct rst_duty *duties,
                         unsigned n, void (*wake)(void *arg), void *arg)
{
    unsigned i;

    *background = (struct rst_background){.lock = PTHREAD_MUTEX_INITIALIZER,
                                          .changed = PTHREAD_COND_INITIALIZER,
                                          .arg = arg,
                                          .wake = wake,
                                          .n = n};
    for (i = 0; i < n; i++) {
        background->threads[i].background = background;
        background->threads[i].duty = duties[i];
    }
}

/* Under the lock: waits until the duty is due; false: a stop has begun. */
static bool wait_until_due(struct rst_background_thread *thread)
{
    struct rst_background *background = thread->background;

    while (background->phase == RST_THREADED && thread->due > now_ns()) {
        if (thread->due == INT64_MAX) {
            pthread_cond_wait(&background->changed, &background->lock);
            continue;
        }
        if (!rst_monotonic_wait(&background->changed, &background->lock, (uint64_t)thread->due) &&
            !now_ns())
            break; /* without a clock it is due after each pause */
    }
    return background->phase == RST_THREADED;
}

static void *duty_main(void *arg)
{
    struct rst_background_thread *thread = arg;
    struct rst_background *background = thread->background;

    pthread_mutex_lock(&background->lock);
    while (wait_until_due(thread)) {
        if (thread->duty.interval_ms)
            thread->due = next_due(&thread->duty);
        pthread_mutex_unlock(&background->lock);
        thread->duty.work(background->arg);
        pthread_mutex_lock(&background->lock);
    }
    pthread_mutex_unlock(&background->lock);
    return NULL;
}

/* In phase `stopping`, which belongs to one thread, and without the lock. */
static void join_all(struct rst_background *background)
{
    unsigned i;

    for (i = 0; i < background->n_threads; i++)
        pthread_join(background->threads[i].thread, NULL);
    pthread_mutex_lock(&background->lock); /* others look whether they are among them */
    background->n_threads = 0;
    pthread_mutex_unlock(&background->lock);
}

/* Under the lock. */
static void set_phase(struct rst_background *background, enum rst_background_phase phase)
{
    background->phase = phase;
    pthread_cond_broadcast(&background->changed);
}

int rst_background_start(struct rst_background *background)
{
    int err = 0;

    pthread_mutex_lock(&background->lock);
    if (background->phase != RST_NEW || background->by_hand) {
        pthread_mutex_unlock(&background->lock);
        return -EBUSY;
    }
    /* The threads begin when the lock is free, and a stop sees all of them or none. */
    background->phase = RST_THREADED;
    while (!err && background->n_threads < background->n) {
        struct rst_background_thread *thread = &background->threads[background->n_threads];

        if (thread->duty.interval_ms)
            thread->due = next_due(&thread->duty);
        err = rst_thread_start(&thread->thread, thread->duty.name, duty_main, thread);
        background->n_threads += !err;
    }
    if (err) {
        set_phase(background, RST_STOPPING);
        pthread_mutex_unlock(&background->lock);
        join_all(background); /* they have not begun to work */
        pthread_mutex_lock(&background->lock);
        set_phase(background, RST_NEW);
        err = -EAGAIN;
    }
    pthread_mutex_unlock(&background->lock);
    return err;
}

int rst_background_open(struct rst_background *background, const struct rst_duty *duty,
                        bool by_hand, void (*wake)(void *arg), void *arg)
{
    int err;

    rst_background_init(background, duty, 1, wake, arg);
    err = by_hand ? 0 : rst_background_start(background);
    if (err)
        (void)rst_background_destroy(background);
    return err;
}

int rst_background_enter(struct rst_background *background)
{
    int err = 0;

    pthread_mutex_lock(&background->lock);
    if (background->by_hand && pthread_equal(background->hand, pthread_self()))
        err = -EBUSY;
    while (!err && background->phase == RST_NEW && background->by_hand)
        pthread_cond_wait(&background->changed, &background->lock);
    if (background->phase != RST_NEW)
        err = -EBUSY;
    if (!err) {
        background->by_hand = true;
        background->hand = pthread_self();
    }
    pthread_mutex_unlock(&background->lock);
    return err;
}

void rst_background_leave(struct rst_background *background)
{
    pthread_mutex_lock(&background->lock);
    background->by_hand = false;
    pthread_cond_broadcast(&background->changed);
    pthread_mutex_unlock(&background->lock);
}

void rst_background_guest_enter(struct rst_background *background,
                                struct rst_background_guest *guest)
{
    guest->thread = pthread_self();
    pthread_mutex_lock(&background->lock);
    guest->next = background->guests;
    background->guests = guest;
    pthread_mutex_unlock(&background->lock);
}

void rst_background_guest_leave(struct rst_background *background,
                                struct rst_background_guest *guest)
{
    struct rst_background_guest **link = &background->guests;

    pthread_mutex_lock(&background->lock);
    while (*link != guest)
        link = &(*link)->next;
    *link = guest->next;
    pthread_cond_broadcast(&background->changed);
    pthread_mutex_unlock(&background->lock);
}

void rst_background_set_due(struct rst_background *background, unsigned duty, int64_t due)
{
    pthread_mutex_lock(&background->lock);
    background->threads[duty].due = due;
    pthread_cond_broadcast(&background->changed);
    pthread_mutex_unlock(&background->lock);
}

int64_t rst_background_due(struct rst_background *background, unsigned duty)
{
    int64_t due;

    pthread_mutex_lock(&background->lock);
    due = background->threads[duty].due;
    pthread_mutex_unlock(&background->lock);
    return due;
}

/* Under the lock: whether the caller runs in what it wants to stop. */
static bool is_inside(const struct rst_background *background)
{
    const struct rst_background_guest *guest;
    pthread_t self = pthread_self();
    unsigned i;

    for (i = 0; i < background->n_threads; i++)
        if (pthread_equal(background->threads[i].thread, self))
            return true;
    for (guest = background->guests; guest; guest = guest->next)
        if (pthread_equal(guest->thread, self))
            return true;
    return (background->by_hand && pthread_equal(background->hand, self)) ||
           (background->telling && pthread_equal(background->teller, self));
}

/* Under the lock: 0 if the caller owns the end from now on. */
static int take_end(struct rst_background *background)
{
    if (is_inside(background))
        return -EDEADLK;
    background->waiting++;
    while (background->phase == RST_STOPPING)
        pthread_cond_wait(&background->changed, &background->lock);
    background->waiting--;
    if (background->phase == RST_STOPPED) {
        pthread_cond_broadcast(
            &background->changed); /* a destroy waits for the threads that wait */
        return -EALREADY;
    }
    set_phase(background, RST_STOPPING);
    return 0;
}

int rst_background_stop(struct rst_background *background)
{
    int err;

    pthread_mutex_lock(&background->lock);
    err = take_end(background);
    pthread_mutex_unlock(&background->lock);
    if (err)
        return err;
    if (background->wake)
        background->wake(background->arg);
    join_all(background);
    pthread_mutex_lock(&background->lock);
    while (background->by_hand || background->telling || background->guests)
        pthread_cond_wait(&background->changed, &background->lock);
    pthread_mutex_unlock(&background->lock);
    return 0;
}

bool rst_background_is_ending(struct rst_background *background)
{
    bool ending;

    pthread_mutex_lock(&background->lock);
    ending = background->phase == RST_STOPPING || background->phase == RST_STOPPED;
    pthread_mutex_unlock(&background->lock);
    return ending;
}

void rst_background_stopped(struct rst_background *background)
{
    pthread_mutex_lock(&background->lock);
    set_phase(background, RST_STOPPED);
    pthread_mutex_unlock(&background->lock);
}

int rst_background_destroy(struct rst_background *background)
{
    int err = rst_background_stop(background);

    if (err == -EDEADLK)
        return err;
    if (!err)
        rst_background_stopped(background);
    pthread_mutex_lock(&background->lock);
    while (background->waiting || background->telling)
        pthread_cond_wait(&background->changed, &background->lock);
    pthread_mutex_unlock(&background->lock);
    pthread_mutex_destroy(&background->lock);
    pthread_cond_destroy(&background->changed);
    return 0;
}

bool rst_background_tell_begin(struct rst_background *background)
{
    bool mine;

    pthread_mutex_lock(&background->lock);
    background->again = true;
    mine = !background->telling;
    if (mine) {
        background->telling = true;
        background->teller = pthread_self();
    }
    pthread_mutex_unlock(&background->lock);
    return mine;
}

bool rst_background_tell_more(struct rst_background *background)
{
    bool more;

    pthread_mutex_lock(&background->lock);
    more = background->again;
    background->again = false;
    if (!more) {
        background->telling = false;
        pthread_cond_broadcast(&background->changed);
    }
    pthread_mutex_unlock(&background->lock);
    return more;
}
