/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * How far a statement has come, for lists. No view is published for it.
 */
#ifndef ROSTER_PROGRESS_H
#define ROSTER_PROGRESS_H

#include <roster/export.h>
#include <roster/session.h>
#include <roster/view.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* The greatest total. */
#define ROSTER_PROGRESS_MAX ((UINT64_C(1) << 48) - 1)

/*
 * Shows how far the session's statement has come: `done` of `total` rows, blocks or what else the
 * phase counts; `total` 0 when that is not known. `phase` is registered by
 * roster_wait_event_register(), for instance in a class "Phase"; 0: none. Two stores into lines
 * that the owner has; the first call in a statement takes some more, and that of a session may
 * allocate. It is gone with the statement, and of nested ones with the first call in another. Owner
 * only; wait-free (G9).
 *
 * Returns 0; -EINVAL for NULL, without a statement, for a phase that was not registered, or a total
 * above ROSTER_PROGRESS_MAX; -EBADF when closed; -ENOMEM; -ECHILD. After an error nothing has
 * changed.
 */
ROSTER_API int roster_stmt_set_progress(struct roster_session *session, uint32_t phase,
                                        uint64_t done, uint64_t total);

/* How far a statement has come. */
struct roster_progress {
    uint64_t done;
    uint64_t total; /* 0: not known */
    uint32_t phase; /* 0: none */
    uint32_t reserved;
};

/*
 * Stores in `*progress` how far the statement has come that `shown`, a look at the session, shows;
 * all 0 when there is none, or it has not said so. Each figure is right; done may be a call behind
 * total and phase. Under the read lock or by the owner; in a forked child, too, of what it has a
 * copy of. Returns 1 when the statement has said so, else 0.
 */
ROSTER_API int roster_session_progress(const struct roster_session *session,
                                       const struct roster_shown *shown,
                                       struct roster_progress *progress);

ROSTER_END_DECLS

#endif /* ROSTER_PROGRESS_H */
