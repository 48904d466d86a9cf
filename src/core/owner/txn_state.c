/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The calls between a transaction's begin and its end: activation, running states,
 * progress, and the check of its snapshot. Its flags are in one word with its number, so that the
 * next transaction has none.
 */
#include "core/base/probes.h"
#include "core/owner/txn_views.h"
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"
#include "core/roster/side.h"
#include "core/roster/txn_seq.h"

#include <errno.h>
#include <roster/timestamp.h>
#include <roster/txn.h>

#define FLAG_BITS 2
#define FLAGS (ROSTER_TXN_READ_ONLY | ROSTER_TXN_HAS_WRITES)

_Static_assert(FLAGS < 1 << FLAG_BITS, "the flags fit below the number");

static inline int activate(struct rst_thread *thread, struct roster_session *session,
                           uint64_t start_ts)
{
    uint64_t now = rst_ticker_now(&thread->roster->ticker);
    struct rst_txn_views views;
    int err;

    if (rst_unlikely(session->gate.txn_state != ROSTER_TXN_PENDING))
        return -EINVAL;
    if (rst_unlikely(session->slot && start_ts < rst_load(session->slot)))
        return -ESTALE;
    err = rst_txn_views_take(thread, session, false, &views);
    if (rst_unlikely(err))
        return err;
    rst_write_fence(); /* before 3 of look.h */
    rst_txn_views_fill(&views, session, session->gate.in_stmt, ROSTER_TXN_VALID, start_ts, now);
    rst_test_point("activate: timestamp known");
    if (rst_likely(session->slot))
        rst_store_release(session->slot, start_ts); /* D: pairs with c, see horizon.h */
    rst_gate_set_txn_state(session, ROSTER_TXN_VALID);
    rst_txn_views_replace(thread, session, &views);
    rst_count(&thread->counts.txns_begun);
    rst_probe2(txn_begin, session->id, start_ts);
    return 0;
}

int roster_txn_activate(struct roster_session *session, uint64_t start_ts)
{
    struct rst_thread *thread;
    int err;

    if (rst_unlikely(start_ts == 0 || start_ts == ROSTER_TS_MAX))
        return -EINVAL;
    thread = rst_session_enter(session, &err);
    if (rst_unlikely(!thread))
        return err;
    rst_owner_enter(session);
    err = activate(thread, session, start_ts);
    rst_owner_leave(session);
    return err;
}

static int set_state(struct rst_thread *thread, struct roster_session *session,
                     enum roster_run_state state)
{
    uint64_t now = rst_ticker_now(&thread->roster->ticker);
    struct rst_txn_views views = {NULL, NULL};

    if (session->gate.txn_state != ROSTER_TXN_VALID &&
        (session->gate.txn_state != ROSTER_TXN_INVALID || !session->gate.in_stmt))
        return -EINVAL;
    /* What follows the statement is not changed by what the statement does, so no base. */
    views.now = rst_view_take(thread);
    if (!views.now)
        return -ENOMEM;
    rst_view_copy(views.now, session->view);
    rst_view_set_states(views.now, session->gate.txn_state, state);
    rst_view_set_since(views.now, now);
    session->resume_state = 0;
    rst_stay_end(&thread->stays, &thread->roster->stays, session->view, session->idle_since, now);
    rst_txn_views_replace(thread, session, &views);
    return 0;
}

int roster_txn_set_state(struct roster_session *session, enum roster_run_state state)
{
    struct rst_thread *thread;
    int err;

    if ((unsigned)state >= ROSTER_RUN_STATES)
        return -EINVAL;
    thread = rst_session_enter(session, &err);
    if (!thread)
        return err;
    rst_owner_enter(session);
    err = set_state(thread, session, state);
    rst_owner_leave(session);
    return err;
}

static void progress_fill(struct roster_shown *view, const struct roster_shown *before,
                          uint64_t entries, uint64_t entry_bytes, uint32_t schema_version)
{
    if (view != before)
        rst_view_copy(view, before);
    rst_view_set_progress(view, entries, entry_bytes, schema_version);
}

int roster_txn_set_progress(struct roster_session *session, uint64_t entries, uint64_t entry_bytes,
                            uint32_t schema_version)
{
    struct rst_thread *thread;
    struct rst_txn_views views;
    int err;

    thread = rst_session_enter(session, &err);
    if (!thread)
        return err;
    rst_owner_enter(session);
    err = session->gate.txn_state == ROSTER_TXN_VALID ? 0 : -EINVAL;
    if (!err && rst_control(EDIT_IN_PLACE)) {
        progress_fill(session->view, session->view, entries, entry_bytes, schema_version);
        rst_owner_leave(session);
        return 0;
    }
    if (!err)
        err = rst_txn_views_take(thread, session, false, &views);
    if (!err) {
        progress_fill(views.now, session->view, entries, entry_bytes, schema_version);
        if (views.base)
            progress_fill(views.base, session->base, entries, entry_bytes, schema_version);
        rst_txn_views_replace(thread, session, &views);
    }
    rst_owner_leave(session);
    return err;
}

int roster_txn_check(const struct roster_session *session)
{
    struct rst_thread *thread;
    int err;

    thread = rst_session_enter(session, &err);
    if (rst_unlikely(!thread))
        return err;
    if (rst_unlikely(session->gate.txn_state != ROSTER_TXN_VALID))
        return -EINVAL;
    return rst_guard_check(&thread->roster->horizon.words, session->view->start_ts);
}

int roster_txn_set_flags(struct roster_session *session, uint32_t flags)
{
    int err = rst_session_refuses(session);
    struct rst_side *side;

    if (err)
        return err;
    if (flags & ~FLAGS || session->gate.txn_state == ROSTER_TXN_INVALID)
        return -EINVAL;
    side = rst_side_need(session);
    if (!side)
        return -ENOMEM;
    rst_store(&side->txn_flags, rst_txn_look(session).seq << FLAG_BITS | flags);
    return 0;
}

uint32_t roster_txn_flags(const struct roster_session *session, const struct roster_shown *shown)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;
    uint64_t word = side ? rst_load(&side->txn_flags) : 0;
    uint64_t seq = word ? roster_txn_seq(session, shown) : 0;

    return seq && word >> FLAG_BITS == seq << FLAG_BITS >> FLAG_BITS ? (uint32_t)(word & FLAGS) : 0;
}
