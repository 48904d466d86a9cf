/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A syncer at work: its threads or run_once, and its orderly end. */

#include "config.h"

#include <errno.h>

#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "core/scanner/lease.h"
#include "store/base/clock.h"
#include "store/base/threads.h"

/* How often a stop looks whether something is still pinned. */
#define STOP_LOOK_NS (10 * STORE_NS_PER_MS)

static void run_duty(struct roster_syncer *syncer, enum syncer_duty duty, int watch_ms)
{
    switch (duty) {
    case SYNCER_LEASE:
        syncer_lease_duty(syncer);
        break;
    case SYNCER_REPORT:
        syncer_report_duty(syncer);
        break;
    case SYNCER_WATCH:
        syncer_watch_duty(syncer, watch_ms);
        break;
    case SYNCER_FENCE:
    case SYNCER_DUTIES:
        syncer_fence_duty(syncer);
        break;
    }
}

/* Waits until the duty is due; false: the syncer stops. */
static bool wait_for(struct roster_syncer *syncer, enum syncer_duty duty)
{
    bool stop;

    pthread_mutex_lock(&syncer->lock);
    while (!syncer->stop && syncer->due[duty] > store_monotonic_ns())
        threads_wait(&syncer->changed, &syncer->lock, syncer->due[duty]);
    stop = syncer->stop;
    pthread_mutex_unlock(&syncer->lock);
    return !stop;
}

static void *thread_main(void *arg)
{
    struct syncer_thread *thread = arg;

    while (wait_for(thread->syncer, thread->duty))
        run_duty(thread->syncer, thread->duty, -1);
    return NULL;
}

static void end_threads(struct roster_syncer *syncer)
{
    pthread_mutex_lock(&syncer->lock);
    syncer->stop = true;
    pthread_cond_broadcast(&syncer->changed);
    pthread_mutex_unlock(&syncer->lock);
    roster_store_watch_cancel(syncer->watch);
    for (unsigned i = 0; i < syncer->n_threads; i++)
        pthread_join(syncer->threads[i].id, NULL);
    syncer->n_threads = 0;
}

int roster_syncer_start(struct roster_syncer *syncer)
{
    RST_NOT_CANCELLED;
    static const char *const names[] = {"roster-lease", "roster-report", "roster-watch",
                                        "roster-fence"};
    int err = 0;

    if (syncer == NULL)
        return -EINVAL;
    pthread_mutex_lock(&syncer->lock);
    if (syncer->threaded || syncer->stop)
        err = -EBUSY;
    syncer->threaded = true;
    pthread_mutex_unlock(&syncer->lock);
    if (err != 0)
        return err;
    for (unsigned i = 0; i < SYNCER_DUTIES && err == 0; i++) {
        syncer->threads[i].syncer = syncer;
        syncer->threads[i].duty = (enum syncer_duty)i;
        err = threads_start(&syncer->threads[i].id, thread_main, &syncer->threads[i], names[i]);
        syncer->n_threads += err == 0;
    }
    if (err != 0)
        end_threads(syncer);
    return err;
}

static bool is_due(struct roster_syncer *syncer, enum syncer_duty duty)
{
    int64_t due;

    pthread_mutex_lock(&syncer->lock);
    due = syncer->due[duty];
    pthread_mutex_unlock(&syncer->lock);
    return due <= store_monotonic_ns();
}

int roster_syncer_run_once(struct roster_syncer *syncer, uint32_t *wait_ms)
{
    RST_NOT_CANCELLED;

    /* Fencing comes first, and again after everything that may have taken its time. */
    static const enum syncer_duty order[] = {SYNCER_FENCE, SYNCER_WATCH, SYNCER_LEASE,
                                             SYNCER_REPORT, SYNCER_FENCE};
    int64_t next = INT64_MAX;
    bool refused;

    if (syncer == NULL)
        return -EINVAL;
    pthread_mutex_lock(&syncer->lock);
    refused = syncer->threaded || syncer->stop;
    pthread_mutex_unlock(&syncer->lock);
    if (refused)
        return -EBUSY;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (is_due(syncer, order[i]))
            run_duty(syncer, order[i], 0);
    pthread_mutex_lock(&syncer->lock);
    for (int i = 0; i < SYNCER_DUTIES; i++)
        if (i != SYNCER_WATCH && syncer->due[i] < next)
            next = syncer->due[i];
    pthread_mutex_unlock(&syncer->lock);
    if (wait_ms != NULL)
        *wait_ms = (uint32_t)store_remaining_ms(next);
    return 0;
}

int roster_syncer_report(struct roster_syncer *syncer)
{
    RST_NOT_CANCELLED;

    return syncer == NULL ? -EINVAL : syncer_report(syncer);
}

int roster_syncer_wait(struct roster_syncer *syncer, enum roster_syncer_state state, int timeout_ms)
{
    RST_NOT_CANCELLED;

    int64_t deadline = store_deadline_in(timeout_ms);
    bool reached;

    if (syncer == NULL)
        return -EINVAL;
    pthread_mutex_lock(&syncer->lock);
    while (syncer->state != state && store_remaining_ns(deadline) > 0)
        threads_wait(&syncer->changed, &syncer->lock, deadline);
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
        if (err != 0 || min.holder.kind == ROSTER_HOLDER_NONE)
            return err;
        if (store_remaining_ns(deadline) == 0)
            return -EBUSY;
        store_sleep_until(store_monotonic_ns() + STOP_LOOK_NS);
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

void syncer_end(struct roster_syncer *syncer)
{
    end_threads(syncer);
    /* From here on checks fail for good, before anybody may learn that the record is gone. */
    rst_lease_detach(syncer->roster);
    pthread_mutex_lock(&syncer->lock);
    syncer->registered = false;
    syncer_set_state(syncer, ROSTER_SYNCER_STOPPED, 0);
    pthread_mutex_unlock(&syncer->lock);
    syncer_tell(syncer);
}

int roster_syncer_stop(struct roster_syncer *syncer, int timeout_ms)
{
    RST_NOT_CANCELLED;
    bool stopped;
    int err;

    if (syncer == NULL)
        return -EINVAL;
    pthread_mutex_lock(&syncer->lock);
    stopped = syncer->stop;
    pthread_mutex_unlock(&syncer->lock);
    if (stopped)
        return -EALREADY;
    err = wait_for_pins(syncer, store_deadline_in(timeout_ms));
    if (err != 0)
        return err;
    syncer_end(syncer);
    return remove_keys(syncer);
}
