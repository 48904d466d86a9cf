/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Flags of transactions: in one word with the transaction's number, so that the next one has none.
 */
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/txn_seq.h"

#include <errno.h>
#include <roster/txn.h>

#define FLAG_BITS 2
#define FLAGS (ROSTER_TXN_READ_ONLY | ROSTER_TXN_HAS_WRITES)

_Static_assert(FLAGS < 1 << FLAG_BITS, "the flags fit below the number");

int roster_txn_set_flags(struct roster_session *session, uint32_t flags)
{
    int err = rst_session_refuses(session);
    struct rst_side *side;

    if (err)
        return err;
    if (flags & ~FLAGS || session->gate.txn_state == ROSTER_TXN_INVALID)
        return -EINVAL;
    side = rst_side_need(session);
    if (!side)
        return -ENOMEM;
    rst_store(&side->txn_flags, rst_txn_look(session).seq << FLAG_BITS | flags);
    return 0;
}

uint32_t roster_txn_flags(const struct roster_session *session, const struct roster_shown *shown)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;
    uint64_t word = side ? rst_load(&side->txn_flags) : 0;
    uint64_t seq = word ? roster_txn_seq(session, shown) : 0;

    return seq && word >> FLAG_BITS == seq << FLAG_BITS >> FLAG_BITS ? (uint32_t)(word & FLAGS) : 0;
}
