/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Waiting for a lock. The state to go back to is the owner's alone; whatever else sets a state
 * forgets it.
 */
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <roster/lock_wait.h>
#include <roster/txn.h>

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
