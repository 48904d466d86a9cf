/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The core's own threads: of coarse clocks, of watchdogs, and the one of reclaim.c.
 */
#include "config.h"

#include "core/base/background.h"

#include <signal.h>
#include <time.h>

int rst_monotonic_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    int err = pthread_condattr_init(&attr);

    if (err)
        return -err;
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    err = pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return -err;
}

struct timespec rst_monotonic_after(uint32_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

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

int rst_background_init(struct rst_background *background)
{
    int err;

    background->running = false;
    background->stop = false;
    err = rst_monotonic_cond_init(&background->stop_wanted);
    if (err)
        return err;
    err = pthread_mutex_init(&background->lock, NULL);
    if (err)
        pthread_cond_destroy(&background->stop_wanted);
    return -err;
}

static void *background_main(void *arg)
{
    struct rst_background *background = arg;

    pthread_mutex_lock(&background->lock);
    while (!background->stop) {
        struct timespec until = rst_monotonic_after(background->interval_ms);

        pthread_cond_timedwait(&background->stop_wanted, &background->lock, &until);
        if (!background->stop)
            background->work(background->arg);
    }
    pthread_mutex_unlock(&background->lock);
    return NULL;
}

int rst_background_start(struct rst_background *background, const char *name, uint32_t interval_ms,
                         void (*work)(void *arg), void *arg)
{
    int err;

    background->interval_ms = interval_ms;
    background->work = work;
    background->arg = arg;
    err = rst_thread_start(&background->thread, name, background_main, background);
    background->running = !err;
    return err;
}

void rst_background_end(struct rst_background *background)
{
    if (background->running) {
        pthread_mutex_lock(&background->lock);
        background->stop = true;
        pthread_cond_signal(&background->stop_wanted);
        pthread_mutex_unlock(&background->lock);
        pthread_join(background->thread, NULL);
        background->running = false;
    }
    pthread_mutex_destroy(&background->lock);
    pthread_cond_destroy(&background->stop_wanted);
}
