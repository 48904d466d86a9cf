/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the parts of `rosterctl top` share: one thread asks the server, one draws and reads keys.
 */
#pragma once

#include "rosterctl/rosterctl.h"

#include <stdint.h>

#define TOP_TIMEOUT_MS 2000 /* of each request */
#define TOP_AGES 400        /* of the minimum, that are kept for the bars */

/* What is wanted of the server. */
struct top_wish {
    char sort[64], search[64];
    bool in_txn;
    bool blockers; /* the trees of what waits for what, in the place of the list */
    int limit;
    char kill[256]; /* the path of a request that ends something; "": none */
    char what[64];  /* what that ends, in words */
};

/* What one round of requests found. */
struct top_sight {
    json_t *status, *minimum, *list; /* NULL: not known */
    bool blockers;                   /* what the list is of */
    int code;                        /* of the exit codes */
    char error[512];
    char said[256]; /* of a kill; "": there was none */
    uint64_t at_ms; /* CLOCK_MONOTONIC before it was asked */
};

struct top_asker;

/* One round, in the calling thread. */
struct top_sight *top_look(const struct options *options, const struct top_wish *wish);
void top_sight_free(struct top_sight *sight);

/* A thread that looks again and again. Returns NULL when there can be none. It never prints. */
struct top_asker *top_asker_start(const struct options *options, const struct top_wish *wish);
void top_asker_stop(struct top_asker *asker);

/* Looks at once, and from then on, with this wish; a kill in it is done once, also when the next
 * wish comes before it was sent. False: it is not done, as another one waits to be sent. */
bool top_asker_wish(struct top_asker *asker, const struct top_wish *wish);

/* The newest sight since the last call, which is the caller's then; NULL: there is none. */
struct top_sight *top_asker_take(struct top_asker *asker);

/* The screen. */
enum top_mode { TOP_LIST, TOP_HELP, TOP_DETAIL };

struct top {
    const struct options *options;
    char server[256]; /* as it is shown */
    struct top_asker *asker;
    struct top_wish wish;
    struct top_sight *sight; /* what is shown */
    uint64_t answered_ms;    /* when that was so */
    double statements, transactions, uptime_ms, statement_rate, transaction_rate;
    double ages[TOP_AGES];
    int n_ages;
    enum top_mode mode;
    char selected[24]; /* the id of the chosen row; "": the first one's */
    int row, first;    /* where it is, and which row is the topmost on the screen */
    int page;          /* rows that fit */
    char message[512];
    uint64_t message_ms; /* since when it is there */

    /* What is being typed below a question. */
    const char *prompt; /* NULL: nothing is */
    char question[256], typed[64];
    void (*answered)(struct top *top);
    char target[16], id[24], seq[24]; /* what a kill that is being asked about is of */

    bool unicode, colours;
};

/* The rows that are shown. */
const json_t *top_rows(const struct top *top);

void top_draw(struct top *top);
