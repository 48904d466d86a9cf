/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Circles of waits.
 */
#ifndef ROSTER_CORE_OWNER_DEADLOCK_H
#define ROSTER_CORE_OWNER_DEADLOCK_H

#include "core/roster/session.h"

/*
 * The owner's, whose wait was published: whether it closes a circle. Returns 0; -EDEADLK, and then
 * its wait has ended; -ENOMEM.
 */
rst_slow int rst_deadlock_check(struct roster_session *session);

#endif /* ROSTER_CORE_OWNER_DEADLOCK_H */
