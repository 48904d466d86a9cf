/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The threads that do the work.
 *
 * A run starts a number of jobs at once, each on a thread of its own, lets them work for a time,
 * asks them to stop and waits for them. The threads live as long as the runner, so a thread that
 * takes part in every second run keeps what it has warmed up.
 *
 * The harness must not be what is measured: each thread counts in local variables, what it leaves
 * behind is on lines of its own, and in its loop it reads nothing shared but the stop flag, which
 * is written once a run. (Adjacent per-thread counters make two threads look five times slower.)
 * The workload canary shows that this holds on the machine at hand.
 */
#pragma once

#include "options.h"

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two lines, because the prefetcher of some processors fetches lines in pairs. */
#define own_lines __attribute__((aligned(128)))

struct runner;
struct worker;

/* Works until runner_stopped(); returns 0 or a negative errno. Adds to worker->ops. */
typedef int job_fn(struct worker *worker);

struct job {
    job_fn *fn;
    void *arg;
    size_t cpu;    /* the n-th of the processors that the program may use, modulo their number */
    bool measured; /* its operations are what the run is about */
};

struct worker {
    const struct job *job;
    const bool *stop;
    uint64_t ops;
    uint64_t elapsed; /* nanoseconds */
    int err;
    sem_t nap; /* posted when the run is over; see runner_nap() */
    struct runner *runner;
} own_lines;

/* Options pin, cpu_time and realtime. Returns 0, -EPERM when that is not allowed, or -errno. */
int runner_create(const struct options *options, struct runner **runner);
void runner_destroy(struct runner *runner);

/*
 * Runs `n` jobs for `seconds`; 0: until each returns by itself. Stores in `*ns_per_op` what an
 * operation of the measured jobs took, as the mean over their threads; it may be NULL. Returns 0
 * or the first error of a job.
 */
int runner_run(struct runner *runner, const struct job *jobs, size_t n, double seconds,
               double *ns_per_op);

/* How many processors the program may use. */
size_t runner_cpus(const struct runner *runner);

static inline bool runner_stopped(const struct worker *worker)
{
    return __atomic_load_n(worker->stop, __ATOMIC_RELAXED);
}

/* Sleeps for `ms` milliseconds, or until the run is over. */
void runner_nap(struct worker *worker, unsigned ms);
