/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * scan: the minimum of many open transactions, and whether it depends on the number of sessions.
 */
#include "loops.h"
#include "workloads.h"

#define OWN_THREADS 8

static struct slice *scan(struct bench *bench, size_t sessions, size_t threads, size_t open)
{
    struct world *world = bench_world(bench, sessions, threads, 0);
    struct slice *slice = bench_job(bench, loop_scan, world);

    world_begin(world, bench->runner, open);
    slice->per = 1000; /* microseconds */
    return slice;
}

/* With `few`, beside a world with that number of sessions. */
static void measure(struct bench *bench, const char *name, size_t sessions, size_t open, size_t few,
                    double aim, double must)
{
    const struct options *options = bench->options;
    size_t threads = size_of(options->threads, OWN_THREADS);
    struct slice *walk = bench_walk(bench, open * sizeof(uint64_t));
    struct row row;
    int with_few;

    walk->per = 1000;
    row_init(&row, name, "us", "minimum, %zu sessions, %zu open transactions of %zu threads",
             sessions, open, threads);
    row_add(&row, "minimum", slice_sample, scan(bench, sessions, threads, open));
    row.floor = row_add(&row, "floor: walk of 8 bytes each", slice_sample, walk);
    row_judge(&row, FIGURE, aim, must);
    if (few) {
        with_few =
            row_add(&row, "with 1000 sessions", slice_sample, scan(bench, few, threads, open));
        row_judge(&row, with_few, 0, 1.2);
    }
    row.judged = !options->sessions && !options->open && threads == OWN_THREADS;
    bench_row(bench, &row);
    bench_clear(bench);
}

void scan_run(struct bench *bench)
{
    const struct options *options = bench->options;
    size_t sessions = size_of(options->sessions, 1000000), open = size_of(options->open, 1000);

    if (open > sessions)
        open = sessions;
    measure(bench, "scan", sessions, open, open <= 1000 ? 1000 : 0, 3, 10);
    if (!options->sessions && !options->open)
        measure(bench, "scan-open", 100000, 100000, 0, 60, 200);
}
