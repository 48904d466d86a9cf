/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The views of a transaction: one, or two while a statement is open (see session.h).
 */
#pragma once

#include "core/roster/session.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"

#include <roster/txn.h>

struct rst_txn_views {
    struct roster_shown *now;  /* to publish; NULL: the slot's own view */
    struct roster_shown *base; /* for the end of a statement, likewise; NULL outside one */
};

/* Out of line: compilers move code that is almost never reached to the slow calls. */
rst_slow void rst_txn_view_put_slow(struct rst_thread *thread, struct roster_shown *view);

/* Always inline: clang 19 would call it, from where it is almost never reached. */
static rst_always_inline void rst_txn_views_untake(struct rst_thread *thread,
                                                   const struct rst_txn_views *views)
{
    if (views->now)
        rst_txn_view_put_slow(thread, views->now);
    if (views->base)
        rst_txn_view_put_slow(thread, views->base);
}

/* Takes all or none, except the one that the slot's own view replaces (`has_own`): `now` outside a
 * statement, `base` in one. Returns 0 or -ENOMEM. */
static rst_always_inline int rst_txn_views_take(struct rst_thread *thread,
                                                const struct roster_session *session, bool has_own,
                                                struct rst_txn_views *views)
{
    views->now = NULL;
    views->base = NULL;
    if (has_own && !session->gate.in_stmt)
        return 0;
    views->now = rst_view_take(thread);
    if (rst_unlikely(!views->now))
        return -ENOMEM;
    if (rst_likely(has_own || !session->gate.in_stmt))
        return 0;
    views->base = rst_view_take(thread);
    if (rst_likely(views->base))
        return 0;
    rst_txn_view_put_slow(thread, views->now);
    return -ENOMEM;
}

/*
 * 3 of look.h, after the barrier: those of the views that were taken show a transaction that is
 * idle since `since`, or `now` in the session's statement. `in_stmt` is read after the barrier,
 * which compilers would otherwise duplicate.
 */
static rst_always_inline void rst_txn_views_fill(const struct rst_txn_views *views,
                                                 const struct roster_session *session, bool in_stmt,
                                                 enum roster_txn_state state, uint64_t start_ts,
                                                 uint64_t since)
{
    if (rst_unlikely(in_stmt)) {
        rst_view_fill(views->now, session, start_ts, state, since,
                      rst_view_statement(session->view));
        if (views->base)
            rst_view_fill(views->base, session, start_ts, state, since, NULL);
    } else if (views->now) {
        rst_view_fill(views->now, session, start_ts, state, since, NULL);
    }
}

/* Publishes `views` in place of what the open transaction has shown so far. */
static inline void rst_txn_views_replace(struct rst_thread *thread, struct roster_session *session,
                                         const struct rst_txn_views *views)
{
    struct roster_shown *before = session->view;

    rst_view_publish(session, views->now);
    rst_view_retire(thread, session, before);
    if (views->base) {
        rst_view_retire(thread, session, session->base);
        session->base = views->base;
    }
}
