/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Which sessions a query means, and the best of them in its order.
 */
#ifndef ROSTER_STATUS_ROWS_H
#define ROSTER_STATUS_ROWS_H

#include "status/query.h"

#include <roster/list.h>

/* Whether a session is among those that are asked for. Of the snapshot only its times are used, of
 * the entry what rst_rows_look() fills. */
bool rst_rows_match(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                    const struct query *query);

/* A session that is wanted so far. */
struct candidate {
    uint64_t key; /* what comes first has the smallest; of a text its beginning */
    uint64_t id;
    const char *text; /* all of it, "" for a number */
};

/* The best `most` candidates, and as many that may turn out not to be. */
struct best {
    struct candidate *all;
    size_t size, count, most;
    struct candidate worst; /* of the best so far, once some were dropped */
    bool cut;
    bool backwards; /* texts in the opposite order */
    uint64_t random;
    struct budget *budget;
};

/* Keeps the candidate if it is among the best. Returns 0; -ENOMEM. */
int rst_best_keep(struct best *best, const struct candidate *candidate);

/* Puts the ids of the candidates, the best first, in the place of these. They belong to `best`. */
uint64_t *rst_best_ids(struct best *best);
void rst_best_free(struct best *best);

/* Fills what filters and orders need; strings are valid under the read lock. */
void rst_rows_look(struct roster_entry *entry, const struct roster_session *session,
                   const struct roster_shown *shown);

/* Where the session of the entry stands in the query's order. */
struct candidate rst_rows_candidate(const struct roster_snapshot *snapshot,
                                    const struct roster_entry *entry, const struct query *query);

#endif /* ROSTER_STATUS_ROWS_H */
