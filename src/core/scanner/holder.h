/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The holder of a slot. To be called under the RCU read lock, under which it stays readable.
 */
#pragma once

#include "core/base/horizon.h"
#include "core/roster/session.h"

#include <roster/minimum.h>

struct roster;

/* The session of a pin while it is open; else NULL. */
rst_slow const struct roster_session *rst_pin_session_slow(struct roster *roster, uintptr_t by);

/* Describes a pin, except for its timestamp and since. */
rst_slow void rst_pin_describe_slow(struct roster *roster, uintptr_t by,
                                    struct roster_holder *holder);

/* The session of a transaction, or of a pin as long as that session is open; else NULL. */
static inline const struct roster_session *rst_holder_session(struct roster *roster, uintptr_t by)
{
    if (rst_unlikely(by & RST_HOLDER_IS_PIN))
        return rst_pin_session_slow(roster, by);
    return (const struct roster_session *)by;
}

/* Describes it: fills in all of `*holder`. */
static inline void rst_holder_describe(struct roster *roster, const struct rst_held *held,
                                       struct roster_holder *holder)
{
    const struct roster_session *session = (const struct roster_session *)held->by;

    *holder = (struct roster_holder){.ts = held->ts, .since = held->since};
    if (rst_unlikely(held->by & RST_HOLDER_IS_PIN)) {
        rst_pin_describe_slow(roster, held->by, holder);
        return;
    }
    holder->kind = ROSTER_HOLDER_TXN;
    holder->session_id = session->id;
    holder->session_kind = (enum roster_session_kind)session->kind;
}
