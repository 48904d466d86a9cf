/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a session waits for: one word of its side, stored by the owner. And lock waits: only the
 * owner uses the state to return to; any other change of the state drops it.
 */
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/wait_events.h"

#include <roster/lock_wait.h>
#include <roster/txn.h>

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

int roster_lock_wait_begin(struct roster_session *session)
{
    int err = rst_session_refuses(session);
    uint8_t before;

    if (err)
        return err;
    before = session->view->run_state;
    if (before == ROSTER_RUN_LOCK_WAITING)
        return -EALREADY;
    err = roster_txn_set_state(session, ROSTER_RUN_LOCK_WAITING);
    if (!err)
        session->resume_state = (uint8_t)(before + 1);
    return err;
}

int roster_lock_wait_end(struct roster_session *session)
{
    int err = rst_session_refuses(session);

    if (err)
        return err;
    if (session->view->run_state != ROSTER_RUN_LOCK_WAITING || !session->resume_state)
        return -EALREADY;
    return roster_txn_set_state(session, (enum roster_run_state)(session->resume_state - 1));
}
