/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The state of a syncer: fencing, telling, and when what is due. */

#include "cluster/base/failing.h"
#include "cluster/syncer/syncer.h"
#include "core/base/controls.h"
#include "core/scanner/lease.h"
#include "store/base/clock.h"

#include <errno.h>
#include <roster/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *roster_syncer_state_name(enum roster_syncer_state state)
{
    switch (state) {
    case ROSTER_SYNCER_JOINING:
        return "joining";
    case ROSTER_SYNCER_LIVE:
        return "live";
    case ROSTER_SYNCER_FENCED:
        return "fenced";
    case ROSTER_SYNCER_REFUSED:
        return "refused";
    case ROSTER_SYNCER_BEHIND:
        return "behind";
    case ROSTER_SYNCER_STOPPED:
        return "stopped";
    }
    return "unknown";
}

void rst_syncer_log(struct roster_syncer *syncer, enum roster_store_log_level level,
                    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    rst_log_format(&syncer->log, level, format, args);
    va_end(args);
}

void rst_syncer_set_state(struct roster_syncer *syncer, enum roster_syncer_state state, int reason)
{
    struct roster_syncer_change change = {syncer->state, state, reason};

    if (state == syncer->state)
        return;
    syncer->state = state;
    rst_cluster_logged(syncer->roster,
                       state == ROSTER_SYNCER_FENCED ? ROSTER_LOGGED_FENCE : ROSTER_LOGGED_SERVER,
                       roster_syncer_state_name(state), syncer->server_id, reason);
    if (syncer->n_changes < SYNCER_CHANGES)
        syncer->changes[syncer->n_changes++] = change;
    else
        syncer->stats.changes_dropped++;
    pthread_cond_broadcast(&syncer->changed);
}

static enum roster_store_log_level level_of(const struct roster_syncer_change *change)
{
    switch (change->after) {
    case ROSTER_SYNCER_FENCED:
        return ROSTER_STORE_LOG_WARNING;
    case ROSTER_SYNCER_REFUSED:
    case ROSTER_SYNCER_BEHIND:
        return ROSTER_STORE_LOG_ERROR;
    default:
        return ROSTER_STORE_LOG_INFO;
    }
}

static void tell_one(struct roster_syncer *syncer, const struct roster_syncer_change *change)
{
    rst_syncer_log(syncer, level_of(change), "server %s is %s, was %s%s%s", syncer->server_id,
                   roster_syncer_state_name(change->after),
                   roster_syncer_state_name(change->before), change->reason == 0 ? "" : ": ",
                   change->reason == 0 ? "" : roster_store_strerror(change->reason));
    if (syncer->options.change)
        syncer->options.change(change, syncer->options.change_arg);
}

/* Takes the oldest change that waits; false: none does. */
static bool take_change(struct roster_syncer *syncer, struct roster_syncer_change *change)
{
    bool taken;

    pthread_mutex_lock(&syncer->lock);
    taken = syncer->n_changes > 0;
    if (taken) {
        *change = syncer->changes[0];
        syncer->n_changes--;
        memmove(&syncer->changes[0], &syncer->changes[1],
                syncer->n_changes * sizeof(syncer->changes[0]));
    }
    pthread_mutex_unlock(&syncer->lock);
    return taken;
}

void rst_syncer_tell(struct roster_syncer *syncer)
{
    struct roster_syncer_change change;

    if (!rst_background_tell_begin(&syncer->background))
        return;
    while (rst_background_tell_more(&syncer->background))
        while (take_change(syncer, &change))
            tell_one(syncer, &change);
}

void rst_syncer_set_due(struct roster_syncer *syncer, enum syncer_duty duty, int64_t when)
{
    rst_background_set_due(&syncer->background, duty, when);
}

int64_t rst_syncer_live_lease(struct roster_syncer *syncer)
{
    int64_t lease;

    pthread_mutex_lock(&syncer->lock);
    lease = syncer->state == ROSTER_SYNCER_LIVE ? syncer->lease : 0;
    pthread_mutex_unlock(&syncer->lock);
    return lease;
}

void rst_syncer_note(struct roster_syncer *syncer, struct roster_failing *operation, int err,
                     uint64_t *counter)
{
    struct roster_syncer_stats *stats = &syncer->stats;
    const struct roster_failing *newest = &stats->joining;

    pthread_mutex_lock(&syncer->lock);
    rst_failing_note(operation, err, rst_store_boottime_ns(), stats->errors);
    newest = rst_failing_newer(newest, &stats->keeping);
    newest = rst_failing_newer(newest, &stats->reporting);
    newest = rst_failing_newer(newest, &stats->watching);
    newest = rst_failing_newer(newest, &stats->lowering);
    stats->last_error = newest->error;
    if (err && counter)
        (*counter)++;
    pthread_mutex_unlock(&syncer->lock);
}

void rst_syncer_fence(struct roster_syncer *syncer, int reason)
{
    if (!rst_control(NO_FENCE))
        rst_lease_fence(syncer->roster);
    if (syncer->state == ROSTER_SYNCER_LIVE) {
        syncer->stats.fences++;
        rst_syncer_set_state(syncer, ROSTER_SYNCER_FENCED, reason);
    }
}

void rst_syncer_lost(struct roster_syncer *syncer, int64_t lease, int reason)
{
    pthread_mutex_lock(&syncer->lock);
    if (syncer->lease == lease && lease != 0) {
        syncer->lease = 0;
        syncer->old_lease = lease;
        syncer->registered = false;
        rst_cluster_logged(syncer->roster, ROSTER_LOGGED_LEASE, "lost", syncer->server_id, reason);
        rst_syncer_fence(syncer, reason);
        rst_syncer_set_due(syncer, SYNCER_LEASE, 0);
    }
    pthread_mutex_unlock(&syncer->lock);
}

void rst_syncer_fence_duty(struct roster_syncer *syncer)
{
    int64_t left;

    pthread_mutex_lock(&syncer->lock);
    left = syncer->deadline - rst_store_boottime_ns();
    if (syncer->state == ROSTER_SYNCER_LIVE && left <= 0) {
        rst_syncer_fence(syncer, -EKEYEXPIRED);
        rst_syncer_set_due(syncer, SYNCER_LEASE, 0);
    }
    /* At most a second, because only CLOCK_BOOTTIME continues while the machine is suspended. */
    if (syncer->state != ROSTER_SYNCER_LIVE || left > STORE_NS_PER_S)
        left = STORE_NS_PER_S;
    rst_syncer_set_due(syncer, SYNCER_FENCE, rst_background_in(left));
    pthread_mutex_unlock(&syncer->lock);
    rst_syncer_tell(syncer);
    rst_log_flush(&syncer->log, rst_store_monotonic_ns());
}
