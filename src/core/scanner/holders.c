/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The holder of a slot, and all holders of the minimum: each slot is read as by a scan
 * (base/horizon.h). A pin may outlive its session, and a later session may have the same id: it is
 * unrelated to the pin and has another generation.
 */
#include "core/scanner/holder.h"

#include "core/base/cancel.h"
#include "core/base/process.h"
#include "core/roster/pin.h"
#include "core/roster/roster.h"
#include "core/roster/side.h"

#include <roster/minimum.h>
#include <roster/timestamp.h>

static const struct roster_pin *pin_of(uintptr_t by)
{
    return (const struct roster_pin *)(by & ~RST_HOLDER_IS_PIN);
}

/* The open session that has the id of the pin's. */
static const struct roster_session *namesake(struct roster *roster, const struct roster_pin *pin)
{
    return pin->session_id ? rst_registry_find(&roster->registry, pin->session_id) : NULL;
}

const struct roster_session *rst_pin_session_slow(struct roster *roster, uintptr_t by)
{
    const struct roster_session *session = namesake(roster, pin_of(by));

    return session && rst_side_is_of(session, rst_load(&pin_of(by)->generation)) ? session : NULL;
}

void rst_pin_describe_slow(struct roster *roster, uintptr_t by, struct roster_holder *holder)
{
    const struct roster_pin *pin = pin_of(by);
    const struct roster_session *session = namesake(roster, pin);

    holder->kind = ROSTER_HOLDER_PIN;
    holder->pin_id = pin->id;
    holder->pin_kind = pin->kind;
    if (session && !rst_side_is_of(session, rst_load(&pin->generation)))
        return;
    holder->session_id = pin->session_id;
    holder->session_kind = pin->session_kind;
}

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
