/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The roster's side of a leased store.
 */
#include "core/scanner/lease.h"

#include "core/base/probes.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"
#include "core/scanner/scan.h"

#include <roster/oracle.h>

int rst_lease_attach(struct roster *roster, const struct rst_lease_ops *ops, void *arg)
{
    int err = 0;

    if (!roster || !ops)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    pthread_mutex_lock(&roster->lease_lock);
    if (roster->lease_ops) {
        err = -EBUSY;
    } else {
        rst_hold(&roster->attached);
        roster->lease_ops = ops;
        roster->lease_arg = arg;
        rst_guard_fence(&roster->horizon.guard, &roster->horizon.words);
    }
    pthread_mutex_unlock(&roster->lease_lock);
    return err;
}

void rst_lease_detach(struct roster *roster)
{
    pthread_mutex_lock(&roster->lease_lock);
    roster->lease_ops = NULL;
    roster->lease_arg = NULL;
    rst_guard_fence(&roster->horizon.guard, &roster->horizon.words);
    pthread_mutex_unlock(&roster->lease_lock);
}

void rst_lease_leave(struct roster *roster)
{
    /* The last thing: the roster may be destroyed from here on. */
    rst_let_go(&roster->attached);
}

int rst_lease_scan(struct roster *roster, uint64_t max_age_ms, uint64_t least, bool report,
                   struct roster_min *min)
{
    struct rst_scan_for what = {.max_age_ms = max_age_ms, .least = least, .report = report};
    int err;

    /* A process that was stopped may not have ticked since, and other servers have gone on. */
    roster_oracle_local_advance(roster->ticker.oracle);
    err = rst_scan(roster, &what, min);
    if (!err && report)
        rst_probe2(report, min->min_start_ts, min->now);
    return err;
}

void rst_lease_grant(struct roster *roster, uint64_t record, uint64_t deadline)
{
    struct rst_horizon *horizon = &roster->horizon;

    rst_guard_set_record(&horizon->guard, &horizon->words, record);
    rst_test_point("grant: one of two");
    rst_guard_unfence(&horizon->guard, &horizon->words, deadline);
}

void rst_lease_extend(struct roster *roster, uint64_t deadline)
{
    rst_guard_unfence(&roster->horizon.guard, &roster->horizon.words, deadline);
}

void rst_lease_fence(struct roster *roster)
{
    rst_probe1(fence, rst_load(&roster->horizon.words.lease_deadline));
    rst_guard_fence(&roster->horizon.guard, &roster->horizon.words);
}

void rst_lease_lowered(struct roster *roster, uint64_t record)
{
    rst_guard_set_record(&roster->horizon.guard, &roster->horizon.words, record);
}

uint64_t rst_lease_record(struct roster *roster)
{
    struct rst_guard *guard = &roster->horizon.guard;
    uint64_t record;

    pthread_mutex_lock(&guard->lock);
    record = guard->record;
    pthread_mutex_unlock(&guard->lock);
    return record;
}

bool rst_lease_protects_below(struct roster *roster, uint64_t ts)
{
    return rst_guard_protects_below(&roster->horizon.guard, ts);
}

bool rst_lease_pass(struct roster *roster, uint64_t ts)
{
    return rst_guard_pass(&roster->horizon.guard, &roster->horizon.words, ts);
}

static int lower(struct roster *roster, uint64_t ts)
{
    int err = -ESTALE;

    pthread_mutex_lock(&roster->lease_lock);
    if (roster->lease_ops)
        err = roster->lease_ops->lower(roster->lease_arg, ts);
    pthread_mutex_unlock(&roster->lease_lock);
    return err;
}

/*
 * The pin comes first, so that no report can pass `ts` from here on; it counts as soon as the
 * store has lowered the record, and is taken back when the store refuses.
 */
static int pin_below_record(struct roster *roster, struct rst_thread *thread, uintptr_t holder,
                            uint64_t since, uint64_t ts, uint64_t **slot)
{
    struct rst_horizon *horizon = &roster->horizon;
    int err;

    pthread_mutex_lock(&horizon->report_lock);
    err = rst_horizon_pin_below(horizon, &thread->horizon, holder, since, ts, slot);
    pthread_mutex_unlock(&horizon->report_lock);
    if (err)
        return err;
    err = lower(roster, ts);
    if (err) {
        rst_horizon_release(&thread->horizon, *slot);
        *slot = NULL;
    }
    return err;
}

int rst_lease_pin_at(struct roster *roster, struct rst_thread *thread, uintptr_t holder,
                     uint64_t since, uint64_t ts, uint64_t **slot)
{
    int err = rst_horizon_pin_at(&roster->horizon, &thread->horizon, holder, since, ts, slot);

    if (err != -ESTALE || rst_load(&roster->horizon.words.lease_deadline) == RST_LEASE_NONE)
        return err;
    return pin_below_record(roster, thread, holder, since, ts, slot);
}
