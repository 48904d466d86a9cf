/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transactions: beginning, ending and checking them. The protocol with the scanner is described in
 * horizon.h, what is published when in session.h; txn_state.c has what happens in between.
 */
#include "core/owner/txn.h"

#include "core/base/probes.h"
#include "core/base/reclaim.h"
#include "core/owner/digests.h"
#include "core/owner/last.h"
#include "core/owner/txn_views.h"
#include "core/roster/digests.h"
#include "core/roster/enter.h"
#include "core/roster/kill_word.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"
#include "core/scanner/lease.h"

static inline uint64_t *announce(struct rst_thread *thread, struct roster_session *session,
                                 uint64_t now)
{
    return rst_horizon_announce(&thread->roster->horizon, &thread->horizon, (uintptr_t)session, now,
                                thread->roster->membarrier);
}

static inline int may_begin(struct roster_session *session)
{
    uint64_t word;

    if (rst_unlikely(session->gate.txn_state != ROSTER_TXN_INVALID))
        return -EBUSY;
    /* C of kill_txn.c: pairs with 1 */
    if (rst_likely(rst_kill_lets_begin(session)))
        return 0;
    word = rst_kill_forget_txn_slow(session);
    return rst_kill_conn_reason(word) ? -ECANCELED : 0;
}

/* Whether the transaction that begins takes a slot; if not, it gets its number here. */
static inline bool pins(struct roster_session *session)
{
    if (rst_likely(!session->gate.non_pinning))
        return true;
    rst_side_next_txn_slow(session);
    return false;
}

/* Publishes the session's new transaction with the views that were taken for it. */
static inline void open_txn(struct rst_thread *thread, struct roster_session *session,
                            enum roster_txn_state state, uint64_t start_ts, uint64_t now,
                            const struct rst_txn_views *views)
{
    if (rst_control(PUBLISH_EARLY) && !session->gate.in_stmt)
        rst_view_publish(session, views->now);
    rst_txn_views_fill(views, session, state, start_ts, now);
    if (rst_unlikely(session->gate.in_stmt)) {
        session->base = views->base;
        session->spare = session->view; /* the statement alone, as it was published before */
    }
    session->gate.txn_state = (uint8_t)state;
    rst_test_point("begin: view filled");
    rst_view_publish(session, views->now);
    if (state == ROSTER_TXN_VALID) {
        rst_count(&thread->counts.txns_begun);
        rst_probe2(txn_begin, session->id, start_ts);
    }
}

static inline int prepare(struct rst_thread *thread, struct roster_session *session)
{
    uint64_t now = rst_ticker_now(&thread->roster->ticker);
    struct rst_txn_views views;
    uint64_t *slot = NULL;
    int err = may_begin(session);

    if (rst_unlikely(err))
        return err;
    err = rst_txn_views_take(thread, session, &views);
    if (rst_unlikely(err))
        return err;
    if (pins(session)) {
        slot = announce(thread, session, now);
        if (rst_unlikely(!slot)) {
            rst_txn_views_untake(thread, &views);
            return -ENOMEM;
        }
    }
    rst_store_release(&session->slot, slot); /* pairs with rst_txn_seq() */
    open_txn(thread, session, ROSTER_TXN_PENDING, 0, now, &views);
    return 0;
}

int roster_txn_prepare(struct roster_session *session)
{
    struct rst_thread *thread;
    int err;

    thread = rst_session_enter(session, &err);
    if (rst_unlikely(!thread))
        return err;
    rst_owner_enter(session);
    err = prepare(thread, session);
    rst_owner_leave(session);
    return err;
}

/* Undoes announce() and the taking of views: nothing has been published. */
static rst_slow int begin_undo_slow(struct rst_thread *thread, uint64_t *slot,
                                    const struct rst_txn_views *views, int err)
{
    if (slot)
        rst_horizon_release(&thread->horizon, slot);
    rst_txn_views_untake(thread, views);
    return err;
}

static inline int begin(struct rst_thread *thread, struct roster_session *session,
                        uint64_t *start_ts)
{
    struct roster *roster = thread->roster;
    uint64_t now = rst_ticker_now(&roster->ticker);
    struct rst_txn_views views;
    uint64_t *slot = NULL, ts;
    int err = may_begin(session);

    if (rst_unlikely(err))
        return err;
    err = rst_txn_views_take(thread, session, &views);
    if (rst_unlikely(err))
        return err;
    if (pins(session)) {
        slot = announce(thread, session, now);
        if (rst_unlikely(!slot))
            return begin_undo_slow(thread, NULL, &views, -ENOMEM);
    }
    err = rst_oracle_now(roster, &ts); /* C */
    rst_test_point("begin: timestamp known");
    if (rst_unlikely(err))
        return begin_undo_slow(thread, slot, &views, err);
    if (rst_likely(slot)) {
        if (rst_unlikely(ts < rst_load(slot)))
            return begin_undo_slow(thread, slot, &views, -ESTALE);
        rst_store_release(slot, ts); /* D: pairs with c */
    }
    rst_store_release(&session->slot, slot); /* pairs with rst_txn_seq() */
    open_txn(thread, session, ROSTER_TXN_VALID, ts, now, &views);
    if (start_ts)
        *start_ts = ts;
    return 0;
}

/* Every case that the common path below is not made for. */
static __attribute__((noinline)) int txn_begin_any(struct roster_session *session,
                                                   uint64_t *start_ts)
{
    struct rst_thread *thread;
    int err;

    thread = rst_session_enter(session, &err);
    if (rst_unlikely(!thread))
        return err;
    rst_owner_enter(session);
    err = begin(thread, session, start_ts);
    rst_owner_leave(session);
    return err;
}

/* The slot is announced; the oracle failed, or gave what cannot be. */
static rst_slow int begin_refused_slow(struct roster_session *session, int err, uint64_t ts)
{
    uint64_t floor = rst_load(session->slot);

    rst_horizon_release(&rst_thread_last->horizon, session->slot);
    if (err)
        return err < 0 ? err : -EIO;
    return ts < floor && ts != 0 ? -ESTALE : -EIO;
}

/*
 * The same in a statement, as where each commits by itself. The slot's own view is the base, for
 * when the statement has ended; it costs three stores.
 */
static __attribute__((noinline)) int begin_in_statement(struct roster_session *session,
                                                        uint64_t *start_ts)
{
    struct rst_thread *thread = rst_thread_last;
    struct rst_hot_cache *hot = &thread->hot[RST_HOT_VIEW];
    struct rst_txn_views views = {NULL, NULL};
    uint64_t now, ts, *slot;
    int err;

    if (rst_unlikely(session->gate.word != thread->gate_stmt || !rst_kill_lets_begin(session) ||
                     !hot->top))
        return txn_begin_any(session, start_ts);
    now = rst_ticker_now(&thread->roster->ticker);
    views.now = rst_hot_pop(hot); /* before the oracle, whose code may take some, too */
    slot = announce(thread, session, now);
    if (rst_unlikely(!slot))
        return begin_undo_slow(thread, NULL, &views, -ENOMEM);
    err = rst_oracle_now(thread->roster, &ts); /* C */
    rst_test_point("begin: timestamp known");
    if (rst_unlikely(err || ts < rst_load(slot)))
        return begin_undo_slow(thread, slot, &views, err ? err : -ESTALE);
    rst_store_release(slot, ts);             /* D: pairs with c */
    rst_store_release(&session->slot, slot); /* pairs with rst_txn_seq() */
    rst_write_fence();                       /* before 3 of look.h */
    session->base = rst_slot_view(slot);
    rst_view_set_start(session->base, ts);
    rst_view_set_since(session->base, now);
    rst_view_set_identity(session->base, session->identity);
    rst_view_fill(views.now, session, ts, ROSTER_TXN_VALID, now, rst_view_statement(session->view));
    session->spare = session->view; /* the statement alone, as it was published before */
    session->gate.txn_state = ROSTER_TXN_VALID;
    rst_test_point("begin: view filled");
    rst_view_publish(session, views.now);
    rst_count(&thread->counts.txns_begun);
    rst_probe2(txn_begin, session->id, ts);
    if (start_ts)
        *start_ts = ts;
    return 0;
}

/* What the common path below is not made for. */
static __attribute__((noinline)) int begin_else(struct roster_session *session, uint64_t *start_ts)
{
    if (session && session->gate.in_stmt == RST_IN_STMT)
        return begin_in_statement(session, start_ts);
    return txn_begin_any(session, start_ts);
}

/*
 * The common path: begin() for an open session of the roster that the thread used last, without
 * transaction and statement, that pins, where the current chunk has a free slot. The protocol is
 * the same, step by step. The oracle writes where the caller wants its timestamp: a store and a
 * load less than to copy it from here.
 */
int roster_txn_begin(struct roster_session *session, uint64_t *start_ts)
{
    struct rst_thread *thread = rst_thread_last;
    unsigned n_free = thread->horizon.n_free;
    struct roster *roster = thread->roster;
    struct roster_shown *view;
    uint64_t local, ts, floor, *slot, *out = start_ts ? start_ts : &local;
    int err;

    if (rst_unlikely(!session || session->gate.word != thread->gate_idle ||
                     !rst_kill_lets_begin(session) || !n_free))
        return begin_else(session, start_ts);
    slot = rst_horizon_pop(&thread->horizon, n_free, (uintptr_t)session,
                           rst_ticker_now(&roster->ticker));
    rst_store_release(&session->slot, slot); /* pairs with rst_txn_seq() */
    /* Pairs with e: an oracle that only loads must not return what is older than the floor. */
    floor = rst_control(NO_FLOOR) ? 0 : rst_load_acquire(&roster->horizon.floor);
    rst_test_point("begin: floor read");
    rst_store_release(slot, floor); /* A */
    rst_compiler_barrier();         /* B */
    rst_test_point("begin: floor announced");
    err = roster->oracle(roster->oracle_arg, out); /* C */
    ts = *out;
    /* One comparison finds a timestamp below the floor and ROSTER_TS_MAX, which becomes 0. */
    if (rst_unlikely(err || ts + 1 <= rst_load(session->slot)))
        return begin_refused_slow(session, err, ts);
    rst_test_point("begin: timestamp known");
    rst_store_release(session->slot, ts); /* D */
    roster = thread->roster;              /* anew: cheaper than to keep it across the call */
    view = rst_slot_view(session->slot);
    if (rst_control(PUBLISH_EARLY))
        rst_view_publish(session, view);
    rst_test_point("begin: view not filled");
    rst_write_fence(); /* before 3 of look.h */
    rst_view_set_start(view, ts);
    rst_view_set_since(view, rst_ticker_now(&roster->ticker));
    rst_view_set_identity(view, session->identity);
    session->gate.word = thread->gate_txn;
    rst_test_point("begin: view filled");
    rst_view_publish(session, view);
    rst_count(&thread->counts.txns_begun);
    rst_probe2(txn_begin, session->id, ts);
    return 0;
}

static int begin_at(struct rst_thread *thread, struct roster_session *session, uint64_t ts)
{
    struct roster *roster = thread->roster;
    uint64_t now = rst_ticker_now(&roster->ticker);
    struct rst_txn_views views;
    uint64_t *slot = NULL;
    int err = may_begin(session);

    if (err)
        return err;
    err = rst_txn_views_take(thread, session, &views);
    if (err)
        return err;
    if (pins(session))
        err = rst_lease_pin_at(roster, thread, (uintptr_t)session, now, ts, &slot);
    else
        err = rst_horizon_ask_at(&roster->horizon, ts);
    if (err)
        return begin_undo_slow(thread, NULL, &views, err);
    rst_store_release(&session->slot, slot); /* pairs with rst_txn_seq() */
    open_txn(thread, session, ROSTER_TXN_VALID, ts, now, &views);
    return 0;
}

int roster_txn_begin_at(struct roster_session *session, uint64_t start_ts)
{
    struct rst_thread *thread;
    int err;

    if (start_ts == 0 || start_ts == ROSTER_TS_MAX)
        return -EINVAL;
    thread = rst_session_enter(session, &err);
    if (!thread)
        return err;
    rst_owner_enter(session);
    err = begin_at(thread, session, start_ts);
    rst_owner_leave(session);
    return err;
}

/* What the session remembers of the transaction that has ended. */
static rst_slow void forget_slow(struct roster_session *session)
{
    if (session->gate.remembers & RST_REMEMBERS_DIGESTS)
        rst_digests_clear_slow(session);
    if (session->gate.remembers & RST_REMEMBERS_LAST_STATEMENT)
        rst_last_drop_slow(session);
}

static rst_always_inline void finish(struct rst_thread *thread, struct roster_session *session)
{
    struct roster *roster = rst_likely(thread) ? thread->roster : rst_session_roster(session);
    struct roster_shown *before = session->view;
    uint64_t now = rst_ticker_now(&roster->ticker);
    uint64_t *slot = session->slot;

    rst_test_point("finish: view still published");
    rst_probe2(txn_finish, session->id, before->start_ts);
    /* A statement that goes on is still Running. */
    if (rst_likely(thread) && (!session->gate.in_stmt || before->run_state != ROSTER_RUN_RUNNING))
        rst_stay_end(&thread->stays, &thread->roster->stays, before, session->idle_since, now);
    /* The view first, then the pin: a late reader errs on the safe side. */
    if (rst_likely(!session->gate.in_stmt)) {
        rst_store_changed(&session->idle_since, now);
        rst_view_publish(session, session->idle);
    } else {
        rst_view_publish(session, session->spare);
        rst_view_retire(thread, session, session->base);
        session->base = NULL;
        session->spare = NULL;
    }
    rst_view_retire(thread, session, before);
    if (rst_likely(slot))
        rst_life_end(rst_slot_view(slot)); /* after that of `before`: see rst_txn_seq() */
    session->gate.txn_state = ROSTER_TXN_INVALID;
    if (rst_unlikely(!roster->membarrier))
        rst_fence_full_slow(); /* B of kill_txn.c: pairs with 2 */
    rst_test_point("finish: view published");
    if (rst_likely(slot)) {
        rst_store(&session->slot, NULL);
        rst_horizon_release(rst_likely(thread) ? &thread->horizon : NULL, slot);
    }
    if (rst_unlikely(session->gate.remembers))
        forget_slow(session);
}

void rst_txn_end(struct rst_thread *thread, struct roster_session *session)
{
    finish(thread, session);
}

/* Finishes without a context when there is none to be had (G7). */
static rst_slow int finish_slow(struct roster_session *session, int err)
{
    if (err != -ENOMEM)
        return err;
    if (session->gate.txn_state == ROSTER_TXN_INVALID)
        return -EALREADY;
    finish(NULL, session);
    return 0;
}

/* Every case that the common path below is not made for. */
static __attribute__((noinline)) int txn_finish_any(struct roster_session *session)
{
    struct rst_thread *thread;
    int err;

    thread = rst_session_enter(session, &err);
    if (rst_unlikely(!thread))
        return finish_slow(session, err);
    rst_owner_enter(session);
    err = -EALREADY;
    if (rst_likely(session->gate.txn_state != ROSTER_TXN_INVALID)) {
        if (rst_control(FINISH_WAITS) && rst_rcu_barrier())
            return -EBUSY;
        finish(thread, session);
        err = 0;
    }
    rst_owner_leave(session);
    return err;
}

/*
 * The common path in a statement: finish() for a valid transaction, on the thread whose current
 * chunk has its slot, where the statement has been running since both began.
 */
static __attribute__((noinline)) int finish_in_statement(struct roster_session *session)
{
    struct rst_thread *thread = rst_thread_last;
    struct rst_hot_cache *views = &thread->hot[RST_HOT_VIEW];
    struct roster_shown *before = session->view;
    uint64_t *slot = session->slot;

    if (rst_unlikely(session->gate.word != (thread->gate_stmt | thread->gate_txn) ||
                     !rst_horizon_is_current(&thread->horizon, slot) ||
                     before->run_state != ROSTER_RUN_RUNNING || !session->base->reserved ||
                     !rst_hot_has_room(views)))
        return txn_finish_any(session);
    rst_test_point("finish: view still published");
    rst_probe2(txn_finish, session->id, before->start_ts);
    rst_view_publish(session, session->spare); /* 1 of look.h */
    rst_life_end(before);                      /* 2 */
    session->base = NULL;
    session->spare = NULL;
    /* After that of `before`: see rst_txn_seq(). */
    rst_life_end(rst_horizon_current_view(&thread->horizon, slot));
    session->gate.word = thread->gate_stmt;
    rst_test_point("finish: view published");
    rst_view_push(views, before);
    rst_horizon_push(&thread->horizon, slot);
    return 0;
}

/* What the common path outside a statement is not made for. */
static __attribute__((noinline)) int finish_else(struct roster_session *session)
{
    if (session && session->gate.in_stmt == RST_IN_STMT)
        return finish_in_statement(session);
    return txn_finish_any(session);
}

/* What both cases of the common path below have in common. */
static rst_always_inline void finish_view(struct rst_thread *thread, struct roster_session *session,
                                          struct roster_shown *before)
{
    rst_test_point("finish: view still published");
    rst_probe2(txn_finish, session->id, before->start_ts);
    rst_view_publish(session, session->idle); /* 1 of look.h */
    rst_life_end(before);                     /* 2 */
    session->gate.word = thread->gate_idle;
    rst_test_point("finish: view published");
}

/*
 * The common path: finish() for a valid transaction outside a statement, on the thread whose
 * current chunk has its slot. It shows the slot's own view, or one that a call in between took.
 */
int roster_txn_finish(struct roster_session *session)
{
    struct rst_thread *thread = rst_thread_last;
    struct rst_hot_cache *views = &thread->hot[RST_HOT_VIEW];
    struct roster_shown *before;
    uint64_t *slot;

    if (rst_unlikely(!session || session->gate.word != thread->gate_txn))
        return finish_else(session);
    slot = session->slot;
    before = session->view;
    if (rst_unlikely(!rst_horizon_is_current(&thread->horizon, slot)))
        return txn_finish_any(session);
    /* A stay that is long enough to be counted. */
    if (rst_unlikely(rst_load(&session->idle_since) != rst_ticker_now(&thread->roster->ticker)))
        return txn_finish_any(session);
    if (rst_control(FINISH_WAITS) && rst_rcu_barrier())
        return -EBUSY;
    if (rst_likely(before->reserved)) {
        finish_view(thread, session, before);
    } else {
        if (rst_unlikely(!rst_hot_has_room(views)))
            return txn_finish_any(session);
        finish_view(thread, session, before);
        /* After that of `before`: see rst_txn_seq(). */
        rst_life_end(rst_horizon_current_view(&thread->horizon, slot));
        rst_view_push(views, before);
    }
    rst_horizon_push(&thread->horizon, slot);
    return 0;
}
