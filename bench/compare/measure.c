/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Measures one table. See measure.h.
 *
 * All engines of a table are set up before the first round, and a round takes one sample of each in
 * turn. Where one thread works alone, a sample is of its processor time, so that others on the
 * machine matter less; else it is of wall time, because threads that wait for each other would look
 * cheap.
 */
#include "measure.h"

#include "jobs.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BESIDE 2

/* A lister every 100 ms has to be had; tests of the program itself ask for less. */
#define BESIDE_SECONDS 0.4

/* So long a reader sleeps inside. */
#define STALLED_SECONDS 1.0

struct one {
    const struct measure *measure;
    const struct table *table;
    struct arena *arena;
    struct samples *samples;
    struct histogram *histograms; /* one a lane; NULL: none */
    size_t round;
};

static job_fn *const measured[N_WORKS] = {
    [WORK_PUBLISH] = job_publish,
    [WORK_STATEMENT] = job_statement,
    [WORK_OLDEST] = job_oldest,
    [WORK_LIST] = job_list,
    [WORK_LOOKUP] = job_lookup,
    [WORK_CHURN] = job_churn,
    [WORK_CHURN_STORM] = job_churn,
    [WORK_MIXED] = job_commit,
    [WORK_BESIDE] = job_publish,
    [WORK_STORM] = job_commit,
    [WORK_STALLED] = job_refusable_statement,
    [WORK_LOOKED_UP] = job_publish,
};

static job_fn *const beside[N_WORKS][MAX_BESIDE] = {
    [WORK_CHURN_STORM] = {job_list_flat_out},
    [WORK_MIXED] = {job_sync_every_10_ms, job_list_every_100_ms},
    [WORK_BESIDE] = {job_sync_every_10_ms, job_list_every_100_ms},
    [WORK_LOOKED_UP] = {job_lookup_flat_out},
    [WORK_STORM] = {job_list_flat_out},
    [WORK_STALLED] = {job_hold},
};

static size_t cpus(const struct one *one)
{
    return runner_cpus(one->measure->runner);
}

void measure_priority(bool first)
{
    struct sched_param param = {.sched_priority = first ? 2 : 0};

    pthread_setschedparam(pthread_self(), first ? SCHED_FIFO : SCHED_OTHER, &param);
}

static int run_jobs(const struct one *one, const struct job *jobs, size_t n, double seconds)
{
    const struct measure *measure = one->measure;
    bool many = one->table->threads > cpus(one);
    int err;

    if (measure->realtime && !many)
        measure_priority(true);
    err = runner_run(many ? measure->oversubscribed : measure->runner, jobs, n, seconds, NULL);
    if (measure->realtime && !many)
        measure_priority(false);
    return err;
}

static int run_handover(const struct one *one, double seconds)
{
    struct handover *it = aligned_alloc(_Alignof(struct handover), sizeof(*it));
    struct job jobs[2] = {{job_handover_begin, it, 0, false}, {job_handover_end, it, 1, true}};
    int err;

    if (!it)
        return -ENOMEM;
    memset(it, 0, sizeof(*it));
    it->lane = &one->arena->lanes[0];
    err = run_jobs(one, jobs, 2, seconds);
    free(it);
    return err;
}

static int run(const struct one *one, bool alone, bool timed, double seconds)
{
    enum work work = one->table->work;
    size_t i, n = one->arena->n_lanes;
    struct job *jobs;
    int err;

    if (work == WORK_HANDOVER)
        return run_handover(one, seconds);
    jobs = calloc(n + MAX_BESIDE, sizeof(*jobs));
    if (!jobs)
        return -ENOMEM;
    for (i = 0; i < n; i++) {
        one->arena->lanes[i].latency = timed ? &one->histograms[i] : NULL;
        jobs[i] = (struct job){measured[work], &one->arena->lanes[i], i, true};
    }
    for (i = 0; i < MAX_BESIDE && beside[work][i] && !alone; i++)
        jobs[n++] = (struct job){beside[work][i], one->arena, cpus(one) - 1, false};
    err = run_jobs(one, jobs, n, seconds);
    free(jobs);
    return err;
}

static int add(const struct one *one, enum metric metric, double value)
{
    struct sample sample = {.table = *one->table,
                            .engine = one->arena->engine,
                            .metric = metric,
                            .round = one->round,
                            .value = value};

    return samples_add(one->samples, &sample);
}

/* Nanoseconds of a processor's time for one operation, from what the lanes of the run counted. */
static double ns_per_op(const struct one *one, size_t lanes)
{
    double per_ns = 0, processors = (double)(lanes < cpus(one) ? lanes : cpus(one));
    bool alone = lanes == 1 && !beside[one->table->work][0] && one->table->work != WORK_HANDOVER;
    size_t i;

    for (i = 0; i < lanes; i++) {
        const struct lane *lane = &one->arena->lanes[i];
        uint64_t time = alone ? lane->cpu : lane->wall;

        if (time)
            per_ns += (double)lane->ops / (double)time;
    }
    return per_ns > 0 ? processors / per_ns : (double)INFINITY;
}

static int add_latency(const struct one *one)
{
    static const struct {
        enum metric metric;
        double share;
    } wanted[] = {{METRIC_P50, 0.5},
                  {METRIC_P99, 0.99},
                  {METRIC_P999, 0.999},
                  {METRIC_P9999, 0.9999},
                  {METRIC_MAX, 1}};
    struct histogram *all = &one->histograms[0];
    size_t i;
    int err = 0;

    for (i = 1; i < one->arena->n_lanes; i++)
        histogram_merge(all, &one->histograms[i]);
    for (i = 0; i < sizeof(wanted) / sizeof(*wanted) && !err; i++)
        err = add(one, wanted[i].metric, (double)histogram_percentile(all, wanted[i].share));
    return err;
}

static int sample_latency(const struct one *one, double seconds)
{
    int err;

    memset(one->histograms, 0, one->arena->n_lanes * sizeof(*one->histograms));
    err = run(one, false, true, seconds);
    return err ? err : add_latency(one);
}

static int sample_stalled(const struct one *one, double seconds)
{
    const struct lane *lane = &one->arena->lanes[0];
    double all = (double)(lane->ops + lane->refused);
    int err = add(one, METRIC_GROWTH, (double)one->arena->growth / seconds);

    return err ? err : add(one, METRIC_REFUSED, all > 0 ? (double)lane->refused / all : 0);
}

/* All samples of one engine in one round. */
static int sample(const struct one *one)
{
    enum work work = one->table->work;
    double seconds = one->measure->seconds;
    /* In a hand-over, two threads make one operation. */
    size_t lanes = work == WORK_HANDOVER ? 1 : one->arena->n_lanes;
    int err;

    if ((work == WORK_BESIDE || work == WORK_MIXED) && seconds >= 0.1)
        seconds = seconds < BESIDE_SECONDS ? BESIDE_SECONDS : seconds;
    if (work == WORK_STALLED && seconds >= 0.1)
        seconds = STALLED_SECONDS;
    err = run(one, false, false, seconds);
    if (!err)
        err = add(one, METRIC_NS, ns_per_op(one, lanes));
    if (!err && work == WORK_STALLED)
        err = sample_stalled(one, seconds);
    if (!err && (work == WORK_BESIDE || work == WORK_LOOKED_UP)) {
        err = run(one, true, false, one->measure->seconds);
        if (!err)
            err = add(one, METRIC_ALONE, ns_per_op(one, lanes));
    }
    if (!err && works[work].latency)
        err = sample_latency(one, seconds);
    return err;
}

static int set_up(const struct measure *measure, const struct table *table,
                  const struct engine *engine, struct samples *samples, struct one *one)
{
    size_t threads = table->work == WORK_HANDOVER ? 1 : table->threads;
    int err;

    *one = (struct one){.measure = measure, .table = table, .samples = samples};
    measure->progress(measure->arg, "setting up %s", engine->name);
    err = arena_create(engine, measure->oversubscribed, threads, table->sessions, table->open,
                       &one->arena);
    if (!err && works[table->work].latency) {
        one->histograms = calloc(threads, sizeof(*one->histograms));
        err = one->histograms ? 0 : -ENOMEM;
    }
    if (!err)
        err = add(one, METRIC_BYTES, one->arena->bytes_per_session);
    if (!err)
        err = run(one, false, false, measure->seconds / 4); /* warms up */
    return err;
}

static int rounds(const struct measure *measure, struct one *ones, size_t n)
{
    size_t round, i;
    int err = 0;

    for (round = 0; round < measure->rounds && !err; round++)
        for (i = 0; i < n && !err; i++) {
            measure->progress(measure->arg, "round %zu of %zu, %s", round + 1, measure->rounds,
                              ones[i].arena->engine->name);
            ones[i].round = round;
            err = *measure->interrupted ? -EINTR : sample(&ones[i]);
        }
    return err;
}

int measure_table(const struct measure *measure, const struct table *table,
                  const struct engine *const *chosen, size_t n_chosen, struct samples *samples)
{
    struct one *ones = calloc(n_chosen + 1, sizeof(*ones));
    size_t i, n = 0;
    int err = ones ? 0 : -ENOMEM;

    for (i = 0; i < n_chosen && !err; i++)
        if (table_takes(table, chosen[i]))
            err = *measure->interrupted ? -EINTR
                                        : set_up(measure, table, chosen[i], samples, &ones[n++]);
    if (!err)
        err = rounds(measure, ones, n);
    for (i = 0; i < n; i++) {
        measure->progress(measure->arg, "closing");
        arena_destroy(ones[i].arena);
        free(ones[i].histograms);
    }
    free(ones);
    return err;
}
