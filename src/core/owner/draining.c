/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The part of draining that an open needs. operate/drain.c has the protocol; letters and numbers
 * refer to it.
 */
#include "core/owner/owner.h"

#include "core/roster/roster.h"
#include "core/roster/thread.h"

#include <roster/kill.h>

bool rst_drain_refuses(struct rst_thread *thread, unsigned kind)
{
    const struct roster *roster = thread->roster;

    rst_store(&thread->opening, ROSTER_KIND_BIT(kind)); /* 1: pairs with c */
    rst_test_point("open: announced");
    rst_compiler_barrier(); /* 2: pairs with b */
    if (!roster->membarrier)
        rst_fence_full_slow(); /* 2: pairs with the fence at b */
    /* 3: pairs with a */
    if (rst_likely(!(rst_load(&roster->draining) & ROSTER_KIND_BIT(kind))))
        return false;
    rst_drain_opened(thread);
    return true;
}

void rst_drain_opened(struct rst_thread *thread)
{
    rst_store_release(&thread->opening, 0); /* 5: pairs with c */
}
