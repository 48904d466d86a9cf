/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a caller and the event log learn of a session that has no place in a group.
 */
#ifndef ROSTER_CORE_OWNER_REFUSAL_H
#define ROSTER_CORE_OWNER_REFUSAL_H

#include "core/base/rcu.h"

#include <roster/quota.h>

struct roster;
struct roster_session_attr;

/* Whether attr.refusal can be filled in: 0, -EINVAL, -E2BIG. */
int rst_refusal_check(const struct roster_quota_refusal *callers);

/* Fills in attr.refusal, if there is one, and logs that the session was rejected with `err`: for
 * -EDQUOT, `*why` says why. Returns `err`. */
rst_slow int rst_refusal_tell_slow(struct roster *roster, const struct roster_session_attr *attr,
                                   const struct roster_quota_refusal *why, int err);

#endif /* ROSTER_CORE_OWNER_REFUSAL_H */
