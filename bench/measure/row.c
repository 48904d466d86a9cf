/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Rows of the report. See row.h.
 */
#include "row.h"

#include "complain.h"

#include <stdarg.h>
#include <stdio.h>
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

static void take(struct row *row, size_t round)
{
    size_t i;

    for (i = 0; i < row->n_series; i++)
        row->series[i].values[round] = row->series[i].sample(row->series[i].arg);
}

void row_measure(struct row *row, size_t rounds)
{
    size_t i;

    take(row, 0); /* warms up */
    for (i = 0; i < rounds; i++)
        take(row, i);
    row->rounds = rounds;
    for (i = 0; i < row->n_series; i++) {
        struct series *series = &row->series[i];

        series->spread = spread_of(series->values, rounds);
        series->ratio = spread_of_ratios(row->series[FIGURE].values, series->values, rounds);
    }
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

double slice_sample(void *arg)
{
    const struct slice *slice = arg;
    double value;

    must(runner_run(slice->runner, slice->jobs, slice->n_jobs, slice->seconds, &value));
    return value / slice->per;
}
