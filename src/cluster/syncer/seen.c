/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The server's last sign of life: when it was last seen, its address and its record. It stays for
 * at most an hour after the server has gone without a stop. All other keys disappear with the
 * server's lease, so an operator who looks later would find no trace. No server reads this key, and
 * nothing depends on it: it is outside the protocol, has a lease of its own, and is deleted by an
 * orderly stop.
 */

#include "cluster/keys/keys.h"
#include "cluster/syncer/syncer.h"
#include "core/base/clock.h"
#include "store/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SEEN_MS (INT64_C(3600) * 1000)

void rst_syncer_seen_first(struct roster_syncer *syncer)
{
    int64_t due;

    pthread_mutex_lock(&syncer->lock);
    due = rst_background_due(&syncer->background, SYNCER_REPORT);
    syncer->first_sign = true;
    syncer->report_at = due > rst_store_monotonic_ns() ? due : 0;
    rst_syncer_set_due(syncer, SYNCER_REPORT, 0);
    pthread_mutex_unlock(&syncer->lock);
}

bool rst_syncer_seen_only(struct roster_syncer *syncer)
{
    bool only;

    pthread_mutex_lock(&syncer->lock);
    only = syncer->first_sign && syncer->report_at > rst_store_monotonic_ns();
    if (only)
        rst_syncer_set_due(syncer, SYNCER_REPORT, syncer->report_at);
    syncer->first_sign = false;
    pthread_mutex_unlock(&syncer->lock);
    return only;
}

/* A lease that lives for half an hour or more; it is not asked about more often than that. */
static int take_lease(struct roster_syncer *syncer, int64_t now)
{
    int timeout = (int)syncer->options.timeout_ms;
    struct roster_store_lease lease = {0};
    int err = -EKEYEXPIRED;

    if (syncer->seen_lease &&
        rst_store_since(now, syncer->seen_kept_at) < SEEN_MS / 2 * STORE_NS_PER_MS)
        return 0;
    if (syncer->seen_lease)
        err = roster_store_lease_keep_alive(syncer->store, syncer->seen_lease, timeout, &lease);
    if (err == -EKEYEXPIRED)
        err = roster_store_lease_grant(syncer->store, SEEN_MS, timeout, &lease);
    if (err)
        return err;
    syncer->seen_lease = lease.id;
    syncer->seen_kept_at = now;
    return 0;
}

static int put(struct roster_syncer *syncer)
{
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    uint64_t record;
    char number[24], *text;
    int err;

    pthread_mutex_lock(&syncer->lock);
    record = syncer->stats.record;
    pthread_mutex_unlock(&syncer->lock);
    snprintf(number, sizeof(number), "%" PRIu64, record);
    err = rst_syncer_sign_json(syncer->info, (int64_t)rst_wall_ms(), number, &text);
    if (err)
        return err;
    rst_batch_put(&batch, syncer->paths.seen, roster_store_text(text), syncer->seen_lease);
    err = rst_batch_run(&batch, syncer->store, (int)syncer->options.timeout_ms, &result);
    roster_store_free(result);
    free(text);
    return err;
}

void rst_syncer_seen_put(struct roster_syncer *syncer)
{
    int64_t now = rst_store_monotonic_ns();
    int err;

    if (now < syncer->seen_due)
        return;
    syncer->seen_due = rst_store_time_add(now, syncer->options.keep_alive_ms * STORE_NS_PER_MS);
    err = take_lease(syncer, now);
    if (!err)
        err = put(syncer);
    if (err == -EKEYEXPIRED)
        syncer->seen_lease = 0;
}

int rst_syncer_seen_remove(struct roster_syncer *syncer)
{
    int err;

    if (!syncer->seen_lease)
        return 0;
    err = roster_store_lease_revoke(syncer->store, syncer->seen_lease,
                                    (int)syncer->options.timeout_ms);
    return err == -EKEYEXPIRED ? 0 : err;
}
