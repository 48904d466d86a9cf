/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Whether this process is a forked child. See process.h.
 */
#include "core/base/process.h"

#include "core/base/rcu.h"

#include <pthread.h>

unsigned rst_process_is_child;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void forked_child(void)
{
    rst_store(&rst_process_is_child, rst_load(&rst_process_is_child) + 1);
}

/* A later call may succeed where this one has failed. */
int rst_process_at_fork(bool *done, void (*before)(void), void (*parent)(void), void (*child)(void))
{
    int err = 0;

    if (__atomic_load_n(done, __ATOMIC_ACQUIRE)) /* not the lock: a child may have it so */
        return 0;
    pthread_mutex_lock(&lock);
    if (!*done) {
        err = -pthread_atfork(before, parent, child);
        __atomic_store_n(done, !err, __ATOMIC_RELEASE); /* pairs with the load above */
    }
    pthread_mutex_unlock(&lock);
    return err;
}

unsigned rst_process_number(void)
{
    return rst_load(&rst_process_is_child);
}

int rst_process_init(void)
{
    static bool done;

    return rst_process_at_fork(&done, NULL, NULL, forked_child);
}
