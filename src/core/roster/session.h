/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of a session. Who may write what:
 *
 *     view, identity,     the owner; read by anyone under the read lock
 *     idle_since
 *     kill                killers and the owner, by compare-and-swap (see kill.c)
 *     gate                the owner; its tag is 0 once closed
 *     side, memory        the owner; read by anyone under the read lock
 *     counted             before it can be found the owner, then under the lock of quota.h
 *     id, kind, flags     no one after rst_registry_add(); readers take the identity's copy of the
 *                         latter two
 *     everything else     the owner alone
 *
 * The first line is all that begin and finish touch.
 *
 * A view is what a session shows, a struct roster_shown that `view` leads to; look.h says how one
 * is written and read.
 *
 * What is published when, so that ends never allocate (G7). A session with neither statement nor
 * transaction is at rest, and points to rst_shown_at_rest (look.h). While both are under way,
 * `base` is the view to publish when the statement ends first, `spare` the one when the transaction
 * ends first; both are NULL otherwise.
 */
#pragma once

#include "core/base/graced.h"
#include "core/base/rcu.h"
#include "core/roster/identity.h"

#include <roster/session.h>
#include <roster/view.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The state of a session that common paths test, in one word. One comparison with the value that
 * the calling thread expects shows that the session is open, belongs to the roster whose context
 * the thread used last, and is in the state that the call requires. All other cases are handled
 * elsewhere.
 */
union rst_gate {
    struct {
        uint32_t tag;      /* of the session's roster */
        uint8_t txn_state; /* enum roster_txn_state */
        uint8_t in_stmt;   /* RST_IN_* */
        uint8_t non_pinning;
        uint8_t remembers; /* RST_REMEMBERS_*: if any, its gate matches no common path */
    };
    uint64_t word;
};

/* Whether a statement is shown, and whether its number is the last one and no other is suspended. A
 * gate with nested ones matches no common path. */
#define RST_IN_NO_STMT 0
#define RST_IN_STMT 1
#define RST_IN_NESTED_STMT 2

/* What must be dropped when the transaction ends. */
#define RST_REMEMBERS_DIGESTS 1        /* all the time, of a session that keeps them */
#define RST_REMEMBERS_LAST_STATEMENT 2 /* while there is one */

/* Tags identify rosters, and are never used twice in a process. A closed session has tag 0. */
#define RST_TAG_CLOSED UINT32_C(0)
#define RST_TAG_NONE UINT32_MAX

struct roster;
struct rst_side;

struct roster_session {
    struct roster_shown
        *view; /* published; this and the next three are struct roster_session_front */
    const struct roster_identity *identity;
    rst_word idle_since;
    uint64_t id;
    uint64_t *slot; /* the open transaction's horizon slot, NULL for one that pins nothing; between
                     * two whatever it was. The owner writes it, rst_txn_seq() and
                     * roster_txn_since() read it */
    rst_word kill;
    uint64_t stmt_seq;
    union rst_gate gate;

    struct cds_lfht_node node rst_cache_aligned;
    struct roster_shown *base;
    struct roster_shown *spare;
    struct rst_side *side; /* NULL until needed, see side.h */
    rst_word memory;       /* bytes in use, as reported by the server */
    uint8_t kind;
    uint8_t flags;
    uint8_t resume_state; /* the owner's: the state after the lock wait, plus 1; else 0 */
    uint8_t counted;      /* RST_COUNTED and such, see quota.h */
    uint32_t inside;      /* with --enable-debug: the thread that is inside a function of it */

    /* Its first identity when that fits, as nearly every one does: opening a session allocates
     * nothing. */
    char home[RST_IDENTITY_HOME] rst_cache_aligned;
} rst_cache_aligned;

#define RST_FRONT_HAS(member)                                                                      \
    (offsetof(struct roster_session, member) == offsetof(struct roster_session_front, member))
_Static_assert(RST_FRONT_HAS(view) && RST_FRONT_HAS(identity) && RST_FRONT_HAS(idle_since) &&
                   RST_FRONT_HAS(id),
               "callers know where these are");
_Static_assert(sizeof(struct roster_session) == 3 * RST_CACHE_LINE, "a session is three lines");

static inline struct roster_identity *rst_session_home(const struct roster_session *session)
{
    return (struct roster_identity *)(uintptr_t)session->home;
}

/*
 * The gate of an open session is stored as a whole word. The next call loads the word to compare
 * it; after a partial store that load would wait for the processor's store buffer. Volatile,
 * because a compiler may store only the part that changes.
 */
static inline void rst_gate_set(struct roster_session *session, union rst_gate gate)
{
    *(volatile uint64_t *)&session->gate.word = gate.word;
}

static inline void rst_gate_set_txn_state(struct roster_session *session,
                                          enum roster_txn_state state)
{
    union rst_gate gate = session->gate;

    gate.txn_state = (uint8_t)state;
    rst_gate_set(session, gate);
}

static inline void rst_gate_set_in_stmt(struct roster_session *session, uint8_t in_stmt)
{
    union rst_gate gate = session->gate;

    gate.in_stmt = in_stmt;
    rst_gate_set(session, gate);
}

/* Whether a session may take a place that is reserved. */
static inline bool rst_is_privileged(unsigned kind, uint32_t flags)
{
    return kind != ROSTER_SESSION_USER || (flags & ROSTER_SESSION_ADMIN);
}

/* The roster of an open session. */
static inline struct roster *rst_session_roster(const struct roster_session *session)
{
    return rst_graced_owner(session, RST_SESSION_CHUNK);
}
