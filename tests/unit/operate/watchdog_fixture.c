/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "watchdog_fixture.h"

#include "core/roster/roster.h"

#include <string.h>

#include <criterion/criterion.h>

struct watchdog_fixture wd;

void wd_open_all(void)
{
    static const struct roster_watchdog_options fresh = ROSTER_WATCHDOG_OPTIONS_INIT;

    memset(&wd, 0, sizeof(wd));
    wd.oracle.physical_ms = 1000000;
    wd.roster = operate_roster(&wd.oracle);
    wd.user = operate_open(wd.roster, ROSTER_SESSION_USER, "ann");
    wd.internal = operate_open(wd.roster, ROSTER_SESSION_INTERNAL, NULL);
    wd.options = fresh;
    wd.options.interval_ms = ROSTER_WATCHDOG_MANUAL;
}

void wd_close_all(void)
{
    cr_assert_eq(roster_watchdog_stop(wd.watchdog), 0);
    unit_close(wd.user);
    unit_close(wd.internal);
    unit_destroy(wd.roster);
}

void wd_start(void)
{
    cr_assert_eq(roster_watchdog_start(wd.roster, &wd.options, &wd.watchdog), 0);
}

size_t wd_walk_at(uint64_t now)
{
    wd.watchdog->n_events = 0;
    cr_assert_eq(rst_watchdog_walk(wd.watchdog, now), 0);
    return wd.watchdog->n_events;
}

uint64_t wd_now(void)
{
    return rst_ticker_now(&wd.roster->ticker);
}

const struct roster_event *wd_only_event(enum roster_event_kind kind)
{
    cr_assert_eq(wd.watchdog->n_events, 1, "%zu events", wd.watchdog->n_events);
    cr_assert_eq(wd.watchdog->events[0].kind, kind);
    return &wd.watchdog->events[0];
}
