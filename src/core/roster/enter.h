/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * How an owner enters a session, with its thread's context of the roster.
 */
#pragma once

#include "config.h"

#include "core/base/process.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"

#include <errno.h>

/* Why a session cannot be entered: -EINVAL, -EBADF, -ECHILD, or why there is no context. */
rst_slow struct rst_thread *rst_session_enter_slow(const struct roster_session *session, int *err);

/* The calling thread's context of the session's roster; NULL with the errno in `*err`. */
static inline struct rst_thread *rst_session_enter(const struct roster_session *session, int *err)
{
    struct rst_thread *thread;

    if (rst_likely(session)) {
        thread = rst_thread_last;
        if (!thread)
            __builtin_unreachable(); /* see thread.h; a hint for the analyzers, too */
        if (rst_likely(rst_load(&thread->tag) == session->gate.tag))
            return thread;
    }
    return rst_session_enter_slow(session, err);
}

/* Checks for a call that needs no context: 0, -EINVAL, -EBADF, -ECHILD. */
static inline int rst_session_refuses(const struct roster_session *session)
{
    if (rst_unlikely(!session))
        return -EINVAL;
    if (rst_unlikely(session->gate.tag == RST_TAG_CLOSED))
        return -EBADF;
    return rst_likely(!rst_process_is_other(rst_session_roster(session)->process)) ? 0 : -ECHILD;
}

/* With --enable-debug: aborts when two threads are inside one session. Nothing otherwise. */
#ifdef ROSTER_DEBUG
void rst_owner_enter(struct roster_session *session);
void rst_owner_leave(struct roster_session *session);
#else
static inline void rst_owner_enter(struct roster_session *session)
{
    (void)session;
}
static inline void rst_owner_leave(struct roster_session *session)
{
    (void)session;
}
#endif
