/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The number of the transaction that a look has found.
 */
#pragma once

#include "core/roster/look.h"

/* What a killer has to know of a transaction. */
struct rst_open_txn {
    uint64_t seq;      /* 0: none is open */
    uint64_t start_ts; /* 0 while it is pending */
};

/*
 * The number of the transaction that `shown` shows, which rst_look_at() or a walk has filled in
 * a struct roster_copy; 0 when it shows none. False: the life of that view is over, so whether it
 * is still open is not known. Under the read lock, or the owner.
 */
bool rst_txn_seq(const struct roster_session *session, const struct roster_shown *shown,
                 uint64_t *seq);

/* The transaction that is open now. As rst_look_at(). */
struct rst_open_txn rst_txn_look(const struct roster_session *session);
