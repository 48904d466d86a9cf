/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Faults for the example server, linked in by wrapping its functions: what the bank test has to
 * find. KV_FAULT chooses one when the server starts.
 *
 *   minimum  the collector takes the present for the safe point, whatever transactions are open
 *   commit   a commit takes its timestamp before it locks what it writes, and dawdles in between
 *   delay    no fault: a commit takes its timestamp under its locks, and dawdles before it installs
 */
#include "config.h"

#include "store.h"

#include <roster/minimum.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t __real_roster_local_safe_point(const struct roster *roster);
uint64_t __wrap_roster_local_safe_point(const struct roster *roster);
uint64_t __real_store_commit_ts(struct store *store);
uint64_t __wrap_store_commit_ts(struct store *store);
void __real_store_lock(struct store *store);
void __wrap_store_lock(struct store *store);

static _Thread_local uint64_t early;

static int has_fault(const char *name)
{
    const char *fault = getenv("KV_FAULT");

    return fault && !strcmp(fault, name);
}

static uint64_t dawdle(uint64_t ts)
{
    usleep(200);
    return ts;
}

uint64_t __wrap_roster_local_safe_point(const struct roster *roster)
{
    return has_fault("minimum") ? UINT64_MAX : __real_roster_local_safe_point(roster);
}

void __wrap_store_lock(struct store *store)
{
    if (has_fault("commit"))
        early = dawdle(__real_store_commit_ts(store));
    __real_store_lock(store);
}

uint64_t __wrap_store_commit_ts(struct store *store)
{
    if (has_fault("delay"))
        return dawdle(__real_store_commit_ts(store));
    return has_fault("commit") ? early : __real_store_commit_ts(store);
}
