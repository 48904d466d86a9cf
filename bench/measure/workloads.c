/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The table of workloads, and what they share.
 */
#include "workloads.h"

#include "complain.h"

#include <stdlib.h>

const struct workload workloads[] = {
    {"canary", "does the harness itself scale: threads that share nothing", canary_run},
    {"publish", "begin and finish a transaction, in one thread and in several", publish_run},
    {"statement", "begin and end a statement with text", statement_run},
    {"scan", "the minimum of many open transactions", scan_run},
    {"list", "enumerate all sessions and read all of each view", list_run},
    {"churn", "open and close a session beside many others", churn_run},
    {"mixed", "begin and finish beside a syncer and a lister", mixed_run},
    {"memory", "bytes per idle session", memory_run},
};
const size_t n_workloads = sizeof(workloads) / sizeof(*workloads);

size_t size_of(size_t asked, size_t own)
{
    return asked ? asked : own;
}

void bench_row(struct bench *bench, struct row *row)
{
    row_measure(row, bench->options->rounds);
    report_row(bench->report, row);
}

static void *own(struct bench *bench, void *object, void (*destroy)(void *object))
{
    bench->owned[bench->n_owned].object = object;
    bench->owned[bench->n_owned++].destroy = destroy;
    return object;
}

void bench_clear(struct bench *bench)
{
    while (bench->n_owned) {
        bench->n_owned--;
        bench->owned[bench->n_owned].destroy(bench->owned[bench->n_owned].object);
    }
}

struct world *bench_world(struct bench *bench, size_t sessions, size_t threads, size_t text)
{
    return own(bench, world_create(bench->options, sessions, threads, text), world_destroy);
}

struct floors *bench_floors(struct bench *bench, size_t records, size_t threads)
{
    return own(bench, floors_create(bench->options->random_order, records, threads),
               floors_destroy);
}

struct slice *bench_slice(struct bench *bench, size_t n)
{
    struct slice *slice =
        own(bench, must_have(calloc(1, sizeof(*slice) + n * sizeof(*slice->jobs))), free);

    slice->runner = bench->runner;
    slice->seconds = bench->options->seconds;
    slice->per = 1;
    return slice;
}

void slice_add(struct slice *slice, job_fn *fn, void *arg, size_t cpu, bool measured)
{
    slice->jobs[slice->n_jobs++] = (struct job){fn, arg, cpu, measured};
}

struct slice *bench_job(struct bench *bench, job_fn *fn, void *arg)
{
    struct slice *slice = bench_slice(bench, 1);

    slice_add(slice, fn, arg, 0, true);
    return slice;
}

struct slice *bench_jobs(struct bench *bench, job_fn *fn, struct world *world, size_t n)
{
    struct slice *slice = bench_slice(bench, n);
    size_t i;

    for (i = 0; i < n; i++)
        slice_add(slice, fn, &world->shares[i], i, true);
    return slice;
}

struct slice *bench_floor_jobs(struct bench *bench, job_fn *fn, struct floors *floors, size_t n)
{
    struct slice *slice = bench_slice(bench, n);
    size_t i;

    for (i = 0; i < n; i++)
        slice_add(slice, fn, &floors->shares[i], i, true);
    return slice;
}

struct slice *bench_walk(struct bench *bench, size_t bytes)
{
    return bench_job(bench, floor_walk_job,
                     own(bench, floor_walk_create(bytes), floor_walk_destroy));
}
