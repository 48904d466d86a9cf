/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The minimum and the local safe point.
 */
#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"
#include "core/scanner/scan.h"

#include <roster/minimum.h>
#include <string.h>

/* Under the scanner's mutex. */
static int scan(struct roster *roster, uint64_t lower, struct roster_min *min)
{
    uint64_t now, begun;
    int err = rst_oracle_now(roster, &now); /* a: before everything else, see horizon.h */

    rst_test_point("scan: now known");
    if (err)
        return err;
    if (lower >= now)
        return -ERANGE;
    begun = rst_monotonic_ns();
    err = rst_horizon_scan(&roster->horizon, roster->membarrier, now, lower, roster->life_time_ms,
                           min);
    if (!err)
        rst_scan_time_add(&roster->scan_times, rst_monotonic_ns() - begun);
    return err;
}

static int peek(struct roster *roster, struct roster_min *min)
{
    uint64_t now;
    int err = rst_oracle_now(roster, &now); /* a */

    if (!err)
        err = rst_horizon_peek(&roster->horizon, roster->membarrier, now, min);
    return err;
}

int roster_min_peek(struct roster *roster, struct roster_min *min)
{
    RST_NOT_CANCELLED;
    struct roster_min result = {.size = sizeof(result)};
    int err;

    if (!roster || !min)
        return -EINVAL;
    result.size = min->size;
    err = rst_struct_check(min->size, sizeof(*min), sizeof(*min));
    if (err)
        return err;
    if (rst_thread_forked())
        return -ECHILD;
    pthread_mutex_lock(&roster->horizon.scan_lock);
    err = peek(roster, &result);
    pthread_mutex_unlock(&roster->horizon.scan_lock);
    if (!err)
        *min = result;
    return err;
}

int roster_min_start_ts(struct roster *roster, uint64_t lower, struct roster_min *min)
{
    RST_NOT_CANCELLED;
    struct roster_min result = {.size = sizeof(result)};
    int err;

    if (!roster)
        return -EINVAL;
    if (min) {
        result.size = min->size;
        err = rst_struct_check(min->size, sizeof(*min), sizeof(*min));
        if (err)
            return err;
    }
    if (rst_thread_forked())
        return -ECHILD;
    pthread_mutex_lock(&roster->horizon.scan_lock);
    err = scan(roster, lower, &result);
    pthread_mutex_unlock(&roster->horizon.scan_lock);
    if (!err && min)
        *min = result;
    return err;
}

uint64_t roster_local_safe_point(const struct roster *roster)
{
    return roster ? rst_load_acquire(&roster->horizon.safe_point) : 0;
}
