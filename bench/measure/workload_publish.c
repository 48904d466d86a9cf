/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * publish: begin and finish, in one thread and in several that share no session.
 */
#include "floors.h"
#include "loops.h"
#include "workloads.h"

#define OWN_THREADS 2
#define OWN_SESSIONS_PER_THREAD 1000

struct publish {
    size_t threads;
    size_t sessions;
    struct world *world;
    struct floors *floors;
    struct slice alone;
    struct slice together;
    struct slice stores;
    struct slice exchange;
    struct slice exchange_together;
};

static int setup(struct bench *bench, struct publish *publish)
{
    size_t one = sizeof(struct floor_share);
    int err = world_create(bench->options, publish->sessions, publish->threads, 0, &publish->world);

    if (!err)
        err = floors_create(bench->options->random_order, publish->sessions, publish->threads,
                            &publish->floors);
    if (!err)
        err = bench_slice(bench, &publish->alone, loop_begin_finish, publish->world->shares,
                          sizeof(struct share), 1);
    if (!err)
        err = bench_slice(bench, &publish->together, loop_begin_finish, publish->world->shares,
                          sizeof(struct share), publish->threads);
    if (!err)
        err =
            bench_slice(bench, &publish->stores, floor_two_stores, publish->floors->shares, one, 1);
    if (!err)
        err = bench_slice(bench, &publish->exchange, floor_exchange_store, publish->floors->shares,
                          one, 1);
    if (!err)
        err = bench_slice(bench, &publish->exchange_together, floor_exchange_store,
                          publish->floors->shares, one, publish->threads);
    return err;
}

static void teardown(struct publish *publish)
{
    slice_free(&publish->alone);
    slice_free(&publish->together);
    slice_free(&publish->stores);
    slice_free(&publish->exchange);
    slice_free(&publish->exchange_together);
    floors_destroy(publish->floors);
    world_destroy(publish->world);
}

static int alone_row(struct bench *bench, struct publish *publish)
{
    size_t sessions = publish->sessions / publish->threads;
    struct row row;

    row_init(&row, "publish", "ns", "begin + finish, 1 thread, %zu sessions in turn", sessions);
    row_add(&row, "begin + finish", slice_sample, &publish->alone);
    row_add(&row, "floor: two stores", slice_sample, &publish->stores);
    row.floor = row_add(&row, "floor: exchange + store", slice_sample, &publish->exchange);
    row_judge(&row, row.floor, 1.0, 3.0);
    row_judge_only_if(&row, sessions == OWN_SESSIONS_PER_THREAD);
    return bench_row(bench, &row);
}

static int together_row(struct bench *bench, struct publish *publish, bool own_sizes)
{
    struct row row;
    int alone;

    row_init(&row, "publish-threads", "ns", "the same in %zu threads on disjoint sessions, each",
             publish->threads);
    row_add(&row, "begin + finish", slice_sample, &publish->together);
    alone = row_add(&row, "one thread alone", slice_sample, &publish->alone);
    row.floor = row_add(&row, "floor: exchange + store", slice_sample, &publish->exchange_together);
    row_judge(&row, alone, 1.05, 1.3);
    row_judge_only_if(&row, own_sizes && publish->threads <= runner_cpus(bench->runner));
    return bench_row(bench, &row);
}

int publish_run(struct bench *bench)
{
    const struct options *options = bench->options;
    size_t threads = size_of(options->threads, OWN_THREADS);
    size_t own_sessions = threads * OWN_SESSIONS_PER_THREAD;
    struct publish publish = {.threads = threads,
                              .sessions = size_of(options->sessions, own_sessions)};
    bool own_sizes = threads == OWN_THREADS && publish.sessions == own_sessions;
    int err = setup(bench, &publish);

    if (!err)
        err = alone_row(bench, &publish);
    if (!err && threads > 1)
        err = together_row(bench, &publish, own_sizes);
    teardown(&publish);
    return err;
}
