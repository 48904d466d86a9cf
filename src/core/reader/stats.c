/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Statistics of a roster: the counts of its threads and parts, summed up.
 */
#include "core/base/struct_size.h"
#include "core/roster/event_log.h"
#include "core/roster/quota.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"

/* Under the lock a thread that ends is counted once: by itself or among those that have ended. */
static void count_threads(const struct roster *roster, struct roster_stats *stats)
{
    const struct rst_thread *thread;
    const struct cds_list_head *node;

    rst_thread_process_lock();
    stats->sessions_opened = rst_load(&roster->alone.sessions_opened);
    stats->txns_begun = rst_load(&roster->alone.txns_begun);
    stats->txns_forced = rst_load(&roster->alone.txns_forced);
    stats->statements = rst_load(&roster->alone.statements);
    rst_for_each_thread (thread, node, roster) {
        stats->sessions_opened += rst_load(&thread->counts.sessions_opened);
        stats->txns_begun += rst_load(&thread->counts.txns_begun);
        stats->txns_forced += rst_load(&thread->counts.txns_forced);
        stats->statements += rst_load(&thread->counts.statements);
        stats->threads++;
    }
    rst_thread_process_unlock();
}

/* The part of huge pages that is resident but not used by objects yet. */
static uint64_t memory_ahead(struct roster *roster)
{
    uint64_t bytes = rst_slabs_ahead(&roster->sessions.free.slabs) + rst_heap_ahead(&roster->heap);
    unsigned n;

    for (n = 0; n < roster->hot_classes; n++)
        bytes += rst_slabs_ahead(&roster->hot[n].slabs);
    return bytes;
}

int roster_stats(struct roster *roster, struct roster_stats *stats)
{
    struct roster_stats now = {0};
    uint64_t ordinary;
    unsigned by;
    int err = rst_result_check(roster, stats, sizeof(*stats));

    if (err)
        return err;
    now.sessions = rst_load(&roster->registry.open);
    /* An open in progress has counted its session and not yet raised the peak. */
    now.sessions_peak = rst_load(&roster->registry.peak);
    if (now.sessions_peak < now.sessions)
        now.sessions_peak = now.sessions;
    now.sessions_refused = rst_load(&roster->registry.refused);
    now.pins = rst_load(&roster->pins);
    now.scans = rst_load(&roster->horizon.scans);
    now.expired = rst_load(&roster->horizon.expired);
    now.kills_delivered = rst_load(&roster->kills_delivered);
    now.kills_refused = rst_load(&roster->kills_refused);
    now.memory = rst_load(&roster->account.memory) + rst_load(&roster->horizon.memory) +
                 rst_load(&roster->registry.buckets) * sizeof(struct cds_lfht_node) +
                 rst_load(&roster->registry.hints.bytes) + rst_load(&roster->deadlocks.memory) +
                 rst_event_log_memory(roster->event_log) + memory_ahead(roster);
    now.backlog = rst_load(&roster->account.backlog);
    now.backlog_refused = rst_load(&roster->account.backlog_refused);
    now.membarrier = roster->membarrier;
    now.membarrier_failures = rst_membarrier_failures();
    now.membarrier_refused = rst_membarrier_refused();
    now.looks_again = rst_load(&roster->looks_again);
    now.max_sessions = rst_load(&roster->registry.limit);
    ordinary = rst_load(&roster->registry.ordinary);
    now.reserved_sessions = now.max_sessions > ordinary ? now.max_sessions - ordinary : 0;
    now.backlog_limit = roster->account.backlog_limit;
    rst_quota_lock(roster);
    for (by = 0; by < ROSTER_GROUP_BYS; by++)
        now.quota_refused += roster->quota->refused[by];
    rst_quota_unlock(roster);
    count_threads(roster, &now);
    rst_struct_put(stats, &now, sizeof(now));
    return 0;
}
