/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a session uses, and what it may: for process lists and for the watchdog.
 */
#ifndef ROSTER_LIMITS_H
#define ROSTER_LIMITS_H

#include <roster/export.h>
#include <roster/session.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* What the watchdog enforces. Times in milliseconds, at the resolution of options.tick_ms. */
enum roster_limit {
    ROSTER_LIMIT_EXECUTION = 0, /* how long a statement may run */
    ROSTER_LIMIT_IDLE = 1,      /* how long the session may do nothing */
    ROSTER_LIMIT_TXN_IDLE = 2,  /* the same inside a transaction, instead of ROSTER_LIMIT_IDLE */
    ROSTER_LIMIT_TXN_AGE = 3,   /* how old a transaction's start timestamp may be */
    ROSTER_LIMIT_MEMORY = 4,    /* how many bytes the session may use */
};

#define ROSTER_LIMITS 5

/* No limit, also where the watchdog has a default. */
#define ROSTER_LIMIT_NONE UINT64_MAX

/*
 * Limits this session; 0 goes back to the watchdog's default. What a server calls "set session
 * max_execution_time" or a hint for one statement. No limit ends a background session without
 * ROSTER_SESSION_KILLABLE, which rejects kills. The first call may allocate. Owner only.
 *
 * Returns 0; -EINVAL for NULL or an unknown limit; -EBADF when closed; -ENOMEM; -ECHILD. After an
 * error nothing has changed.
 */
ROSTER_API int roster_session_set_limit(struct roster_session *session, enum roster_limit which,
                                        uint64_t value);

/* The session's own limit; 0 when it has none. Owner, or any thread under the read lock. */
ROSTER_API uint64_t roster_session_limit(const struct roster_session *session,
                                         enum roster_limit which);

/*
 * Sets how many bytes of memory the session uses now. As often as the owner likes: one store into
 * a line of its own, no view is published. Owner only; wait-free (G9).
 *
 * Returns 0; -EINVAL for NULL; -EBADF when closed; -ECHILD.
 */
ROSTER_API int roster_session_set_memory(struct roster_session *session, uint64_t bytes);

/* The same for temporary files. The first call may allocate. Returns also -ENOMEM. */
ROSTER_API int roster_session_set_disk(struct roster_session *session, uint64_t bytes);

/* The value that was set last; 0 for NULL. Owner, or any thread under the read lock. */
ROSTER_API uint64_t roster_session_memory(const struct roster_session *session);
ROSTER_API uint64_t roster_session_disk(const struct roster_session *session);

ROSTER_END_DECLS

#endif /* ROSTER_LIMITS_H */
