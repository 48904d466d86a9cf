/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Why a session cannot be entered, and the check of --enable-debug. See enter.h.
 */
#include "config.h"

#include "core/roster/enter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

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

#ifdef ROSTER_DEBUG
void rst_owner_enter(struct roster_session *session)
{
    uint32_t me = (uint32_t)syscall(SYS_gettid);
    uint32_t other = __atomic_exchange_n(&session->inside, me, __ATOMIC_ACQUIRE);

    if (other) {
        fprintf(stderr,
                "roster: threads %" PRIu32 " and %" PRIu32 " are both inside session %" PRIu64
                ": only its owner may use a session (G6); hand it over across a mutex or a queue\n",
                other, me, session->id);
        abort();
    }
}

void rst_owner_leave(struct roster_session *session)
{
    __atomic_store_n(&session->inside, 0, __ATOMIC_RELEASE);
}
#endif
