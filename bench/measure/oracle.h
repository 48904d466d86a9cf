/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Where the transactions of a run get their timestamps, and scans their now.
 *
 * thread   Each thread counts on a line of its own, within the epoch that the newest scan began:
 *          a scan's now is a new epoch, an owner's timestamp is above the epoch's beginning. So a
 *          timestamp that was requested before a scan asked is below its now, and one requested
 *          after is above, which is what G2 rests on; the timestamps of two owners between two
 *          scans are not ordered, which no part of Roster looks at. The cost is a load of a line
 *          that only scans write, and an increment: the figures are Roster's own.
 * shared   One atomic counter: what a server with a plain counter pays. Its line moves between
 *          the processors at every begin, which hides the rest.
 * clock    The hybrid clock that a roster has when none is given: a system clock and one
 *          compare-and-swap on a shared line.
 */
#pragma once

#include "options.h"
#include "runner.h"

#include <roster/manager.h>

struct oracle {
    uint64_t epoch own_lines;
    uint64_t count own_lines;
};

/* A thread's own line. */
struct oracle_ticket {
    uint64_t count;
    bool owner;
};
extern __thread struct oracle_ticket oracle_ticket own_lines;

#define ORACLE_EPOCH_BITS 36

/* The oracle of the kind thread, for direct calls: an owner's timestamp, a scan's now. */
static inline uint64_t oracle_start_ts(const struct oracle *oracle)
{
    return (__atomic_load_n(&oracle->epoch, __ATOMIC_RELAXED) << ORACLE_EPOCH_BITS) +
           ++oracle_ticket.count;
}

static inline uint64_t oracle_now(struct oracle *oracle)
{
    return (__atomic_fetch_add(&oracle->epoch, 1, __ATOMIC_SEQ_CST) + 1) << ORACLE_EPOCH_BITS;
}

/* Sets up the oracle and lets `options` of a roster use it. */
void oracle_init(struct oracle *oracle, enum oracle_kind kind, struct roster_options *options);

/* The calling thread begins transactions, or it scans (so at first). */
void oracle_role_owner(void);
void oracle_role_scanner(void);
