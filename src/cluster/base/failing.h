/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Failing operations: each has a state of its own, which ends with its own success. */
#pragma once

#include <roster/event_log.h>
#include <roster/syncer.h>

/* Records an attempt's result, 0 for success, at this time on CLOCK_BOOTTIME; counted by class. */
void rst_failing_note(struct roster_failing *failing, int err, int64_t now_ns,
                      uint64_t errors[ROSTER_ERROR_CLASSES_ROOM]);

/* The one of two that failed last; its error is 0 if neither fails. */
const struct roster_failing *rst_failing_newer(const struct roster_failing *a,
                                               const struct roster_failing *b);

/* An event of the server `name`, for the event log of its roster. */
void rst_cluster_logged(struct roster *roster, enum roster_logged_kind kind, const char *what,
                        const char *name, int result);

/* The same for a holder that was abandoned. */
void rst_cluster_abandoned(struct roster *roster, const char *what, const char *name,
                           const char *text);
