/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Views: taking, filling, publishing and retiring them, and giving back statements.
 */
#pragma once

#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"

static inline struct rst_hot *rst_views_of(struct roster *roster)
{
    return &roster->hot[RST_HOT_VIEW];
}

/* Takes a view that no session leads to; NULL: -ENOMEM. */
static inline struct roster_shown *rst_view_take(struct rst_thread *thread)
{
    return rst_hot_take(rst_views_of(thread->roster), &thread->hot[RST_HOT_VIEW]);
}

/* Gives back a view that was taken and not published, or whose life is over; there is room. */
static inline void rst_view_push(struct rst_hot_cache *views, struct roster_shown *view)
{
    rst_view_spoil(view);
    rst_hot_push(views, view);
}

/* The same, whether there is room or not. */
static inline void rst_view_put(struct rst_thread *thread, struct roster_shown *view)
{
    rst_view_spoil(view);
    rst_hot_put(rst_views_of(thread->roster), &thread->hot[RST_HOT_VIEW], view);
}

/*
 * Retires a view that has just been unpublished: ends its life. A slot's own view goes with its
 * slot, and the life of that with the transaction (rst_slot_view()). `thread` is NULL when the
 * calling thread could get no context (G7).
 */
static inline void rst_view_retire(struct rst_thread *thread, struct roster_session *session,
                                   struct roster_shown *view)
{
    if (view->reserved)
        return;
    rst_life_end(view);
    if (rst_likely(thread))
        rst_view_put(thread, view);
    else
        rst_hot_put_alone_slow(rst_views_of(rst_session_roster(session)), view);
}

/* The same for a view that was taken, by a thread that has room for it. */
static inline void rst_view_retire_taken(struct rst_thread *thread, struct roster_shown *view)
{
    rst_life_end(view);
    rst_view_push(&thread->hot[RST_HOT_VIEW], view);
}

/* Gives back a statement that no view leads to. `thread` is NULL when there is no context. */
static inline void rst_statement_put(struct rst_thread *thread, struct roster *roster,
                                     struct rst_statement *statement)
{
    unsigned class = statement->class;

    rst_statement_spoil(statement);
    if (rst_likely(thread))
        rst_hot_put(&roster->hot[class], &thread->hot[class], statement);
    else
        rst_hot_put_alone_slow(&roster->hot[class], statement);
}

/* 3 of look.h, after the barrier: all words but the life of a view that no session leads to. */
static inline void rst_view_fill(struct roster_shown *view, const struct roster_session *session,
                                 uint64_t start_ts, unsigned txn_state, uint64_t since,
                                 const struct rst_statement *statement)
{
    rst_view_set_start(view, start_ts);
    rst_view_set_since(view, since);
    rst_view_set_identity(view, session->identity);
    rst_view_set_states(view, txn_state, statement ? ROSTER_RUN_RUNNING : ROSTER_RUN_IDLE);
    rst_view_set_statement(view, statement);
    rst_view_set_progress(view, 0, 0, 0);
}

/* Publishes a complete view. 1 and 4 of look.h: pairs with a and c. */
static inline void rst_view_publish(struct roster_session *session, struct roster_shown *view)
{
    if (rst_control(LIFE_LATE) && view != rst_view_at_rest())
        view->life++;
    rst_assign_pointer(&session->view, view);
}
