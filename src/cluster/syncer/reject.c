/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A store's contents are input. A value that no correct server can have written, judged by this
 * server's own state, is rejected: it is counted, named in the log and the statistics, and never
 * used. A live server is also fenced and gives up its lease, since nothing in that store protects
 * it any more. It returns under a new lease, above every safe point in the store, so versions that
 * may have been collected stay lost (G8). doc/stored-values.md lists every value with its bound.
 */

#include "cluster/syncer/syncer.h"
#include "core/scanner/lease.h"
#include "store/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

int rst_syncer_name_impossible(struct roster_syncer *syncer, const char *key, uint64_t value,
                               const char *why)
{
    struct roster_syncer_stats *stats = &syncer->stats;

    pthread_mutex_lock(&syncer->lock);
    stats->rejected++;
    stats->rejected_value = value;
    snprintf(stats->rejected_key, sizeof(stats->rejected_key), "%s", key);
    pthread_mutex_unlock(&syncer->lock);
    rst_syncer_log(syncer, ROSTER_STORE_LOG_ERROR,
                   "server %s rejects %s: it holds %" PRIu64 ", %s; find out who wrote it",
                   syncer->server_id, key, value, why);
    return -EBADMSG;
}

int rst_syncer_reject(struct roster_syncer *syncer, const char *key, uint64_t value,
                      const char *why)
{
    int err = rst_syncer_name_impossible(syncer, key, value, why);
    int64_t lease;

    pthread_mutex_lock(&syncer->lock);
    lease = syncer->registered ? syncer->lease : 0;
    pthread_mutex_unlock(&syncer->lock);
    rst_syncer_lost(syncer, lease, err);
    return err;
}

int rst_syncer_check_lease(struct roster_syncer *syncer, const struct roster_store_lease *lease)
{
    char name[40];

    if (lease->id > 0 && lease->ttl_ms > (int64_t)syncer->options.margin_ms)
        return 0;
    snprintf(name, sizeof(name), "lease %" PRIx64, (uint64_t)lease->id);
    return rst_syncer_name_impossible(syncer, name, lease->ttl_ms < 0 ? 0 : (uint64_t)lease->ttl_ms,
                                      "a time to live in ms that leaves nothing above the margin");
}

/* Whether the deadline has passed: then a leader may have passed the record as well. */
static bool fence_if_late(struct roster_syncer *syncer)
{
    bool late;

    pthread_mutex_lock(&syncer->lock);
    late = syncer->state != ROSTER_SYNCER_LIVE || syncer->deadline <= rst_store_boottime_ns();
    if (late)
        rst_syncer_fence(syncer, -EKEYEXPIRED);
    pthread_mutex_unlock(&syncer->lock);
    return late;
}

bool rst_syncer_contradicts(struct roster_syncer *syncer, uint64_t ts)
{
    return rst_lease_protects_below(syncer->roster, ts) && !fence_if_late(syncer);
}

uint64_t rst_syncer_protected(struct roster_syncer *syncer)
{
    return rst_lease_record(syncer->roster);
}

bool rst_syncer_pass(struct roster_syncer *syncer, uint64_t ts)
{
    return rst_lease_pass(syncer->roster, ts);
}

void rst_syncer_ack_sent(struct roster_syncer *syncer, uint64_t ts)
{
    pthread_mutex_lock(&syncer->lock);
    if (ts > syncer->ack_sent)
        syncer->ack_sent = ts;
    pthread_mutex_unlock(&syncer->lock);
}

void rst_syncer_ack_stands(struct roster_syncer *syncer, int64_t lease)
{
    pthread_mutex_lock(&syncer->lock);
    syncer->ack_lease = lease;
    pthread_mutex_unlock(&syncer->lock);
}

uint64_t rst_syncer_ack_limit(struct roster_syncer *syncer)
{
    uint64_t limit;

    pthread_mutex_lock(&syncer->lock);
    limit =
        syncer->registered && syncer->ack_lease == syncer->lease ? syncer->ack_sent : UINT64_MAX;
    pthread_mutex_unlock(&syncer->lock);
    return limit;
}

bool rst_syncer_above_ack(struct roster_syncer *syncer, uint64_t ts)
{
    return ts > rst_syncer_ack_limit(syncer) && !fence_if_late(syncer);
}
