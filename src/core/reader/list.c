/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Walking the sessions.
 *
 * With many sessions every line that is read is a cache miss: the session's first, its view, its
 * identity, its statement. None of them can be asked for before the one that leads to it is there,
 * but those of different sessions can. So sessions go through a pipeline, one stage every AHEAD
 * sessions:
 *
 *     1 ask for the session       2 read its view pointer, ask for the view
 *     3 read what the view leads to, ask for that       4 look, and visit
 *
 * Where sessions may be known, 2 leaves out those that lead to the idle view in their home: it
 * never changes, so its address says what it shows, and its line is not read. What the others wait
 * for is asked for in 3, 4 leaves out those that are known, and asks for the rest of the others,
 * which 5 looks at.
 *
 * The look begins with the view that 2 has found, and with another one only if that is over:
 * its life, or its publication. What 3 asks for is only asked for, so it need not be anything.
 */
#include "core/reader/list.h"

#include "core/base/process.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

/* Sessions between two stages: more than the latency of memory takes to visit, and few enough that
 * the processor can have all their lines under way at once. */
#define AHEAD ((size_t)8)
#define STAGES 5
#define RING ((size_t)64)

_Static_assert(RING >= (STAGES - 1) * AHEAD + 1, "the ring holds the whole pipeline");

struct ahead {
    const struct roster_session *session;
    const struct roster_shown *view;
};

struct visit {
    const struct rst_graced *sessions;
    rst_known_fn *known;
    roster_each_fn *fn;
    void *arg;
    char *room; /* for a statement's text */
    size_t size;
    struct roster_copy copy;
    size_t entered; /* sessions that entered the pipeline so far */
    struct ahead ring[RING];
};

static inline void prefetch_two_lines(const void *address)
{
    rst_prefetch(address);
    rst_prefetch((const char *)address + RST_CACHE_LINE);
}

static inline void stage_view(struct ahead *ahead)
{
    ahead->view = rst_dereference(&ahead->session->view); /* a: pairs with rst_view_publish() */
    rst_prefetch(ahead->view);
}

/* NULL: known. The address is enough, so nothing is read through it. */
static inline void stage_known(const struct visit *visit, struct ahead *ahead)
{
    if (rst_load(&ahead->session->view) ==
        &rst_session_home(visit->sessions, ahead->session)->idle) {
        ahead->session = NULL;
        return;
    }
    stage_view(ahead);
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
static inline struct ahead *turn(struct visit *visit, size_t step, size_t stages)
{
    step -= stages * AHEAD;
    return rst_likely(step < visit->entered) ? &visit->ring[step % RING] : NULL;
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
static rst_always_inline int advance(struct visit *visit, size_t step)
{
    struct ahead *now = turn(visit, step, 1);

    if (now)
        stage_view(now);
    now = turn(visit, step, 2);
    if (now)
        stage_details(now);
    now = turn(visit, step, 3);
    return now ? stage_look(visit, now) : 0;
}

/* The same where sessions may be known; those that are leave the pipeline. */
static rst_always_inline int advance_unknown(struct visit *visit, size_t step)
{
    struct ahead *now = turn(visit, step, 1);

    if (now)
        stage_known(visit, now);
    now = turn(visit, step, 2);
    if (now && now->session)
        stage_side(now);
    now = turn(visit, step, 3);
    if (now && now->session && visit->known(now->session, now->view, visit->arg))
        now->session = NULL;
    else if (now && now->session)
        stage_details(now);
    now = turn(visit, step, 4);
    return now && now->session ? stage_look(visit, now) : 0;
}

static rst_always_inline int visit_some(struct visit *visit, struct roster_session *const *batch,
                                        unsigned n, bool may_know)
{
    unsigned i;
    int stop = 0;

    for (i = 0; i < n && !stop; i++) {
        size_t step = visit->entered++;

        visit->ring[step % RING].session = batch[i];
        rst_prefetch(batch[i]);
        if (may_know)
            rst_prefetch(&batch[i]->side);
        stop = may_know ? advance_unknown(visit, step) : advance(visit, step);
    }
    return stop;
}

static int visit_batch(struct roster_session *const *batch, unsigned n, void *arg)
{
    return visit_some(arg, batch, n, false);
}

static int visit_unknown(struct roster_session *const *batch, unsigned n, void *arg)
{
    return visit_some(arg, batch, n, true);
}

/* Lets those through that are still in the pipeline. */
static rst_always_inline int drain(struct visit *visit, bool may_know)
{
    size_t step;
    int stop = 0;

    for (step = visit->entered; step < visit->entered + (may_know ? 4 : 3) * AHEAD && !stop; step++)
        stop = may_know ? advance_unknown(visit, step) : advance(visit, step);
    return stop;
}

int rst_for_each(struct roster *roster, roster_each_fn *fn, void *arg, char *room, size_t size)
{
    struct visit visit;
    int stop;

    visit.fn = fn;
    visit.arg = arg;
    visit.room = room;
    visit.size = size;
    visit.entered = 0;
    stop = rst_registry_walk(&roster->registry, visit_batch, &visit);
    return stop ? stop : drain(&visit, false);
}

int rst_for_each_unknown(struct roster *roster, rst_known_fn *known, roster_each_fn *fn, void *arg,
                         char *room, size_t size)
{
    struct visit visit;
    int stop;

    visit.sessions = roster->registry.pool;
    visit.known = known;
    visit.fn = fn;
    visit.arg = arg;
    visit.room = room;
    visit.size = size;
    visit.entered = 0;
    stop = rst_registry_walk(&roster->registry, visit_unknown, &visit);
    return stop ? stop : drain(&visit, true);
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
