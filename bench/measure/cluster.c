/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * cluster-bench WHAT URL: what libroster-cluster costs on a store.
 *
 *     check    roster_txn_check() without a store, and with one, under a lease
 *     oracle   timestamps a second of the store-backed oracle, asked by 64 threads
 *     survey   the records of 1000 servers read and reduced to a safe point
 *     idle     processor time of a syncer and safe points with nothing to do, in a minute
 */
#include "core/base/clock.h"
#include "stats.h"

#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/store.h>
#include <roster/syncer.h>

#define RUNS 15
#define CHECKS 5000000
#define ASKERS 64
#define ORACLE_SECONDS 5
#define SERVERS 1000
#define IDLE_SECONDS 60

static void must(int result, const char *what)
{
    if (result != 0)
        errx(1, "%s: %s", what, roster_store_strerror(result));
}

static double seconds(clockid_t clock)
{
    return (double)rst_clock_ns(clock) / 1e9;
}

static void pause_for(int whole_seconds)
{
    struct timespec pause = {whole_seconds, 0};

    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* The median of RUNS runs, and the best. */
static void tell(const char *what, const char *unit, double (*run)(void *), void *arg)
{
    double results[RUNS];
    struct spread spread;
    int i;

    for (i = 0; i < RUNS; i++)
        results[i] = run(arg);
    spread = spread_of(results, RUNS);
    printf("%-52s %10.2f %s (best %.2f)\n", what, spread.median, unit, spread.min);
    fflush(stdout);
}

static struct roster_store *open_store(const char *url)
{
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE];

    if (roster_store_open(url, NULL, &store, error, sizeof(error)))
        errx(1, "%s", error);
    return store;
}

static struct roster_syncer *join(struct roster *roster, struct roster_store *store)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "bench"};
    struct roster_syncer *syncer = NULL;

    must(roster_syncer_create(roster, store, &options, &syncer), "syncer");
    must(roster_syncer_start(syncer), "syncer");
    must(roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 20000), "registration");
    return syncer;
}

/* ------------------------------------------------------------------------------- check */

static double run_checks(void *session)
{
    int i;

    double begin = seconds(CLOCK_THREAD_CPUTIME_ID);

    for (i = 0; i < CHECKS; i++)
        if (roster_txn_check(session))
            errx(1, "a check failed");
    return (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) * 1e9 / CHECKS;
}

static void bench_check(const char *url)
{
    struct roster_store *store = open_store(url);
    struct roster_session *session = NULL;
    struct roster_syncer *syncer;
    struct roster *roster = NULL;

    must(roster_create(NULL, &roster), "roster");
    must(roster_session_open(roster, NULL, &session), "session");
    must(roster_txn_begin(session, NULL), "transaction");
    tell("check without a store", "ns", run_checks, session);
    roster_txn_finish(session);
    syncer = join(roster, store);
    must(roster_txn_begin(session, NULL), "transaction");
    tell("check under a lease", "ns", run_checks, session);
    roster_txn_finish(session);
    must(roster_syncer_stop(syncer, 1000), "stop");
    roster_syncer_destroy(syncer);
    roster_session_close(session);
    must(roster_destroy(roster), "roster");
    roster_store_close(store);
}

/* ------------------------------------------------------------------------------ oracle */

struct asking {
    struct roster_oracle_store *oracle;
    atomic_bool stop;
    atomic_uint_fast64_t failures;
};

static void *ask(void *arg)
{
    struct asking *asking = arg;
    uint64_t ts, last = 0;

    while (!atomic_load_explicit(&asking->stop, memory_order_relaxed)) {
        if (roster_oracle_store_allocate(asking->oracle, &ts))
            atomic_fetch_add(&asking->failures, 1);
        else if (ts <= last)
            errx(1, "a timestamp went back");
        else
            last = ts;
    }
    return NULL;
}

static void bench_oracle(const char *url)
{
    struct roster_store *store = open_store(url);
    struct roster_oracle_store_stats stats = {.size = sizeof(stats)};
    struct asking asking = {NULL, false, 0};
    pthread_t threads[ASKERS];
    double begin, took;
    int i;

    must(roster_oracle_store_create(store, NULL, &asking.oracle), "oracle");
    begin = seconds(CLOCK_MONOTONIC);
    for (i = 0; i < ASKERS; i++)
        if (pthread_create(&threads[i], NULL, ask, &asking))
            errx(1, "no thread");
    pause_for(ORACLE_SECONDS);
    atomic_store(&asking.stop, true);
    for (i = 0; i < ASKERS; i++)
        pthread_join(threads[i], NULL);
    took = seconds(CLOCK_MONOTONIC) - begin;
    must(roster_oracle_store_stats(asking.oracle, &stats), "statistics");
    printf("oracle, %d threads: %.0f timestamps/s, %.0f transactions/s, %" PRIu64 " failures\n",
           ASKERS, (double)stats.timestamps / took, (double)stats.transactions / took,
           (uint64_t)atomic_load(&asking.failures));
    roster_oracle_store_destroy(asking.oracle);
    roster_store_close(store);
}

/* ------------------------------------------------------------------------------ survey */

/* As many servers as fit into one transaction, with what each of them keeps there. */
static void put_servers(struct roster_store *store, int from, int to)
{
    static char keys[3 * 42][64];
    struct roster_store_op ops[3 * 42];
    struct roster_store_txn txn = {.success = ops};
    int n = 0;
    int i, k;

    for (i = from; i < to; i++) {
        snprintf(keys[n], 64, "/bench/server/minstartts/server%04d", i);
        snprintf(keys[n + 1], 64, "/bench/server/ack/server%04d", i);
        snprintf(keys[n + 2], 64, "/bench/server/holder/server%04d", i);
        for (k = 0; k < 3; k++) {
            const char *value = k < 2 ? "470648676436410369"
                                      : "{\"kind\":\"transaction\",\"session\":4711,\"pin\":0}";

            ops[n] = roster_store_put(roster_store_text(keys[n]), roster_store_text(value), 0);
            n++;
        }
    }
    txn.n_success = (size_t)n;
    must(roster_store_txn(store, &txn, 10000, NULL), "records");
}

struct surveying {
    struct roster_store *store;
    struct roster_safe_point *safe_point;
    uint64_t target;
};

static double run_round_trip(void *arg)
{
    struct surveying *surveying = arg;
    struct roster_store_keys keys = roster_store_key(roster_store_text("/bench/none"));
    struct roster_store_range *range = NULL;
    double begin = seconds(CLOCK_MONOTONIC);

    must(roster_store_get(surveying->store, &keys, 0, 10000, &range), "read");
    roster_store_free(range);
    return (seconds(CLOCK_MONOTONIC) - begin) * 1e3;
}

/* One survey and one compare-and-swap: two round trips. */
static double run_advance(void *arg)
{
    struct surveying *surveying = arg;
    double begin = seconds(CLOCK_MONOTONIC);

    must(roster_safe_point_advance_txn(surveying->safe_point, ++surveying->target, NULL),
         "advance");
    return (seconds(CLOCK_MONOTONIC) - begin) * 1e3;
}

static double run_advance_cpu(void *arg)
{
    double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);

    (void)run_advance(arg);
    return (seconds(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e3;
}

static void bench_survey(const char *url)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .prefix = "/bench"};
    struct surveying surveying = {open_store(url), NULL, UINT64_C(470648676436000000)};
    int i;

    for (i = 0; i < SERVERS; i += 40)
        put_servers(surveying.store, i, i + 40);
    must(roster_safe_point_create(surveying.store, &options, &surveying.safe_point), "safe points");
    tell("one round trip", "ms", run_round_trip, &surveying);
    tell("1000 records read, reduced, txn safe point moved", "ms", run_advance, &surveying);
    tell("of it, processor time here", "ms", run_advance_cpu, &surveying);
    roster_safe_point_destroy(surveying.safe_point);
    roster_store_close(surveying.store);
}

/* -------------------------------------------------------------------------------- idle */

/* The roster's ticker is not the syncer's, so it is switched off. */
static void bench_idle(const char *url)
{
    struct roster_oracle_local *clock = NULL;
    struct roster_options roster_options = ROSTER_OPTIONS_INIT;
    struct roster_safe_point_options options = {.size = sizeof(options),
                                                .oracle = roster_oracle_local_allocate};
    struct roster_store *store = open_store(url);
    struct roster_safe_point *safe_point = NULL;
    struct roster *roster = NULL;
    double before;

    roster_options.tick_ms = ROSTER_TICK_MANUAL;
    must(roster_create(&roster_options, &roster), "roster");
    must(roster_oracle_local_create(&clock), "clock");
    options.syncer = join(roster, store);
    options.oracle_arg = clock;
    must(roster_safe_point_create(store, &options, &safe_point), "safe points");
    must(roster_safe_point_start(safe_point), "safe points");
    pause_for(1);
    before = seconds(CLOCK_PROCESS_CPUTIME_ID);
    pause_for(IDLE_SECONDS);
    printf("idle syncer and safe points: %.4f %% of a core\n",
           (seconds(CLOCK_PROCESS_CPUTIME_ID) - before) / IDLE_SECONDS * 100);
    roster_safe_point_destroy(safe_point);
    must(roster_syncer_stop(options.syncer, 1000), "stop");
    roster_syncer_destroy(options.syncer);
    must(roster_destroy(roster), "roster");
    roster_oracle_local_destroy(clock);
    roster_store_close(store);
}

int main(int argc, char **argv)
{
    size_t i;

    static const struct {
        const char *name;
        void (*run)(const char *url);
    } benches[] = {{"check", bench_check},
                   {"oracle", bench_oracle},
                   {"survey", bench_survey},
                   {"idle", bench_idle}};

    for (i = 0; argc == 3 && i < sizeof(benches) / sizeof(benches[0]); i++)
        if (strcmp(benches[i].name, argv[1]) == 0) {
            benches[i].run(argv[2]);
            return 0;
        }
    errx(2, "usage: cluster-bench check|oracle|survey|idle URL");
}
