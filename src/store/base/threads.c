/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include "core/base/background.h"
#include "store/base/clock.h"
#include "store/base/threads.h"

int rst_threads_lock_init(pthread_mutex_t *mutex, pthread_cond_t *cond)
{
    int err = -pthread_mutex_init(mutex, NULL);

    if (err)
        return err;
    err = rst_monotonic_cond_init(cond);
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
