/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the threads of a comparison do.
 */
#pragma once

#include "arena.h"

/* Of a committer's operations in mixed and storm, each CHURN_EVERY-th is followed by a close and an
 * open. */
#define CHURN_EVERY 100

/* Bytes of a statement's text. */
#define STATEMENT_TEXT 100

/* Jobs over a struct lane; with lane->latency they time each operation. */
int job_publish(struct worker *worker);   /* begin, end */
int job_statement(struct worker *worker); /* stmt_begin, begin, end, stmt_end */
int job_refusable_statement(struct worker *worker);
int job_commit(struct worker *worker); /* begin, end, and every so often another session */
int job_churn(struct worker *worker);  /* close, open */
int job_lookup(struct worker *worker);
int job_oldest(struct worker *worker);
int job_list(struct worker *worker);

/* Jobs over a struct arena, beside those above. */
int job_sync_every_10_ms(struct worker *worker);
int job_list_every_100_ms(struct worker *worker);
int job_lookup_flat_out(struct worker *worker);
int job_list_flat_out(struct worker *worker);
int job_hold(struct worker *worker); /* inside until the run is over */

/* Begins on one thread and ends on another; a struct handover is between the two jobs. */
#define HANDOVER_SEATS 256

struct ring {
    void *sessions[HANDOVER_SEATS];
    uint64_t head own_lines; /* written by who takes */
    uint64_t tail own_lines; /* written by who puts */
};

struct handover {
    struct lane *lane;
    struct ring begun;
    struct ring ended;
    bool done own_lines;
};

int job_handover_begin(struct worker *worker);
int job_handover_end(struct worker *worker);
