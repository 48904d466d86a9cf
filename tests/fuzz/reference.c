/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "reference.h"

#include <errno.h>
#include <string.h>

static int done(struct reference *ref, int result)
{
    pthread_mutex_unlock(&ref->lock);
    return result;
}

/* The session, under the lock. */
static struct ref_session *take(struct reference *ref, unsigned s)
{
    pthread_mutex_lock(&ref->lock);
    return &ref->sessions[s];
}

void ref_init(struct reference *ref, uint64_t now, uint64_t life_time_ms)
{
    memset(ref, 0, sizeof(*ref));
    pthread_mutex_init(&ref->lock, NULL);
    ref->now = now;
    ref->floor = now;
    ref->life_time_ms = life_time_ms;
}

void ref_open(struct reference *ref, unsigned s, uint64_t id)
{
    struct ref_session *session = take(ref, s);

    memset(session, 0, sizeof(*session));
    session->open = true;
    session->id = id;
    session->seq = ref->last_seq;
    done(ref, 0);
}

int ref_close(struct reference *ref, unsigned s)
{
    struct ref_session *session = take(ref, s);
    unsigned p;

    session->open = false;
    session->pinned = 0;
    for (p = 0; p < REF_PINS; p++)
        if (ref->pins[p].session_id == session->id)
            ref->pins[p].session_id = 0; /* it ends by itself */
    if (ref->last_seq < session->seq)
        ref->last_seq = session->seq;
    return done(ref, 0);
}

int ref_stmt_begin(struct reference *ref, unsigned s, uint32_t text_length)
{
    struct ref_session *session = take(ref, s);

    if (session->in_stmt)
        return done(ref, -EBUSY);
    if (session->conn_killed)
        return done(ref, -ECANCELED);
    session->in_stmt = true;
    session->seq++;
    session->stmt_killed = 0;
    session->text_length = text_length;
    return done(ref, 0);
}

static int killed(const struct ref_session *session)
{
    if (session->conn_killed)
        return session->conn_killed | ROSTER_KILLED_CONNECTION;
    return session->in_stmt ? session->stmt_killed : 0;
}

int ref_stmt_end(struct reference *ref, unsigned s)
{
    struct ref_session *session = take(ref, s);
    int result = session->in_stmt ? killed(session) : -EALREADY;

    session->in_stmt = false;
    return done(ref, result);
}

static int may_begin(const struct ref_session *session)
{
    if (session->txn != ROSTER_TXN_INVALID)
        return -EBUSY;
    return session->conn_killed ? -ECANCELED : 0;
}

static void begun(struct ref_session *session, enum roster_txn_state state, uint64_t pinned)
{
    session->txn = state;
    session->pinned = pinned;
    session->entries = 0;
}

int ref_prepare(struct reference *ref, unsigned s)
{
    struct ref_session *session = take(ref, s);
    int err = may_begin(session);

    if (!err)
        begun(session, ROSTER_TXN_PENDING, ref->floor);
    return done(ref, err);
}

int ref_activate(struct reference *ref, unsigned s, uint64_t ts)
{
    struct ref_session *session = take(ref, s);

    if (ts == 0 || ts == ROSTER_TS_MAX || session->txn != ROSTER_TXN_PENDING)
        return done(ref, -EINVAL);
    if (ts < session->pinned)
        return done(ref, -ESTALE);
    begun(session, ROSTER_TXN_VALID, ts);
    return done(ref, 0);
}

int ref_begin(struct reference *ref, unsigned s, uint64_t ts)
{
    struct ref_session *session = take(ref, s);
    int err = may_begin(session);

    if (!err)
        begun(session, ROSTER_TXN_VALID, ts);
    return done(ref, err);
}

int ref_begin_at(struct reference *ref, unsigned s, uint64_t ts)
{
    struct ref_session *session = take(ref, s);
    int err = ts == 0 || ts == ROSTER_TS_MAX ? -EINVAL : may_begin(session);

    if (!err && ts < ref->protected_from)
        err = -ESTALE;
    if (!err)
        begun(session, ROSTER_TXN_VALID, ts);
    return done(ref, err);
}

int ref_progress(struct reference *ref, unsigned s, uint64_t entries)
{
    struct ref_session *session = take(ref, s);

    if (session->txn != ROSTER_TXN_VALID)
        return done(ref, -EINVAL);
    session->entries = entries;
    return done(ref, 0);
}

int ref_finish(struct reference *ref, unsigned s)
{
    struct ref_session *session = take(ref, s);
    int err = session->txn == ROSTER_TXN_INVALID ? -EALREADY : 0;

    begun(session, ROSTER_TXN_INVALID, 0);
    return done(ref, err);
}

int ref_check(struct reference *ref, unsigned s)
{
    const struct ref_session *session = take(ref, s);

    if (session->txn != ROSTER_TXN_VALID)
        return done(ref, -EINVAL);
    return done(ref, session->pinned < ref->protected_from ? -ESTALE : 0);
}

int ref_killed(struct reference *ref, unsigned s)
{
    return done(ref, killed(take(ref, s)));
}

int ref_kill(struct reference *ref, unsigned s, enum roster_kill_target target, uint64_t seq,
             enum roster_kill_reason reason)
{
    struct ref_session *session = take(ref, s);

    if (!session->open)
        return done(ref, -ESRCH);
    if (target == ROSTER_KILL_TARGET_STATEMENT && !session->in_stmt)
        return done(ref, -ENOENT);
    if (target == ROSTER_KILL_TARGET_STATEMENT && seq != ROSTER_STMT_ANY && seq != session->seq)
        return done(ref, -ESTALE);
    if (session->conn_killed || (target == ROSTER_KILL_TARGET_STATEMENT && session->stmt_killed))
        return done(ref, -EALREADY);
    if (target == ROSTER_KILL_TARGET_STATEMENT)
        session->stmt_killed = (int)reason;
    else
        session->conn_killed = (int)reason;
    return done(ref, 0);
}

int ref_pin_acquire(struct reference *ref, unsigned p, uint64_t ts, uint64_t now,
                    uint64_t session_id)
{
    int err = 0;

    pthread_mutex_lock(&ref->lock);
    if (ts == ROSTER_TS_MAX)
        err = -EINVAL;
    else if (ts != 0 && ts < ref->protected_from)
        err = -ESTALE;
    if (!err)
        ref->pins[p] = (struct ref_pin){true, ts ? ts : now, session_id};
    return done(ref, err);
}

void ref_pin_release(struct reference *ref, unsigned p)
{
    pthread_mutex_lock(&ref->lock);
    ref->pins[p].held = false;
    done(ref, 0);
}

int ref_pin_check(struct reference *ref, unsigned p)
{
    pthread_mutex_lock(&ref->lock);
    return done(ref, ref->pins[p].ts < ref->protected_from ? -ESTALE : 0);
}

/* What a scan goes through: `ended` says what would go with the holder. */
static void consider(struct roster_min *min, uint64_t lower, uint64_t ts, bool ended)
{
    if (ts != 0 && ts <= lower)
        min->expired++;
    if (ts <= lower)
        return;
    if (ts <= min->now)
        min->holder.kind = ROSTER_HOLDER_TXN; /* or a pin: that somebody holds it */
    if (ts < min->min_start_ts)
        min->min_start_ts = ts;
    if (ts < min->next.ts && !ended)
        min->next.ts = ts;
}

int ref_min(struct reference *ref, uint64_t now, uint64_t lower, uint64_t holder_session,
            uint64_t holder_pin, struct roster_min *min)
{
    uint64_t bound = roster_ts_before(now, ref->life_time_ms);
    unsigned n;

    if (lower >= now)
        return -ERANGE;
    pthread_mutex_lock(&ref->lock);
    min->now = min->min_start_ts = min->next.ts = now;
    min->expired = 0;
    min->holder.kind = ROSTER_HOLDER_NONE;
    for (n = 0; n < REF_SESSIONS; n++)
        consider(min, lower, ref->sessions[n].pinned, ref->sessions[n].id == holder_session);
    for (n = 0; n < REF_PINS; n++)
        if (ref->pins[n].held)
            consider(min, lower, ref->pins[n].ts,
                     ref->pins[n].session_id ? ref->pins[n].session_id == holder_session
                                             : holder_pin && holder_pin == n + 1);
    if (bound > min->min_start_ts)
        bound = min->min_start_ts;
    if (ref->safe_point < bound)
        ref->safe_point = bound;
    if (lower && ref->protected_from <= lower)
        ref->protected_from = lower + 1;
    if (ref->protected_from < ref->safe_point)
        ref->protected_from = ref->safe_point;
    if (ref->floor < now)
        ref->floor = now;
    min->safe_point = ref->safe_point;
    min->holder.ts = min->min_start_ts;
    return done(ref, 0);
}
