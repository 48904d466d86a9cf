/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include <errno.h>

#include "store/base/clock.h"
#include "store/base/threads.h"

static int cond_init(pthread_cond_t *cond)
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

int rst_threads_lock_init(pthread_mutex_t *mutex, pthread_cond_t *cond)
{
    int err = -pthread_mutex_init(mutex, NULL);

    if (err)
        return err;
    err = cond_init(cond);
    if (err)
        pthread_mutex_destroy(mutex);
    return err;
}

void rst_threads_lock_destroy(pthread_mutex_t *mutex, pthread_cond_t *cond)
{
    pthread_cond_destroy(cond);
    pthread_mutex_destroy(mutex);
}

void rst_threads_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline)
{
    struct timespec until;

    if (deadline == STORE_FOREVER) {
        pthread_cond_wait(cond, mutex);
        return;
    }
    until = rst_store_timespec(deadline);
    pthread_cond_timedwait(cond, mutex, &until);
}
