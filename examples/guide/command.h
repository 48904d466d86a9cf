/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the clients of the example servers can ask for, one line each:
 *
 *     begin       begin a transaction: its start timestamp
 *     read        read in it: "value" when its snapshot was there
 *     finish      end it
 *     work MS     a statement that takes so long
 *     list        who is connected, and what each does
 *     kill ID     end the statement of a session
 *     minimum     the oldest start timestamp and who holds it
 */
#ifndef GUIDE_COMMAND_H
#define GUIDE_COMMAND_H

#include <roster/roster.h>
#include <stdbool.h>
#include <stddef.h>

/* Number of bytes that hold every reply. */
#define REPLY_MAX 4096

struct reply {
    char text[REPLY_MAX];
    size_t length;
};

/* Runs one line as a statement of the session, which the caller owns. Returns whether the
 * connection stays. */
bool command_run(struct roster *roster, struct roster_session *session, const char *line,
                 struct reply *reply);

#endif /* GUIDE_COMMAND_H */
