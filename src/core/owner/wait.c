/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a session waits for: one word of its side, stored by the owner.
 */
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/wait_events.h"

int roster_wait_begin(struct roster_session *session, uint32_t event)
{
    int err = rst_session_refuses(session);
    struct rst_side *side;
    uint64_t now;

    if (rst_unlikely(err))
        return err;
    if (rst_unlikely(!rst_wait_is_event(event)))
        return -EINVAL;
    side = rst_likely(session->side) ? session->side : rst_side_need(session);
    if (rst_unlikely(!side))
        return -ENOMEM;
    now = rst_ticker_now(&rst_session_roster(session)->ticker);
    rst_store(&side->wait, (now & ~RST_WAIT_LOW) | event);
    return 0;
}

void roster_wait_end(struct roster_session *session)
{
    if (rst_likely(!rst_session_refuses(session) && session->side))
        rst_store(&session->side->wait, 0);
}

uint32_t roster_session_wait(const struct roster_session *session, uint64_t *since)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;
    uint64_t word = side ? rst_load(&side->wait) : 0;

    if (since)
        *since = word & ~RST_WAIT_LOW;
    return (uint32_t)(word & RST_WAIT_EVENT_MASK);
}
