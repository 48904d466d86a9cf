/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Why a session cannot be entered. See enter.h.
 */
#include "core/roster/enter.h"

#include <errno.h>

struct rst_thread *rst_session_enter_slow(const struct roster_session *session, int *err)
{
    if (!session) {
        *err = -EINVAL;
        return NULL;
    }
    if (session->gate.tag == RST_TAG_CLOSED) {
        *err = -EBADF;
        return NULL;
    }
    return rst_thread_enter_slow(rst_session_roster(session), err);
}
