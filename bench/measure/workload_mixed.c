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
#include "floors.h"
#include "loops.h"
#include "workloads.h"

#include <stdio.h>

#define OWN_THREADS 1
#define OWN_SESSIONS 10000
#define OWN_ACTIVE 1000
#define MAX_BESIDE 4

/* Lists every 100 ms need some time to be had. */
#define MIN_SECONDS 0.5

struct mixed {
    size_t threads;
    size_t sessions;
    size_t active; /* of each thread */
    struct world *world;
    struct floors *floors;
    struct slice quiet;
    struct slice exchange;
};

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

static int setup(struct bench *bench, struct mixed *it)
{
    int err = world_create(bench->options, it->sessions, it->threads, 0, &it->world);

    if (!err)
        err = floors_create(bench->options->random_order, it->sessions, it->threads, &it->floors);
    if (!err) {
        world_limit(it->world, it->active);
        floors_limit(it->floors, it->active);
    }
    if (!err)
        err = bench_slice(bench, &it->quiet, loop_begin_finish, it->world->shares,
                          sizeof(struct share), it->threads);
    if (!err)
        err = bench_slice(bench, &it->exchange, floor_exchange_store, it->floors->shares,
                          sizeof(struct floor_share), it->threads);
    return err;
}

/* A floor's jobs beside someone who reads the same records without pause. */
static int read_slice(struct bench *bench, struct mixed *it, job_fn *fn, struct slice *slice)
{
    size_t i, n = it->threads;
    int err = slice_init(slice, bench->runner, it->quiet.seconds, n + 1);

    if (err)
        return err;
    for (i = 0; i < n; i++)
        slice->jobs[i] = (struct job){fn, &it->floors->shares[i], i, true};
    slice->jobs[n] =
        (struct job){floor_read_records, it->floors, runner_cpus(bench->runner) - 1, false};
    return 0;
}

/* The committers again, and after them those beside, on the last processor. */
static int disturbed_slice(struct bench *bench, struct mixed *it, unsigned beside,
                           struct slice *slice)
{
    size_t i, n = it->threads;
    double seconds = bench->options->seconds;
    int err;

    if (beside & BESIDE_LISTER && seconds < MIN_SECONDS)
        seconds = MIN_SECONDS;
    it->quiet.seconds = seconds;
    err = slice_init(slice, bench->runner, seconds, n + MAX_BESIDE);
    if (err)
        return err;
    for (i = 0; i < n; i++)
        slice->jobs[i] = it->quiet.jobs[i];
    for (i = 0; i < MAX_BESIDE; i++)
        if (beside & besides[i].bit)
            slice->jobs[n++] =
                (struct job){besides[i].fn, it->world, runner_cpus(bench->runner) - 1, false};
    slice->n_jobs = n;
    return 0;
}

static void say_beside(unsigned beside, char *out, size_t size)
{
    size_t i, used = 0;

    for (i = 0; i < MAX_BESIDE && used < size; i++)
        if (beside & besides[i].bit)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " and " : "",
                                     besides[i].name);
}

static int measure(struct bench *bench, struct mixed *it, const char *name, unsigned beside,
                   double aim, double must)
{
    struct slice disturbed, stores = {.jobs = NULL}, exchange = {.jobs = NULL};
    char who[120] = "";
    struct row row;
    int quiet, err = disturbed_slice(bench, it, beside, &disturbed);

    if (err)
        return err;
    say_beside(beside, who, sizeof(who));
    row_init(&row, name, "ns", "begin + finish, %zu thread%s, %zu of %zu sessions, beside %s",
             it->threads, it->threads > 1 ? "s" : "", it->world->shares->to, it->sessions, who);
    row_add(&row, "begin + finish", slice_sample, &disturbed);
    quiet = row_add(&row, "the same undisturbed", slice_sample, &it->quiet);
    row.floor = row_add(&row, "floor: exchange + store", slice_sample, &it->exchange);
    if (beside & BESIDE_LISTER_FLAT) {
        err = read_slice(bench, it, floor_two_stores, &stores);
        if (!err)
            err = read_slice(bench, it, floor_exchange_store, &exchange);
        row_add(&row, "floor: two stores, all being read", slice_sample, &stores);
        row_add(&row, "floor: exchange, all being read", slice_sample, &exchange);
    }
    if (must > 0)
        row_judge(&row, quiet, aim, must);
    row_judge_only_if(&row, it->threads == OWN_THREADS && it->sessions == OWN_SESSIONS &&
                                it->active == OWN_ACTIVE &&
                                runner_cpus(bench->runner) > it->threads);
    if (!err)
        err = bench_row(bench, &row);
    slice_free(&stores);
    slice_free(&exchange);
    slice_free(&disturbed);
    return err;
}

static int run(struct bench *bench, size_t active, const char *name, unsigned beside, double aim,
               double must)
{
    const struct options *options = bench->options;
    struct mixed it = {.threads = size_of(options->threads, OWN_THREADS),
                       .sessions = size_of(options->sessions, OWN_SESSIONS),
                       .active = active};
    int err = setup(bench, &it);

    if (!err)
        err = measure(bench, &it, name, beside, aim, must);
    slice_free(&it.quiet);
    slice_free(&it.exchange);
    floors_destroy(it.floors);
    world_destroy(it.world);
    return err;
}

int mixed_run(struct bench *bench)
{
    const struct options *options = bench->options;
    size_t active = size_of(options->active, OWN_ACTIVE);
    int err;

    if (options->beside)
        return run(bench, active, "mixed", options->beside, 0, 0);
    err = run(bench, active, "mixed", BESIDE_SYNCER | BESIDE_LISTER, 1.05, 1.3);
    if (!err)
        err = run(bench, active, "mixed-lister", BESIDE_LISTER_FLAT, 2, 4);
    if (!err && !options->active)
        err = run(bench, SIZE_MAX, "mixed-lister-all", BESIDE_LISTER_FLAT, 0, 0);
    return err;
}
