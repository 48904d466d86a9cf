/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Noting events, and the clock that they bear. */
#pragma once

#include "event.h"

#include <stddef.h>

/* Makes the log of this life of a server: DIR/ID.PID.log. Ends the process when it cannot. */
void log_open(const char *dir, const char *id);

/* Notes an event that began then and ends now; any thread. */
void log_event(enum event_kind kind, int64_t begin, struct event event);

int64_t boottime_ns(void);
void sleep_us(uint64_t us);

/* Maps `size` bytes of a file that is created when missing; ends the process when it cannot. */
void *map_file(const char *path, size_t size);

/*
 * Everything of this process that asks for the wall clock gets it moved by the number of seconds
 * that stands in this file, as an int64_t.
 */
void wall_clock_file(const char *path);
