/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The safe points' threads, or run_once in their place. */

#include "cluster/safe_point/safe_point.h"
#include "core/base/cancel.h"
#include "store/base/clock.h"

#include <errno.h>

/* A server that registers again is not announced here; it is looked for this often. */
#define FOLLOW_MS 1000

static void follow_duty(void *arg)
{
    rst_safe_point_follow_duty(arg, FOLLOW_MS);
}

static void cancel_watch(void *arg)
{
    struct roster_safe_point *safe_point = arg;

    roster_store_watch_cancel(safe_point->watch);
}

void rst_safe_point_background_init(struct roster_safe_point *safe_point)
{
    static const struct rst_duty duties[SAFE_POINT_DUTIES] = {
        [SAFE_POINT_FOLLOW] = {"roster-follow", follow_duty, 0},
        [SAFE_POINT_LEAD] = {"roster-lead", rst_safe_point_lead_duty, 0},
    };

    rst_background_init(&safe_point->background, duties, SAFE_POINT_DUTIES, cancel_watch,
                        safe_point);
}

int roster_safe_point_start(struct roster_safe_point *safe_point)
{
    RST_NOT_CANCELLED;
    int err = rst_safe_point_check(safe_point);

    return err ? err : rst_background_start(&safe_point->background);
}

int roster_safe_point_stop(struct roster_safe_point *safe_point)
{
    RST_NOT_CANCELLED;
    int err = rst_safe_point_check(safe_point);

    if (err)
        return err;
    err = rst_background_stop(&safe_point->background);
    if (!err) {
        rst_safe_point_resign(safe_point);
        rst_background_stopped(&safe_point->background);
    }
    return err == -EALREADY ? 0 : err;
}

static bool is_due(struct roster_safe_point *safe_point, enum safe_point_duty duty)
{
    return rst_background_due(&safe_point->background, duty) <= rst_store_monotonic_ns();
}

int roster_safe_point_run_once(struct roster_safe_point *safe_point, uint32_t *wait_ms)
{
    RST_NOT_CANCELLED;
    int err = rst_safe_point_check(safe_point), wait;

    if (!err)
        err = rst_background_enter(&safe_point->background);
    if (err)
        return err;
    if (is_due(safe_point, SAFE_POINT_FOLLOW))
        rst_safe_point_follow_duty(safe_point, 0);
    if (is_due(safe_point, SAFE_POINT_LEAD))
        rst_safe_point_lead_duty(safe_point);
    rst_background_leave(&safe_point->background);
    wait = rst_store_remaining_ms(rst_background_due(&safe_point->background, SAFE_POINT_LEAD));
    if (wait_ms)
        *wait_ms = (uint32_t)(wait < FOLLOW_MS ? wait : FOLLOW_MS);
    return 0;
}
