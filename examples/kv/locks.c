/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Locks. See locks.h.
 */
#include "config.h"

#include "locks.h"

#include "store.h"

#include <errno.h>
#include <roster/roster.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lock {
    struct slice name; /* first, for slice_compare() */
    struct lock *next; /* of its holder */
    struct txn *holder;
    uint64_t holder_id, holder_generation, holder_txn;
    bool wanted; /* a session waits for it */
    char bytes[];
};

static struct lock *new_lock(struct txn *txn, struct slice name)
{
    struct lock *lock = malloc(sizeof(*lock) + name.len);
    struct roster_copy copy;

    if (!lock || roster_session_generation(txn->session, &lock->holder_generation)) {
        free(lock);
        return NULL;
    }
    memcpy(lock->bytes, name.data, name.len);
    lock->name = (struct slice){lock->bytes, name.len};
    lock->wanted = false;
    lock->holder = txn;
    lock->holder_id = roster_session_id(txn->session);
    lock->holder_txn =
        roster_txn_seq(txn->session, roster_session_look(txn->session, &copy, NULL, 0));
    return lock;
}

/* Shows which session is waited for. The holder cannot let go before the mutex is free. */
static int wait_for(struct locks *locks, struct txn *txn, struct lock *lock)
{
    struct roster_block block = ROSTER_BLOCK_INIT;
    char what[ROSTER_BLOCK_TEXT + 1];
    int err;

    snprintf(what, sizeof(what), "lock %.*s", (int)lock->name.len, lock->bytes);
    block.holder_id = lock->holder_id;
    block.holder_generation = lock->holder_generation;
    block.holder_txn = lock->holder_txn;
    block.what = what;
    block.event = locks->event;
    block.flags = ROSTER_BLOCK_CHECK;
    err = roster_block_begin(txn->session, &block);
    lock->wanted |= !err;
    return err ? err : -EINPROGRESS;
}

int locks_take(struct locks *locks, struct txn *txn, struct slice name)
{
    struct lock *mine = new_lock(txn, name), **node, *held;
    int err = 0;

    if (!mine)
        return -ENOMEM;
    pthread_mutex_lock(&locks->mutex);
    node = tsearch(mine, &locks->by_name, slice_compare);
    held = node ? *node : NULL;
    if (held == mine) {
        mine->next = txn->locks;
        txn->locks = mine;
        mine = NULL;
    } else if (held && held->holder != txn) {
        err = wait_for(locks, txn, held);
    }
    pthread_mutex_unlock(&locks->mutex);
    free(mine);
    return held ? err : -ENOMEM;
}

void locks_release(struct locks *locks, struct txn *txn)
{
    bool wanted = false;
    struct lock *lock;

    if (!txn->locks)
        return;
    pthread_mutex_lock(&locks->mutex);
    while ((lock = txn->locks)) {
        txn->locks = lock->next;
        wanted |= lock->wanted;
        tdelete(lock, &locks->by_name, slice_compare);
        free(lock);
    }
    pthread_mutex_unlock(&locks->mutex);
    if (wanted)
        locks->released(locks->arg);
}
