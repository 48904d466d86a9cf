/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Views: taking, filling, publishing and retiring them.
 */
#ifndef ROSTER_CORE_ROSTER_VIEWS_H
#define ROSTER_CORE_ROSTER_VIEWS_H

#include "core/roster/session.h"
#include "core/roster/thread.h"

#include <stddef.h>
#include <string.h>

/* Takes a view that nobody else can see; NULL with the errno in `*err`. */
static inline struct roster_view *rst_view_take(struct rst_thread *thread, int *err)
{
    struct roster *roster = thread->roster;

    return rst_pool_take(&roster->pools[RST_POOL_VIEW], &thread->pools[RST_POOL_VIEW],
                         &roster->door, err);
}

static inline void rst_view_untake(struct rst_thread *thread, struct roster_view *view)
{
    rst_pool_untake(&thread->pools[RST_POOL_VIEW], view);
}

/* Fills in a view that nobody can see yet, all 64 bytes of it. */
static inline void rst_view_fill(struct roster_view *view, const struct roster_session *session,
                                 const struct roster_statement *statement)
{
    view->start_ts = 0;
    view->state_since = 0;
    view->identity = session->identity;
    view->schema_version = 0;
    view->txn_state = ROSTER_TXN_INVALID;
    view->run_state = ROSTER_RUN_IDLE;
    view->reserved = 0;
    memset(&view->statement, 0, sizeof(*view) - offsetof(struct roster_view, statement));
    view->statement = statement;
}

/* Retires a view that has just been unpublished; a slot's own view goes with its slot. */
static inline void rst_view_retire(struct rst_thread *thread, struct roster_view *view)
{
    struct roster *roster = thread->roster;

    if (view->reserved)
        return;
    rst_pool_retire(&roster->pools[RST_POOL_VIEW], &thread->pools[RST_POOL_VIEW], &roster->door,
                    view);
}

/* As rst_view_retire(); `thread` is NULL when the calling thread could get no context (G7). */
static inline void rst_view_retire_by(struct rst_thread *thread, struct roster_session *session,
                                      struct roster_view *view)
{
    if (rst_likely(thread))
        rst_view_retire(thread, view);
    else if (!view->reserved)
        rst_pool_retire_alone_slow(&rst_session_roster(session)->pools[RST_POOL_VIEW], view);
}

/* A view that nobody can see yet becomes the same as another one, but of the pool. */
static inline void rst_view_copy(struct roster_view *view, const struct roster_view *from)
{
    *view = *from;
    view->reserved = 0;
}

/* Publishes a complete view (G1); pairs with rst_dereference() in roster_session_view(). */
static inline void rst_view_publish(struct roster_session *session, struct roster_view *view)
{
    rst_assign_pointer(&session->view, view);
}

#endif /* ROSTER_CORE_ROSTER_VIEWS_H */
