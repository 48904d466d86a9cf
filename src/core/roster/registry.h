/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The registry: all open sessions, found by id in a hash table and walked slab by slab.
 *
 * Sessions live in the chunks of the session pool; each chunk's `occupied` bitmap says which of
 * them may be enumerated. A walk reads chunks in memory order, because following the hash table's
 * links costs a cache miss for each session.
 *
 * An id may come back: a caller may choose it again, or the roster may choose one that a caller
 * chose before. The statements of the next session with the id must not repeat the numbers of the
 * previous one's. Otherwise a kill, a watchdog's record or a log line would refer to the wrong
 * statement (G5). So numbers of statements continue from session to session, by one word for all
 * ids:
 *
 *     closing                                      opening
 *     1 last_seq := max(last_seq, its last)        3 add to the table: the id was free
 *     2 delete from the table: the id is free      4 its last := last_seq
 *
 * If 3 found the id that 2 has freed, 4 sees 1 (the table's own operations are full barriers), and
 * every number from then on is higher. The word grows by one a statement at most.
 *
 * Life of a session: filled in -> added to the table -> bit set (release) -> hint added. Then: bit
 * cleared -> hint removed -> deleted from the table -> retired -> grace period -> taken again. A
 * reader that has found it may read it until it unlocks (G4).
 */
#pragma once

#include "core/base/rcu.h"
#include "core/roster/hints.h"

#include <roster/view.h>
#include <stdint.h>

struct rst_graced;

struct rst_registry {
    struct cds_lfht *table;
    struct rst_hint_arrays hints;
    struct rst_graced *pool; /* of sessions */
    rst_word limit;          /* of sessions; 0: none */
    rst_word ordinary;       /* less the places that are reserved; UINT64_MAX: none */
    rst_word buckets;        /* of the table; written by resize() */
    uint64_t most_buckets;   /* constant */
    rst_word counting;       /* by what sessions are counted, see quota.h: bits */
    struct rcu_head resize_head;
    bool resizing;                   /* resize_head is queued */
    rst_word open rst_cache_aligned; /* reserved, see rst_registry_reserve() */
    rst_word peak;
    rst_word refused;
    rst_word next_id;
    rst_word last_seq; /* the highest statement number of any session that has given its id up */
};

/* `by_hand`: no thread may be started, so the table stays small. 0 or -ENOMEM; destroyed in both
 * cases. */
int rst_registry_init(struct rst_registry *registry, struct rst_graced *pool, uint64_t limit,
                      bool by_hand);
void rst_registry_destroy(struct rst_registry *registry);

/* Sets the most sessions that may be open, 0 for no limit, and how many of these places are
 * reserved. */
void rst_registry_limit(struct rst_registry *registry, uint64_t limit, uint64_t reserved);

/* Takes a place for one session, also a reserved one if it is privileged; -EUSERS when there is
 * none. The limit cannot be overshot. */
int rst_registry_reserve(struct rst_registry *registry, bool privileged);
void rst_registry_unreserve(struct rst_registry *registry);

/* Makes a complete session findable; -EEXIST when its id is taken; -EAGAIN when sessions are
 * counted and it was not, see quota.h. An id of 0 is replaced. */
int rst_registry_add(struct rst_registry *registry, struct roster_session *session);

/*
 * The session will be added or deleted soon: prefetches all lines needed for that at once. The
 * atomic operations would otherwise wait for one line after the other.
 */
void rst_registry_expect(const struct rst_registry *registry, const struct roster_session *session);

/* Makes it unfindable. In a read-side section; the caller retires it afterwards. */
void rst_registry_del(struct rst_registry *registry, struct roster_session *session);

/* Under the read lock. */
struct roster_session *rst_registry_find(struct rst_registry *registry, uint64_t id);

/* Whether a session may be enumerated. */
bool rst_registry_has(const struct rst_registry *registry, const struct roster_session *session);

/* Called for up to 64 neighbouring sessions at once, so that the callee can prefetch. */
typedef int rst_registry_fn(struct roster_session *const *batch, unsigned n, void *arg);

/* Walks all sessions under the read lock, or as a keeper (reclaim.h); stops if `fn` does not return
 * 0. */
int rst_registry_walk(struct rst_registry *registry, rst_registry_fn *fn, void *arg);
