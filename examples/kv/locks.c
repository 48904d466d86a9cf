/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Locks that transactions hold, and how a session says which one it waits for.
 */
#include "store.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lock {
    struct slice name; /* first, for slice_compare() */
    struct lock *next; /* of its holder */
    struct txn *holder;
    struct roster_block block; /* what a session that waits for it says */
    char what[ROSTER_BLOCK_TEXT + 1];
    bool wanted; /* one does */
    char bytes[];
};

static struct lock *new_lock(struct txn *txn, struct slice name)
{
    struct lock *lock = calloc(1, sizeof(*lock) + name.len);
    struct roster_copy copy;

    if (!lock)
        return NULL;
    memcpy(lock->bytes, name.data, name.len);
    lock->name = (struct slice){lock->bytes, name.len};
    lock->holder = txn;
    lock->block = (struct roster_block)ROSTER_BLOCK_INIT;
    lock->block.holder_id = roster_session_id(txn->session);
    lock->block.holder_txn =
        roster_txn_seq(txn->session, roster_session_look(txn->session, &copy, NULL, 0));
    lock->block.event = txn->store->locks.event;
    lock->block.flags = ROSTER_BLOCK_CHECK;
    snprintf(lock->what, sizeof(lock->what), "lock %.*s", (int)name.len, lock->bytes);
    lock->block.what = lock->what;
    if (!roster_session_generation(txn->session, &lock->block.holder_generation))
        return lock;
    free(lock);
    return NULL;
}

int txn_lock(struct txn *txn, struct slice name)
{
    struct locks *locks = &txn->store->locks;
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
    } else if (held && held->holder != txn) { /* which cannot let go before the mutex is free */
        err = roster_block_begin(txn->session, &held->block);
        held->wanted |= !err;
        err = err ? err : -EINPROGRESS;
    }
    pthread_mutex_unlock(&locks->mutex);
    free(mine);
    return held ? err : -ENOMEM;
}

void locks_release(struct txn *txn)
{
    struct locks *locks = &txn->store->locks;
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
