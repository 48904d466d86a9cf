/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Timestamp oracles. See oracle.h.
 */
#include "oracle.h"

__thread struct oracle_ticket oracle_ticket own_lines;

static int get_thread(void *arg, uint64_t *ts)
{
    struct oracle *oracle = arg;

    *ts = __builtin_expect(oracle_ticket.owner, 1) ? oracle_start_ts(oracle) : oracle_now(oracle);
    return 0;
}

static int get_shared(void *arg, uint64_t *ts)
{
    struct oracle *oracle = arg;

    *ts = __atomic_fetch_add(&oracle->count, 1, __ATOMIC_RELAXED) + 1;
    return 0;
}

void oracle_init(struct oracle *oracle, enum oracle_kind kind, struct roster_options *options)
{
    *oracle = (struct oracle){0, 0};
    options->oracle_arg = oracle;
    if (kind == ORACLE_THREAD)
        options->oracle = get_thread;
    else if (kind == ORACLE_SHARED)
        options->oracle = get_shared;
}

void oracle_role_owner(void)
{
    oracle_ticket.owner = true;
}

void oracle_role_scanner(void)
{
    oracle_ticket.owner = false;
}
