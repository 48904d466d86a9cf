/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of the event log: the writers. Its lock is innermost.
 */
#pragma once

#include <roster/event_log.h>
#include <string.h>

struct rst_event_log;

struct rst_event_log *rst_event_log_create(void);      /* NULL: out of memory */
void rst_event_log_destroy(struct rst_event_log *log); /* NULL is allowed */

/* Its size in bytes, which grows with the events kept. */
size_t rst_event_log_memory(struct rst_event_log *log);

/* The time of an event, by both clocks. */
struct rst_moment {
    uint64_t ns; /* CLOCK_MONOTONIC */
    uint64_t ms; /* since the Unix epoch */
};

struct rst_moment rst_moment(void);

/* Adds an event that has just happened once; its id, count, times and size are ignored. */
void rst_event_log_add_at(struct rst_event_log *log, const struct roster_logged *event,
                          struct rst_moment now);
int rst_event_log_next_at(struct rst_event_log *log, uint64_t since, struct rst_moment now,
                          struct roster_logged *event);

/* The same now. Exported under a version of its own, for Roster's other libraries. */
ROSTER_API void rst_event_log_add(struct roster *roster, const struct roster_logged *event);

/* Copies as much of a text as fits, without splitting a character. */
ROSTER_API void rst_event_log_text(char *to, size_t size, const char *text, size_t length);

/* The same of a string; NULL is empty. */
static inline void rst_event_log_string(char *to, size_t size, const char *string)
{
    rst_event_log_text(to, size, string, string ? strlen(string) : 0);
}
