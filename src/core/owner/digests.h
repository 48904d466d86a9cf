/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner's side of the digests of a transaction. See roster/digests.h.
 */
#ifndef ROSTER_CORE_OWNER_DIGESTS_H
#define ROSTER_CORE_OWNER_DIGESTS_H

#include "core/roster/digests.h"
#include "core/roster/session.h"

/* The owner's. */
rst_slow void rst_digests_add_slow(struct roster_session *session, const char *digest,
                                   size_t length);
rst_slow void rst_digests_clear_slow(struct roster_session *session);

#endif /* ROSTER_CORE_OWNER_DIGESTS_H */
