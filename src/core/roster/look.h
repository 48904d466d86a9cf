/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Looks: an owner writes a view and reuses it at once; a reader copies it and validates the copy
 * afterwards (G1). No other file names the word `life`.
 *
 *     owner                                        reader, inside the read lock
 *     1 session's view := another   (release)      a p := session's view             (acquire)
 *     2 p->life += 1                (release)      b l := p->life                    (acquire)
 *       store-store barrier, in the thread that    c session's view is p still, else from a
 *       writes                                       (acquire)
 *     3 write *p, or the statement that p led to   d copy *p, then its statement
 *     4 session's view := p         (release)      e p->life is l still, after each of these
 *                                                    copies, else from a       (acquire fence)
 *
 * A life of a view begins with the 4 that publishes it first and ends with 2. Suppose a look
 * succeeds: b and every e read l. What c read was published in some life m.
 *  - 2 of the life before comes before that 4, which is a release, and c is an acquire: e reads at
 *    least what m began with, so l is not older.
 *  - Had b read the 2 that ended m or a later one, c, after an acquire, would have found 1 of that
 *    life or what came after it, not p of life m. So l is what m began with.
 *  - Had d read anything written after m, the barrier before 3 and the fence before e would have
 *    made e read at least the 2 that ended m.
 * So d is the whole of life m: what this session showed at c, with its statement. A view may be
 * published more than once in one life, as `base` is, with the same contents.
 *
 * 2 comes before the view, or a statement that it points to, can be taken again, and before the
 * slot whose view it is becomes free. The barrier is in the thread that writes, because another
 * thread may have ended the life; tests/model/relacy/look.cpp refutes the other place.
 *
 * A session with neither statement nor transaction is at rest: it points to a view that all such
 * sessions share and that never changes. This view shows only that the session is at rest. The
 * identity is in the session and may be replaced at any time.
 *
 *     owner, in any order                          reader, where a found the view at rest
 *     session's view := another     (release)      r1 i := session's identity        (acquire)
 *     session's identity := another (release)      r2 session's view is still that, else from a
 *                                                     (acquire)
 *                                                  r3 session's identity is i still, else from a
 *
 * No identity returns to a session before a grace period has passed. Suppose r3 finds i. Had the
 * identity been another one when what r2 read was published, or been replaced before, r3 would have
 * found that one, as r2 is an acquire. Had it become i only after the view that r2 read had been
 * replaced, r2 would have found the other view, as r1 is an acquire. So there was an instant at
 * which the session was at rest with identity i.
 *
 * No thread waits: a look that fails means that the owner has completed a call. Owner and reader
 * can fall into step; a pause of random length between the tries ends that.
 */
#pragma once

#include "core/base/rcu.h"
#include "core/roster/session.h"

#include <roster/view.h>
#include <stddef.h>
#include <string.h>

/* A statement as it is published: its text follows, then its digest, neither with a NUL. */
struct rst_statement {
    rst_word seq;
    rst_word since;
    uint32_t command;
    uint32_t text_length;
    uint32_t text_full_length;
    uint16_t digest_length;
    uint16_t class; /* of objects that it is one of */
};

/* A view's words, each loaded whole. */
typedef rst_word __attribute__((may_alias)) rst_look_word;
typedef uint64_t __attribute__((may_alias, aligned(4))) rst_copied_word; /* the ABI of i386 */
#define RST_VIEW_WORDS (sizeof(struct roster_shown) / sizeof(rst_look_word))
#define RST_LIFE_WORD (offsetof(struct roster_shown, life) / sizeof(rst_look_word))

_Static_assert(sizeof(struct roster_shown) == RST_CACHE_LINE, "a view is one cache line");
_Static_assert(offsetof(struct roster_shown, life) % sizeof(rst_look_word) == 0, "a whole word");

/* d, and what it pairs with in 3. ThreadSanitizer knows no fences: there the accesses order. */
#ifdef RST_TSAN
#define rst_load_shown(p) rst_load_acquire(p)         /* pairs with rst_store_shown() */
#define rst_store_shown(p, v) rst_store_release(p, v) /* pairs with rst_load_shown() */
#else
#define rst_load_shown(p) rst_load(p)
#define rst_store_shown(p, v) rst_store(p, v)
#endif

/* What all sessions at rest lead to. Never written. */
#define RST_SHOWN_AT_REST                                                                          \
    ((struct roster_shown){.txn_state = ROSTER_TXN_INVALID, .run_state = ROSTER_RUN_IDLE})
extern const struct roster_shown rst_shown_at_rest;

static inline struct roster_shown *rst_view_at_rest(void)
{
    return (struct roster_shown *)(uintptr_t)&rst_shown_at_rest;
}

/* Ends the life of a view that was unpublished. 2: pairs with b and e. */
static inline void rst_life_end(struct roster_shown *view)
{
    if (rst_control(NO_LIFE) || rst_control(LIFE_LATE))
        return;
#if defined(__x86_64__) && !defined(RST_TSAN)
    __asm__ __volatile__("addq $1, %0" : "+m"(view->life) : : "memory");
#else
    rst_store_release(&view->life, view->life + 1);
#endif
}

/* Before 3, in every function that writes a view or a statement. Pairs with the fence of e. */
static inline void rst_write_fence(void)
{
#if defined(RST_TSAN) || defined(__x86_64__) || defined(__i386__) || defined(__s390x__)
    rst_compiler_barrier();
#elif defined(__aarch64__)
    if (!rst_control(FENCE_AT_2))
        __asm__ __volatile__("dmb ishst" ::: "memory");
#else
    if (!rst_control(FENCE_AT_2))
        __atomic_thread_fence(__ATOMIC_RELEASE); /* pairs with the fence of e */
#endif
}

/*
 * The C library copies a text about as large as a cache with streaming stores. It executes a
 * barrier after them, but on x86 they may overtake earlier stores, such as the end of a life. So a
 * full fence precedes a text longer than this, and the common path leaves such texts to the general
 * one.
 */
#define RST_LONG_TEXT ((size_t)4096)

/*
 * In a build with test delays: a reader of free memory must not find the old contents. `keeps` is
 * the index of the word that is not overwritten.
 */
#ifdef ROSTER_TEST_DELAYS
static inline void rst_spoil(rst_look_word *words, size_t n, size_t keeps)
{
    while (n--)
        if (n != keeps)
            rst_store_release(&words[n], UINT64_C(0xd6d6d6d6d6d6d6d6)); /* pairs with e */
}
#else
#define rst_spoil(words, n, keeps) ((void)(words))
#endif

static inline void rst_view_spoil(struct roster_shown *view)
{
    rst_spoil((rst_look_word *)(void *)view, RST_VIEW_WORDS, RST_LIFE_WORD);
}

static inline void rst_statement_spoil(struct rst_statement *statement)
{
    rst_spoil((rst_look_word *)(void *)(statement + 1), statement->text_length / 8, SIZE_MAX);
}

/* The two states of a view and the reserved bytes beside them, as one word. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define RST_STATES(txn, run, reserved)                                                             \
    ((uint32_t)(txn) << 24 | (uint32_t)(run) << 16 | (uint32_t)(reserved))
#else
#define RST_STATES(txn, run, reserved)                                                             \
    ((uint32_t)(txn) | (uint32_t)(run) << 8 | (uint32_t)(reserved) << 16)
#endif
typedef uint32_t __attribute__((may_alias)) rst_states;

static inline void rst_view_set_states(struct roster_shown *view, unsigned txn_state,
                                       unsigned run_state)
{
    rst_store_shown((rst_states *)(void *)&view->txn_state, RST_STATES(txn_state, run_state, 0));
}

static inline void rst_view_set_start(struct roster_shown *view, uint64_t start_ts)
{
    rst_store_shown(&view->start_ts, start_ts);
}

static inline void rst_view_set_since(struct roster_shown *view, uint64_t since)
{
    rst_store_shown(&view->state_since, since);
}

static inline void rst_view_set_identity(struct roster_shown *view,
                                         const struct roster_identity *identity)
{
    rst_store_shown(&view->identity, identity);
}

static inline void rst_view_set_statement(struct roster_shown *view,
                                          const struct rst_statement *statement)
{
    rst_store_shown(&view->statement, (const struct roster_statement *)(const void *)statement);
}

static inline void rst_view_set_progress(struct roster_shown *view, uint64_t entries,
                                         uint64_t entry_bytes, uint32_t schema_version)
{
    rst_store_shown(&view->entries, entries);
    rst_test_point("progress: half filled");
    rst_store_shown(&view->entry_bytes, entry_bytes);
    rst_store_shown(&view->schema_version, schema_version);
}

/* What the owner's view leads to. */
static inline struct rst_statement *rst_view_statement(const struct roster_shown *view)
{
    return (struct rst_statement *)(uintptr_t)view->statement;
}

/* 3: copies all of a view but its life into one that no session points to. */
static inline void rst_view_copy(struct roster_shown *view, const struct roster_shown *from)
{
    rst_write_fence();
    rst_view_set_start(view, from->start_ts);
    rst_view_set_since(view, from->state_since);
    rst_view_set_identity(view, from->identity);
    rst_view_set_states(view, from->txn_state, from->run_state);
    rst_view_set_statement(view, rst_view_statement(from));
    rst_view_set_progress(view, from->entries, from->entry_bytes, from->schema_version);
    if (rst_control(COPY_LIFE))
        view->life = from->life;
}

#ifdef RST_TSAN
static inline void rst_copy_bytes(char *to, const char *from, size_t n)
{
    while (n--)
        rst_store_shown(&to[n], rst_load_shown(&from[n]));
}
#else
/* Copies bytes that may be written at the same time; e validates the copy. */
static inline void rst_copy_bytes(char *to, const char *from, size_t n)
{
    rst_compiler_barrier();
    memcpy(to, from, n);
    rst_compiler_barrier();
}
#endif

static inline char *rst_statement_text(const struct rst_statement *statement)
{
    return (char *)(uintptr_t)(statement + 1);
}

/* e: pairs with 2 and the barrier after it. */
static inline bool rst_life_is_over(const rst_word *place, uint64_t life)
{
    rst_fence_load_load();
    return !rst_control(NO_E) && rst_load(place) != life;
}

static inline bool rst_look_is_over(const struct roster_shown *view, uint64_t life)
{
    return rst_life_is_over(&view->life, life);
}

/*
 * d of a statement, with as much of its text as `room` has place for; NULL for none. False: it may
 * have been written again, since the life at `place` is no longer `life`.
 */
bool rst_look_copy(const struct rst_statement *from, const rst_word *place, uint64_t life,
                   struct roster_statement *to, char *room, size_t size);

/*
 * Copies the statement of a view that was copied, with as much of its text as `room` has place for;
 * NULL for none. False: the view's life is over.
 */
bool rst_look_statement(const struct roster_shown *view, struct roster_copy *copy, char *room,
                        size_t size);

/* From b on, for a view that was found at `*place` and is not the one at rest. NULL: from a. */
static rst_always_inline const struct roster_shown *rst_look_try(struct roster_shown *const *place,
                                                                 const struct roster_shown *view,
                                                                 struct roster_copy *copy,
                                                                 char *room, size_t size)
{
    const rst_look_word *from = (const rst_look_word *)(const void *)view;
    rst_copied_word *to = (rst_copied_word *)(void *)&copy->shown;
    uint64_t life = rst_load_acquire(&view->life); /* b: pairs with 2 */
    size_t n;

    copy->place = view;
    rst_test_point("look: life known");
    if (rst_unlikely(!rst_control(NO_C) && rst_dereference(place) != view)) /* c: pairs with 4 */
        return NULL;
#pragma GCC unroll 8
    for (n = 0; n < RST_VIEW_WORDS; n++)
        to[n] = rst_load_shown(&from[n]); /* d */
    rst_test_point("look: view copied");
    if (rst_unlikely(rst_look_is_over(view, life)))
        return NULL;
    if (rst_unlikely(copy->shown.statement != NULL) && !rst_look_statement(view, copy, room, size))
        return NULL;
    return &copy->shown;
}

/* Prepares `*copy` for looks at sessions at rest. */
static inline void rst_rest_prepare(struct roster_copy *copy)
{
    copy->shown = RST_SHOWN_AT_REST;
    copy->place = &rst_shown_at_rest;
}

/*
 * From r1 on, into a copy that is prepared. NULL: from a. The time is that of this rest or of a
 * later one (see roster_session_since()).
 */
static rst_always_inline const struct roster_shown *
rst_rest_look(const struct roster_session *session, struct roster_copy *copy)
{
    /* r1: pairs with replace() in owner/update.c */
    const struct roster_identity *identity = rst_dereference(&session->identity);

    rst_test_point("look: identity found");
    if (rst_unlikely(rst_dereference(&session->view) != rst_view_at_rest()))
        return NULL; /* r2: pairs with rst_view_publish() */
    rst_test_point("look: still at rest");
    if (rst_unlikely(rst_load(&session->identity) != identity)) /* r3: as r1 */
        return NULL;
    copy->shown.identity = identity;
    copy->shown.state_since = rst_load(&session->idle_since);
    return &copy->shown;
}

/* Looks until it succeeds: under the read lock, or the owner. */
const struct roster_shown *rst_look_at(const struct roster_session *session,
                                       struct roster_copy *copy, char *room, size_t size);

/* The address of the view that a look at a session returned this copy of. */
static inline const struct roster_shown *rst_look_place(const struct roster_shown *shown)
{
    return caa_container_of(shown, struct roster_copy, shown)->place;
}

/* Whether two looks at one session found the same life of the same view, or both found it at rest
 * with the same identity: then it may have been busy in between. */
static inline bool rst_look_is_same(const struct roster_shown *a, const struct roster_shown *b)
{
    return a->life == b->life && rst_look_place(a) == rst_look_place(b) &&
           a->identity == b->identity;
}
