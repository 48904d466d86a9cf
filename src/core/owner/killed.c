/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner's check for kills.
 */
#include "core/base/process.h"
#include "core/roster/kill_word.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <errno.h>

static rst_slow int killed_slow(struct roster_session *session)
{
    if (session->gate.tag == RST_TAG_CLOSED)
        return -EBADF;
    if (rst_process_is_other(rst_session_roster(session)->process))
        return -ECHILD;
    return rst_kill_acknowledge_slow(
        session, session->gate.in_stmt ? rst_view_statement(session->view)->seq : 0);
}

int roster_killed(struct roster_session *session)
{
    if (rst_unlikely(!session))
        return -EINVAL;
    if (rst_likely(rst_load(&session->kill) == 0)) /* then it is not closed: see kill_word.h */
        return rst_likely(!rst_load(&rst_process_is_child)) ? 0 : killed_slow(session);
    return killed_slow(session);
}
