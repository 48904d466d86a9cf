/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Circles of waits, and keeping them.
 */
#ifndef ROSTER_CORE_OWNER_CIRCLE_H
#define ROSTER_CORE_OWNER_CIRCLE_H

#include "core/roster/deadlocks.h"
#include "core/roster/session.h"

/* Waits that lead from one session to the next and back, or as far as they were followed. */
struct rst_circle {
    struct rst_circle_wait {
        const struct roster_session *session;
        uint64_t version, word; /* of its record, and of its wait */
    } * waits;
    size_t count, size;
};

/* Under the read lock and the deadlocks' lock: keeps a circle, as it is now, and leaves its number
 * with its members. */
void rst_circle_keep(struct rst_deadlocks *deadlocks, const struct rst_circle *circle,
                     uint64_t now);

#endif /* ROSTER_CORE_OWNER_CIRCLE_H */
