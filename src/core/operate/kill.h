/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What kill_all.c, drain.c and watchdogs have of killing. kill.c has the protocol.
 */
#ifndef ROSTER_CORE_OPERATE_KILL_H
#define ROSTER_CORE_OPERATE_KILL_H

#include "core/roster/kill_word.h"

/* The bits of every kind of session. */
#define RST_KILL_ALL_KINDS                                                                         \
    (ROSTER_KIND_BIT(ROSTER_SESSION_USER) | ROSTER_KIND_BIT(ROSTER_SESSION_INTERNAL) |             \
     ROSTER_KIND_BIT(ROSTER_SESSION_BACKGROUND))

static inline bool rst_kill_is_reason(enum roster_kill_reason reason)
{
    return (unsigned)reason - 1 < ROSTER_KILL_REASONS - 1;
}

/* As roster_kill() on a session that was found under the read lock, which is held. */
int rst_kill_session(struct roster *roster, struct roster_session *session,
                     enum roster_kill_target target, uint64_t seq, enum roster_kill_reason reason);

#endif /* ROSTER_CORE_OPERATE_KILL_H */
