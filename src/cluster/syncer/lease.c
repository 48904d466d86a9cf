/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The lease: granted, kept alive, and after it was lost replaced by a new one. */

#include "cluster/base/failing.h"
#include "cluster/syncer/syncer.h"
#include "core/base/controls.h"
#include "core/scanner/lease.h"
#include "store/base/backoff.h"
#include "store/base/clock.h"

#include <errno.h>
#include <inttypes.h>

/* The time for which a lease is relied upon: never longer than requested, even if the store grants
 * more. */
static int64_t ttl_of(const struct roster_syncer *syncer, const struct roster_store_lease *lease)
{
    int64_t wanted = (int64_t)syncer->options.ttl_ms;

    return lease->ttl_ms < wanted ? lease->ttl_ms : wanted;
}

/*
 * The deadline of a lease, CLOCK_BOOTTIME: from when it was asked for, its time to live less the
 * margin. None where that time is not known.
 */
static int64_t deadline_of(const struct roster_syncer *syncer,
                           const struct roster_store_lease *lease)
{
    int64_t now = rst_store_boottime_ns();
    int64_t asked_at = lease->asked_at_ns < now ? lease->asked_at_ns : now;

    if (asked_at == STORE_FOREVER)
        return 0;
    return asked_at +
           (ttl_of(syncer, lease) - (int64_t)syncer->options.margin_ms) * STORE_NS_PER_MS;
}

/* Revokes a lease that may still live, so that what hangs on it does not stay for its time. */
static void revoke_old(struct roster_syncer *syncer, int64_t lease)
{
    int err = roster_store_lease_revoke(syncer->store, lease, (int)syncer->options.timeout_ms);

    if (err && err != -EKEYEXPIRED)
        return; /* it is tried again, or expires by itself */
    pthread_mutex_lock(&syncer->lock);
    if (syncer->old_lease == lease)
        syncer->old_lease = 0;
    pthread_mutex_unlock(&syncer->lock);
}

/* A store may grant more than requested; etcd grants at least what its election time-out requires.
 */
static void note_granted(struct roster_syncer *syncer, const struct roster_store_lease *lease)
{
    bool news;

    pthread_mutex_lock(&syncer->lock);
    if (syncer->lease != lease->id)
        rst_cluster_logged(syncer->roster, ROSTER_LOGGED_LEASE, "granted", syncer->server_id, 0);
    syncer->lease = lease->id;
    syncer->ttl_ms = ttl_of(syncer, lease);
    news = syncer->stats.granted_ms != lease->granted_ms;
    syncer->stats.granted_ms = lease->granted_ms;
    pthread_mutex_unlock(&syncer->lock);
    /* etcd counts in whole seconds, which is not worth a word. */
    if (news && lease->granted_ms > (int64_t)syncer->options.ttl_ms + 1000)
        rst_syncer_log(syncer, ROSTER_STORE_LOG_WARNING,
                       "server %s asked for a lease of %" PRIu32 " ms and got %" PRIi64
                       " ms: it is fenced as asked, but its record stays that long after a crash",
                       syncer->server_id, syncer->options.ttl_ms, lease->granted_ms);
}

/* One that is of no use: nothing hangs on it, and it is not asked about again. */
static void drop_lease(struct roster_syncer *syncer, int64_t id)
{
    pthread_mutex_lock(&syncer->lock);
    syncer->lease = 0;
    syncer->old_lease = id > 0 ? id : 0;
    pthread_mutex_unlock(&syncer->lock);
}

/* A lease to register under: the present one if it lives, else a new one. */
static int take_lease(struct roster_syncer *syncer, int64_t id, struct roster_store_lease *lease)
{
    int timeout = (int)syncer->options.timeout_ms;
    int err = -EKEYEXPIRED;

    if (id != 0)
        err = roster_store_lease_keep_alive(syncer->store, id, timeout, lease);
    if (err == -EKEYEXPIRED)
        err = roster_store_lease_grant(syncer->store, syncer->options.ttl_ms, timeout, lease);
    if (err)
        return err;
    err = rst_syncer_check_lease(syncer, lease);
    if (err)
        drop_lease(syncer, lease->id);
    else
        note_granted(syncer, lease);
    return err;
}

static int join(struct roster_syncer *syncer, int64_t id)
{
    struct roster_store_lease lease;
    int err = take_lease(syncer, id, &lease);

    if (!err)
        err = rst_syncer_register(syncer, lease.id, deadline_of(syncer, &lease));
    pthread_mutex_lock(&syncer->lock);
    if (err == -EEXIST) {
        syncer->stats.refusals++;
        rst_syncer_set_state(syncer, ROSTER_SYNCER_REFUSED, err);
    } else if (err == -ERANGE) {
        rst_syncer_set_state(syncer, ROSTER_SYNCER_BEHIND, err);
    }
    pthread_mutex_unlock(&syncer->lock);
    rst_syncer_note(syncer, &syncer->stats.joining, err, NULL);
    rst_syncer_tell_scan(syncer);
    rst_syncer_tell(syncer);
    if (err == -EBADMSG)
        rst_syncer_log(syncer, ROSTER_STORE_LOG_ERROR,
                       "server %s cannot register: %s, %s, %s or its lease holds what cannot be",
                       syncer->server_id, syncer->paths.txn, syncer->paths.gc,
                       syncer->paths.record);
    return err;
}

/*
 * Under lock: the lease that has been kept alive is still ours. It may live for less than it did
 * before: then it ends by what the store says now. The answer to an older question ends nothing.
 */
static void extend(struct roster_syncer *syncer, const struct roster_store_lease *lease)
{
    int64_t deadline = deadline_of(syncer, lease), ttl = ttl_of(syncer, lease);

    syncer->stats.keep_alives++;
    if (deadline > syncer->deadline || ttl < syncer->ttl_ms)
        syncer->deadline = deadline;
    syncer->ttl_ms = ttl;
    if (syncer->deadline <= rst_store_boottime_ns()) {
        rst_syncer_fence(syncer, -EKEYEXPIRED);
        return;
    }
    if (deadline <= rst_store_boottime_ns())
        return; /* the answer came too late to be worth anything */
    rst_lease_extend(syncer->roster,
                     rst_control(NO_FENCE) ? UINT64_MAX - 1 : (uint64_t)syncer->deadline);
    if (syncer->state != ROSTER_SYNCER_LIVE) {
        syncer->stats.resumptions++;
        rst_syncer_set_state(syncer, ROSTER_SYNCER_LIVE, 0);
    }
    rst_syncer_set_due(syncer, SYNCER_FENCE, 0);
}

static bool is_live(struct roster_syncer *syncer)
{
    bool live;

    pthread_mutex_lock(&syncer->lock);
    live = syncer->state == ROSTER_SYNCER_LIVE;
    pthread_mutex_unlock(&syncer->lock);
    return live;
}

static int keep(struct roster_syncer *syncer, int64_t id)
{
    struct roster_store_lease lease;
    int err =
        roster_store_lease_keep_alive(syncer->store, id, (int)syncer->options.timeout_ms, &lease);

    /* Fenced, and the lease lives after all: then it never ended, and if the record still hangs on
     * it, that has held all the time. */
    if (!err)
        err = rst_syncer_check_lease(syncer, &lease);
    if (!err && !is_live(syncer))
        err = rst_syncer_verify(syncer, id);
    if (err == -EKEYEXPIRED || err == -EREMCHG) {
        rst_syncer_note(syncer, &syncer->stats.keeping, 0, NULL); /* there is nothing to keep */
        rst_syncer_lost(syncer, id, err);
        rst_syncer_tell(syncer);
        return err;
    }
    rst_syncer_note(syncer, &syncer->stats.keeping, err, &syncer->stats.keep_alive_failures);
    if (err)
        return err;
    pthread_mutex_lock(&syncer->lock);
    if (syncer->lease == id && syncer->registered)
        extend(syncer, &lease);
    pthread_mutex_unlock(&syncer->lock);
    rst_syncer_tell(syncer);
    return 0;
}

/* How long to wait until the next time; under lock. */
static int64_t pause_ns(struct roster_syncer *syncer, int err)
{
    int most = (int)syncer->options.backoff_max_ms, least = (int)syncer->options.backoff_min_ms;

    if (!err) {
        syncer->failures = 0;
        return syncer->options.keep_alive_ms * STORE_NS_PER_MS;
    }
    if (syncer->lease == 0 && syncer->failures++ == 0)
        return 0; /* it has just been lost: the first attempt to come back does not wait */
    /* While there is something to lose, more than once before the next regular time. */
    if (syncer->registered && most > (int)syncer->options.keep_alive_ms / 2)
        most = (int)syncer->options.keep_alive_ms / 2;
    return rst_store_backoff_ns(least < most ? least : most, most, syncer->failures++);
}

void rst_syncer_lease_duty(void *arg)
{
    struct roster_syncer *syncer = arg;
    int64_t lease, old;
    bool registered;
    int err;

    pthread_mutex_lock(&syncer->lock);
    lease = syncer->lease;
    old = syncer->old_lease;
    registered = syncer->registered;
    rst_syncer_set_due(syncer, SYNCER_LEASE,
                       STORE_FOREVER); /* until below, or until the lease is lost */
    pthread_mutex_unlock(&syncer->lock);
    if (old != 0)
        revoke_old(syncer, old);
    err = registered ? keep(syncer, lease) : join(syncer, lease);
    if (!registered && !err)
        rst_syncer_seen_first(syncer);
    pthread_mutex_lock(&syncer->lock);
    if (rst_background_due(&syncer->background, SYNCER_LEASE) == STORE_FOREVER || err)
        rst_syncer_set_due(syncer, SYNCER_LEASE, rst_background_in(pause_ns(syncer, err)));
    pthread_mutex_unlock(&syncer->lock);
}
