/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * roster-bench compare. See compare.h.
 */
#include "compare.h"

#include "../measure/complain.h"
#include "asked.h"
#include "measure.h"
#include "tell.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_INTERRUPTED 130
#define SETTINGS_BYTES 400

struct comparison {
    struct asked asked;
    struct samples samples;
    struct telling telling;
    struct measure measure;
    size_t at; /* in the plan */
    char csv[4200];
    char settings[SETTINGS_BYTES]; /* figures of other settings do not mix */
};

static volatile bool interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = true;
}

static __attribute__((format(printf, 2, 3))) void progress(void *arg, const char *format, ...)
{
    const struct comparison *it = arg;
    char title[120], step[120];
    va_list args;

    if (!isatty(STDERR_FILENO))
        return;
    va_start(args, format);
    vsnprintf(step, sizeof(step), format, args);
    va_end(args);
    table_title(&it->telling.plan[it->at], title, sizeof(title));
    fprintf(stderr, "\r\033[K[%zu/%zu] %s: %s", it->at + 1, it->telling.n_plan, title, step);
}

static void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static bool measured(const struct comparison *it, const struct table *table)
{
    double values[MAX_ROUNDS];
    size_t i;

    for (i = 0; i < it->asked.n_chosen; i++)
        if (table_takes(table, it->asked.chosen[i]) &&
            !samples_of(&it->samples, table, it->asked.chosen[i], METRIC_NS, values))
            return false;
    return true;
}

static int compare_table(struct comparison *it, const struct table *table)
{
    size_t from = it->samples.n;
    int err;

    if (!measured(it, table)) {
        err =
            measure_table(&it->measure, table, it->asked.chosen, it->asked.n_chosen, &it->samples);
        progress_end();
        if (err) {
            it->samples.n = from;
            return err;
        }
        err = samples_append(&it->samples, from, it->csv, it->settings);
        if (err)
            return err;
    }
    tell_table(stdout, &it->telling, table);
    fflush(stdout);
    return 0;
}

static int compare_all(struct comparison *it)
{
    int err = 0;

    for (it->at = 0; it->at < it->telling.n_plan && !err; it->at++)
        if (asked_work(&it->asked, it->telling.plan[it->at].work))
            err = compare_table(it, &it->telling.plan[it->at]);
    return err;
}

static int write_json(const struct comparison *it)
{
    char path[4200];
    FILE *out;

    snprintf(path, sizeof(path), "%s/compare.json", it->asked.directory);
    out = fopen(path, "w");
    if (!out)
        return -errno;
    tell_json(out, &it->telling);
    return fclose(out) ? -errno : 0;
}

/* Returns the exit status. */
static int report(const struct comparison *it)
{
    int status = 0, err = write_json(it);

    if (err)
        return complain("compare.json", err);
    if (it->asked.charts) {
        err = tell_charts(&it->telling, it->asked.directory);
        if (err == -ENOENT)
            printf("\nno charts: gnuplot is not installed\n");
        else if (err)
            status = complain("gnuplot", err);
    }
    fputc('\n', stdout);
    tell_fits(stdout, &it->telling);
    tell_criteria(stdout, &it->telling);
    printf("figures: %s and compare.json beside it\n", it->csv);
    return status;
}

static int prepare(struct comparison *it)
{
    struct options options = {.pin = true, .realtime = it->asked.realtime};
    int err;

    /* The options of the runners; this thread itself needs a priority only while they work. */
    err = runner_create(&options, &it->measure.runner);
    if (err == -EPERM && options.realtime) {
        fprintf(stderr, "roster-bench: no right to real-time priorities: going on without\n");
        it->asked.realtime = options.realtime = false;
        err = runner_create(&options, &it->measure.runner);
    }
    if (options.realtime && !err)
        measure_priority(false);
    options.realtime = false;
    if (!err)
        err = runner_create(&options, &it->measure.oversubscribed);
    if (err)
        return err;
    it->measure.realtime = it->asked.realtime;
    it->measure.seconds = it->asked.seconds;
    it->measure.rounds = it->asked.rounds;
    it->measure.interrupted = &interrupted;
    it->measure.progress = progress;
    it->measure.arg = it;
    it->telling = (struct telling){.samples = &it->samples,
                                   .plan = it->asked.plan,
                                   .n_plan = it->asked.n_plan,
                                   .label = it->asked.label,
                                   .seconds = it->asked.seconds,
                                   .rounds = it->asked.rounds,
                                   .realtime = it->asked.realtime};
    machine_get(&it->telling.machine, runner_cpus(it->measure.runner));
    snprintf(it->csv, sizeof(it->csv), "%s/compare.csv", it->asked.directory);
    snprintf(it->settings, sizeof(it->settings), "# rounds %zu, seconds %g, %s; %s; %s\n",
             it->asked.rounds, it->asked.seconds, it->asked.realtime ? "real-time" : "shared",
             it->telling.machine.processor, it->asked.label);
    if (mkdir(it->asked.directory, 0777) && errno != EEXIST)
        return -errno;
    return samples_load(&it->samples, it->csv, it->settings);
}

static int run(struct comparison *it)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESETHAND};
    int status, err = prepare(it);

    if (err == -ESTALE) {
        fprintf(stderr,
                "roster-bench: %s was measured with other settings, or of something else: choose "
                "another --dir, or remove it\n",
                it->csv);
        return 1;
    }
    if (err)
        return complain(it->asked.directory, err);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    tell_head(stdout, &it->telling);
    fflush(stdout);
    err = compare_all(it);
    if (err && err != -EINTR)
        return complain("cannot measure", err);
    if (err == -EINTR)
        printf("\ninterrupted; the same command goes on with what is missing\n");
    status = report(it);
    return err ? EXIT_INTERRUPTED : status;
}

int compare_main(int argc, char **argv)
{
    struct comparison *it = calloc(1, sizeof(*it));
    int status;

    if (!it)
        return complain("cannot start", -ENOMEM);
    asked_parse(&it->asked, argc, argv);
    status = run(it);
    runner_destroy(it->measure.runner);
    runner_destroy(it->measure.oversubscribed);
    samples_free(&it->samples);
    free(it);
    return status;
}
