/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The safe points' threads, or run_once in their place. */

#include "config.h"

#include <errno.h>

#include "cluster/safepoint/safepoint.h"
#include "core/base/cancel.h"
#include "store/base/clock.h"

/* A server that registers again tells nobody here; it is looked for this often. */
#define FOLLOW_MS 1000

static void follow_duty(void *arg)
{
    safepoint_follow_duty(arg, FOLLOW_MS);
}

static void lead_duty(void *arg)
{
    safepoint_lead_duty(arg);
}

static void cancel_watch(void *arg)
{
    struct roster_safepoint *safepoint = arg;

    roster_store_watch_cancel(safepoint->watch);
}

int safepoint_background_init(struct roster_safepoint *safepoint)
{
    static const struct rst_duty duties[SAFEPOINT_DUTIES] = {
        [SAFEPOINT_FOLLOW] = {"roster-follow", follow_duty, 0},
        [SAFEPOINT_LEAD] = {"roster-lead", lead_duty, 0},
    };

    return rst_background_init(&safepoint->background, duties, SAFEPOINT_DUTIES, cancel_watch,
                               safepoint);
}

int roster_safepoint_start(struct roster_safepoint *safepoint)
{
    RST_NOT_CANCELLED;

    return safepoint == NULL ? -EINVAL : rst_background_start(&safepoint->background);
}

int roster_safepoint_stop(struct roster_safepoint *safepoint)
{
    RST_NOT_CANCELLED;
    int err = safepoint == NULL ? -EINVAL : rst_background_stop(&safepoint->background);

    if (err == 0) {
        safepoint_resign(safepoint);
        rst_background_stopped(&safepoint->background);
    }
    return err == -EALREADY ? 0 : err;
}

static bool is_due(struct roster_safepoint *safepoint, enum safepoint_duty duty)
{
    return rst_background_due(&safepoint->background, duty) <= store_monotonic_ns();
}

int roster_safepoint_run_once(struct roster_safepoint *safepoint, uint32_t *wait_ms)
{
    RST_NOT_CANCELLED;
    int err = safepoint == NULL ? -EINVAL : rst_background_enter(&safepoint->background);
    int wait;

    if (err != 0)
        return err;
    if (is_due(safepoint, SAFEPOINT_FOLLOW))
        safepoint_follow_duty(safepoint, 0);
    if (is_due(safepoint, SAFEPOINT_LEAD))
        safepoint_lead_duty(safepoint);
    rst_background_leave(&safepoint->background);
    wait = store_remaining_ms(rst_background_due(&safepoint->background, SAFEPOINT_LEAD));
    if (wait_ms != NULL)
        *wait_ms = (uint32_t)(wait < FOLLOW_MS ? wait : FOLLOW_MS);
    return 0;
}
