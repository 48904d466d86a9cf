/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Hints: the probable address of the session with an id. Only the hash table is authoritative. A
 * lookup in it reads a bucket and walks a list, with a call for each node; each line must arrive
 * before the next can be requested. A hint is one word at a place that follows from the id and
 * points to the session, so most lookups skip the table. A session without a hint, because all of
 * its places were taken or there was no memory, is found in the table.
 *
 * A hint is written by its session's owner, in an array that readers may be reading, and an array
 * is replaced by another one when it has become too small or too large:
 *
 *     closing                                      replacing array A by B, one at a time
 *     1 its bit of registry.h := 0                 a next := B                         (release)
 *       full fence                                 b for each session whose bit is 1:
 *     2 remove it from next, if there is one,          add it to B; full fence;
 *       and then from the current array                remove it again if its bit is 0
 *     3 delete it from the table: its id is free
 *     4 retire it                                  c current := B, then next := NULL  (release)
 *                                                  d free A after a grace period; where none can
 *                                                    be had, when the next one is replaced
 *
 * After 2 no reader that begins can find the session by a hint, so 4 satisfies RCU:
 *  - it is not in B when B becomes the current array, or 2 removes it from there: either b sees 1
 *    at last, or its fence is before that of 1, and then 2 sees a, or what c has stored in its
 *    place. 2 loads next first: if that is NULL again, the current array is B, by the release
 *    of c;
 *  - no reader has B before c, so what b adds and removes again is not found;
 *  - a reader that has A after c is inside a section that began before c, and 4 waits for it. The
 * record cannot be reused while b reads it, because b is a keeper of reclaim.h. And since 2 is
 * before 3, no lookup returns it for the next session with its id.
 *
 * Opening adds a hint to both arrays or to one of them; this affects only speed.
 */
#pragma once

#include "core/base/rcu.h"
#include "core/roster/session.h"

#include <stddef.h>
#include <stdint.h>

/* The places of a session, all in one line. */
#define RST_HINT_PLACES 4

/* Below a session's address: what distinguishes it from most of the others at its places. */
#define RST_HINT_TAG ((uintptr_t)RST_CACHE_LINE - 1)

struct rst_hints {
    unsigned shift; /* of a 64-bit hash; the result is a place */
    uintptr_t places[] rst_cache_aligned;
};

struct rst_hint_arrays {
    struct rst_hints *current;
    struct rst_hints *next; /* NULL, except from a to c */
    struct rst_hints *old;  /* A, from c to d, else NULL */
    rst_word sessions;      /* for which there are hints */
    rst_word bytes;         /* of all arrays that are held: two, from a to d */
};

/* Makes the first array, for some sessions. Returns 0 or -ENOMEM. */
int rst_hints_init(struct rst_hint_arrays *arrays, uint64_t sessions);
void rst_hints_destroy(struct rst_hint_arrays *arrays);

/* a: the next array, for this many sessions; NULL: there is no memory. One at a time. */
struct rst_hints *rst_hints_begin(struct rst_hint_arrays *arrays, uint64_t sessions);

/* c, and d if a grace period is possible. */
void rst_hints_end(struct rst_hint_arrays *arrays, uint64_t sessions);

/* d, if it is still due. Waits for a grace period; false: none is possible. Before a. */
bool rst_hints_drop(struct rst_hint_arrays *arrays);

/* For b: in one array. */
void rst_hint_add(struct rst_hints *hints, struct roster_session *session);
void rst_hint_remove(struct rst_hints *hints, const struct roster_session *session);

/* One of the next two will be called for a session with this id: prefetches the line. All in a
 * read-side section. */
void rst_hints_expect(const struct rst_hint_arrays *arrays, uint64_t id);

void rst_hints_add(struct rst_hint_arrays *arrays, struct roster_session *session);

/* 2: after 1, an atomic read-modify-write, and before 3. */
void rst_hints_remove(struct rst_hint_arrays *arrays, const struct roster_session *session);

/* The bytes that an array for some sessions takes. */
static inline size_t rst_hints_bytes(uint64_t sessions)
{
    return sizeof(struct rst_hints) + (size_t)sessions * sizeof(uintptr_t);
}

/* Fibonacci hashing: spreads consecutive ids evenly. A bad choice of ids only costs speed. */
static inline uint64_t rst_hint_hash(uint64_t id)
{
    return id * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uintptr_t rst_hint_tag(uint64_t hash)
{
    return (uintptr_t)hash & RST_HINT_TAG;
}

/* The first place for a hash; the others are those whose number differs in the lowest bits. */
static inline size_t rst_hint_place(const struct rst_hints *hints, uint64_t hash)
{
    return (size_t)(hash >> hints->shift);
}

/* The session with this id, by its hint; NULL: search the table. In a read-side section. */
static inline struct roster_session *rst_hints_find(const struct rst_hints *hints, uint64_t id)
{
    uint64_t hash = rst_hint_hash(id);
    uintptr_t tag = rst_hint_tag(hash), hint;
    size_t place = rst_hint_place(hints, hash), n;
    struct roster_session *session;

    for (n = 0; n < RST_HINT_PLACES; n++) {
        hint = rst_load_acquire(&hints->places[place ^ n]); /* pairs with rst_hint_add() */
        session = (struct roster_session *)(hint - tag);
        if (rst_likely(hint > RST_HINT_TAG && (hint & RST_HINT_TAG) == tag && session->id == id))
            return session;
    }
    return NULL;
}
