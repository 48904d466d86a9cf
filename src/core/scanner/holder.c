/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Who holds a slot. A pin may outlive its session, whose id another one may have by then: that one
 * has nothing to do with the pin, and has another generation.
 */
#include "core/scanner/holder.h"

#include "core/roster/pin.h"
#include "core/roster/roster.h"
#include "core/roster/side.h"

static const struct roster_pin *pin_of(uintptr_t by)
{
    return (const struct roster_pin *)(by & ~RST_HOLDER_IS_PIN);
}

/* The open session that has the id of the pin's. */
static const struct roster_session *namesake(struct roster *roster, const struct roster_pin *pin)
{
    return pin->session_id ? rst_registry_find(&roster->registry, pin->session_id) : NULL;
}

const struct roster_session *rst_pin_session_slow(struct roster *roster, uintptr_t by)
{
    const struct roster_session *session = namesake(roster, pin_of(by));

    return session && rst_side_is_of(session, rst_load(&pin_of(by)->generation)) ? session : NULL;
}

void rst_pin_describe_slow(struct roster *roster, uintptr_t by, struct roster_holder *holder)
{
    const struct roster_pin *pin = pin_of(by);
    const struct roster_session *session = namesake(roster, pin);

    holder->kind = ROSTER_HOLDER_PIN;
    holder->pin_id = pin->id;
    holder->pin_kind = pin->kind;
    if (session && !rst_side_is_of(session, rst_load(&pin->generation)))
        return;
    holder->session_id = pin->session_id;
    holder->session_kind = pin->session_kind;
}
