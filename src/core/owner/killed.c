/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner asks whether it was killed.
 */
#include "core/roster/kill_word.h"
#include "core/roster/session.h"

#include <errno.h>

int roster_killed(struct roster_session *session)
{
    if (rst_unlikely(!session))
        return -EINVAL;
    if (rst_unlikely(session->gate.tag == RST_TAG_CLOSED))
        return -EBADF;
    if (rst_likely(rst_load(&session->kill) == 0))
        return 0;
    return rst_kill_acknowledge_slow(session, session->gate.in_stmt ? session->stmt_seq : 0);
}
