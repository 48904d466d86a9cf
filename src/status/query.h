/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a request asks for behind the question mark.
 */
#pragma once

#include "status/columns.h"
#include "status/status.h"

#include <roster/activity.h>

enum query_bit {
    QUERY_ROWS = 1,      /* which rows: all but the ones below */
    QUERY_TIMELINE = 8,  /* after */
    QUERY_MIN = 4,       /* db */
    QUERY_KILL = 2,      /* id, target, statement, start_ts, transaction */
    QUERY_ACTIVITY = 32, /* from, to, by, the filters of an activity, limit */
    QUERY_EVENTS = 16,   /* since, limit */
    QUERY_LOCKS = 64,    /* limit */
    QUERY_HOLDERS = 128, /* with QUERY_ROWS: holder */
    QUERY_ANY = 256,     /* alone: whatever stands there is not read */
};

/* For query.pin_kind: whatever it is for. */
#define PIN_ANY ROSTER_PIN_KINDS

struct query {
    const char *user, *host, *db, *application, *kind, *command, *state; /* NULL: any */
    const char *search;        /* some text of the row has it; NULL: any */
    const char *sort, *wanted; /* as they were given; NULL: neither was */
    const char *target;
    uint64_t id; /* 0: any */
    uint64_t min_ms;
    uint64_t limit;
    uint64_t after;
    uint64_t since;    /* the number of an event */
    uint64_t since_ms; /* what happened then or later */
    uint64_t from, to, step;
    const char *by;            /* of an activity */
    const char *wait, *digest; /* "" is none */
    uint64_t blocker;          /* 0: any */
    const char *holder;        /* of a list of holders: NULL: any */
    uint64_t statement;
    uint64_t start_ts;
    uint64_t transaction;
    bool in_txn;
    bool full;

    /* What the texts above mean, once they are known to mean something. */
    enum list list;
    int kind_number, run_state; /* -1: any */
    int pin_kind;               /* -1: any; 0: transactions; PIN_ANY; enum roster_pin_kind */
    unsigned txn_states;        /* a bit for each that is wanted */
    const char *wait_class, *wait_event; /* NULL: any */
    enum order order;
    bool backwards; /* the largest first */
    const struct column *columns[COLUMNS_MOST];
    size_t n_columns;
};

/* Returns 0, or the HTTP status of what is wrong with it. `list` is looked at for QUERY_ROWS. */
unsigned rst_status_query_parse(struct request *request, unsigned allowed, enum list list,
                                struct query *query);

/* activity_points.c: the activity history over time, for a chart. */

/* The samples of each step from query->from to query->to, by the class of their wait, or by what
 * `by` distinguishes unless that is 0. Returns the HTTP status. */
unsigned rst_activity_points(struct request *request, const struct query *query, uint32_t by,
                             const struct roster_activity_filter *filter);

/* The members of a row that `by` distinguishes. */
void rst_activity_put(struct text *text, const struct roster_activity_row *row, uint32_t by);
