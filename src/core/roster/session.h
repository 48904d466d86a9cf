/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The private side of a session. Who may write what:
 *
 *     view, idle_since    the owner; read by anyone under the read lock
 *     kill                killers and the owner, by compare-and-swap (see kill.c)
 *     gate                the owner; its tag is 0 once closed
 *     side, memory        the owner; read by anyone under the read lock
 *     id, kind, flags     nobody after rst_registry_add(); readers take the identity's copy of them
 *     everything else     the owner alone
 *
 * The first line is all that begin and finish touch.
 *
 * What is published when, so that ends never allocate (G7). `idle` is the view without statement
 * and transaction, built once and published again whenever both have ended; it stands in the
 * session's home, until roster_session_update() replaces it by one from the pool. While a statement
 * and a transaction are both under way, `base` is the view to publish when the statement ends
 * first, `spare` the one when the transaction ends first; both are NULL otherwise.
 */
#ifndef ROSTER_CORE_ROSTER_SESSION_H
#define ROSTER_CORE_ROSTER_SESSION_H

#include "core/base/rcu.h"
#include "core/roster/identity.h"
#include "core/roster/roster.h"
#include "core/roster/side.h"

#include <errno.h>
#include <roster/session.h>
#include <roster/view.h>
#include <stddef.h>

struct roster_session {
    struct roster_view *view; /* published; this and the next two are struct roster_session_front */
    const struct roster_identity *identity;
    rst_word idle_since;
    struct roster_view *idle;
    uint64_t *slot; /* the transaction's horizon slot; NULL when it pins nothing */
    rst_word kill;
    uint64_t stmt_seq;
    union rst_gate gate;

    struct cds_lfht_node node rst_cache_aligned;
    uint64_t id;
    struct roster_view *base;
    struct roster_view *spare;
    struct rst_side *side; /* NULL until needed, see side.h */
    rst_word memory;       /* bytes that the server says it uses */
    uint8_t kind;
    uint8_t flags;
    uint8_t resume_state; /* the owner's: where a lock wait goes back to, plus 1; else 0 */
    uint32_t inside;      /* with --enable-debug: the thread that is inside a function of it */
} rst_cache_aligned;

_Static_assert(sizeof(struct roster_view) == RST_CACHE_LINE, "a view is one cache line");
#define RST_FRONT_HAS(member)                                                                      \
    (offsetof(struct roster_session, member) == offsetof(struct roster_session_front, member))
_Static_assert(RST_FRONT_HAS(view) && RST_FRONT_HAS(identity) && RST_FRONT_HAS(idle_since),
               "callers know where these are");
_Static_assert(sizeof(struct roster_session) == 2 * RST_CACHE_LINE, "a session is two lines");

/*
 * What an idle session shows, beside it: no allocation to open one, and two lines at a known place
 * to list it. Used again with the session, after a grace period.
 */
struct rst_session_home {
    struct roster_view idle;
    char identity[RST_IDENTITY_HOME]; /* when it fits, as nearly every one does */
};

static inline struct roster_identity *rst_home_identity(struct rst_session_home *home)
{
    return (struct roster_identity *)(void *)home->identity;
}

static inline struct rst_session_home *rst_session_home(const struct rst_pool *sessions,
                                                        const struct roster_session *session)
{
    return rst_pool_home(sessions, session);
}

/* Gives a session that nobody can see yet its id. */
static inline void rst_session_name(struct roster_session *session, uint64_t id)
{
    session->id = id;
    ((struct roster_identity *)(uintptr_t)session->identity)->session_id = id;
}

/* The roster of an open session. */
static inline struct roster *rst_session_roster(const struct roster_session *session)
{
    return rst_pool_owner(session, RST_SESSION_CHUNK);
}

/* Why a session cannot be entered: -EINVAL, -EBADF, -ECHILD, or why there is no context. */
rst_slow struct rst_thread *rst_session_enter_slow(const struct roster_session *session, int *err);

/* The calling thread's context of the session's roster; NULL with the errno in `*err`. */
static inline struct rst_thread *rst_session_enter(const struct roster_session *session, int *err)
{
    struct rst_thread *thread;

    if (rst_likely(session)) {
        thread = rst_thread_last;
        if (!thread)
            __builtin_unreachable(); /* see thread.h; tells the analyzers too */
        if (rst_likely(rst_load(&thread->tag) == session->gate.tag))
            return thread;
    }
    return rst_session_enter_slow(session, err);
}

/* With --enable-debug: aborts when two threads are inside one session. Nothing otherwise. */
#ifdef ROSTER_DEBUG
void rst_owner_enter(struct roster_session *session);
void rst_owner_leave(struct roster_session *session);
#else
static inline void rst_owner_enter(struct roster_session *session)
{
    (void)session;
}
static inline void rst_owner_leave(struct roster_session *session)
{
    (void)session;
}
#endif

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

#endif /* ROSTER_CORE_ROSTER_SESSION_H */
