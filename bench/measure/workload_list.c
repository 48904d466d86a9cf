/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * list: enumerate all sessions and read all of each view, its statement and its identity.
 *
 * The figure is that of a roster in which sessions have come and gone at random, so that views and
 * identities are not in the order of the sessions; beside it one in which all are as they were
 * opened.
 */
#include "floors.h"
#include "loops.h"
#include "workloads.h"

#define OWN_SESSIONS 100000
#define BUSY 10 /* every tenth session has a transaction, every tenth runs a statement */

/* What a walk has to read of a session: itself, its view, and the identity's line. */
#define BYTES_EACH (FLOOR_RECORD_BYTES + 64 + 64)

struct list {
    size_t sessions;
    size_t open;
    struct world *aged;
    struct world *fresh;
    struct floor_walk walk;
    struct slice aged_list;
    struct slice fresh_list;
    struct slice walking;
};

static int list_world(struct bench *bench, const struct list *it, bool age, struct world **world,
                      struct slice *slice)
{
    const struct options *options = bench->options;
    size_t text = options->text_given ? options->text : 64;
    int err = world_create(options, it->sessions, size_of(options->threads, 1), text, world);

    if (!err && age)
        err = world_age(*world);
    if (!err)
        err = world_begin(*world, bench->runner, it->open);
    if (!err)
        err = world_state(*world, BUSY);
    if (!err)
        err = bench_slice(bench, slice, loop_list, *world, 0, 1);
    slice->per = (double)it->sessions;
    return err;
}

static int setup(struct bench *bench, struct list *it)
{
    int err = list_world(bench, it, true, &it->aged, &it->aged_list);

    if (!err)
        err = list_world(bench, it, false, &it->fresh, &it->fresh_list);
    if (!err)
        err = floor_walk_create(it->sessions * BYTES_EACH, &it->walk);
    if (!err)
        err = bench_slice(bench, &it->walking, floor_walk_job, &it->walk, 0, 1);
    it->walking.per = (double)it->sessions;
    return err;
}

int list_run(struct bench *bench)
{
    const struct options *options = bench->options;
    struct list it = {.sessions = size_of(options->sessions, OWN_SESSIONS)};
    struct row row;
    int err;

    it.open = size_of(options->open, it.sessions / BUSY);
    err = setup(bench, &it);
    if (!err) {
        row_init(&row, "list", "ns", "enumerate %zu sessions, %zu open transactions, each session",
                 it.sessions, it.open);
        row_add(&row, "enumerate", slice_sample, &it.aged_list);
        row.floor = row_add(&row, "floor: walk of 256 bytes each", slice_sample, &it.walking);
        row_add(&row, "no session ever closed", slice_sample, &it.fresh_list);
        row_judge(&row, FIGURE, 20, 50);
        row_judge_only_if(&row, it.sessions == OWN_SESSIONS);
        err = bench_row(bench, &row);
    }
    slice_free(&it.aged_list);
    slice_free(&it.fresh_list);
    slice_free(&it.walking);
    floor_walk_destroy(&it.walk);
    world_destroy(it.fresh);
    world_destroy(it.aged);
    return err;
}
