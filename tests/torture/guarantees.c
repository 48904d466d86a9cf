/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The torture: threads that come and go make random calls on several rosters, hand sessions to
 * each other, and compare all that they are told with what must hold (G1 to G8). world.h
 * tells how; CONTROLS.md lists the builds that each of the comparisons must fail.
 */
#include "actor.h"
#include "core/base/clock.h"
#include "delays.h"
#include "options.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEPS_LEAST 500
#define STEPS_MOST 50000
#define HANG_SECONDS 120

/* A thread and the actor in it; the tally goes on when another actor takes the place. */
struct stand {
    struct actor actor;
    pthread_t thread;
    uint64_t steps;
    uint64_t life; /* the stream of the actor's choices */
    bool ended;
};

static struct torture_options options = {
    .txns = UINT64_MAX,
    .seconds = 5,
    .threads = 8,
    .roles = "osorokoo",
    .arenas = ARENAS,
    .delays = 200,
    .stall_limit = 30,
};
static struct stand stands[MAX_THREADS];

uint64_t actors_progress(void)
{
    uint64_t sum = 0;
    unsigned n;

    for (n = 0; n < options.threads; n++)
        sum += relaxed(&stands[n].actor.tally.ends) + relaxed(&stands[n].actor.tally.refused);
    return sum;
}

static void *stand_main(void *arg)
{
    struct stand *stand = arg;

    delays_enable(options.seed, stand->life, options.delays);
    actor_run(&stand->actor, stand->steps);
    __atomic_store_n(&stand->ended, true, __ATOMIC_RELEASE);
    return NULL;
}

static void stand_start(unsigned n)
{
    struct stand *stand = &stands[n];

    stand->life += MAX_THREADS;
    stand->actor.role = options.roles[n % strlen(options.roles)];
    stand->actor.rng = rng_make(options.seed, stand->life + n);
    stand->steps = STEPS_LEAST + rng_below(&stand->actor.rng, STEPS_MOST);
    stand->ended = false;
    require("harness", pthread_create(&stand->thread, NULL, stand_main, stand) == 0, "no thread");
}

/* Puts new actors where the old ones have ended. */
static void stands_refill(void)
{
    unsigned n;

    for (n = 0; n < options.threads; n++)
        if (__atomic_load_n(&stands[n].ended, __ATOMIC_ACQUIRE)) {
            pthread_join(stands[n].thread, NULL);
            stand_start(n);
        }
}

static void tally_add(struct tally *sum, const struct tally *tally)
{
    sum->steps += relaxed(&tally->steps);
    sum->txns += relaxed(&tally->txns);
    sum->refused += relaxed(&tally->refused);
    sum->statements += relaxed(&tally->statements);
    sum->sessions += relaxed(&tally->sessions);
    sum->pins += relaxed(&tally->pins);
    sum->scans += relaxed(&tally->scans);
    sum->views += relaxed(&tally->views);
    sum->kills += relaxed(&tally->kills);
    sum->forks += relaxed(&tally->forks);
    sum->rosters += relaxed(&tally->rosters);
}

static struct tally tally_all(void)
{
    struct tally sum;
    unsigned n;

    memset(&sum, 0, sizeof(sum));
    for (n = 0; n < options.threads; n++)
        tally_add(&sum, &stands[n].actor.tally);
    return sum;
}

static void tell(FILE *out, const struct tally *sum, double seconds)
{
    fprintf(out,
            "%.0f s: %" PRIu64 " transactions, %" PRIu64 " statements, %" PRIu64
            " sessions, %" PRIu64 " pins, %" PRIu64 " scans, %" PRIu64 " views, %" PRIu64
            " kills, %" PRIu64 " forks, %" PRIu64 " young rosters, %" PRIu64 " refusals\n",
            seconds, sum->txns, sum->statements, sum->sessions, sum->pins, sum->scans, sum->views,
            sum->kills, sum->forks, sum->rosters, sum->refused);
}

static double now_seconds(void)
{
    return (double)rst_monotonic_ns() / 1e9;
}

/* Watches until the run is over, and that it moves. */
static void run(void)
{
    double start = now_seconds(), now = start, moved = start, told = start;
    struct timespec pause = {0, 5000000};
    struct tally sum = tally_all();
    uint64_t steps = 0;

    while (now - start < options.seconds && sum.txns < options.txns) {
        nanosleep(&pause, NULL);
        stands_refill();
        sum = tally_all();
        now = now_seconds();
        if (sum.steps != steps)
            moved = now;
        steps = sum.steps;
        require("harness", now - moved < HANG_SECONDS, "nothing moves");
        if (options.verbose && now - told >= 10) {
            tell(stderr, &sum, now - start);
            told = now;
        }
    }
}

static struct tally finish(void)
{
    struct tally sum;
    unsigned n;

    __atomic_store_n(&actors_stop, true, __ATOMIC_RELAXED);
    for (n = 0; n < options.threads; n++)
        pthread_join(stands[n].thread, NULL);
    actor_clean_up(&stands[0].actor);
    sum = tally_all();
    world_destroy(sum.txns, sum.statements);
    return sum;
}

int main(int argc, char **argv)
{
    struct tally sum;
    double start = now_seconds();
    unsigned n;

    options_read(&options, argc, argv);
    stall_limit = options.stall_limit;
    actors_arenas = options.arenas;
    report_seed(options.seed);
    report_crashes();
    world_create(5);
    for (n = 0; n < options.threads; n++)
        stand_start(n);
    run();
    sum = finish();
    tell(stdout, &sum, now_seconds() - start);
    printf("no violation (seed %" PRIu64 ", %u threads, %s clock)\n", options.seed, options.threads,
           clock_plain_works() ? "plain" : "no plain");
    return 0;
}
