/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Options of a safe point: their defaults and bounds. */

#include "cluster/safe_point/safe_point.h"
#include "core/base/struct_size.h"

#include <errno.h>

#define DEFAULT_INTERVAL_MS 600000
#define DEFAULT_TIMEOUT_MS 5000 /* of a call of the store */
#define DEFAULT_ABANDONED_MS (UINT64_C(86400) * 1000)
#define LEAST_LIFE_TIME_MS UINT64_C(600000) /* and the default */
#define MAX_INTERVAL_MS (UINT32_C(24) * 3600 * 1000)
#define LEAST_ABANDONED_MS UINT64_C(600000)
#define MOST_ABANDONED_MS (UINT64_C(31536000) * 1000)

static int complete_abandoned(struct roster_safe_point_options *known)
{
    if (known->abandoned_ms == 0)
        known->abandoned_ms = DEFAULT_ABANDONED_MS;
    return (unsigned)known->abandoned >= ROSTER_ABANDONED_MODES ||
                   (known->abandoned_ms < LEAST_ABANDONED_MS && !known->any_life_time) ||
                   known->abandoned_ms > MOST_ABANDONED_MS
               ? -EINVAL
               : 0;
}

static int complete(struct roster_safe_point_options *known)
{
    if (known->life_time_ms == 0 && !known->any_life_time)
        known->life_time_ms = LEAST_LIFE_TIME_MS;
    if (known->interval_ms == 0)
        known->interval_ms = DEFAULT_INTERVAL_MS;
    if (known->timeout_ms == 0)
        known->timeout_ms = DEFAULT_TIMEOUT_MS;
    if ((known->life_time_ms < LEAST_LIFE_TIME_MS && !known->any_life_time) ||
        known->interval_ms < 10 || known->interval_ms > MAX_INTERVAL_MS ||
        known->timeout_ms > MAX_INTERVAL_MS || (known->syncer && !known->oracle))
        return -EINVAL;
    return complete_abandoned(known);
}

int rst_safe_point_options_complete(struct roster_safe_point_options *known,
                                    const struct roster_safe_point_options *options)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options);

    return err ? err : complete(known);
}
