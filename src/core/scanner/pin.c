/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Stand-alone pins.
 */
#include "core/base/reclaim.h"
#include "core/roster/pin.h"

#include "core/base/cancel.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"
#include "core/scanner/lease.h"

static void free_pin(struct rcu_head *head)
{
    struct roster_pin *pin = caa_container_of(head, struct roster_pin, rcu);

    rst_callback_begin(head);
    rst_fetch_sub(&pin->roster->account.backlog, sizeof(*pin));
    rst_heap_give(&pin->roster->heap, pin, sizeof(*pin));
    rst_callback_end();
}

/* Once its holder was in a slot, a scan may be naming the pin, so it is freed after a grace period.
 */
static void retire(struct roster_pin *pin)
{
    rst_account_await(&pin->roster->account, sizeof(*pin));
    rst_call_rcu(&pin->rcu, free_pin);
}

/* Pins the oracle's present, as a transaction begins (horizon.h). */
static int pin_present(struct roster *roster, struct rst_thread *thread, struct roster_pin *pin,
                       uint64_t since)
{
    struct rst_horizon *horizon = &roster->horizon;
    uint64_t *slot =
        rst_horizon_take(horizon, &thread->horizon, (uintptr_t)pin | RST_HOLDER_IS_PIN, since);
    int err;

    if (!slot)
        return -ENOMEM;
    rst_horizon_announce(horizon, slot, roster->membarrier);
    err = rst_oracle_now(roster, &pin->ts); /* C */
    if (!err && (pin->ts < rst_load(slot) || !rst_horizon_protects(horizon, pin->ts)))
        err = -ESTALE;
    if (err) {
        rst_horizon_release(&thread->horizon, slot);
        return err;
    }
    rst_store_release(slot, pin->ts); /* D: pairs with c */
    pin->slot = slot;
    return 0;
}

static int acquire(struct roster *roster, struct rst_thread *thread, struct roster_pin *pin)
{
    uint64_t since = rst_ticker_now(&roster->ticker);

    pin->id = rst_fetch_add(&roster->next_pin_id, 1) + 1;
    if (pin->ts == 0)
        return pin_present(roster, thread, pin, since);
    return rst_lease_pin_at(roster, thread, (uintptr_t)pin | RST_HOLDER_IS_PIN, since, pin->ts,
                            &pin->slot);
}

/* A pin with all that it says but its number, and in `*side` what its session is to keep. */
static struct roster_pin *make(struct roster *roster, struct roster_session *session,
                               struct rst_side **side)
{
    struct roster_pin *made = rst_heap_take(&roster->heap, sizeof(*made));

    if (!made)
        return NULL;
    made->roster = roster;
    if (!session)
        return made;
    *side = rst_side_make(session);
    if (!*side) {
        rst_heap_give(&roster->heap, made, sizeof(*made));
        return NULL;
    }
    made->session_id = roster_session_id(session);
    made->session_kind = roster_session_kind(session);
    rst_store(&made->generation, rst_side_generation(roster, *side));
    return made;
}

static int acquire_for(struct roster *roster, struct rst_thread *thread,
                       struct roster_session *session, uint64_t ts, enum roster_pin_kind kind,
                       struct roster_pin **pin)
{
    struct rst_side *side = NULL;
    struct roster_pin *made = make(roster, session, &side);
    int err;

    if (!made)
        return -ENOMEM;
    made->ts = ts;
    made->kind = kind;
    err = acquire(roster, thread, made);
    if (err) {
        if (session)
            rst_side_drop(session, side);
        retire(made); /* a store that refused to lower the record did so after it was pinned */
        return err;
    }
    if (session) {
        rst_side_keep(session, side);
        /* An oracle that was called may have used the session, which has another side then. */
        rst_store(&made->generation, rst_side_generation(roster, session->side));
    }
    rst_hold(&roster->pins);
    *pin = made;
    return 0;
}

int roster_pin_acquire(struct roster *roster, struct roster_session *session, uint64_t ts,
                       enum roster_pin_kind kind, struct roster_pin **pin)
{
    RST_NOT_CANCELLED;
    struct rst_thread *thread;
    int err;

    if (!roster || !pin || ts == ROSTER_TS_MAX || (unsigned)kind - 1 >= ROSTER_PIN_KINDS - 1)
        return -EINVAL;
    if (session && session->gate.tag != roster->tag)
        return session->gate.tag == RST_TAG_CLOSED ? -EBADF : -EINVAL;
    thread = rst_enter(roster, &err);
    if (!thread)
        return err;
    err = rst_account_check(&roster->account);
    return err ? err : acquire_for(roster, thread, session, ts, kind, pin);
}

int roster_pin_release(struct roster_pin *pin)
{
    struct rst_thread *thread;
    struct roster *roster;

    if (!pin)
        return 0;
    if (rst_process_is_other(pin->roster->process))
        return -ECHILD;
    roster = pin->roster;
    thread = rst_thread_try(roster->tag); /* without one the slot is handed over */
    rst_horizon_release(thread ? &thread->horizon : NULL, pin->slot);
    retire(pin);
    rst_let_go(&roster->pins);
    return 0;
}

uint64_t roster_pin_id(const struct roster_pin *pin)
{
    return pin ? pin->id : 0;
}

uint64_t roster_pin_ts(const struct roster_pin *pin)
{
    return pin ? pin->ts : 0;
}

int roster_pin_check(const struct roster_pin *pin)
{
    if (!pin)
        return -EINVAL;
    if (rst_process_is_other(pin->roster->process))
        return -ECHILD;
    return rst_guard_check(&pin->roster->horizon.words, pin->ts);
}
