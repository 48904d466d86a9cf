/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a committer pays while Roster is watched: see operate.sh.
 *
 *     watched-bench SECONDS INTERVAL_MS    between two samples of activity
 *
 * One thread begins and finishes transactions, with a statement in each, in a thousand of ten
 * thousand sessions. It is watched by a sampler, and by two scrapers of /metrics, once a second
 * each. Its processor time is taken in slices of some half a millisecond. A slice in which none of
 * these did anything, nor in the one before it, is undisturbed. A figure is the mean of all slices
 * of one second, the ratio is that to the undisturbed ones of the same second: the machine's own
 * moods last longer. The sampler's own thread is not used, as it does not say when it is at work.
 */
#include "core/base/clock.h"

#include <curl/curl.h>
#include <pthread.h>
#include <roster/activity.h>
#include <roster/roster.h>
#include <roster/status.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SESSIONS 10000
#define ACTIVE 1000
#define SCRAPERS 2
#define MOST_SECONDS 999

/* The limits. */
#define MOST_RATIO 1.02  /* of all slices to those that are undisturbed */
#define MOST_SAMPLER 3.0 /* per cent of a processor */

static const char text[] = "UPDATE accounts SET balance = balance - 10 WHERE id = 4711";

static struct roster *roster;
static struct roster_session *sessions[SESSIONS];

static atomic_bool stop;
static atomic_uint at_work, jobs; /* watchers that do something, and how often one has begun */
static char url[256];

static void check(int err, const char *what)
{
    if (err) {
        fprintf(stderr, "watched-bench: %s: %d\n", what, err);
        abort();
    }
}

static size_t drop(char *data, size_t size, size_t n, void *arg)
{
    (void)data, (void)arg;
    return size * n;
}

static void begin_job(void)
{
    atomic_fetch_add(&at_work, 1);
    atomic_fetch_add(&jobs, 1);
}

static void end_job(void)
{
    atomic_fetch_sub(&at_work, 1);
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static void *scrape(void *arg)
{
    CURL *curl = curl_easy_init();

    (void)arg;
    check(!curl, "curl");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    while (!atomic_load(&stop)) {
        begin_job();
        check((int)curl_easy_perform(curl), "a scrape");
        end_job();
        pause_ms(1000);
    }
    curl_easy_cleanup(curl);
    return NULL;
}

struct sampler {
    struct roster_activity *activity;
    long interval_ms;
    double spent; /* nanoseconds of its processor time, at the end */
};

static void *sample(void *arg)
{
    struct sampler *sampler = arg;

    while (!atomic_load(&stop)) {
        begin_job();
        check(roster_activity_run_once(sampler->activity), "a sample");
        end_job();
        pause_ms(sampler->interval_ms);
    }
    sampler->spent = (double)rst_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

/* Ten transactions in each of the thousand sessions, with a statement each. */
static void commit(void)
{
    uint64_t start;
    int i;

    for (i = 0; i < 10 * ACTIVE; i++) {
        struct roster_session *session = sessions[i % ACTIVE * (SESSIONS / ACTIVE)];

        check(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, sizeof(text) - 1, NULL, 0),
              "a statement");
        check(roster_txn_begin(session, &start), "a transaction");
        check(roster_txn_finish(session), "its end");
        check(roster_stmt_end(session), "the statement's end");
    }
}

struct mean {
    double sum, n;
};

static void add(struct mean *mean, double value)
{
    mean->sum += value;
    mean->n++;
}

/* One second of slices: nanoseconds a transaction of all, and of those undisturbed. */
static void commit_for_a_second(struct mean *all, struct mean *undisturbed)
{
    double end = (double)rst_clock_ns(CLOCK_MONOTONIC) + 1e9;
    bool before = false;

    do {
        unsigned begun = atomic_load(&jobs);
        bool quiet = atomic_load(&at_work) == 0;
        double cpu = (double)rst_clock_ns(CLOCK_THREAD_CPUTIME_ID);

        commit();
        cpu = ((double)rst_clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / (10 * ACTIVE);
        quiet = quiet && atomic_load(&jobs) == begun;
        add(all, cpu);
        if (quiet && before)
            add(undisturbed, cpu);
        before = quiet;
    } while ((double)rst_clock_ns(CLOCK_MONOTONIC) < end);
}

static void open_sessions(void)
{
    int i;

    check(roster_create(NULL, &roster), "a roster");
    for (i = 0; i < SESSIONS; i++) {
        struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

        attr.id = (uint64_t)i + 1;
        attr.user = "bob";
        attr.host = "10.0.0.7:45454";
        attr.database = "shop";
        check(roster_session_open(roster, &attr, &sessions[i]), "a session");
    }
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void tell(const char *what, double *values, long n)
{
    qsort(values, (size_t)n, sizeof(*values), ascending);
    printf("  %-38s %8.4g (%.4g..%.4g; half of them %.4g..%.4g)\n", what, values[n / 2], values[0],
           values[n - 1], values[n / 4], values[n - 1 - n / 4]);
}

/* Also what is not a number, where no slice was undisturbed. */
static bool exceeds(const char *what, double measured, double limit)
{
    bool over = !(measured <= limit);

    if (over)
        printf("WRONG: %s: %.4g, the limit is %g\n", what, measured, limit);
    return over;
}

int main(int argc, char **argv)
{
    static double alone[MOST_SECONDS], watched[MOST_SECONDS], ratios[MOST_SECONDS];
    struct roster_activity_options options = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct roster_status_options endpoint = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_status *status;
    struct sampler sampler;
    pthread_t threads[1 + SCRAPERS];
    long seconds = argc == 3 ? strtol(argv[1], NULL, 10) : 0, i;
    double slices = 0, quiet = 0, sampler_percent;
    bool over;

    sampler.interval_ms = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (seconds < 1 || seconds > MOST_SECONDS || sampler.interval_ms < 10) {
        fprintf(stderr, "Usage: watched-bench SECONDS INTERVAL_MS\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    open_sessions();
    options.interval_ms = ROSTER_ACTIVITY_MANUAL;
    check(roster_activity_start(roster, &options, &sampler.activity), "the sampler");
    endpoint.activity = sampler.activity;
    check(roster_status_start(roster, &endpoint, &status), "the endpoint");
    snprintf(url, sizeof(url), "http://%s/metrics", roster_status_address(status));
    check(pthread_create(&threads[0], NULL, sample, &sampler), "the sampler's thread");
    for (i = 1; i <= SCRAPERS; i++)
        check(pthread_create(&threads[i], NULL, scrape, NULL), "a scraper");
    for (i = 0; i < seconds; i++) {
        struct mean all = {0, 0}, undisturbed = {0, 0};

        commit_for_a_second(&all, &undisturbed);
        watched[i] = all.sum / all.n;
        alone[i] = undisturbed.sum / undisturbed.n;
        ratios[i] = watched[i] / alone[i];
        slices += all.n;
        quiet += undisturbed.n;
    }
    atomic_store(&stop, true);
    for (i = 0; i <= SCRAPERS; i++)
        pthread_join(threads[i], NULL);
    printf("%ld s, a sample every %ld ms, %u samples and scrapes, %.1f %% of slices undisturbed\n",
           seconds, sampler.interval_ms, atomic_load(&jobs), 100 * quiet / slices);
    sampler_percent = sampler.spent / (double)seconds / 1e7;
    printf("  the sampler took %.2f %% of a processor\n", sampler_percent);
    tell("ns a transaction, undisturbed", alone, seconds);
    tell("ns a transaction, all", watched, seconds);
    tell("all : undisturbed", ratios, seconds);
    over = exceeds("all : undisturbed", ratios[seconds / 2], MOST_RATIO);
    over |= exceeds("% of a processor for the sampler", sampler_percent, MOST_SAMPLER);
    roster_status_stop(status);
    check(roster_activity_stop(sampler.activity), "the sampler's end");
    for (i = 0; i < SESSIONS; i++)
        check(roster_session_close(sessions[i]), "a close");
    check(roster_destroy(roster), "the end");
    return over;
}
