/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The views of a transaction: one, or two while a statement is under way (see session.h).
 */
#ifndef ROSTER_CORE_OWNER_TXN_VIEWS_H
#define ROSTER_CORE_OWNER_TXN_VIEWS_H

#include "core/roster/session.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"

#include <roster/txn.h>

struct rst_txn_views {
    struct roster_shown *now;  /* to publish */
    struct roster_shown *base; /* for the end of the statement; NULL outside one */
};

/* Always inline: clang 19 would call it, from where it is almost never reached. */
static rst_always_inline void rst_txn_views_untake(struct rst_thread *thread,
                                                   const struct rst_txn_views *views)
{
    rst_view_put(thread, views->now);
    if (views->base)
        rst_view_put(thread, views->base);
}

/* Takes all or none. Returns 0 or -ENOMEM. */
static inline int rst_txn_views_take(struct rst_thread *thread,
                                     const struct roster_session *session,
                                     struct rst_txn_views *views)
{
    views->base = NULL;
    views->now = rst_view_take(thread);
    if (rst_unlikely(!views->now))
        return -ENOMEM;
    if (rst_likely(!session->gate.in_stmt))
        return 0;
    views->base = rst_view_take(thread);
    if (rst_likely(views->base))
        return 0;
    rst_view_put(thread, views->now);
    return -ENOMEM;
}

/*
 * 3 of look.h: `now`, and `base` if there is one, show a transaction that is idle since `since`, or
 * in the session's statement.
 */
static inline void rst_txn_views_fill(const struct rst_txn_views *views,
                                      const struct roster_session *session,
                                      enum roster_txn_state state, uint64_t start_ts,
                                      uint64_t since)
{
    const struct rst_statement *statement =
        session->gate.in_stmt ? rst_view_statement(session->view) : NULL;

    rst_write_fence();
    rst_view_fill(views->now, session, start_ts, state, since, statement);
    if (rst_unlikely(views->base))
        rst_view_fill(views->base, session, start_ts, state, since, NULL);
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

#endif /* ROSTER_CORE_OWNER_TXN_VIEWS_H */
