/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening, closing and updating sessions.
 */
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include "core/base/probes.h"
#include "core/base/struct_size.h"
#include "core/owner/draining.h"
#include "core/owner/statement.h"
#include "core/owner/txn.h"
#include "core/roster/identity.h"
#include "core/roster/kill_word.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"

#include <stdlib.h>

static int attr_get(struct roster_session_attr *known, const struct roster_session_attr *attr)
{
    static const struct roster_session_attr none = ROSTER_SESSION_ATTR_INIT;
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), attr ? attr : &none);

    if (err)
        return err;
    if ((unsigned)known->kind > ROSTER_SESSION_BACKGROUND ||
        (known->flags & ~(ROSTER_SESSION_NON_PINNING | ROSTER_SESSION_DIGESTS)) ||
        known->id == UINT64_MAX)
        return -EINVAL;
    return 0;
}

/* Everything but the identity and the idle view. */
static void fill(struct roster_session *session, struct roster *roster,
                 const struct roster_session_attr *attr)
{
    session->slot = NULL;
    session->idle_since = rst_ticker_now(&roster->ticker);
    session->gate.txn_state = ROSTER_TXN_INVALID;
    session->gate.in_stmt = false;
    session->kind = (uint8_t)attr->kind;
    session->flags = (uint8_t)attr->flags;
    session->resume_state = 0;
    session->gate.non_pinning = (attr->flags & ROSTER_SESSION_NON_PINNING) != 0;
    session->gate.remembers = (attr->flags & ROSTER_SESSION_DIGESTS) != 0;
    session->id = attr->id;
    session->base = NULL;
    session->spare = NULL;
    rst_store(&session->memory, 0);
    rst_store(&session->kill, 0);
}

static int build_identity(struct roster_session *session, struct rst_session_home *home,
                          const struct roster_session_attr *attr)
{
    struct roster_identity *identity = (struct roster_identity *)(uintptr_t)session->identity;
    int err = rst_identity_build(attr, rst_home_identity(home), &identity);

    session->identity = identity;
    if (err)
        return err;
    identity->session_kind = session->kind;
    identity->session_flags = session->flags;
    return 0;
}

/* Completes a session that nobody can see yet, and makes it findable. */
static int complete(struct roster *roster, struct roster_session *session,
                    const struct roster_session_attr *attr)
{
    struct rst_session_home *home = rst_session_home(&roster->pools[RST_POOL_SESSION], session);
    int err;

    fill(session, roster, attr);
    err = build_identity(session, home, attr);
    if (!err)
        err = rst_side_open(session, attr);
    if (err)
        return err;
    rst_view_fill(&home->idle, session, NULL);
    home->idle.state_since = session->idle_since;
    session->idle = &home->idle;
    session->gate.tag = roster->tag;
    rst_view_publish(session, session->idle);
    /* The last step: nothing fails after it, so what was findable is never withdrawn. */
    err = rst_registry_add(&roster->registry, session);
    if (err)
        session->gate.tag = RST_TAG_CLOSED;
    return err;
}

/* Asks for what the next open will write: sessions come back cold, after a grace period. */
static void expect_next(struct roster *roster, const struct rst_pool_cache *cache)
{
    const struct rst_session_home *home;
    const struct roster_session *next;

    if (!cache->n_fresh)
        return;
    next = cache->fresh[cache->n_fresh - 1];
    home = rst_session_home(&roster->pools[RST_POOL_SESSION], next);
    rst_registry_expect(&roster->registry, next);
    __builtin_prefetch(&home->idle, 1);
    __builtin_prefetch(home->identity, 1);
}

/* Opens a session that rst_drain_refuses() has let pass. */
static int open_session(struct rst_thread *thread, const struct roster_session_attr *attr,
                        struct roster_session **session)
{
    struct roster *roster = thread->roster;
    struct rst_pool_cache *cache = &thread->pools[RST_POOL_SESSION];
    struct roster_session *made;
    int err = rst_registry_reserve(&roster->registry);

    if (err)
        return err;
    made = rst_pool_take_cold(&roster->pools[RST_POOL_SESSION], cache, &err);
    if (made) {
        expect_next(roster, cache);
        err = complete(roster, made, attr);
        if (err)
            rst_pool_untake(cache, made);
    }
    if (err) {
        rst_registry_unreserve(&roster->registry);
        return err;
    }
    *session = made;
    rst_probe2(session_open, made->id, made->kind);
    return 0;
}

int roster_session_open(struct roster *roster, const struct roster_session_attr *attr,
                        struct roster_session **session)
{
    struct roster_session_attr known;
    struct rst_thread *thread;
    int err;

    if (!roster || !session)
        return -EINVAL;
    err = attr_get(&known, attr);
    if (err)
        return err;
    thread = rst_enter(roster, &err);
    if (!thread)
        return err;
    if (rst_unlikely(rst_drain_refuses(thread, known.kind)))
        return -ESHUTDOWN;
    rst_test_point("open: not refused");
    err = open_session(thread, &known, session);
    rst_test_point("open: done");
    rst_drain_opened(thread);
    return err;
}

/* Itself, with its home, can be used again only after a grace period. */
static void retire(struct rst_thread *thread, struct roster_session *session)
{
    struct rst_pool *sessions = &rst_session_roster(session)->pools[RST_POOL_SESSION];

    if (session->idle != &rst_session_home(sessions, session)->idle)
        rst_view_retire_by(thread, session, session->idle);
    if (thread)
        rst_pool_retire(sessions, &thread->pools[RST_POOL_SESSION], NULL, session);
    else
        rst_pool_retire_alone_slow(sessions, session);
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
    if (session->gate.in_stmt)
        rst_statement_end(thread, session);
    if (session->gate.txn_state != ROSTER_TXN_INVALID) {
        rst_txn_end(thread, session);
        if (thread)
            rst_count(&thread->counts.txns_forced);
        else
            rst_fetch_add(&roster->alone.txns_forced, 1);
    }
    rst_kill_close(session);
    rst_registry_del(&roster->registry, session);
    session->gate.tag = RST_TAG_CLOSED;
    rst_owner_leave(session);
    retire(thread, session);
    rst_registry_unreserve(&roster->registry);
    return 0;
}
