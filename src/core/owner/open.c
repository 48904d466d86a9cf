/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Opening and closing sessions.
 */
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include "core/base/cancel.h"
#include "core/base/probes.h"
#include "core/base/process.h"
#include "core/base/reclaim.h"
#include "core/base/struct_size.h"
#include "core/owner/owner.h"
#include "core/roster/identity.h"
#include "core/roster/kill_word.h"
#include "core/roster/quota.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"

#include <stdlib.h>
#include <string.h>

/* What the caller wants: `*attr` itself where it has the size known here, else a copy in `known`.
 */
static int attr_get(const struct roster_session_attr **attr, struct roster_session_attr *known)
{
    static const struct roster_session_attr none = ROSTER_SESSION_ATTR_INIT;
    int err;

    if (!*attr)
        *attr = &none;
    if (rst_unlikely((*attr)->size != sizeof(*known))) {
        err = rst_struct_get(known, sizeof(*known), sizeof(*known), *attr);
        if (err)
            return err;
        *attr = known;
    }
    if ((unsigned)(*attr)->kind >= ROSTER_SESSION_KINDS ||
        ((*attr)->flags &
         ~(ROSTER_SESSION_NON_PINNING | ROSTER_SESSION_DIGESTS | ROSTER_SESSION_TRUNCATE |
           ROSTER_SESSION_LAST_STATEMENT | ROSTER_SESSION_ADMIN | ROSTER_SESSION_KILLABLE)) ||
        (*attr)->id == UINT64_MAX)
        return -EINVAL;
    return rst_refusal_check((*attr)->refusal);
}

/* Everything but the identity. What is written in one go is read so: a load that spans two stores
 * waits until both have left the store buffer. */
static void fill(struct roster_session *session, struct roster *roster,
                 const struct roster_session_attr *attr, uint8_t mark)
{
    rst_gate_set(
        session,
        (union rst_gate){
            {.tag = roster->tag,
             .txn_state = ROSTER_TXN_INVALID,
             .in_stmt = RST_IN_NO_STMT,
             .non_pinning = (attr->flags & ROSTER_SESSION_NON_PINNING) != 0,
             .remembers = attr->flags & ROSTER_SESSION_DIGESTS ? RST_REMEMBERS_DIGESTS : 0}});
    session->slot = NULL;
    session->idle_since = rst_ticker_now(&roster->ticker);
    session->counted = mark;
    session->kind = (uint8_t)attr->kind;
    session->flags = (uint8_t)attr->flags;
    session->resume_state = 0;
    session->id = attr->id;
    session->base = NULL;
    session->spare = NULL;
    rst_store(&session->memory, 0);
    rst_store(&session->kill, 0);
}

static int build_identity(struct roster_session *session, const struct roster_session_attr *attr)
{
    struct roster *roster = rst_session_roster(session);
    struct roster_identity *home = rst_session_home(session), *identity;
    int err = rst_identity_build(&roster->heap, attr, home, &identity);

    if (err)
        return err;
    session->identity = identity;
    identity->session_kind = (uint8_t)attr->kind;
    identity->session_flags = (uint8_t)attr->flags;
    if (rst_likely(identity == home))
        return 0;
    return rst_account_check(&roster->account); /* it will await a grace period, and may be long */
}

/* Completes a session that no reader can see yet, and makes it findable. */
static int complete(struct rst_thread *thread, struct roster_session *session,
                    const struct roster_session_attr *attr, uint8_t mark)
{
    struct roster *roster = thread->roster;
    int err;

    fill(session, roster, attr, mark);
    rst_view_publish(session, rst_view_at_rest());
    err = build_identity(session, attr);
    if (rst_likely(!err) && rst_unlikely(rst_side_is_needed(attr)))
        err = rst_side_open(session, attr);
    /* The last step: nothing fails after it, so what was findable is never withdrawn. */
    if (rst_likely(!err))
        err = rst_registry_add(&roster->registry, session);
    if (rst_unlikely(err))
        session->gate.tag = RST_TAG_CLOSED;
    return err;
}

/* Asks for what the next open will write: sessions come back cold, after a grace period. */
static void expect_next(struct roster *roster, const struct rst_graced_cache *cache)
{
    const struct roster_session *next = rst_graced_next(cache);

    if (!next)
        return;
    rst_registry_expect(&roster->registry, next);
    rst_prefetch_write(next->home);
}

/* Gives back the record of a session that was not opened. */
static void forget(struct roster *roster, struct rst_graced_cache *cache,
                   struct roster_session *session)
{
    (void)rst_session_drop(&roster->sessions, session);
    rst_graced_untake(&roster->sessions, cache, session);
}

/* Makes a session that has its places. */
static int make(struct rst_thread *thread, const struct roster_session_attr *attr, uint8_t mark,
                struct roster_session **session)
{
    struct roster *roster = thread->roster;
    struct rst_graced_cache *cache = &thread->sessions;
    struct roster_session *made;
    int err;

    made = rst_graced_take(&roster->sessions, cache, &err);
    if (!made)
        return err;
    expect_next(roster, cache);
    err = complete(thread, made, attr, mark);
    if (err) {
        forget(roster, cache, made);
        return err;
    }
    *session = made;
    rst_count(&thread->counts.sessions_opened);
    rst_probe2(session_open, made->id, made->kind);
    return 0;
}

/* The same with places in groups: 1 to 5 of quota.h. */
static rst_slow int open_counted_slow(struct rst_thread *thread,
                                      const struct roster_session_attr *attr,
                                      struct roster_quota_refusal *why,
                                      struct roster_session **session)
{
    struct roster *roster = thread->roster;
    struct rst_values values;
    uint8_t mark = 0;
    int err = rst_values_kept(&values, attr);

    if (err)
        return err;
    rst_rcu_read_lock();
    rst_quota_lock(roster);
    err = rst_quota_take(roster, &values, rst_is_privileged(attr->kind, attr->flags), &mark, why);
    rst_quota_unlock(roster);
    rst_test_point("open: counted");
    if (!err) {
        err = make(thread, attr, mark, session);
        if (err) {
            rst_quota_lock(roster);
            rst_quota_give(roster, &values, mark);
            rst_registry_unreserve(&roster->registry);
            rst_quota_unlock(roster);
        }
    }
    rst_rcu_read_unlock();
    return err;
}

/* Opens a session that rst_drain_refuses() has let pass. */
static int open_session(struct rst_thread *thread, const struct roster_session_attr *attr,
                        struct roster_quota_refusal *why, struct roster_session **session)
{
    struct roster *roster = thread->roster;
    int err;

    if (rst_unlikely(rst_load(&roster->registry.counting)))
        return open_counted_slow(thread, attr, why, session);
    err = rst_registry_reserve(&roster->registry, rst_is_privileged(attr->kind, attr->flags));
    if (err)
        return err;
    rst_test_point("open: not counted");
    err = make(thread, attr, 0, session);
    if (err)
        rst_registry_unreserve(&roster->registry);
    /* Since it looked, counting has begun. */
    return rst_likely(err != -EAGAIN) ? err : open_counted_slow(thread, attr, why, session);
}

int roster_session_open(struct roster *roster, const struct roster_session_attr *attr,
                        struct roster_session **session)
{
    struct roster_quota_refusal why;
    struct roster_session_attr known;
    struct rst_thread *thread;
    int err;

    if (!roster || !session)
        return -EINVAL;
    err = attr_get(&attr, &known);
    if (err)
        return err;
    thread = rst_enter(roster, &err);
    if (!thread)
        return err;
    if (rst_unlikely(rst_drain_refuses(thread, attr->kind)))
        return rst_refusal_tell_slow(roster, attr, NULL, -ESHUTDOWN);
    rst_test_point("open: not refused");
    err = open_session(thread, attr, &why, session);
    rst_test_point("open: done");
    rst_drain_opened(thread);
    return rst_likely(!err) ? 0 : rst_refusal_tell_slow(roster, attr, &why, err);
}

/* Itself, with all that it leads to, can be used again only after a grace period. */
static void retire(struct rst_thread *thread, struct roster_session *session)
{
    struct roster *roster = rst_session_roster(session);
    struct rst_graced *sessions = &roster->sessions;
    uint64_t others = rst_load(&roster->registry.open) - 1;
    unsigned class;

    rst_graced_retire(sessions, thread ? &thread->sessions : NULL, session,
                      rst_session_held(session), others);
    /* Where few are left, the thread keeps nothing that memory could be given back without. */
    for (class = 0; thread && others < RST_HOT_BATCH && class < roster->hot_classes; class ++)
        if (rst_hot_count(&thread->hot[class]) > others)
            rst_hot_flush(&roster->hot[class], &thread->hot[class]);
}

/* 1 to 5 of quota.h. */
static void leave(struct roster *roster, struct roster_session *session)
{
    rst_rcu_read_lock();
    rst_registry_del(&roster->registry, session);
    if (rst_unlikely(rst_load(&roster->registry.counting))) /* pairs with a there */
        rst_quota_leave_slow(session);
    rst_test_point("close: left");
    rst_rcu_read_unlock();
}

int roster_release_wait(struct roster *roster)
{
    RST_NOT_CANCELLED;

    if (!roster)
        return -EINVAL;
    return rst_process_is_other(roster->process) ? -ECHILD : rst_rcu_barrier();
}

int roster_session_close(struct roster_session *session)
{
    struct rst_thread *thread;
    struct roster *roster;
    int err = 0;

    if (!session)
        return 0;
    thread = rst_session_enter(session, &err);
    if (!thread && err != -ENOMEM)
        return err;
    rst_owner_enter(session);
    roster = rst_session_roster(session);
    rst_registry_expect(&roster->registry, session);
    rst_probe1(session_close, session->id);
    while (session->gate.in_stmt)
        rst_statement_end(thread, session);
    if (session->gate.txn_state != ROSTER_TXN_INVALID) {
        rst_txn_end(thread, session);
        if (thread)
            rst_count(&thread->counts.txns_forced);
        else
            rst_fetch_add(&roster->alone.txns_forced, 1);
    }
    rst_kill_close(session);
    leave(roster, session);
    session->gate.tag = RST_TAG_CLOSED;
    rst_owner_leave(session);
    if (rst_unlikely(session->side && session->side->release))
        rst_side_release_slow(session->side);
    retire(thread, session);
    rst_registry_unreserve(&roster->registry);
    return 0;
}
