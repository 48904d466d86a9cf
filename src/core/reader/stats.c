/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Statistics of a roster: what its threads and parts have counted, summed up.
 */
#include "core/base/struct_size.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"

#include <string.h>

static void count_threads(struct roster *roster, struct roster_stats *stats)
{
    const struct rst_thread *thread;

    stats->txns_begun = rst_load(&roster->alone.txns_begun);
    stats->txns_forced = rst_load(&roster->alone.txns_forced);
    stats->statements = rst_load(&roster->alone.statements);
    /* Pairs with the release in thread.c's new_context(). */
    for (thread = rst_load_acquire(&roster->threads); thread; thread = thread->roster_next) {
        stats->txns_begun += rst_load(&thread->counts.txns_begun);
        stats->txns_forced += rst_load(&thread->counts.txns_forced);
        stats->statements += rst_load(&thread->counts.statements);
        stats->threads++;
    }
}

int roster_stats(struct roster *roster, struct roster_stats *stats)
{
    size_t size;
    int err;

    if (!roster || !stats)
        return -EINVAL;
    size = stats->size;
    err = rst_struct_check(size, sizeof(*stats), sizeof(*stats));
    if (err)
        return err;
    if (rst_process_forked())
        return -ECHILD;
    memset(stats, 0, sizeof(*stats));
    stats->size = size;
    stats->sessions = rst_load(&roster->registry.open);
    /* An open that is under way has counted its session and not yet raised the peak. */
    stats->sessions_peak = rst_load(&roster->registry.peak);
    if (stats->sessions_peak < stats->sessions)
        stats->sessions_peak = stats->sessions;
    stats->sessions_opened = rst_load(&roster->registry.opened);
    stats->sessions_refused = rst_load(&roster->registry.refused);
    stats->pins = rst_load(&roster->pins);
    stats->scans = rst_load(&roster->horizon.scans);
    stats->expired = rst_load(&roster->horizon.expired);
    stats->kills_delivered = rst_load(&roster->kills_delivered);
    stats->kills_refused = rst_load(&roster->kills_refused);
    stats->memory = rst_load(&roster->account.memory) + rst_load(&roster->horizon.memory);
    stats->backlog = rst_load(&roster->account.backlog);
    stats->backlog_refused = rst_load(&roster->account.backlog_refused);
    stats->membarrier = roster->membarrier;
    stats->membarrier_failures = rst_membarrier_failures();
    stats->membarrier_refused = rst_membarrier_refused();
    stats->looks_again = rst_load(&roster->looks_again);
    count_threads(roster, stats);
    return 0;
}
