/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Which sessions a query means, and the best of them in its order.
 */
#pragma once

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

/* What else may be kept of a candidate. */
#define PAYLOAD_MOST 64

/* The best `most` candidates, and as many that may turn out not to be; behind each its payload. */
struct best {
    void *all;
    size_t size, count, most;
    size_t payload;         /* bytes of it; 0: none, the id is what matters */
    struct candidate worst; /* of the best so far, once some were dropped */
    bool cut;
    bool backwards; /* texts in the opposite order */
    uint64_t random;
    struct budget *budget;
};

/* Keeps the candidate, with a copy of its payload, if it is among the best. Returns 0; -ENOMEM. */
int rst_best_keep(struct best *best, const struct candidate *candidate, const void *payload);

/* Puts the payloads of the candidates, or their ids, the best first, in the place of these. They
 * belong to `best`. */
void *rst_best_take(struct best *best);
void rst_best_free(struct best *best);

/* Fills what the query's filters and order need; strings are valid under the read lock, and as long
 * as what is shown. */
void rst_rows_look(struct roster_entry *entry, const struct roster_session *session,
                   const struct roster_shown *shown, const struct query *query);

/* Where the session of the entry stands in the query's order. */
struct candidate rst_rows_candidate(const struct roster_snapshot *snapshot,
                                    const struct roster_entry *entry, const struct query *query);
