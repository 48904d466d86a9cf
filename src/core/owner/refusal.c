/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Sessions that are rejected. See owner.h.
 */
#include "core/owner/owner.h"

#include "core/base/struct_size.h"
#include "core/roster/event_log.h"

#include <errno.h>
#include <roster/session.h>
#include <stdio.h>

int rst_refusal_check(const struct roster_quota_refusal *callers)
{
    return callers ? rst_struct_check(callers, sizeof(*callers), sizeof(*callers)) : 0;
}

int rst_refusal_tell_slow(struct roster *roster, const struct roster_session_attr *attr,
                          const struct roster_quota_refusal *why, int err)
{
    struct roster_logged event = {
        .kind = ROSTER_LOGGED_OPEN_REJECTED, .result = err, .session_id = attr->id};

    if (err == -EDQUOT) {
        snprintf(event.what, sizeof(event.what), "%s", roster_group_by_name(why->by));
        rst_event_log_string(event.name, sizeof(event.name), why->value);
        snprintf(event.by, sizeof(event.by), "rule for %s, limit %llu",
                 why->each ? "each" : "this one", (unsigned long long)why->limit);
        if (attr->refusal)
            rst_struct_put(attr->refusal, why, sizeof(*why));
    }
    rst_event_log_string(event.user, sizeof(event.user), attr->user);
    rst_event_log_string(event.text, sizeof(event.text), attr->host);
    rst_event_log_add(roster, &event);
    return err;
}
