/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Whether a session's statement, transaction or connection was killed, as readers see it.
 */
#include "core/base/process.h"
#include "core/roster/kill_word.h"
#include "core/roster/roster.h"

int roster_session_killed(const struct roster_session *session, const struct roster_shown *shown)
{
    struct rst_dying dying;

    if (!session || !shown)
        return -EINVAL;
    if (rst_process_is_other(rst_session_roster(session)->process))
        return -ECHILD;
    dying = rst_kill_dying(session, shown);
    if (dying.connection)
        return (int)dying.connection | ROSTER_KILLED_CONNECTION;
    return dying.txn ? (int)dying.txn | ROSTER_KILLED_TRANSACTION : (int)dying.statement;
}
