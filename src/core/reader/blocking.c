/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The number of sessions that wait for another one, and what blocks most of those that have waited
 * long. Only sessions with a side are examined; the others have never waited. If each session of a
 * queue waits for the one before it, no part of that chain is followed repeatedly: a small table
 * keeps the ends of chains that were followed.
 */
#include "core/base/struct_size.h"
#include "core/roster/block.h"
#include "core/roster/roster.h"
#include "core/roster/wait_events.h"

#include <string.h>

#define ROOTS 64
#define KNOWN 1024 /* a power of two */
#define MARKS 64
#define STEPS_MOST (UINT32_C(1) << 18)

/* A session that others wait for in the end; id 0: a circle. */
struct root {
    uint64_t id;
    uint64_t waiting;
    uint64_t since; /* of the longest of these waits */
    bool gone;
};

/* Where the waits of a session end. */
struct known {
    const struct roster_session *session;
    uint64_t root; /* 0: in a circle */
};

struct walk {
    struct roster *roster;
    uint64_t latest; /* a wait that began later is too short */
    struct roster_blocking found;
    struct root roots[ROOTS];
    unsigned used;
    uint32_t steps; /* waits that were followed */
    struct known known[KNOWN];
};

/* The root's place; NULL: it is not among those that there is room for. */
static struct root *root_place(struct walk *walk, uint64_t id, bool gone)
{
    unsigned n;

    for (n = 0; n < walk->used; n++)
        if (walk->roots[n].id == id && walk->roots[n].gone == gone)
            return &walk->roots[n];
    if (n == ROOTS)
        return NULL;
    walk->used++;
    walk->roots[n] = (struct root){.id = id, .gone = gone};
    return &walk->roots[n];
}

static void add_since(uint64_t *since, uint64_t began)
{
    if (!*since || began < *since)
        *since = began;
}

static struct known *known_place(struct walk *walk, const struct roster_session *session)
{
    return &walk->known[((uintptr_t)session / sizeof(*session)) & (KNOWN - 1)];
}

/* Some sessions of a chain, evenly spread: what the next one joins is not followed to its end. */
struct marks {
    const struct roster_session *at[MARKS];
    uint32_t count, stride;
};

static void mark(struct marks *marks, const struct roster_session *at, uint32_t step)
{
    uint32_t n;

    if (step % marks->stride)
        return;
    if (marks->count == MARKS) {
        for (n = 0; n < MARKS / 2; n++)
            marks->at[n] = marks->at[2 * n + 1];
        marks->count = MARKS / 2;
        marks->stride *= 2;
    }
    marks->at[marks->count++] = at;
}

/* The id of the session at the end of the waits from the holder on; 0: there is none. */
static uint64_t follow(struct walk *walk, const struct roster_session *session,
                       const struct roster_session *holder, struct marks *marks)
{
    const struct roster_session *at = holder, *next, *seen = session;
    const struct known *known;
    struct rst_blocked blocked;
    uint32_t steps;

    for (steps = 1; walk->steps < STEPS_MOST; steps++) {
        known = known_place(walk, at);
        if (known->session == at)
            return known->root;
        walk->steps++;
        next = rst_block_read(at, &blocked) ? rst_block_holder(walk->roster, &blocked) : NULL;
        if (!next)
            return roster_session_id(at);
        if (next == session || next == seen)
            return 0;
        if (!(steps & (steps - 1))) /* finds a circle that the session is not in */
            seen = next;
        mark(marks, at, steps);
        at = next;
    }
    return 0;
}

static uint64_t end_of(struct walk *walk, const struct roster_session *session,
                       const struct roster_session *holder)
{
    struct marks marks = {.stride = 1};
    uint64_t root = follow(walk, session, holder, &marks);

    while (marks.count) {
        const struct roster_session *marked = marks.at[--marks.count];

        *known_place(walk, marked) = (struct known){marked, root};
    }
    *known_place(walk, session) = (struct known){session, root};
    return root;
}

static void add_long(struct walk *walk, const struct roster_session *session,
                     const struct rst_blocked *blocked)
{
    uint64_t began = blocked->word & ~RST_WAIT_LOW, id = blocked->block.holder_id;
    const struct roster_session *holder = rst_block_holder(walk->roster, blocked);
    struct root *root;

    if (holder)
        id = end_of(walk, session, holder);
    walk->found.waiting_long++;
    add_since(&walk->found.since, began);
    root = root_place(walk, id, !holder);
    if (!root)
        return;
    root->waiting++;
    add_since(&root->since, began);
}

static int add_batch(struct roster_session *const *batch, unsigned n, void *arg)
{
    struct walk *walk = arg;
    struct rst_blocked blocked;
    unsigned i;

    for (i = 0; i < n; i++)
        rst_prefetch(rst_load(&batch[i]->side));
    for (i = 0; i < n; i++) {
        if (!rst_block_read(batch[i], &blocked))
            continue;
        walk->found.waiting++;
        if ((blocked.word & ~RST_WAIT_LOW) <= walk->latest)
            add_long(walk, batch[i], &blocked);
    }
    return 0;
}

/* Of roots with as many the one with the longest wait. */
static void name_root(struct walk *walk)
{
    const struct root *best = NULL, *root;

    for (root = walk->roots; root < walk->roots + walk->used; root++)
        if (!best || root->waiting > best->waiting ||
            (root->waiting == best->waiting && root->since < best->since))
            best = root;
    if (!best)
        return;
    walk->found.root_blocker = best->id;
    walk->found.root_waiting = best->waiting;
    walk->found.root_since = best->since;
    walk->found.root_is_gone = best->gone;
}

static int walk_all(struct walk *walk, uint64_t min_ms)
{
    uint64_t now = rst_ticker_now(&walk->roster->ticker);
    int err = roster_read_lock(walk->roster);

    if (err)
        return err;
    walk->used = walk->steps = 0;
    memset(walk->known, 0, sizeof(walk->known));
    walk->latest = min_ms < now / 1000000 ? now - min_ms * 1000000 : 0;
    (void)rst_registry_walk(&walk->roster->registry, add_batch, walk);
    roster_read_unlock(walk->roster);
    name_root(walk);
    return 0;
}

int roster_blocking(struct roster *roster, uint64_t min_ms, struct roster_blocking *blocking)
{
    struct walk walk;
    int err = rst_result_check(roster, blocking, sizeof(*blocking));

    if (err)
        return err;
    memset(&walk.found, 0, sizeof(walk.found));
    walk.roster = roster;
    if (rst_load(&roster->blocks))
        err = walk_all(&walk, min_ms);
    if (!err)
        rst_struct_put(blocking, &walk.found, sizeof(walk.found));
    return err;
}
