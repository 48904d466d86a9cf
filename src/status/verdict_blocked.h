/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The verdict's look at sessions that have waited for another one for too long.
 */
#ifndef ROSTER_STATUS_VERDICT_BLOCKED_H
#define ROSTER_STATUS_VERDICT_BLOCKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster;
struct roster_entry;

struct blocked {
    uint64_t since_ms; /* CLOCK_MONOTONIC: the longest wait for what blocks most of them */
    char evidence[512];
    char command[96]; /* of rosterctl: ends what blocks them, or shows more */
};

/* Whether there are any that have for `most_ms`. */
bool rst_blocked_look(struct roster *roster, uint64_t most_ms, struct blocked *blocked);

/* "session 4 (user "alice", Running)" and the session's entry, whose strings have gone; false: it
 * has closed, and the text is its id alone. */
bool rst_blocked_name(struct roster *roster, uint64_t id, char *text, size_t size,
                      struct roster_entry *entry);

/* Whether a kill of it is taken. */
bool rst_is_killable(const struct roster_entry *entry);

#endif /* ROSTER_STATUS_VERDICT_BLOCKED_H */
