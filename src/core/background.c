/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The core's own threads: that of the coarse clock and those of watchdogs.
 */
#include "config.h"

#include "background.h"

#include <signal.h>
#include <time.h>

int rst_background_init(struct rst_background *background)
{
    pthread_condattr_t attr;
    int err = pthread_condattr_init(&attr);

    background->running = false;
    background->stop = false;
    if (err)
        return -err;
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    err = pthread_cond_init(&background->stop_wanted, &attr);
    pthread_condattr_destroy(&attr);
    if (err)
        return -err;
    err = pthread_mutex_init(&background->lock, NULL);
    if (err)
        pthread_cond_destroy(&background->stop_wanted);
    return -err;
}

static struct timespec after(uint32_t interval_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(interval_ms / 1000);
    at.tv_nsec += (long)(interval_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static void *background_main(void *arg)
{
    struct rst_background *background = arg;

    pthread_mutex_lock(&background->lock);
    while (!background->stop) {
        struct timespec until = after(background->interval_ms);

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
    sigset_t all, old;
    int err;

    background->interval_ms = interval_ms;
    background->work = work;
    background->arg = arg;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    err = pthread_create(&background->thread, NULL, background_main, background);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (err)
        return -err;
    pthread_setname_np(background->thread, name);
    background->running = true;
    return 0;
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
