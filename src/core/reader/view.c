/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The door of the read side, and what is read behind it.
 */
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"

#include <roster/view.h>

static void leave(struct roster *roster, struct rst_thread *thread)
{
    if (--thread->nesting)
        return;
    rst_door_leave(&roster->door); /* d */
    rst_rcu_read_unlock();
}

int roster_read_lock(struct roster *roster)
{
    struct rst_thread *thread;
    int err;

    if (!roster)
        return -EINVAL;
    thread = rst_enter(roster, &err);
    if (!thread)
        return err;
    err = 0;
    if (thread->nesting++)
        return 0;
    rst_rcu_read_lock();
    rst_door_enter(&roster->door); /* a */
    rst_test_point("lock: reader counted");
    if (rst_likely(roster->membarrier) && !rst_control(NO_DOOR_BARRIER))
        err = rst_membarrier(); /* b: pairs with the barrier in rst_pool_put() */
    if (rst_unlikely(err))
        leave(roster, thread); /* before anything was read */
    return err;
}

void roster_read_unlock(struct roster *roster)
{
    int err;
    struct rst_thread *thread = rst_enter(roster, &err);

    /* NULL in a forked child, which leaves the parent's roster alone. */
    if (thread)
        leave(roster, thread);
}

const struct roster_session *roster_lookup(struct roster *roster, uint64_t id)
{
    return rst_registry_find(&roster->registry, id);
}
