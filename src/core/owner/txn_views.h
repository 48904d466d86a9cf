/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
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
    struct roster_view *now;  /* to publish */
    struct roster_view *base; /* for the end of the statement; NULL outside one */
};

static inline void rst_txn_views_untake(struct rst_thread *thread,
                                        const struct rst_txn_views *views)
{
    rst_view_untake(thread, views->now);
    if (views->base)
        rst_view_untake(thread, views->base);
}

/* Takes all or none. Returns 0 or -errno. */
static inline int rst_txn_views_take(struct rst_thread *thread,
                                     const struct roster_session *session,
                                     struct rst_txn_views *views)
{
    int err = 0;

    views->base = NULL;
    views->now = rst_view_take(thread, &err);
    if (rst_unlikely(!views->now))
        return err;
    if (rst_likely(!session->gate.in_stmt))
        return 0;
    views->base = rst_view_take(thread, &err);
    if (rst_unlikely(!views->base))
        rst_view_untake(thread, views->now);
    return err;
}

/* A transaction that is idle since `now`. */
static inline void rst_txn_view_fill(struct roster_view *view, const struct roster_session *session,
                                     enum roster_txn_state state, uint64_t start_ts, uint64_t now)
{
    rst_view_fill(view, session, NULL);
    view->start_ts = start_ts;
    view->state_since = now;
    view->txn_state = (uint8_t)state;
}

/* The same while a statement runs. */
static inline void rst_txn_view_run(struct roster_view *view,
                                    const struct roster_statement *statement, uint64_t now)
{
    view->statement = statement;
    view->state_since = now;
    view->run_state = ROSTER_RUN_RUNNING;
}

/* Publishes `views` in place of what the open transaction has shown so far. */
static inline void rst_txn_views_replace(struct rst_thread *thread, struct roster_session *session,
                                         const struct rst_txn_views *views)
{
    struct roster_view *before = session->view;

    rst_view_publish(session, views->now);
    rst_view_retire(thread, before);
    if (views->base) {
        rst_view_retire(thread, session->base);
        session->base = views->base;
    }
}

#endif /* ROSTER_CORE_OWNER_TXN_VIEWS_H */
