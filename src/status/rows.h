/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A session as a row of a list, in JSON.
 */
#ifndef ROSTER_STATUS_ROWS_H
#define ROSTER_STATUS_ROWS_H

#include "status/query.h"

#include <roster/list.h>

typedef void rows_put_fn(struct text *text, const struct roster_snapshot *snapshot,
                         const struct roster_entry *entry, const struct query *query);

rows_put_fn rst_rows_put_process, rst_rows_put_trx;

/* Whether a session is among those that are asked for. Of the snapshot only its times are used, of
 * the entry only id, kind, start_ts, since, states, command, user and database. */
bool rst_rows_match(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                    const struct query *query);

#endif /* ROSTER_STATUS_ROWS_H */
