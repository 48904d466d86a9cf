/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The session that another one waits for, and the kept deadlocks.
 */
#include "core/base/process.h"
#include "core/base/struct_size.h"
#include "core/roster/block.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/side.h"
#include "core/roster/wait_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* From the holder on: where it ends, NULL for a circle. Counts the waits on the way. */
static const struct roster_session *root_of(struct roster *roster,
                                            const struct roster_session *session,
                                            const struct roster_session *holder, uint32_t *depth)
{
    const struct roster_session *at = holder, *next, *seen = session;
    struct rst_blocked blocked;

    for (*depth = 1; *depth < ROSTER_BLOCK_DEPTH; ++*depth) {
        next = rst_block_read(at, &blocked) ? rst_block_holder(roster, &blocked) : NULL;
        if (!next)
            return at;
        if (next == session || next == seen)
            return NULL;
        if (!(*depth & (*depth - 1))) /* finds a circle that the session is not in */
            seen = next;
        at = next;
    }
    return NULL;
}

static void fill(struct roster_blocked *found, const struct roster_session *session,
                 const struct rst_blocked *blocked)
{
    struct roster *roster = rst_session_roster(session);
    const struct roster_session *holder = rst_block_holder(roster, blocked), *root;
    struct roster_copy copy;

    found->blocker = found->root_blocker = blocked->block.holder_id;
    found->since = blocked->word & ~RST_WAIT_LOW;
    found->event = (uint32_t)(blocked->word & RST_WAIT_EVENT_MASK);
    memcpy(found->what, blocked->block.what, sizeof(found->what));
    found->what_length = (uint32_t)strlen(found->what);
    found->depth = 1;
    found->blocker_is_gone = !holder;
    if (!holder)
        return;
    found->blocker_start_ts = rst_look_at(holder, &copy, NULL, 0)->start_ts;
    root = root_of(roster, session, holder, &found->depth);
    found->root_blocker = root ? roster_session_id(root) : 0;
}

int roster_session_blocked(const struct roster_session *session, struct roster_blocked *blocked)
{
    struct roster_blocked found;
    struct rst_blocked wait;
    int err;

    if (!session || !blocked)
        return -EINVAL;
    err = rst_struct_check(blocked, sizeof(found), sizeof(found));
    if (!err && rst_process_is_other(rst_session_roster(session)->process))
        err = -ECHILD;
    if (err)
        return err;
    memset(&found, 0, sizeof(found));
    rst_rcu_read_lock();
    if (rst_block_read(session, &wait))
        fill(&found, session, &wait);
    else
        err = -ENOENT;
    rst_rcu_read_unlock();
    if (!err)
        rst_struct_put(blocked, &found, sizeof(found));
    return err;
}

uint64_t roster_session_deadlock(const struct roster_session *session)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;

    return side ? rst_load(&side->deadlock) : 0;
}

/* Under the lock. */
static int copy(const struct rst_deadlocks *from, struct roster_deadlock_list *to)
{
    struct roster_deadlock *copies = calloc(ROSTER_DEADLOCKS, sizeof(*copies));
    uint64_t n;

    if (!copies)
        return -ENOMEM;
    to->total = from->total;
    to->deadlocks = copies;
    for (n = from->total; n && from->total - n < ROSTER_DEADLOCKS; n--)
        if (from->kept[(n - 1) % ROSTER_DEADLOCKS])
            copies[to->count++] = *from->kept[(n - 1) % ROSTER_DEADLOCKS];
    return 0;
}

int roster_deadlocks(struct roster *roster, struct roster_deadlock_list **list)
{
    struct roster_deadlock_list *made;
    int err;

    if (!roster || !list)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    pthread_mutex_lock(&roster->deadlocks.lock);
    err = copy(&roster->deadlocks, made);
    pthread_mutex_unlock(&roster->deadlocks.lock);
    if (err)
        free(made);
    else
        *list = made;
    return err;
}

void roster_deadlock_list_free(struct roster_deadlock_list *list)
{
    if (!list)
        return;
    free((void *)(uintptr_t)list->deadlocks);
    free(list);
}
