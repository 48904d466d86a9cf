/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The session that a session waits for, in a record beside the wait word, allocated by the first
 * such wait. It belongs to a wait word with RST_WAIT_BLOCKED:
 *
 *     owner                                        reader, inside the read lock
 *     1 wait := 0                                  a w := wait                     (acquire)
 *     2 version += 1, odd                          b version, then the record      (acquire)
 *     3 write the record            (release)      c version is the same and even, and wait is w
 *     4 version += 1, even          (release)        still, else from a
 *     5 wait := the new word        (release)
 *
 * As in a sequence lock, c shows that b read one whole record. It is w's record. It is not older,
 * because 5 is a release that a acquires. Had b read a newer one, it would have acquired the 1
 * before that, and c would not find w, unless c finds the following 5. Then the two words are
 * equal, of two waits for one event within a tick, and the record is that of the newer wait.
 */
#pragma once

#include "core/base/rcu.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <roster/block.h>

struct roster;

/* A wait for a session, at one instant. */
struct rst_blocked {
    uint64_t word; /* of the wait */
    struct rst_block block;
};

/* Whether the session waits for another one, and for which. Under the read lock, or the owner. */
bool rst_block_read(const struct roster_session *session, struct rst_blocked *blocked);

/* The session waited for, if it is still the intended one; NULL: it has closed, or its transaction
 * has ended. Under the read lock. */
struct roster_session *rst_block_holder(struct roster *roster, const struct rst_blocked *blocked);
