/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The threads that do the work. See runner.h.
 */
#include "runner.h"

#include "core/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define PRIORITY_WORKERS 1
#define PRIORITY_OTHERS 2

struct member {
    struct worker worker;
    pthread_t thread;
    sem_t start;
    sem_t done;
    size_t cpu;
    bool pinned;
} own_lines;

struct runner {
    bool stop own_lines;
    pthread_barrier_t barrier own_lines;
    struct member **members own_lines;
    size_t n_members;
    bool quit;
    bool pin;
    bool realtime;
    clockid_t clock;
    int cpus[CPU_SETSIZE];
    size_t n_cpus;
};

static int cpus_get(struct runner *runner)
{
    cpu_set_t set;
    int cpu;

    if (sched_getaffinity(0, sizeof(set), &set))
        return -errno;
    for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set))
            runner->cpus[runner->n_cpus++] = cpu;
    return 0;
}

/*
 * This thread comes before those that work, because it stops them; and so do the threads that are
 * made later by this one, Roster's and liburcu's, because in a server nothing would starve them.
 */
static int go_first(void)
{
    struct sched_param param = {.sched_priority = PRIORITY_OTHERS};

    return -pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
}

int runner_create(const struct options *options, struct runner **runner)
{
    struct runner *made = aligned_alloc(_Alignof(struct runner), sizeof(*made));
    int err;

    if (!made)
        return -ENOMEM;
    *made = (struct runner){.pin = options->pin,
                            .realtime = options->realtime,
                            .clock = options->cpu_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC};
    err = cpus_get(made);
    if (!err && options->realtime)
        err = go_first();
    if (err)
        free(made);
    else
        *runner = made;
    return err;
}

size_t runner_cpus(const struct runner *runner)
{
    return runner->n_cpus;
}

static int pin(struct member *member)
{
    const struct runner *runner = member->worker.runner;
    size_t cpu = member->worker.job->cpu % runner->n_cpus;
    cpu_set_t set;

    if (!runner->pin || (member->pinned && member->cpu == cpu))
        return 0;
    CPU_ZERO(&set);
    CPU_SET(runner->cpus[cpu], &set);
    member->pinned = true;
    member->cpu = cpu;
    return -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void work(struct member *member)
{
    struct worker *worker = &member->worker;
    struct runner *runner = worker->runner;
    uint64_t start;

    worker->ops = 0;
    worker->err = pin(member);
    pthread_barrier_wait(&runner->barrier);
    start = rst_clock_ns(runner->clock);
    if (!worker->err)
        worker->err = worker->job->fn(worker);
    worker->elapsed = rst_clock_ns(runner->clock) - start;
}

static void *member_main(void *arg)
{
    struct sched_param param = {.sched_priority = PRIORITY_WORKERS};
    struct member *member = arg;

    if (member->worker.runner->realtime) /* allowed, as the thread that made this one has more */
        pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
    else if (sched_getscheduler(0) != SCHED_OTHER) /* another runner is realtime */
        pthread_setschedparam(pthread_self(), SCHED_OTHER, &(struct sched_param){0});

    for (;;) {
        while (sem_wait(&member->start) && errno == EINTR)
            ;
        if (member->worker.runner->quit)
            return NULL;
        work(member);
        sem_post(&member->done);
    }
}

static int member_add(struct runner *runner)
{
    struct member *member = aligned_alloc(_Alignof(struct member), sizeof(*member));
    int err;

    if (!member)
        return -ENOMEM;
    *member = (struct member){.worker = {.stop = &runner->stop, .runner = runner}};
    sem_init(&member->start, 0, 0);
    sem_init(&member->done, 0, 0);
    sem_init(&member->worker.nap, 0, 0);
    err = -pthread_create(&member->thread, NULL, member_main, member);
    if (err) {
        free(member);
        return err;
    }
    runner->members[runner->n_members++] = member;
    return 0;
}

static int members_need(struct runner *runner, size_t n)
{
    struct member **grown;
    int err = 0;

    if (n <= runner->n_members)
        return 0;
    grown = realloc(runner->members, n * sizeof(struct member *));
    if (!grown)
        return -ENOMEM;
    runner->members = grown;
    while (!err && runner->n_members < n)
        err = member_add(runner);
    return err;
}

static void sleep_for(double seconds)
{
    struct timespec rest = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR)
        ;
}

/* Waits for all jobs and returns the first error. */
static int collect(struct runner *runner, size_t n, double *ns_per_op)
{
    double sum = 0;
    size_t i, measured = 0;
    int err = 0;

    for (i = 0; i < n; i++) {
        struct member *member = runner->members[i];
        const struct worker *worker = &member->worker;

        while (sem_wait(&member->done) && errno == EINTR)
            ;
        while (!sem_trywait(&member->worker.nap))
            ;
        if (!err)
            err = worker->err;
        if (worker->job->measured && worker->ops) {
            sum += (double)worker->elapsed / (double)worker->ops;
            measured++;
        }
    }
    if (ns_per_op)
        *ns_per_op = measured ? sum / (double)measured : 0;
    if (!err && ns_per_op && !measured)
        err = -ETIME; /* not one operation was done */
    return err;
}

static int run_once(struct runner *runner, const struct job *jobs, size_t n, double seconds,
                    double *ns_per_op)
{
    size_t i;
    int err = members_need(runner, n);

    if (!err)
        err = -pthread_barrier_init(&runner->barrier, NULL, (unsigned)n + 1);
    if (err)
        return err;
    __atomic_store_n(&runner->stop, false, __ATOMIC_RELAXED);
    for (i = 0; i < n; i++) {
        runner->members[i]->worker.job = &jobs[i];
        sem_post(&runner->members[i]->start);
    }
    pthread_barrier_wait(&runner->barrier);
    if (seconds > 0) {
        sleep_for(seconds);
        __atomic_store_n(&runner->stop, true, __ATOMIC_RELAXED);
        for (i = 0; i < n; i++)
            sem_post(&runner->members[i]->worker.nap);
    }
    err = collect(runner, n, ns_per_op);
    if (runner->realtime && seconds > 0)
        sleep_for(seconds);
    pthread_barrier_destroy(&runner->barrier);
    return err;
}

int runner_run(struct runner *runner, const struct job *jobs, size_t n, double seconds,
               double *ns_per_op)
{
    int err = run_once(runner, jobs, n, seconds, ns_per_op);

    /* On a busy machine a short time may pass without the workers having run at all. */
    while (err == -ETIME && seconds < 1) {
        seconds *= 4;
        err = run_once(runner, jobs, n, seconds, ns_per_op);
    }
    return err;
}

void runner_nap(struct worker *worker, unsigned ms)
{
    struct timespec until = rst_timespec(rst_monotonic_ns() + ms * UINT64_C(1000000));

    while (!runner_stopped(worker) && sem_clockwait(&worker->nap, CLOCK_MONOTONIC, &until) &&
           errno == EINTR)
        ;
}

void runner_destroy(struct runner *runner)
{
    size_t i;

    if (!runner)
        return;
    runner->quit = true;
    for (i = 0; i < runner->n_members; i++) {
        sem_post(&runner->members[i]->start);
        pthread_join(runner->members[i]->thread, NULL);
        sem_destroy(&runner->members[i]->start);
        sem_destroy(&runner->members[i]->done);
        sem_destroy(&runner->members[i]->worker.nap);
        free(runner->members[i]);
    }
    free(runner->members);
    free(runner);
}
