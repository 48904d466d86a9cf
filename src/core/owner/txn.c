/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transactions: beginning, ending and checking them. The protocol with the scanner is described in
 * horizon.h, what is published when in session.h; txn_state.c has what happens in between.
 */
#include "core/owner/owner.h"

#include "core/base/probes.h"
#include "core/base/reclaim.h"
#include "core/owner/txn_views.h"
#include "core/roster/enter.h"
#include "core/roster/kill_word.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"
#include "core/scanner/lease.h"

/*
 * What a call knows of its session by the gate, a constant wherever the bodies below are compiled
 * in: each step of a protocol stands there once, and what cannot be is left out.
 */
enum path {
    ANY,     /* nothing */
    OUTSIDE, /* it pins, and the thread's context and membarrier are there; no statement */
    INSIDE,  /* the same, in a statement */
};

static rst_always_inline bool in_statement(const struct roster_session *session, enum path path)
{
    return path == ANY ? session->gate.in_stmt != RST_IN_NO_STMT : path == INSIDE;
}

/* Whole: the next call's comparison would wait for a part of the word. */
static rst_always_inline uint64_t gate_of_txn(const struct rst_thread *thread, enum path path)
{
    return path == INSIDE ? thread->gate_stmt | thread->gate_txn : thread->gate_txn;
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

/* Whether the slot's own view (horizon.h) is one of those of a transaction in that state. */
static inline bool has_own_view(const struct roster_session *session, enum roster_txn_state state)
{
    return state == ROSTER_TXN_VALID && !session->gate.non_pinning;
}

/* A and B; `slot` is NULL when nothing is pinned. */
static rst_always_inline void announce(struct roster *roster, struct roster_session *session,
                                       uint64_t *slot, enum path path)
{
    rst_store_release(&session->slot, slot); /* pairs with rst_txn_seq() */
    if (path != ANY || slot)
        rst_horizon_announce(&roster->horizon, slot, path != ANY || roster->membarrier);
}

/*
 * Publishes the session's new transaction. `views` are those that were taken for it. A valid one
 * that pins shows its slot's own view, which costs three stores; in a statement that is the base.
 * It is in that state since it took its slot, by a clock that the common path need not read again.
 */
static rst_always_inline void open_txn(struct rst_thread *thread, struct roster_session *session,
                                       const struct rst_txn_views *views, uint64_t *slot,
                                       enum roster_txn_state state, uint64_t start_ts,
                                       enum path path)
{
    struct roster_shown *own, *view;
    bool in_stmt, has_own;
    uint64_t now;

    rst_write_fence(); /* before 3 of look.h; first, or compilers double it with branches */
    in_stmt = in_statement(session, path);
    has_own = path != ANY || has_own_view(session, state);
    own = has_own ? rst_slot_view(slot) : NULL;
    view = has_own && !in_stmt ? own : views->now;
    now = path != ANY ? rst_load(rst_slot_since(slot)) : rst_ticker_now(&thread->roster->ticker);
    if (rst_control(PUBLISH_EARLY) && has_own && !in_stmt)
        rst_view_publish(session, view);
    rst_test_point("begin: view not filled");
    if (has_own) {
        rst_view_set_start(own, start_ts);
        rst_view_set_since(own, now);
        rst_view_set_identity(own, session->identity);
    }
    rst_txn_views_fill(views, session, in_stmt, state, start_ts, now);
    if (in_stmt) {
        session->base = has_own ? own : views->base;
        session->spare = session->view; /* the statement alone, as it was published before */
    }
    if (path == ANY)
        rst_gate_set_txn_state(session, state);
    else
        session->gate.word = gate_of_txn(thread, path);
    rst_test_point("begin: view filled");
    rst_view_publish(session, view);
    if (state == ROSTER_TXN_VALID) {
        rst_count(&thread->counts.txns_begun);
        rst_probe2(txn_begin, session->id, start_ts);
    }
}

void rst_txn_view_put_slow(struct rst_thread *thread, struct roster_shown *view)
{
    rst_view_put(thread, view);
}

/* What a transaction in that state needs, and A and B. All or nothing. */
static rst_always_inline int reserve(struct rst_thread *thread, struct roster_session *session,
                                     enum roster_txn_state state, struct rst_txn_views *views)
{
    struct roster *roster = thread->roster;
    uint64_t *slot = NULL;
    int err = may_begin(session);

    if (rst_unlikely(err))
        return err;
    err = rst_txn_views_take(thread, session, has_own_view(session, state), views);
    if (rst_unlikely(err))
        return err;
    if (pins(session)) {
        slot = rst_horizon_take(&roster->horizon, &thread->horizon, (uintptr_t)session,
                                rst_ticker_now(&roster->ticker));
        if (rst_unlikely(!slot)) {
            rst_txn_views_untake(thread, views);
            return -ENOMEM;
        }
    }
    announce(roster, session, slot, ANY);
    return 0;
}

static inline int prepare(struct rst_thread *thread, struct roster_session *session)
{
    struct rst_txn_views views;
    int err = reserve(thread, session, ROSTER_TXN_PENDING, &views);

    if (rst_unlikely(err))
        return err;
    open_txn(thread, session, &views, session->slot, ROSTER_TXN_PENDING, 0, ANY);
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

/* The floor is announced; the oracle failed, or gave what cannot be. */
static rst_slow int begin_refused_slow(struct rst_thread *thread, struct roster_session *session,
                                       struct rst_txn_views views, int err, uint64_t ts)
{
    uint64_t floor = 0, *slot = session->slot;

    if (slot) {
        floor = rst_load(slot);
        rst_horizon_release(&thread->horizon, slot);
    }
    rst_txn_views_untake(thread, &views);
    if (err)
        return err < 0 ? err : -ENODATA;
    return ts < floor && ts != 0 ? -ESTALE : -ENODATA;
}

/*
 * From C on. The oracle writes where the caller wants its timestamp: a store and a load less than
 * to copy it from here. What the call would have to be kept across is loaded anew.
 */
static rst_always_inline int begin(struct rst_thread *thread, struct roster *roster,
                                   struct roster_session *session,
                                   const struct rst_txn_views *views, uint64_t *out, enum path path)
{
    int err = roster->oracle(roster->oracle_arg, out); /* C */
    uint64_t ts = *out, *slot = session->slot;
    bool has_slot = path != ANY || slot;

    /* One comparison finds a timestamp below the floor, 0, and ROSTER_TS_MAX, which becomes 0. */
    if (rst_unlikely(err || ts + 1 <= (has_slot ? rst_load(slot) : 1)))
        return begin_refused_slow(thread, session, *views, err, ts);
    rst_test_point("begin: timestamp known");
    if (has_slot)
        rst_store_release(slot, ts); /* D: pairs with c */
    open_txn(thread, session, views, slot, ROSTER_TXN_VALID, ts, path);
    return 0;
}

/* Every case that the common paths below are not made for. */
static __attribute__((noinline)) int txn_begin_any(struct roster_session *session,
                                                   uint64_t *start_ts)
{
    uint64_t local, *out = start_ts ? start_ts : &local;
    struct rst_txn_views views;
    struct rst_thread *thread;
    int err;

    thread = rst_session_enter(session, &err);
    if (rst_unlikely(!thread))
        return err;
    rst_owner_enter(session);
    err = reserve(thread, session, ROSTER_TXN_VALID, &views);
    if (rst_likely(!err))
        err = begin(thread, thread->roster, session, &views, out, ANY);
    rst_owner_leave(session);
    return err;
}

/* The gate matches `path`; the current chunk must also have a free slot. */
static rst_always_inline int begin_known(struct rst_thread *thread, struct roster_session *session,
                                         uint64_t *start_ts, enum path path)
{
    struct rst_hot_cache *hot = &thread->hot[RST_HOT_VIEW];
    struct rst_txn_views views = {NULL, NULL};
    uint64_t local, *out = start_ts ? start_ts : &local;
    unsigned n_free = thread->horizon.n_free;
    struct roster *roster = thread->roster;

    /* C of kill_txn.c: pairs with 1 */
    if (rst_unlikely(!rst_kill_lets_begin(session) || !n_free || (path == INSIDE && !hot->top)))
        return txn_begin_any(session, start_ts);
    if (path == INSIDE)
        views.now = rst_hot_pop(hot); /* before the oracle, whose code may take some, too */
    announce(roster, session,
             rst_horizon_pop(&thread->horizon, n_free, (uintptr_t)session,
                             rst_ticker_now(&roster->ticker)),
             path);
    return begin(thread, roster, session, &views, out, path);
}

/* The common path in a statement, as where each commits by itself. */
static __attribute__((noinline)) int begin_in_statement(struct roster_session *session,
                                                        uint64_t *start_ts)
{
    struct rst_thread *thread = rst_thread_last;

    if (rst_unlikely(session->gate.word != thread->gate_stmt))
        return txn_begin_any(session, start_ts);
    return begin_known(thread, session, start_ts, INSIDE);
}

/* The common path: an open session of the roster that the thread used last, that pins, without
 * transaction and statement. */
int roster_txn_begin(struct roster_session *session, uint64_t *start_ts)
{
    struct rst_thread *thread = rst_thread_last;

    if (rst_unlikely(!session || session->gate.word != thread->gate_idle))
        return session && session->gate.in_stmt ? begin_in_statement(session, start_ts)
                                                : txn_begin_any(session, start_ts);
    return begin_known(thread, session, start_ts, OUTSIDE);
}

static int begin_at(struct rst_thread *thread, struct roster_session *session, uint64_t ts)
{
    struct roster *roster = thread->roster;
    struct rst_txn_views views;
    uint64_t *slot = NULL;
    int err = may_begin(session);

    if (err)
        return err;
    err = rst_txn_views_take(thread, session, has_own_view(session, ROSTER_TXN_VALID), &views);
    if (err)
        return err;
    if (pins(session))
        err = rst_lease_pin_at(roster, thread, (uintptr_t)session, rst_ticker_now(&roster->ticker),
                               ts, &slot);
    else
        err = rst_horizon_ask_at(&roster->horizon, ts);
    if (err) {
        rst_txn_views_untake(thread, &views);
        return err;
    }
    rst_store_release(&session->slot, slot); /* pairs with rst_txn_seq() */
    open_txn(thread, session, &views, slot, ROSTER_TXN_VALID, ts, ANY);
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

/* Notes how long the transaction was in the state that is shown. */
static rst_always_inline void finish_stay(struct rst_thread *thread, const struct roster *roster,
                                          struct roster_session *session)
{
    uint64_t now = rst_ticker_now(&roster->ticker);
    const struct roster_shown *before = session->view;

    /* A statement that continues is still Running. */
    if (rst_likely(thread) && (!session->gate.in_stmt || before->run_state != ROSTER_RUN_RUNNING))
        rst_stay_end(&thread->stays, &thread->roster->stays, before, session->idle_since, now);
    if (!session->gate.in_stmt)
        rst_store_changed(&session->idle_since, now);
}

/* `own` when it is known that the slot's own view is shown. */
static rst_always_inline void finish(struct rst_thread *thread, struct roster_session *session,
                                     bool own, enum path path)
{
    struct roster *roster = rst_likely(thread) ? thread->roster : rst_session_roster(session);
    bool in_stmt = in_statement(session, path);
    struct roster_shown *before = session->view;
    uint64_t *slot = session->slot;

    rst_test_point("finish: view still published");
    rst_probe2(txn_finish, session->id, before->start_ts);
    if (path == ANY)
        finish_stay(thread, roster, session);
    /* The view first, then the pin: a late reader errs on the safe side. */
    rst_view_publish(session, in_stmt ? session->spare : rst_view_at_rest()); /* A, 1 of look.h */
    if (path == ANY)
        rst_view_retire(thread, session, before); /* 2 */
    else if (!own)
        rst_view_retire_taken(thread, before); /* 2 */
    if (in_stmt) {
        if (path == ANY)
            rst_view_retire(thread, session, session->base);
        session->base = NULL;
        session->spare = NULL;
    }
    /* After that of `before`: see rst_txn_seq(). */
    if (path != ANY)
        rst_life_end(own ? before : rst_horizon_current_view(&thread->horizon, slot));
    else if (rst_likely(slot))
        rst_life_end(rst_slot_view(slot));
    if (path == ANY)
        rst_gate_set_txn_state(session, ROSTER_TXN_INVALID);
    else
        session->gate.word = in_stmt ? thread->gate_stmt : thread->gate_idle;
    if (path == ANY && rst_unlikely(!roster->membarrier))
        rst_fence_full_slow(); /* B of kill_txn.c: pairs with 2 */
    rst_test_point("finish: view published");
    if (path != ANY) {
        rst_horizon_push(&thread->horizon, slot);
    } else if (rst_likely(slot)) {
        rst_store(&session->slot, NULL);
        rst_horizon_release(rst_likely(thread) ? &thread->horizon : NULL, slot);
    }
    if (path == ANY && rst_unlikely(session->gate.remembers))
        forget_slow(session);
    rst_compiler_barrier(); /* B of kill_txn.c, where the kernel makes it one of the processor's */
}

void rst_txn_end(struct rst_thread *thread, struct roster_session *session)
{
    finish(thread, session, false, ANY);
}

/* Finishes without a context when there is none to be had (G7). */
static rst_slow int finish_slow(struct roster_session *session, int err)
{
    if (err != -ENOMEM)
        return err;
    if (session->gate.txn_state == ROSTER_TXN_INVALID)
        return -EALREADY;
    finish(NULL, session, false, ANY);
    return 0;
}

/* Every case that the common paths below are not made for. */
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
        finish(thread, session, false, ANY);
        err = 0;
    }
    rst_owner_leave(session);
    return err;
}

/* The gate matches `path`; the slot must also be of the thread's current chunk. */
static rst_always_inline int finish_known(struct rst_thread *thread, struct roster_session *session,
                                          enum path path)
{
    /* A stay long enough to be counted; in a statement it continues. */
    if (path == OUTSIDE &&
        rst_unlikely(rst_load(&session->idle_since) != rst_ticker_now(&thread->roster->ticker)))
        return txn_finish_any(session);
    if (path == INSIDE &&
        rst_unlikely(session->view->run_state != ROSTER_RUN_RUNNING || !session->base->reserved))
        return txn_finish_any(session);
    if (rst_unlikely(!rst_horizon_is_current(&thread->horizon, session->slot)))
        return txn_finish_any(session);
    if (rst_control(FINISH_WAITS) && rst_rcu_barrier())
        return -EBUSY;
    /* Outside it shows the slot's own view, or one that a call in between took. */
    if (path == OUTSIDE && rst_likely(session->view->reserved)) {
        finish(thread, session, true, path);
        return 0;
    }
    if (rst_unlikely(!rst_hot_has_room(&thread->hot[RST_HOT_VIEW])))
        return txn_finish_any(session);
    finish(thread, session, false, path);
    return 0;
}

/* The common path in a statement, which has been running since both began. */
static __attribute__((noinline)) int finish_in_statement(struct roster_session *session)
{
    struct rst_thread *thread = rst_thread_last;

    if (rst_unlikely(session->gate.word != gate_of_txn(thread, INSIDE)))
        return txn_finish_any(session);
    return finish_known(thread, session, INSIDE);
}

/* The common path: a valid transaction outside a statement. */
int roster_txn_finish(struct roster_session *session)
{
    struct rst_thread *thread = rst_thread_last;

    if (rst_unlikely(!session || session->gate.word != gate_of_txn(thread, OUTSIDE)))
        return session && session->gate.in_stmt ? finish_in_statement(session)
                                                : txn_finish_any(session);
    return finish_known(thread, session, OUTSIDE);
}
