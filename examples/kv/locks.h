/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Locks: names that a transaction holds until it ends. They are advisory: reads and writes do not
 * look at them. A session that waits for one says so to the roster, with the holder, so that lists
 * show which session blocks which, and a wait that closes a circle is refused.
 */
#ifndef KV_LOCKS_H
#define KV_LOCKS_H

#include "resp.h"

#include <pthread.h>
#include <stdint.h>

struct lock;
struct txn;

struct locks {
    pthread_mutex_t mutex;
    void *by_name; /* for tfind() */
    uint32_t event;
    void (*released)(void *arg); /* has those who wait try again */
    void *arg;
};

/*
 * Takes a lock for the transaction. Returns 0; -EINPROGRESS when another one holds it: the session
 * waits from then on, and tries again when `released` was called; -EDEADLK when that would never
 * end; -ENOMEM.
 */
int locks_take(struct locks *locks, struct txn *txn, struct slice name);

/* All locks of a transaction, which has ended. */
void locks_release(struct locks *locks, struct txn *txn);

#endif
