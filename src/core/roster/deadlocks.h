/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The newest deadlocks of a roster. Only threads that have found one or list them take the lock.
 */
#pragma once

#include "core/base/rcu.h"

#include <pthread.h>
#include <roster/block.h>

struct rst_deadlocks {
    pthread_mutex_t lock;
    uint64_t total;                                 /* found so far */
    struct roster_deadlock *kept[ROSTER_DEADLOCKS]; /* number n at (n - 1) % ROSTER_DEADLOCKS; NULL:
                                                       there was no memory for it */
    rst_word memory;                                /* bytes that these take */
};

/* Returns 0 or -errno. */
int rst_deadlocks_init(struct rst_deadlocks *deadlocks);
void rst_deadlocks_destroy(struct rst_deadlocks *deadlocks);
