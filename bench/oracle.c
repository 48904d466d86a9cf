/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Timestamp oracles. See oracle.h.
 */
#include "config.h"

#include "oracle.h"

#define EPOCH_BITS 36

/* A thread's own line. */
static __thread struct {
    uint64_t count;
    bool owner;
} ticket own_lines;

static int get_thread(void *arg, uint64_t *ts)
{
    struct oracle *oracle = arg;

    if (__builtin_expect(ticket.owner, 1))
        *ts = (__atomic_load_n(&oracle->epoch, __ATOMIC_RELAXED) << EPOCH_BITS) + ++ticket.count;
    else
        *ts = (__atomic_fetch_add(&oracle->epoch, 1, __ATOMIC_SEQ_CST) + 1) << EPOCH_BITS;
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
    ticket.owner = true;
}

void oracle_role_scanner(void)
{
    ticket.owner = false;
}
