/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * All that holds the minimum back: the slots as a scan reads them (base/horizon.h), each by itself.
 */
#include "core/base/cancel.h"
#include "core/base/process.h"
#include "core/roster/pin.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <roster/minimum.h>
#include <string.h>

static void describe(struct roster_holder *holder, uintptr_t by)
{
    const struct roster_pin *pin = (const struct roster_pin *)(by & ~RST_HOLDER_IS_PIN);
    const struct roster_session *session = (const struct roster_session *)by;

    if (by & RST_HOLDER_IS_PIN) {
        holder->kind = ROSTER_HOLDER_PIN;
        holder->pin_id = pin->id;
        holder->pin_kind = pin->kind;
        holder->session_id = pin->session_id;
        holder->session_kind = pin->session_kind;
    } else {
        holder->kind = ROSTER_HOLDER_TXN;
        holder->session_id = session->id;
        holder->session_kind = (enum roster_session_kind)session->kind;
    }
}

/* What holds a slot, of one moment; false: it is free. Steps 1 to 3 of horizon.h, as in scan.c. */
static bool take(const uint64_t *word, struct roster_holder *holder)
{
    uintptr_t by;

    memset(holder, 0, sizeof(*holder));
    do {
        holder->ts = rst_load_acquire(word); /* pairs with A and D of horizon.h */
        if (!holder->ts)
            return false;
        rst_test_point("holders: word read");
        by = (uintptr_t)rst_load_acquire(rst_slot_holder(word)); /* 2: pairs with 1 */
        holder->since = rst_load_acquire(rst_slot_since(word));  /* believed only after 3 */
        rst_test_point("holders: holder read");
    } while (rst_load_acquire(word) != holder->ts || /* 3 */
             (uintptr_t)rst_load_acquire(rst_slot_holder(word)) != by);
    describe(holder, by);
    return true;
}

static int visit_block(const struct rst_horizon_block *block, roster_each_holder_fn *fn, void *arg)
{
    size_t slots = (size_t)rst_load_acquire(&block->used) * RST_UNIT_SLOTS, n;
    struct roster_holder holder;
    int err = 0;

    for (n = 0; n < slots && !err; n++)
        if (take(&block->words[n], &holder))
            err = fn(&holder, arg);
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
        err = visit_block(block, fn, arg);
    rst_rcu_read_unlock();
    return err;
}
