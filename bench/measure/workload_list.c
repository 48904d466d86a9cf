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
#include "loops.h"
#include "workloads.h"

#define OWN_SESSIONS 100000
#define BUSY 10 /* every tenth session has a transaction, every tenth runs a statement */

/* What a walk has to read of a session: itself, its view, and the identity's line. */
#define BYTES_EACH (FLOOR_RECORD_BYTES + 64 + 64)

static struct slice *list(struct bench *bench, size_t sessions, size_t open, bool age)
{
    const struct options *options = bench->options;
    struct world *world = bench_world(bench, sessions, size_of(options->threads, 1),
                                      options->text_given ? options->text : 64);
    struct slice *slice = bench_job(bench, loop_list, world);

    if (age)
        world_age(world);
    world_begin(world, bench->runner, open);
    world_state(world, BUSY);
    slice->per = (double)sessions;
    return slice;
}

void list_run(struct bench *bench)
{
    size_t sessions = size_of(bench->options->sessions, OWN_SESSIONS);
    size_t open = size_of(bench->options->open, sessions / BUSY);
    struct slice *aged = list(bench, sessions, open, true);
    struct slice *fresh = list(bench, sessions, open, false);
    struct slice *walk = bench_walk(bench, sessions * BYTES_EACH);
    struct row row;

    walk->per = (double)sessions;
    row_init(&row, "list", "ns", "enumerate %zu sessions, %zu open transactions, each session",
             sessions, open);
    row_add(&row, "enumerate", slice_sample, aged);
    row.floor = row_add(&row, "floor: walk of 256 bytes each", slice_sample, walk);
    row_add(&row, "no session ever closed", slice_sample, fresh);
    row_judge(&row, FIGURE, 20, 50);
    row.judged = sessions == OWN_SESSIONS;
    bench_row(bench, &row);
}
