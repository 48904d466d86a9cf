/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A watchdog whose clocks the test sets, over one session of a user and one of the server itself.
 */
#pragma once

#include "core/operate/watchdog.h"
#include "operate.h"

struct watchdog_fixture {
    struct operate_oracle oracle;
    struct roster *roster;
    struct roster_session *user;
    struct roster_session *internal;
    struct roster_watchdog_options options;
    struct roster_watchdog *watchdog;
};

extern struct watchdog_fixture wd;

/* For a suite's .init and .fini; the watchdog is to be started by the test. */
void wd_open_all(void);
void wd_close_all(void);

/* Starts the watchdog with the options as the test has left them. */
void wd_start(void);

/* Walks when the coarse clock stands at `now`; returns how many events there were. */
size_t wd_walk_at(uint64_t now);

/* Where the coarse clock stands. */
uint64_t wd_now(void);

/* The only event of the last walk. */
const struct roster_event *wd_only_event(enum roster_event_kind kind);
