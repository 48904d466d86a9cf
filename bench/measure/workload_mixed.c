/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * mixed: committers beside those who look at them from another processor, against the same
 * committers undisturbed.
 *
 * A line that another processor has read costs its owner a transfer at the next write, whatever
 * the design. Of the 10 000 sessions that are listed a committer uses 1 000, as in publish, so that
 * it comes by a session more often than the lister does; mixed-lister-all is the worst case, where
 * every session is in use and the lister has been at each of them. The floors beside it
 * tell what these transfers cost two stores that can be under way together, and an exchange that
 * waits for each.
 */
#include "loops.h"
#include "workloads.h"

#include <stdio.h>

#define OWN_THREADS 1
#define OWN_SESSIONS 10000
#define OWN_ACTIVE 1000
#define MAX_BESIDE 4

/* Lists every 100 ms need some time to be had. */
#define MIN_SECONDS 0.5

static const struct {
    enum beside bit;
    job_fn *fn;
    const char *name;
} besides[MAX_BESIDE] = {
    {BESIDE_SYNCER, loop_scan_every_10_ms, "a syncer every 10 ms"},
    {BESIDE_LISTER, loop_list_every_100_ms, "a lister every 100 ms"},
    {BESIDE_LISTER_FLAT, loop_list, "a lister flat out"},
    {BESIDE_SCANNER_FLAT, loop_scan, "a scanner flat out"},
};

/* A floor's jobs beside someone who reads the same records without pause. */
static struct slice *read_floor(struct bench *bench, job_fn *fn, struct floors *floors,
                                double seconds)
{
    struct slice *slice = bench_slice(bench, floors->n_shares + 1);
    size_t i;

    for (i = 0; i < floors->n_shares; i++)
        slice_add(slice, fn, &floors->shares[i], i, true);
    slice_add(slice, floor_read_records, floors, runner_cpus(bench->runner) - 1, false);
    slice->seconds = seconds;
    return slice;
}

/* The committers, and after them those beside, on the last processor. */
static struct slice *disturbed(struct bench *bench, struct world *world, unsigned beside,
                               double seconds)
{
    struct slice *slice = bench_slice(bench, world->n_shares + MAX_BESIDE);
    size_t i;

    for (i = 0; i < world->n_shares; i++)
        slice_add(slice, loop_begin_finish, &world->shares[i], i, true);
    for (i = 0; i < MAX_BESIDE; i++)
        if (beside & besides[i].bit)
            slice_add(slice, besides[i].fn, world, runner_cpus(bench->runner) - 1, false);
    slice->seconds = seconds;
    return slice;
}

static void say_beside(unsigned beside, char *out, size_t size)
{
    size_t i, used = 0;

    for (i = 0; i < MAX_BESIDE && used < size; i++)
        if (beside & besides[i].bit)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " and " : "",
                                     besides[i].name);
}

/* `active`: the sessions that each thread uses. */
static void measure(struct bench *bench, size_t active, const char *name, unsigned beside,
                    double aim, double must)
{
    const struct options *options = bench->options;
    size_t threads = size_of(options->threads, OWN_THREADS);
    size_t sessions = size_of(options->sessions, OWN_SESSIONS);
    struct world *world = bench_world(bench, sessions, threads, 0);
    struct floors *floors = bench_floors(bench, sessions, threads);
    struct slice *alone = bench_jobs(bench, loop_begin_finish, world, threads);
    double seconds = options->seconds;
    char who[120] = "";
    struct row row;
    int quiet;

    world_limit(world, active);
    floors_limit(floors, active);
    if (beside & BESIDE_LISTER && seconds < MIN_SECONDS)
        seconds = MIN_SECONDS;
    alone->seconds = seconds;
    say_beside(beside, who, sizeof(who));
    row_init(&row, name, "ns", "begin + finish, %zu thread%s, %zu of %zu sessions, beside %s",
             threads, threads > 1 ? "s" : "", world->shares->to, sessions, who);
    row_add(&row, "begin + finish", slice_sample, disturbed(bench, world, beside, seconds));
    quiet = row_add(&row, "the same undisturbed", slice_sample, alone);
    row.floor = row_add(&row, "floor: exchange + store", slice_sample,
                        bench_floor_jobs(bench, floor_exchange_store, floors, threads));
    if (beside & BESIDE_LISTER_FLAT) {
        row_add(&row, "floor: two stores, all being read", slice_sample,
                read_floor(bench, floor_two_stores, floors, seconds));
        row_add(&row, "floor: exchange, all being read", slice_sample,
                read_floor(bench, floor_exchange_store, floors, seconds));
    }
    if (must > 0)
        row_judge(&row, quiet, aim, must);
    row.judged = threads == OWN_THREADS && sessions == OWN_SESSIONS && active == OWN_ACTIVE &&
                 runner_cpus(bench->runner) > threads;
    bench_row(bench, &row);
    bench_clear(bench);
}

void mixed_run(struct bench *bench)
{
    const struct options *options = bench->options;
    size_t active = size_of(options->active, OWN_ACTIVE);

    if (options->beside) {
        measure(bench, active, "mixed", options->beside, 0, 0);
        return;
    }
    measure(bench, active, "mixed", BESIDE_SYNCER | BESIDE_LISTER, 1.05, 1.3);
    measure(bench, active, "mixed-lister", BESIDE_LISTER_FLAT, 2, 4);
    if (!options->active)
        measure(bench, SIZE_MAX, "mixed-lister-all", BESIDE_LISTER_FLAT, 0, 0);
}
