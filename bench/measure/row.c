/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Rows of the report. See row.h.
 */
#include "row.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void row_init(struct row *row, const char *name, const char *unit, const char *format, ...)
{
    va_list args;

    memset(row, 0, sizeof(*row));
    row->name = name;
    row->unit = unit;
    row->judged = true;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the line above does it */
    vsnprintf(row->work, sizeof(row->work), format, args);
    va_end(args);
}

int row_add(struct row *row, const char *name, sample_fn *sample, void *arg)
{
    struct series *series = &row->series[row->n_series];

    series->name = name;
    series->sample = sample;
    series->arg = arg;
    return (int)row->n_series++;
}

void row_judge(struct row *row, int against, double aim, double must)
{
    row->criteria[row->n_criteria++] = (struct criterion){against, aim, must};
}

static int take(struct row *row, size_t round, bool keep)
{
    size_t i;
    int err = 0;

    for (i = 0; i < row->n_series && !err; i++) {
        struct series *series = &row->series[i];
        double value;

        err = series->sample(series->arg, &value);
        if (!err && keep)
            series->values[round] = value;
    }
    return err;
}

int row_measure(struct row *row, size_t rounds)
{
    size_t i;
    int err = take(row, 0, false); /* warms up */

    for (i = 0; i < rounds && !err; i++)
        err = take(row, i, true);
    if (err)
        return err;
    row->rounds = rounds;
    for (i = 0; i < row->n_series; i++) {
        struct series *series = &row->series[i];

        series->spread = spread_of(series->values, rounds);
        series->ratio = spread_of_ratios(row->series[FIGURE].values, series->values, rounds);
    }
    return 0;
}

double row_value(const struct row *row, const struct criterion *criterion)
{
    const struct series *series = &row->series[criterion->against];

    return criterion->against == FIGURE ? series->spread.median : series->ratio.median;
}

bool row_holds(const struct row *row, const struct criterion *criterion)
{
    return row_value(row, criterion) <= criterion->must;
}

int slice_init(struct slice *slice, struct runner *runner, double seconds, size_t n_jobs)
{
    slice->runner = runner;
    slice->seconds = seconds;
    slice->per = 1;
    slice->n_jobs = n_jobs;
    slice->jobs = calloc(n_jobs, sizeof(*slice->jobs));
    return slice->jobs ? 0 : -ENOMEM;
}

void slice_free(struct slice *slice)
{
    free(slice->jobs);
}

int slice_sample(void *arg, double *value)
{
    struct slice *slice = arg;
    int err = runner_run(slice->runner, slice->jobs, slice->n_jobs, slice->seconds, value);

    *value /= slice->per;
    return err;
}
