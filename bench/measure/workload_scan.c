/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * scan: the minimum of many open transactions, and whether it depends on the number of sessions.
 */
#include "floors.h"
#include "loops.h"
#include "workloads.h"

#define OWN_THREADS 8

struct scan {
    size_t threads;
    size_t sessions;
    size_t open;
    size_t few; /* sessions of the world to compare with; 0: none */
    struct world *world;
    struct world *few_world;
    struct floor_walk walk;
    struct slice scan;
    struct slice few_scan;
    struct slice walking;
};

static int scan_world(struct bench *bench, const struct scan *it, size_t sessions,
                      struct world **world, struct slice *slice)
{
    int err = world_create(bench->options, sessions, it->threads, 0, world);

    if (!err)
        err = world_begin(*world, bench->runner, it->open);
    if (!err)
        err = bench_slice(bench, slice, loop_scan, *world, 0, 1);
    slice->per = 1000; /* microseconds */
    return err;
}

static int setup(struct bench *bench, struct scan *it)
{
    int err = scan_world(bench, it, it->sessions, &it->world, &it->scan);

    if (!err && it->few)
        err = scan_world(bench, it, it->few, &it->few_world, &it->few_scan);
    if (!err)
        err = floor_walk_create(it->open * sizeof(uint64_t), &it->walk);
    if (!err)
        err = bench_slice(bench, &it->walking, floor_walk_job, &it->walk, 0, 1);
    it->walking.per = 1000;
    return err;
}

static void teardown(struct scan *it)
{
    slice_free(&it->scan);
    slice_free(&it->few_scan);
    slice_free(&it->walking);
    floor_walk_destroy(&it->walk);
    world_destroy(it->few_world);
    world_destroy(it->world);
}

static int measure(struct bench *bench, struct scan *it, const char *name, double aim, double must,
                   bool own_sizes)
{
    struct row row;
    int few, err = setup(bench, it);

    if (!err) {
        row_init(&row, name, "us", "minimum, %zu sessions, %zu open transactions of %zu threads",
                 it->sessions, it->open, it->threads);
        row_add(&row, "minimum", slice_sample, &it->scan);
        row.floor = row_add(&row, "floor: walk of 8 bytes each", slice_sample, &it->walking);
        row_judge(&row, FIGURE, aim, must);
        if (it->few) {
            few = row_add(&row, "with 1000 sessions", slice_sample, &it->few_scan);
            row_judge(&row, few, 0, 1.2);
        }
        row_judge_only_if(&row, own_sizes);
        err = bench_row(bench, &row);
    }
    teardown(it);
    return err;
}

int scan_run(struct bench *bench)
{
    const struct options *options = bench->options;
    size_t threads = size_of(options->threads, OWN_THREADS);
    bool own_sizes = !options->sessions && !options->open && threads == OWN_THREADS;
    struct scan first = {.threads = threads,
                         .sessions = size_of(options->sessions, 1000000),
                         .open = size_of(options->open, 1000)};
    struct scan second = {.threads = threads, .sessions = 100000, .open = 100000};
    int err;

    if (first.open > first.sessions)
        first.open = first.sessions;
    if (first.open <= 1000)
        first.few = 1000;
    err = measure(bench, &first, "scan", 3, 10, own_sizes);
    if (!err && !options->sessions && !options->open)
        err = measure(bench, &second, "scan-open", 60, 200, own_sizes);
    return err;
}
