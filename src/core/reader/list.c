/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Walking the sessions.
 *
 * With many sessions every line read is a cache miss: the session's first, its view, its identity,
 * its statement. Sessions are contiguous, so their lines are prefetched FAR sessions before they
 * are read.
 *
 * A session at rest is visited at once: its view, which is known by its address, is not read at
 * all. For the others, a line can be prefetched only after the line with its address is read, but
 * lines of different sessions can be in flight together. So they go through a pipeline, one stage
 * every AHEAD of them:
 *
 *     1 ask for the view        2 read what it leads to, ask for that       3 look, and visit
 *
 * If sessions may be known, those at rest are skipped, with their identities. For the others, 2
 * prefetches what they wait for, 3 skips the known ones and prefetches the rest of the others, and
 * 4 looks at these.
 *
 * The look begins with the view that was found, and with another one only if its life or its
 * publication has ended. A prefetch is only a hint, so its address need not be valid.
 */
#include "core/reader/list.h"

#include "core/base/horizon.h"
#include "core/base/process.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

/* More sessions than the latency of memory takes to visit, and few enough that the processor can
 * have all their lines under way at once: at rest, and in the pipeline. */
#define FAR ((size_t)32)
#define AHEAD ((size_t)8)
#define STAGES 4
#define RING ((size_t)32)

_Static_assert(RING >= (STAGES - 1) * AHEAD + 1, "the ring holds the whole pipeline");

struct ahead {
    const struct roster_session *session;
    const struct roster_shown *view;
};

struct visit {
    rst_known_fn *known;
    roster_each_fn *fn;
    void *arg;
    char *room; /* for a statement's text */
    size_t size;
    struct roster_copy copy, rest; /* of sessions at rest */
    size_t asked;                  /* sessions prefetched so far, and the last of them */
    const struct roster_session *far[FAR];
    size_t entered; /* sessions that entered the pipeline so far */
    struct ahead ring[RING];
};

static inline void prefetch_two_lines(const void *address)
{
    rst_prefetch(address);
    rst_prefetch((const char *)address + RST_CACHE_LINE);
}

static inline void stage_side(const struct ahead *ahead)
{
    rst_prefetch(rst_side_of(ahead->session));
}

static inline void stage_details(const struct ahead *ahead)
{
    const struct roster_statement *statement = rst_load_shown(&ahead->view->statement);

    prefetch_two_lines(rst_load_shown(&ahead->view->identity));
    if (statement)
        prefetch_two_lines(statement);
}

/*
 * The session that has come to a stage; NULL: none. Before the first one the difference wraps, and
 * is no place in the pipeline either.
 */
static inline struct ahead *turn(struct visit *visit, size_t step, size_t entered, size_t stages)
{
    step -= stages * AHEAD;
    return rst_likely(step < entered) ? &visit->ring[step % RING] : NULL;
}

static rst_always_inline int stage_look(struct visit *visit, const struct ahead *now)
{
    const struct roster_shown *shown =
        rst_look_try(&now->session->view, now->view, &visit->copy, visit->room, visit->size);

    if (rst_unlikely(!shown))
        shown = rst_look_at(now->session, &visit->copy, visit->room, visit->size);
    return visit->fn(now->session, shown, visit->arg);
}

/* One step of the pipeline: each stage takes the session that is its turn, if there is one. */
static rst_always_inline int advance(struct visit *visit, size_t step, size_t entered)
{
    const struct ahead *now = turn(visit, step, entered, 1);

    if (now)
        stage_details(now);
    now = turn(visit, step, entered, 2);
    return now ? stage_look(visit, &(struct ahead){now->session, now->view}) : 0;
}

/* The same where sessions may be known; those that are leave the pipeline. */
static rst_always_inline int advance_unknown(struct visit *visit, size_t step, size_t entered)
{
    struct ahead *now = turn(visit, step, entered, 1);

    if (now)
        stage_side(now);
    now = turn(visit, step, entered, 2);
    if (now && visit->known(now->session, now->view, visit->arg))
        now->session = NULL;
    else if (now)
        stage_details(now);
    now = turn(visit, step, entered, 3);
    return now && now->session ? stage_look(visit, now) : 0;
}

/* Whether a walk leaves known sessions out, and whether it reads all of the others. */
struct way {
    bool may_know;
    bool whole;
};

static rst_always_inline int enter(struct visit *visit, const struct roster_session *session,
                                   const struct roster_shown *view, struct way way)
{
    size_t step = visit->entered, entered = step + 1;
    const uint64_t *slot = way.whole ? rst_load(&session->slot) : NULL;

    visit->entered = entered;
    visit->ring[step % RING] = (struct ahead){session, view};
    rst_prefetch(view);
    if (slot) {
        rst_prefetch(slot);
        rst_prefetch(rst_slot_holder(slot));
        rst_prefetch(rst_slot_since(slot));
    }
    if (!way.may_know)
        return advance(visit, step, entered);
    rst_prefetch(&session->side);
    return advance_unknown(visit, step, entered);
}

static rst_always_inline void ask_for(const struct roster_session *session, struct way way)
{
    rst_prefetch(session);
    if (way.whole)
        rst_prefetch(&session->side);
    if (!way.may_know)
        rst_prefetch(session->home);
}

/* A session whose first line is there. */
static rst_always_inline int arrive(struct visit *visit, const struct roster_session *session,
                                    struct way way)
{
    /* a: pairs with rst_view_publish() */
    const struct roster_shown *view = rst_dereference(&session->view), *shown;

    if (rst_unlikely(view != rst_view_at_rest()))
        return enter(visit, session, view, way);
    if (way.may_know)
        return 0;
    rst_test_point("list: at rest");
    shown = rst_rest_look(session, &visit->rest);
    if (rst_unlikely(!shown))
        shown = rst_look_at(session, &visit->copy, visit->room, visit->size);
    return visit->fn(session, shown, visit->arg);
}

static rst_always_inline int visit_some(struct visit *visit, struct roster_session *const *batch,
                                        unsigned n, struct way way)
{
    size_t asked = visit->asked, i;
    int stop;

    for (i = 0; i < n; i++) {
        const struct roster_session **place = &visit->far[(asked + i) % FAR], *session = *place;

        *place = batch[i];
        ask_for(batch[i], way);
        if (rst_unlikely(asked + i < FAR))
            continue;
        stop = arrive(visit, session, way);
        if (rst_unlikely(stop))
            return stop;
    }
    visit->asked = asked + n;
    return 0;
}

static int visit_batch(struct roster_session *const *batch, unsigned n, void *arg)
{
    return visit_some(arg, batch, n, (struct way){false, false});
}

static int visit_whole(struct roster_session *const *batch, unsigned n, void *arg)
{
    return visit_some(arg, batch, n, (struct way){false, true});
}

static int visit_unknown(struct roster_session *const *batch, unsigned n, void *arg)
{
    return visit_some(arg, batch, n, (struct way){true, false});
}

/* Completes the prefetched sessions and those still in the pipeline. */
static rst_always_inline int drain(struct visit *visit, struct way way)
{
    size_t step, n = visit->asked < FAR ? visit->asked : FAR, end;
    int stop = 0;

    for (step = visit->asked - n; step < visit->asked && !stop; step++)
        stop = arrive(visit, visit->far[step % FAR], way);
    end = visit->entered;
    for (step = end; step < end + (STAGES - 1) * AHEAD && !stop; step++)
        stop = way.may_know ? advance_unknown(visit, step, end) : advance(visit, step, end);
    return stop;
}

/* `known` is NULL where none may be known. */
static rst_always_inline int walk(struct roster *roster, rst_registry_fn *batch,
                                  rst_known_fn *known, roster_each_fn *fn, void *arg, char *room,
                                  size_t size)
{
    struct visit visit;
    int stop;

    visit.known = known;
    visit.fn = fn;
    visit.arg = arg;
    visit.room = room;
    visit.size = size;
    visit.asked = visit.entered = 0;
    if (!known)
        rst_rest_prepare(&visit.rest);
    stop = rst_registry_walk(&roster->registry, batch, &visit);
    return stop ? stop : drain(&visit, (struct way){known != NULL, false});
}

int rst_for_each(struct roster *roster, roster_each_fn *fn, void *arg, char *room, size_t size)
{
    return walk(roster, visit_batch, NULL, fn, arg, room, size);
}

int rst_for_each_whole(struct roster *roster, roster_each_fn *fn, void *arg, char *room,
                       size_t size)
{
    return walk(roster, visit_whole, NULL, fn, arg, room, size);
}

int rst_for_each_unknown(struct roster *roster, rst_known_fn *known, roster_each_fn *fn, void *arg,
                         char *room, size_t size)
{
    return walk(roster, visit_unknown, known, fn, arg, room, size);
}

int roster_for_each(struct roster *roster, roster_each_fn *fn, void *arg)
{
    char room[ROSTER_WALK_TEXT];

    if (!roster || !fn)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    return rst_for_each(roster, fn, arg, room, sizeof(room));
}
