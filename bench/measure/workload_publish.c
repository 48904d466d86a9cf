/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * publish: begin and finish, in one thread and in several that share no session.
 */
#include "loops.h"
#include "workloads.h"

#define OWN_THREADS 2
#define OWN_SESSIONS_PER_THREAD 1000

void publish_run(struct bench *bench)
{
    size_t threads = size_of(bench->options->threads, OWN_THREADS);
    size_t own_sessions = threads * OWN_SESSIONS_PER_THREAD;
    size_t sessions = size_of(bench->options->sessions, own_sessions);
    struct world *world = bench_world(bench, sessions, threads, 0);
    struct floors *floors = bench_floors(bench, sessions, threads);
    struct slice *alone = bench_jobs(bench, loop_begin_finish, world, 1);
    struct row row;
    int beside;

    row_init(&row, "publish", "ns", "begin + finish, 1 thread, %zu sessions in turn",
             sessions / threads);
    row_add(&row, "begin + finish", slice_sample, alone);
    row_add(&row, "floor: two stores", slice_sample,
            bench_floor_jobs(bench, floor_two_stores, floors, 1));
    row.floor = row_add(&row, "floor: exchange + store", slice_sample,
                        bench_floor_jobs(bench, floor_exchange_store, floors, 1));
    row_judge(&row, row.floor, 1.0, 3.0);
    row.judged = sessions / threads == OWN_SESSIONS_PER_THREAD;
    bench_row(bench, &row);
    if (threads == 1)
        return;

    row_init(&row, "publish-threads", "ns", "the same in %zu threads on disjoint sessions, each",
             threads);
    row_add(&row, "begin + finish", slice_sample,
            bench_jobs(bench, loop_begin_finish, world, threads));
    beside = row_add(&row, "one thread alone", slice_sample, alone);
    row.floor = row_add(&row, "floor: exchange + store", slice_sample,
                        bench_floor_jobs(bench, floor_exchange_store, floors, threads));
    row_judge(&row, beside, 1.05, 1.3);
    row.judged =
        threads == OWN_THREADS && sessions == own_sessions && threads <= runner_cpus(bench->runner);
    bench_row(bench, &row);
}
