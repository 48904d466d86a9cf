/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Waits: what a session waits for at the moment, or spends its time on. Inside statements and
 * transactions and outside of them; no view is published for it, so it costs one store.
 */
#ifndef ROSTER_WAIT_H
#define ROSTER_WAIT_H

#include <roster/export.h>
#include <roster/session.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* The usual classes of events; a server may have its own. */
#define ROSTER_WAIT_CPU "CPU"
#define ROSTER_WAIT_LOCK "Lock"
#define ROSTER_WAIT_IO "IO"
#define ROSTER_WAIT_CLIENT "Client"
#define ROSTER_WAIT_IPC "IPC"
#define ROSTER_WAIT_TIMEOUT "Timeout"
#define ROSTER_WAIT_EXTENSION "Extension"

/* How many events a process may have, and the most bytes of a name or a class. */
#define ROSTER_WAIT_EVENTS 1024
#define ROSTER_WAIT_NAME 63

/*
 * Registers an event under its class and name, both printable ASCII, for all rosters of the process
 * and for as long as it lives. An event that is there already is found again. Any thread; takes a
 * mutex: register at the start, not before each wait.
 *
 * Returns 0 and stores its number, which is not 0, in `*event`; -EINVAL for NULL, an empty name, or
 * a character that is not printable ASCII; -ENAMETOOLONG for more than ROSTER_WAIT_NAME bytes;
 * -ENOSPC when there are ROSTER_WAIT_EVENTS; -ENOMEM, and what roster_create() returns when the
 * process has no room for what all rosters share.
 */
ROSTER_API int roster_wait_event_register(const char *wait_class, const char *name,
                                          uint32_t *event) ROSTER_MUST_CHECK;

/* The class and the name of an event; NULL for any other number. Valid as long as the process. */
ROSTER_API const char *roster_wait_event_class(uint32_t event);
ROSTER_API const char *roster_wait_event_name(uint32_t event);

/*
 * Shows that the session waits for `event` from now on, in place of what it waited for before.
 * Begin and end a wait where the time is spent, also many times in a statement: one store into a
 * line that the owner has; the first call of a session may allocate. Owner only; wait-free (G9).
 *
 * Returns 0; -EINVAL for NULL or an event that was not registered; -EBADF when closed; -ENOMEM;
 * -ECHILD. After an error nothing has changed.
 */
ROSTER_API int roster_wait_begin(struct roster_session *session, uint32_t event);

/* Shows that it waits no longer. Does nothing when it did not, and for NULL. Owner only. */
ROSTER_API void roster_wait_end(struct roster_session *session);

/*
 * What the session waits for: an event, or 0. `*since`, which may be NULL, is since when:
 * CLOCK_MONOTONIC nanoseconds of the roster's coarse clock, in steps of 65 microseconds. Owner, or
 * any thread under the read lock. It stands beside the view, so it may be a call ahead of a look.
 */
ROSTER_API uint32_t roster_session_wait(const struct roster_session *session, uint64_t *since);

ROSTER_END_DECLS

#endif /* ROSTER_WAIT_H */
