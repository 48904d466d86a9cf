/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of a stand-alone pin. Constant after roster_pin_acquire(), freed after a grace
 * period, because a scan may be naming it, also while it is being acquired.
 */
#pragma once

#include "core/base/rcu.h"

#include <roster/pin.h>

struct roster_pin {
    struct roster *roster;
    uint64_t *slot;
    uint64_t id;
    uint64_t ts;
    uint64_t session_id; /* 0: it is held for none */
    rst_word generation; /* of that session: another one may have its id later */
    enum roster_session_kind session_kind;
    enum roster_pin_kind kind;
    struct rcu_head rcu;
};
