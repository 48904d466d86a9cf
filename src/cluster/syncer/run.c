/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A syncer at work: its threads or run_once, and its orderly end. */

#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "core/scanner/lease.h"
#include "store/base/clock.h"

#include <errno.h>

/* How often a stop looks whether something is still pinned. */
#define STOP_LOOK_NS (10 * STORE_NS_PER_MS)

static void watch_duty(void *arg)
{
    rst_syncer_watch_duty(arg, -1);
}

static void fence_duty(void *arg)
{
    rst_syncer_fence_duty(arg);
}

static void cancel_watch(void *arg)
{
    struct roster_syncer *syncer = arg;

    roster_store_watch_cancel(syncer->watch);
}

void rst_syncer_background_init(struct roster_syncer *syncer)
{
    static const struct rst_duty duties[SYNCER_DUTIES] = {
        [SYNCER_LEASE] = {"roster-lease", rst_syncer_lease_duty, 0},
        [SYNCER_REPORT] = {"roster-report", rst_syncer_report_duty, 0},
        [SYNCER_WATCH] = {"roster-watch", watch_duty, 0},
        [SYNCER_FENCE] = {"roster-fence", fence_duty, 0},
    };

    rst_background_init(&syncer->background, duties, SYNCER_DUTIES, cancel_watch, syncer);
}

int roster_syncer_start(struct roster_syncer *syncer)
{
    RST_NOT_CANCELLED;
    int err = rst_syncer_check(syncer);

    return err ? err : rst_background_start(&syncer->background);
}

static void run_by_hand(struct roster_syncer *syncer, enum syncer_duty duty)
{
    if (rst_background_due(&syncer->background, duty) > rst_store_monotonic_ns())
        return;
    switch (duty) {
    case SYNCER_LEASE:
        rst_syncer_lease_duty(syncer);
        break;
    case SYNCER_REPORT:
        rst_syncer_report_duty(syncer);
        break;
    case SYNCER_WATCH:
        rst_syncer_watch_duty(syncer, 0);
        break;
    case SYNCER_FENCE:
    case SYNCER_DUTIES:
        rst_syncer_fence_duty(syncer);
        break;
    }
}

int roster_syncer_run_once(struct roster_syncer *syncer, uint32_t *wait_ms)
{
    RST_NOT_CANCELLED;

    /* Fencing comes first, and again after everything that may have taken its time. */
    static const enum syncer_duty order[] = {SYNCER_FENCE, SYNCER_WATCH, SYNCER_LEASE,
                                             SYNCER_REPORT, SYNCER_FENCE};
    int64_t next = INT64_MAX, due;
    unsigned i;
    int err = rst_syncer_enter(syncer);

    if (err)
        return err;
    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        run_by_hand(syncer, order[i]);
    for (i = 0; i < SYNCER_DUTIES; i++) {
        due = rst_background_due(&syncer->background, i);
        if (i != SYNCER_WATCH && due < next)
            next = due;
    }
    rst_background_leave(&syncer->background);
    if (wait_ms)
        *wait_ms = (uint32_t)rst_store_remaining_ms(next);
    return 0;
}

int roster_syncer_report(struct roster_syncer *syncer)
{
    RST_NOT_CANCELLED;
    int err = rst_syncer_check(syncer);

    return err ? err : rst_syncer_report(syncer);
}

int roster_syncer_wait(struct roster_syncer *syncer, enum roster_syncer_state state, int timeout_ms)
{
    RST_NOT_CANCELLED;

    int64_t deadline = rst_store_deadline_in(timeout_ms);
    int err = rst_syncer_check(syncer);
    bool reached;

    if (err)
        return err;
    pthread_mutex_lock(&syncer->lock);
    while (syncer->state != state && rst_store_remaining_ns(deadline) > 0)
        rst_threads_wait(&syncer->changed, &syncer->lock, deadline);
    reached = syncer->state == state;
    pthread_mutex_unlock(&syncer->lock);
    return reached ? 0 : -ETIMEDOUT;
}

/* Waits until no pin counts any more: 0, -EBUSY, or the oracle's error. */
static int wait_for_pins(struct roster_syncer *syncer, int64_t deadline)
{
    struct roster_min min = {.size = sizeof(min)};
    int err;

    for (;;) {
        err = rst_lease_scan(syncer->roster, syncer->options.max_age_ms, 0, false, &min);
        if (err || min.holder.kind == ROSTER_HOLDER_NONE)
            return err;
        if (!rst_store_remaining_ns(deadline))
            return -EBUSY;
        rst_store_sleep(STOP_LOOK_NS);
    }
}

/* After the last thread: takes the keys away, all at one revision. */
static int remove_keys(struct roster_syncer *syncer)
{
    int err;

    if (syncer->lease == 0)
        return 0;
    err = roster_store_lease_revoke(syncer->store, syncer->lease, (int)syncer->options.timeout_ms);
    return err == -EKEYEXPIRED ? 0 : err;
}

void rst_syncer_end(struct roster_syncer *syncer)
{
    /* From here on checks fail for good, before any server may learn that the record is gone. */
    rst_lease_detach(syncer->roster);
    pthread_mutex_lock(&syncer->lock);
    syncer->registered = false;
    rst_syncer_set_state(syncer, ROSTER_SYNCER_STOPPED, 0);
    pthread_mutex_unlock(&syncer->lock);
    rst_syncer_tell(syncer);
}

int roster_syncer_stop(struct roster_syncer *syncer, int timeout_ms)
{
    RST_NOT_CANCELLED;
    int err = rst_syncer_check(syncer);

    if (err)
        return err;
    /* Another thread is stopping it, and decides whether something is pinned. */
    err = rst_background_is_ending(&syncer->background)
              ? 0
              : wait_for_pins(syncer, rst_store_deadline_in(timeout_ms));
    if (!err)
        err = rst_background_stop(&syncer->background);
    if (err)
        return err;
    rst_syncer_end(syncer);
    err = remove_keys(syncer);
    if (!err)
        err = rst_syncer_seen_remove(syncer);
    rst_background_stopped(&syncer->background);
    return err;
}
