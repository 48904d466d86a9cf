/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The alerts that are installed, applied to what a server's /metrics shows. */
#pragma once

#include "client.h"

/* Keeps what /metrics shows now: counts in expect_alert() have risen from there. */
void alerts_before(const struct fixture *fixture);

/*
 * That this alert, and no other one, fires when /metrics has shown for an hour what it shows now:
 * promtool's opinion; without it (Debian: prometheus) nothing is tested, and alerts_done() says so.
 * NULL: none.
 */
void expect_alert(const struct fixture *fixture, const char *alert);

/* At the end of a test: it was skipped if an alert could not be tested. */
void alerts_done(void);
