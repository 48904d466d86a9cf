/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * One walk of a watchdog: each session's view against its limits.
 */
#include "core/operate/kill.h"
#include "core/operate/watchdog.h"

#include "core/base/clock.h"
#include "core/base/reclaim.h"
#include "core/reader/list.h"
#include "core/roster/kill_word.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/txn_seq.h"

#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

/* The checks of a session. */
struct visit {
    struct roster_watchdog *watchdog;
    struct roster_session *session;
    const struct roster_shown *view;
    struct rst_track *track; /* NULL until something is remembered */
    struct rst_dying dying;
};

/* The limit that is set for the session: 0 for not at all, or ROSTER_LIMIT_NONE. */
static uint64_t limit_set(const struct visit *visit, enum roster_limit which)
{
    const struct roster_watchdog_options *options = &visit->watchdog->options;
    const uint64_t defaults[ROSTER_LIMITS] = {
        [ROSTER_LIMIT_EXECUTION] = options->execution_ms,
        [ROSTER_LIMIT_IDLE] = options->idle_ms,
        [ROSTER_LIMIT_TXN_IDLE] = options->txn_idle_ms,
        [ROSTER_LIMIT_TXN_AGE] = options->txn_age_ms,
        [ROSTER_LIMIT_MEMORY] = options->memory,
    };
    uint64_t limit = roster_session_limit(visit->session, which);

    if (!limit && roster_session_kind(visit->session) == ROSTER_SESSION_USER)
        limit = defaults[which];
    return limit;
}

/* The limit that holds for the session; 0 for none. */
static uint64_t limit_of(const struct visit *visit, enum roster_limit which)
{
    uint64_t limit = limit_set(visit, which);

    if (which == ROSTER_LIMIT_TXN_IDLE && !limit)
        limit = limit_set(visit, ROSTER_LIMIT_IDLE);
    return limit == ROSTER_LIMIT_NONE ? 0 : limit;
}

/* Whether what began at `since` has lasted longer than the limit; returns its age. */
static bool is_over(uint64_t now, uint64_t since, uint64_t limit_ms, uint64_t *age_ms)
{
    uint64_t age = rst_since(now, since);

    *age_ms = age / MS;
    /* Strict: exceeds n ms by at least 1 ns. */
    return *age_ms > limit_ms || (*age_ms == limit_ms && age % MS);
}

/* Remembers something of the session until the next walk. */
static struct rst_track *track_of(struct visit *visit)
{
    struct roster_watchdog *watchdog = visit->watchdog;
    uint64_t id = roster_session_id(visit->session);

    if (!visit->track)
        visit->track = rst_tracks_add(&watchdog->after, id, rst_tracks_find(&watchdog->before, id));
    return visit->track;
}

/* Kills what was measured and says so. Whether it did: no room for the event leaves it for later.
 */
static bool kill_it(struct visit *visit, enum roster_kill_target target,
                    enum roster_kill_reason reason, uint64_t age_ms, uint64_t limit)
{
    struct roster_watchdog *watchdog = visit->watchdog;
    const struct roster_statement *statement = visit->view->statement;
    struct roster_kill_info kill = rst_kill_aim(target, reason, RST_WATCHDOG_NAME);
    struct roster_event *event;

    if (target == ROSTER_KILL_TARGET_STATEMENT)
        kill.stmt_seq = statement->seq;
    else if (target == ROSTER_KILL_TARGET_TRANSACTION &&
             !rst_txn_seq(visit->session, visit->view, &kill.txn_seq))
        return false; /* it has done something since it was measured */
    event =
        rst_watchdog_event(watchdog, ROSTER_EVENT_KILL, visit->session, visit->view, age_ms, limit);
    if (!event)
        return false;
    event->reason = reason;
    event->target = target;
    event->result = rst_kill_session(watchdog->roster, visit->session, &kill);
    return true;
}

/* A session that does nothing: not even committing, and it is not dying already. */
static bool check_idle(struct visit *visit)
{
    const struct roster_shown *view = visit->view;
    bool in_txn = view->txn_state != ROSTER_TXN_INVALID;
    uint64_t since = roster_session_since(visit->session, view);
    uint64_t limit = limit_of(visit, in_txn ? ROSTER_LIMIT_TXN_IDLE : ROSTER_LIMIT_IDLE);
    enum roster_kill_reason reason = in_txn ? ROSTER_KILL_REASON_TXN_IDLE : ROSTER_KILL_REASON_IDLE;
    struct roster_copy copy;
    uint64_t age_ms;

    if (view->statement || view->run_state != ROSTER_RUN_IDLE || visit->dying.txn)
        return false;
    if (!limit || !is_over(visit->watchdog->now, since, limit, &age_ms))
        return false;
    rst_test_point("watchdog: idle for too long");
    if (!rst_look_is_same(view, rst_look_at(visit->session, &copy, NULL, 0)) ||
        roster_session_since(visit->session, view) != since)
        return false; /* it has done something since it was measured */
    return kill_it(visit, in_txn ? ROSTER_KILL_TARGET_TRANSACTION : ROSTER_KILL_TARGET_CONNECTION,
                   reason, age_ms, limit);
}

/* How long the transaction has been open, in milliseconds; 0 when there is none any more. By the
 * clock that no step of the wall clock changes, but for sessions that pin nothing: of theirs only
 * the start timestamp is known. */
static uint64_t txn_age(const struct visit *visit)
{
    const struct roster_shown *view = visit->view;
    uint64_t since = roster_txn_since(visit->session, view), age_ms, began, now;

    if (view->txn_state != ROSTER_TXN_VALID)
        return 0;
    if (since || !(roster_session_flags(visit->session) & ROSTER_SESSION_NON_PINNING)) {
        (void)is_over(visit->watchdog->now, since ? since : visit->watchdog->now, 0, &age_ms);
        return age_ms;
    }
    now = roster_ts_physical_ms(visit->watchdog->ts_now);
    began = roster_ts_physical_ms(view->start_ts);
    return rst_since(now, began);
}

/* Whether the session was killed for something that it is over with. */
static bool check_limits(struct visit *visit)
{
    const struct roster_watchdog *watchdog = visit->watchdog;
    const struct roster_statement *statement = visit->view->statement;
    uint64_t age_ms = txn_age(visit), limit = limit_of(visit, ROSTER_LIMIT_TXN_AGE);

    if (limit && age_ms > limit && !visit->dying.txn)
        return kill_it(visit, ROSTER_KILL_TARGET_TRANSACTION, ROSTER_KILL_REASON_TXN_AGE, age_ms,
                       limit);
    if (!statement)
        return check_idle(visit);
    if (visit->dying.statement)
        return false;
    limit = limit_of(visit, ROSTER_LIMIT_EXECUTION);
    if (is_over(watchdog->now, statement->since, limit, &age_ms) && limit)
        return kill_it(visit, ROSTER_KILL_TARGET_STATEMENT, ROSTER_KILL_REASON_MAX_EXECUTION_TIME,
                       age_ms, limit);
    limit = limit_of(visit, ROSTER_LIMIT_MEMORY);
    if (limit && roster_session_memory(visit->session) > limit)
        return kill_it(visit, ROSTER_KILL_TARGET_STATEMENT, ROSTER_KILL_REASON_QUERY_MEMORY, age_ms,
                       limit);
    return false;
}

/* Reports something expensive, and again when the time to repeat it has passed. */
static void tell(struct visit *visit, struct rst_reported *last, enum roster_event_kind kind,
                 uint64_t what, uint64_t age_ms, uint64_t limit, uint64_t repeat_ms)
{
    struct roster_watchdog *watchdog = visit->watchdog;
    uint64_t since_ms;

    if (last->what == what &&
        (repeat_ms == ROSTER_LIMIT_NONE || !is_over(watchdog->now, last->at, repeat_ms, &since_ms)))
        return;
    *last = (struct rst_reported){what, watchdog->now};
    (void)rst_watchdog_event(watchdog, kind, visit->session, visit->view, age_ms, limit);
}

static void check_expensive(struct visit *visit)
{
    const struct roster_watchdog *watchdog = visit->watchdog;
    const struct roster_watchdog_options *options = &watchdog->options;
    const struct roster_statement *statement = visit->view->statement;
    uint64_t age_ms;

    if (statement && options->statement_ms != ROSTER_LIMIT_NONE &&
        is_over(watchdog->now, statement->since, options->statement_ms, &age_ms) && track_of(visit))
        tell(visit, &visit->track->statement, ROSTER_EVENT_STATEMENT, statement->seq, age_ms,
             options->statement_ms, options->statement_repeat_ms);
    age_ms = txn_age(visit);
    if (options->txn_ms != ROSTER_LIMIT_NONE && age_ms > options->txn_ms && track_of(visit))
        tell(visit, &visit->track->txn, ROSTER_EVENT_TXN, visit->view->start_ts, age_ms,
             options->txn_ms, options->txn_repeat_ms);
}

/* What of a session is dying: the largest part of it. */
struct dying {
    enum roster_kill_target target;
    enum roster_kill_reason reason;
    uint64_t seq; /* of the statement or transaction; UINT64_MAX for the connection */
};

static struct dying what_dies(const struct visit *visit)
{
    struct dying dying = {ROSTER_KILL_TARGET_CONNECTION,
                          (enum roster_kill_reason)visit->dying.connection, UINT64_MAX};

    if (visit->dying.connection)
        return dying;
    if (visit->dying.txn) {
        dying.target = ROSTER_KILL_TARGET_TRANSACTION;
        dying.reason = (enum roster_kill_reason)visit->dying.txn;
        (void)rst_txn_seq(visit->session, visit->view, &dying.seq);
        return dying;
    }
    dying.target = ROSTER_KILL_TARGET_STATEMENT;
    dying.reason = (enum roster_kill_reason)visit->dying.statement;
    dying.seq = visit->view->statement->seq;
    return dying;
}

/* Something was killed, by any killer, and is still there. */
static void check_stuck(struct visit *visit)
{
    struct roster_watchdog *watchdog = visit->watchdog;
    struct dying dying = what_dies(visit);
    struct rst_track *track = track_of(visit);
    struct roster_event *event;
    uint64_t age_ms;

    if (!track || !dying.seq) /* the transaction that is shown is over */
        return;
    if (track->kill_seq != dying.seq) {
        track->kill_seq = dying.seq;
        track->kill_seen = watchdog->now;
        track->kill_told = false;
    }
    if (track->kill_told || watchdog->options.stuck_ms == ROSTER_LIMIT_NONE ||
        !is_over(watchdog->now, track->kill_seen, watchdog->options.stuck_ms, &age_ms))
        return;
    event = rst_watchdog_event(watchdog, ROSTER_EVENT_STUCK, visit->session, visit->view, age_ms,
                               watchdog->options.stuck_ms);
    if (!event)
        return;
    track->kill_told = true;
    event->target = dying.target;
    event->reason = dying.reason;
}

static bool is_dying(const struct visit *visit)
{
    return visit->dying.connection || visit->dying.txn || visit->dying.statement;
}

static int visit_session(const struct roster_session *session, const struct roster_shown *view,
                         void *arg)
{
    struct roster_watchdog *watchdog = arg;
    struct visit visit = {watchdog, (struct roster_session *)(uintptr_t)session, view, NULL,
                          rst_kill_dying(session, view)};

    if (__builtin_add_overflow(watchdog->memory, roster_session_memory(session), &watchdog->memory))
        watchdog->memory = UINT64_MAX; /* a session may report any value */
    if (!visit.dying.connection && !rst_kill_rejects(session, ROSTER_KILL_REASON_RUNAWAY) &&
        check_limits(&visit))
        visit.dying = rst_kill_dying(session, view);
    rst_watchdog_memory_look(watchdog, session, view, is_dying(&visit));
    if (is_dying(&visit))
        check_stuck(&visit);
    check_expensive(&visit);
    return 0;
}

int rst_watchdog_walk(struct roster_watchdog *watchdog, uint64_t now)
{
    struct rst_tracks before = watchdog->before;
    char room[RST_EVENT_ROOM];
    uint64_t ts_now = 0;
    int oracle_err = rst_oracle_now(watchdog->roster, &ts_now);
    int err = rst_owners_barrier(watchdog->roster->membarrier); /* as in roster_kill() */

    if (err)
        return err;
    rst_keep_begin();
    rst_rcu_read_lock();
    watchdog->now = now;
    watchdog->ts_now = oracle_err ? 0 : ts_now;
    watchdog->memory = 0;
    (void)rst_for_each(watchdog->roster, visit_session, watchdog, room, sizeof(room));
    rst_watchdog_memory_decide(watchdog);
    rst_rcu_read_unlock();
    rst_keep_end();
    watchdog->before = watchdog->after;
    watchdog->after = before;
    rst_tracks_clear(&watchdog->after);
    return oracle_err;
}
