/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options of what operates the server.
 */
#include "config.h"

#include "operate.h"

#include <errno.h>
#include <stdlib.h>

enum key { DRAIN = 4096, EXECUTION, IDLE, TXN_IDLE, TXN_AGE, HISTORY, HISTORY_MIN, STATUS, TOKEN };

static const struct argp_option known[] = {
    {"status", STATUS, "ADDRESS", 0,
     "serve status, metrics and a page here: 127.0.0.1:PORT or unix:PATH", 10},
    {"status-token", TOKEN, "FILE", 0, "who sends the first line of FILE may kill and drain", 10},
    {"drain-ms", DRAIN, "MS", 0, "on SIGTERM, how long open transactions may finish (2000)", 10},
    {"max-execution-ms", EXECUTION, "MS", 0, "end commands that run longer", 10},
    {"idle-timeout-ms", IDLE, "MS", 0, "end clients that do nothing for longer", 10},
    {"txn-idle-timeout-ms", TXN_IDLE, "MS", 0, "the same inside a transaction", 10},
    {"txn-max-age-ms", TXN_AGE, "MS", 0, "end clients whose transaction is older", 10},
    {"history", HISTORY, "N", 0, "remember N kinds of long transactions (0)", 10},
    {"history-min-ms", HISTORY_MIN, "MS", 0, "of those that lasted so long (10000)", 10},
    {0},
};

static uint64_t *place(struct operate_options *options, int key)
{
    switch (key) {
    case DRAIN:
        return &options->drain_ms;
    case EXECUTION:
        return &options->max_execution_ms;
    case IDLE:
        return &options->idle_ms;
    case TXN_IDLE:
        return &options->txn_idle_ms;
    case TXN_AGE:
        return &options->txn_age_ms;
    case HISTORY:
        return &options->history;
    case HISTORY_MIN:
        return &options->history_min_ms;
    default:
        return NULL;
    }
}

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet. */
static void parse_number(uint64_t *number, const char *text, struct argp_state *state)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || *number > UINT32_MAX)
        argp_error(state, "\"%s\" is no number from 0 to %u", text, UINT32_MAX);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct operate_options *options = state->input;
    uint64_t *number = place(options, key);

    if (number)
        parse_number(number, arg, state);
    else if (key == STATUS)
        options->status = arg;
    else if (key == TOKEN)
        options->token_file = arg;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}
/* NOLINTEND(concurrency-mt-unsafe) */

const struct argp operate_argp = {known, parse, NULL, NULL, NULL, NULL, NULL};

void operate_presets(struct operate_options *options)
{
    options->drain_ms = 2000;
    options->history_min_ms = 10000;
}
