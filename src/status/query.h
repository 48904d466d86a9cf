/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a request asks for behind the question mark.
 */
#ifndef ROSTER_STATUS_QUERY_H
#define ROSTER_STATUS_QUERY_H

#include "status/status.h"

enum query_bit {
    QUERY_ROWS = 1, /* which rows: all but the ones below */
    QUERY_KILL = 2, /* id, target, statement, start_ts, transaction */
};

struct query {
    const char *user, *db, *kind, *command, *state; /* NULL: any */
    const char *target;
    uint64_t id; /* 0: any */
    uint64_t min_ms;
    uint64_t limit;
    uint64_t after;
    uint64_t statement;
    uint64_t start_ts;
    uint64_t transaction;
    bool in_txn;
    bool full;
    bool only_txns; /* set by who asks for a list of transactions */
};

/* Returns 0, or the HTTP status of what is wrong with it. */
unsigned rst_status_query_parse(struct request *request, unsigned allowed, struct query *query);

#endif /* ROSTER_STATUS_QUERY_H */
