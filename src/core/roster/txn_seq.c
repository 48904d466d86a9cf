/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The number is not in the view. It is in the life of the slot's view (rst_slot_txn_seq()), or in
 * the side of a session that pins nothing. It belongs to the transaction shown if the view's life
 * is not over after the number was read: the next transaction gets its number, or its slot, after
 * that life has ended, each by a release that is paired here.
 */
#include "core/roster/txn_seq.h"

#include "core/base/horizon.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <roster/view.h>

bool rst_txn_seq(const struct roster_session *session, const struct roster_shown *shown,
                 uint64_t *seq)
{
    const struct rst_side *side;
    const uint64_t *slot;

    *seq = 0;
    if (shown->txn_state == ROSTER_TXN_INVALID)
        return true;
    /* Acquire: pairs with the store in begin; and with rst_side_next_txn_slow(). */
    slot = rst_load_acquire(&session->slot);
    if (slot) {
        *seq = rst_slot_txn_seq(slot);
    } else if (roster_session_flags(session) & ROSTER_SESSION_NON_PINNING) {
        side = rst_side_of(session);
        *seq = rst_load_acquire(&side->txn_seq);
    }
    if (*seq && !rst_look_is_over(rst_look_place(shown), shown->life))
        return true;
    *seq = 0;
    return false;
}

struct rst_open_txn rst_txn_look(const struct roster_session *session)
{
    struct rst_open_txn open;
    const struct roster_shown *shown;
    struct roster_copy copy;

    do {
        shown = rst_look_at(session, &copy, NULL, 0);
        open.start_ts = shown->start_ts;
    } while (!rst_txn_seq(session, shown, &open.seq));
    return open;
}

uint64_t roster_txn_seq(const struct roster_session *session, const struct roster_shown *shown)
{
    uint64_t seq = 0;

    if (session && shown)
        (void)rst_txn_seq(session, shown, &seq);
    return seq;
}
