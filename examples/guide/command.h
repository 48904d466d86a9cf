/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands of the example servers, one per line:
 *     begin       begin a transaction; replies with its start timestamp
 *     read        read in the transaction: "value" if its snapshot is intact
 *     finish      finish the transaction
 *     work MS     run a statement for MS milliseconds
 *     list        list the sessions
 *     kill ID     kill the statement of session ID
 *     minimum     the oldest start timestamp and the session that holds it
 */
#pragma once

#include <roster/roster.h>
#include <stdbool.h>
#include <stddef.h>

/* Size of the longest reply, in bytes. */
#define REPLY_MAX 4096

struct reply {
    char text[REPLY_MAX];
    size_t length;
};

/* Runs one line as a statement of the session, which the caller owns. Returns whether the
 * connection stays. */
bool command_run(struct roster *roster, struct roster_session *session, const char *line,
                 struct reply *reply);

/* Listens on a loopback port that the kernel chooses, and prints it. Returns the socket, which does
 * not block; -1 with errno. */
int command_listen(void);
