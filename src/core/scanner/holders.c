/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * All that holds the minimum back: the slots as a scan reads them (base/horizon.h), each by itself.
 */
#include "core/base/cancel.h"
#include "core/base/process.h"
#include "core/roster/roster.h"
#include "core/scanner/holder.h"

#include <roster/minimum.h>
#include <roster/timestamp.h>

static int visit_block(struct roster *roster, const struct rst_horizon_block *block,
                       roster_each_holder_fn *fn, void *arg)
{
    size_t slots = (size_t)rst_load_acquire(&block->used) * RST_UNIT_SLOTS, n;
    struct roster_holder holder;
    struct rst_held held;
    int err = 0;

    for (n = 0; n < slots && !err; n++) {
        if (!rst_slot_read(&block->words[n], ROSTER_TS_MAX, &held))
            continue;
        rst_holder_describe(roster, &held, &holder);
        err = fn(&holder, arg);
    }
    return err;
}

int roster_for_each_holder(struct roster *roster, roster_each_holder_fn *fn, void *arg)
{
    RST_NOT_CANCELLED;
    const struct rst_horizon_block *block;
    int err;

    if (!roster || !fn)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    rst_rcu_read_lock(); /* sessions and pins that hold a slot stay readable */
    err = rst_owners_barrier(roster->membarrier); /* b: pairs with B, or the fence after A */
    for (block = rst_load_acquire(&roster->horizon.blocks); block && !err;
         block = rst_load_acquire(&block->next))
        err = visit_block(roster, block, fn, arg);
    rst_rcu_read_unlock();
    return err;
}
