/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * How many sessions wait for another one, and what blocks most of those that have for long. Only
 * sessions with a side are looked at: the others have never waited.
 */
#include "core/base/process.h"
#include "core/base/struct_size.h"
#include "core/roster/block.h"
#include "core/roster/roster.h"
#include "core/roster/wait_events.h"

#include <roster/list.h>
#include <string.h>

#define ROOTS 64

/* A session that others wait for in the end; id 0: a circle. */
struct root {
    uint64_t id;
    uint64_t waiting;
    uint64_t since; /* of the longest of these waits */
    bool gone;
};

struct walk {
    struct roster *roster;
    uint64_t latest; /* a wait that began later is too short */
    struct roster_blocking found;
    struct root roots[ROOTS];
    unsigned used;
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

static void add_long(struct walk *walk, const struct roster_session *session,
                     const struct rst_blocked *blocked)
{
    uint64_t began = blocked->word & ~RST_WAIT_LOW, id = blocked->block.holder_id;
    const struct roster_session *holder = rst_block_holder(walk->roster, blocked), *end;
    struct root *root;
    uint32_t depth;

    if (holder) {
        end = rst_block_root(walk->roster, session, holder, &depth);
        id = end ? roster_session_id(end) : 0;
    }
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
    walk->latest = min_ms < now / 1000000 ? now - min_ms * 1000000 : 0;
    (void)rst_registry_walk(&walk->roster->registry, add_batch, walk);
    roster_read_unlock(walk->roster);
    name_root(walk);
    return 0;
}

int roster_blocking(struct roster *roster, uint64_t min_ms, struct roster_blocking *blocking)
{
    struct walk walk;
    int err;

    if (!roster || !blocking)
        return -EINVAL;
    err = rst_struct_check(blocking, sizeof(walk.found), sizeof(walk.found));
    if (!err && rst_process_is_other(roster->process))
        err = -ECHILD;
    if (err)
        return err;
    memset(&walk.found, 0, sizeof(walk.found));
    walk.roster = roster;
    walk.used = 0;
    if (rst_load(&roster->blocks))
        err = walk_all(&walk, min_ms);
    if (!err)
        rst_struct_put(blocking, &walk.found, sizeof(walk.found));
    return err;
}
