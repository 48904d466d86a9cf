/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
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

static int peek(struct roster *roster, const struct roster_min_filter *filter,
                struct roster_min *min)
{
    RST_NOT_CANCELLED;
    struct roster_min result = {.size = sizeof(result)};
    int err = rst_result_check(roster, min, sizeof(*min));

    if (err)
        return err;
    err = rst_scan_peek(roster, filter, &result);
    if (!err)
        rst_struct_put(min, &result, sizeof(result));
    return err;
}

int roster_min_peek(struct roster *roster, struct roster_min *min)
{
    return peek(roster, NULL, min);
}

int roster_min_of(struct roster *roster, const struct roster_min_filter *filter,
                  struct roster_min *min)
{
    struct roster_min_filter known;
    int err = rst_struct_get(&known, sizeof(known), sizeof(known), filter);

    if (err)
        return err;
    if (known.kinds >> ROSTER_SESSION_KINDS || known.reserved)
        return -EINVAL;
    return peek(roster, &known, min);
}

int roster_min_advance(struct roster *roster, uint64_t max_age_ms, struct roster_min *min)
{
    RST_NOT_CANCELLED;
    struct rst_scan_for what = {.max_age_ms = max_age_ms};
    struct roster_min result = {.size = sizeof(result)};
    int err = rst_result_check(roster, min ? min : &result, sizeof(*min));

    if (!err)
        err = rst_scan(roster, &what, &result);
    if (!err && min)
        rst_struct_put(min, &result, sizeof(result));
    return err;
}

uint64_t roster_local_safe_point(const struct roster *roster)
{
    return roster ? rst_load_acquire(&roster->horizon.safe_point) : 0;
}
