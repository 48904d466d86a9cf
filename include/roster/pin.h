/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Stand-alone pins: what a cursor, a stale read or a backup still needs, beside transactions.
 */
#ifndef ROSTER_PIN_H
#define ROSTER_PIN_H

#include <roster/export.h>
#include <roster/session.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* "Nothing at or above this timestamp may be collected." Each pin is one of its own, even if
 * several have one timestamp. */
struct roster_pin;

/* The purpose of a pin. */
enum roster_pin_kind {
    ROSTER_PIN_CURSOR = 1,
    ROSTER_PIN_STALE_READ = 2,
    ROSTER_PIN_BACKUP = 3,
    ROSTER_PIN_SCHEMA = 4,
    ROSTER_PIN_OTHER = 5,
};

/* One more than the greatest of these numbers. */
#define ROSTER_PIN_KINDS 6

/* The name of a pin kind ("cursor", ...); "other" for an unknown number. */
ROSTER_API const char *roster_pin_kind_name(enum roster_pin_kind kind);

/*
 * Acquires a pin. `ts` is the timestamp to protect, or 0 for the oracle's current one. `session` is
 * the session that the pin belongs to and that is reported when the pin holds back the minimum, or
 * NULL; the caller must own it. The pin may outlive it, and no later session with that id is
 * reported in its place. Any thread; waits for no scan.
 *
 * Returns 0 and stores it in `*pin`; -EINVAL for a NULL roster or pin, an unknown kind, ts
 * ROSTER_TS_MAX, or a session of another roster; -ESTALE when `ts` is no longer protected, or when
 * an age limit or the cluster gave up the oracle's timestamp before this call returned; -EBADF for
 * a closed session; -ENOBUFS; -ENOMEM; -ECHILD; the oracle's error, -ENODATA for an invalid
 * timestamp; for a chosen timestamp under a leased store also what roster_txn_begin_at() returns
 * there. After an error nothing has changed.
 */
ROSTER_API int roster_pin_acquire(struct roster *roster, struct roster_session *session,
                                  uint64_t ts, enum roster_pin_kind kind,
                                  struct roster_pin **pin) ROSTER_MUST_CHECK;

/*
 * Releases a pin; it must not be used afterwards. NULL is allowed and does nothing. Any thread,
 * not only the one that acquired it. Never allocates, never blocks on a reader (G7).
 * Returns 0; -ECHILD.
 */
ROSTER_API int roster_pin_release(struct roster_pin *pin);

/* The pin's id, unique in its roster. 0 for NULL. */
ROSTER_API uint64_t roster_pin_id(const struct roster_pin *pin);

/* The timestamp that it protects. 0 for NULL. */
ROSTER_API uint64_t roster_pin_ts(const struct roster_pin *pin);

/*
 * Confirms the snapshot at the pin's timestamp (G8), as roster_txn_check() does for a transaction.
 * Any thread. Returns 0; -ESTALE when versions may be gone (safe point passed, age limit, server
 * fenced); -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_pin_check(const struct roster_pin *pin) ROSTER_MUST_CHECK;

ROSTER_END_DECLS

#endif /* ROSTER_PIN_H */
