/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner keeps the statement that ended last. See roster/last.h.
 */
#include "core/owner/owner.h"

#include "core/roster/roster.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"

struct rst_statement *rst_last_swap_slow(struct roster_session *session,
                                         struct rst_statement *statement)
{
    struct rst_last *last = &session->side->last;
    struct rst_statement *before = last->statement;
    union rst_gate gate = session->gate;

    rst_assign_pointer(&last->statement, statement); /* 1: pairs with b */
    rst_store_release(&last->life, last->life + 1);  /* 2: pairs with a and d */
    if (statement)
        gate.remembers |= RST_REMEMBERS_LAST_STATEMENT;
    else
        gate.remembers &= (uint8_t)~RST_REMEMBERS_LAST_STATEMENT;
    rst_gate_set(session, gate);
    return before;
}

void rst_last_drop_slow(struct roster_session *session)
{
    struct roster *roster = rst_session_roster(session);

    rst_statement_put(rst_thread_try(roster->tag), roster, rst_last_swap_slow(session, NULL));
}
