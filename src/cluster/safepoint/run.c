/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The safe points' threads, or run_once in their place. */

#include "config.h"

#include <errno.h>

#include "cluster/safepoint/safepoint.h"
#include "core/base/cancel.h"
#include "store/base/clock.h"
#include "store/base/threads.h"

/* A server that registers again tells nobody here; it is looked for this often. */
#define FOLLOW_MS 1000

static void run_duty(struct roster_safepoint *safepoint, enum safepoint_duty duty, int watch_ms)
{
    if (duty == SAFEPOINT_LEAD)
        safepoint_lead_duty(safepoint);
    else
        safepoint_follow_duty(safepoint, watch_ms);
}

static bool wait_for(struct roster_safepoint *safepoint, enum safepoint_duty duty)
{
    bool stop;

    pthread_mutex_lock(&safepoint->lock);
    while (!safepoint->stop && safepoint->due[duty] > store_monotonic_ns())
        threads_wait(&safepoint->changed, &safepoint->lock, safepoint->due[duty]);
    stop = safepoint->stop;
    pthread_mutex_unlock(&safepoint->lock);
    return !stop;
}

static void *thread_main(void *arg)
{
    struct safepoint_thread *thread = arg;

    while (wait_for(thread->safepoint, thread->duty))
        run_duty(thread->safepoint, thread->duty, FOLLOW_MS);
    return NULL;
}

static void end_threads(struct roster_safepoint *safepoint)
{
    roster_store_watch_cancel(safepoint->watch);
    for (unsigned i = 0; i < safepoint->n_threads; i++)
        pthread_join(safepoint->threads[i].id, NULL);
    safepoint->n_threads = 0;
}

/* Sets the flag; true when it was set before. */
static bool set_stop(struct roster_safepoint *safepoint)
{
    bool before;

    pthread_mutex_lock(&safepoint->lock);
    before = safepoint->stop;
    safepoint->stop = true;
    pthread_cond_broadcast(&safepoint->changed);
    pthread_mutex_unlock(&safepoint->lock);
    return before;
}

int roster_safepoint_start(struct roster_safepoint *safepoint)
{
    RST_NOT_CANCELLED;
    static const char *const names[] = {"roster-follow", "roster-lead"};
    int err = 0;

    if (safepoint == NULL)
        return -EINVAL;
    pthread_mutex_lock(&safepoint->lock);
    if (safepoint->threaded || safepoint->stop)
        err = -EBUSY;
    safepoint->threaded = true;
    pthread_mutex_unlock(&safepoint->lock);
    if (err != 0)
        return err;
    for (unsigned i = 0; i < SAFEPOINT_DUTIES && err == 0; i++) {
        struct safepoint_thread *thread = &safepoint->threads[i];

        thread->safepoint = safepoint;
        thread->duty = (enum safepoint_duty)i;
        err = threads_start(&thread->id, thread_main, thread, names[i]);
        safepoint->n_threads += err == 0;
    }
    if (err != 0) {
        (void)set_stop(safepoint);
        end_threads(safepoint);
    }
    return err;
}

int roster_safepoint_stop(struct roster_safepoint *safepoint)
{
    RST_NOT_CANCELLED;

    if (safepoint == NULL)
        return -EINVAL;
    if (set_stop(safepoint))
        return 0;
    end_threads(safepoint);
    safepoint_resign(safepoint);
    return 0;
}

static int64_t due(struct roster_safepoint *safepoint, enum safepoint_duty duty)
{
    int64_t when;

    pthread_mutex_lock(&safepoint->lock);
    when = safepoint->due[duty];
    pthread_mutex_unlock(&safepoint->lock);
    return when;
}

int roster_safepoint_run_once(struct roster_safepoint *safepoint, uint32_t *wait_ms)
{
    RST_NOT_CANCELLED;
    bool refused;
    int wait;

    if (safepoint == NULL)
        return -EINVAL;
    pthread_mutex_lock(&safepoint->lock);
    refused = safepoint->threaded || safepoint->stop;
    pthread_mutex_unlock(&safepoint->lock);
    if (refused)
        return -EBUSY;
    for (unsigned i = 0; i < SAFEPOINT_DUTIES; i++)
        if (due(safepoint, (enum safepoint_duty)i) <= store_monotonic_ns())
            run_duty(safepoint, (enum safepoint_duty)i, 0);
    wait = store_remaining_ms(due(safepoint, SAFEPOINT_LEAD));
    if (wait_ms != NULL)
        *wait_ms = (uint32_t)(wait < FOLLOW_MS ? wait : FOLLOW_MS);
    return 0;
}
