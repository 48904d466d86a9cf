/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What kill_all.c, drain.c and watchdogs have of killing. kill.c and kill_txn.c have the protocols.
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

/*
 * As roster_kill() on a session that was found under the read lock, which is held. Of `*kill` the
 * target, the reason and what is aimed at are given (0: whichever it is); what was hit is stored.
 */
int rst_kill_session(struct roster *roster, struct roster_session *session,
                     struct roster_kill_info *kill);

/* Of a transaction; under the kill lock. See kill_txn.c. */
int rst_kill_txn_locked(const struct roster *roster, struct roster_session *session,
                        struct roster_kill_info *kill);

/* The aims of a kill: at a statement, at a transaction, at a connection. `by` may be NULL. */
static inline struct roster_kill_info rst_kill_aim(enum roster_kill_target target,
                                                   enum roster_kill_reason reason, const char *by)
{
    struct roster_kill_info kill = {
        .size = sizeof(kill), .target = target, .reason = reason, .by = by};

    return kill;
}

#endif /* ROSTER_CORE_OPERATE_KILL_H */
