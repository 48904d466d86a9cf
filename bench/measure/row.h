/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Rows: one line of the report each, measured in interleaved rounds.
 *
 * A row has series: what it is about (the figure), floors and references to compare with, and
 * figures that are only shown. A round takes one sample of each series in turn, A B C A B C, so
 * that whatever else happens on the machine hits all of them; a ratio is the median over the
 * rounds of the quotients of samples of the same round.
 */
#pragma once

#include "options.h"
#include "runner.h"
#include "stats.h"

#include <stdbool.h>
#include <stddef.h>

#define MAX_SERIES 8
#define MAX_CRITERIA 2

/* Takes one sample. */
typedef double sample_fn(void *arg);

struct series {
    const char *name;
    sample_fn *sample;
    void *arg;
    double values[MAX_ROUNDS];
    struct spread spread;
    struct spread ratio; /* figure / this */
};

/* What the figure, or its ratio to a series, should be and has to be; 0: not said. */
struct criterion {
    int against; /* a series, or FIGURE for the figure itself */
    double aim;
    double must;
};

#define FIGURE 0

struct row {
    const char *name;
    char work[160];   /* what was done */
    const char *unit; /* of the figure and of all series */
    bool judged;      /* the sizes are those of the criteria */
    size_t n_series;
    struct series series[MAX_SERIES]; /* series[FIGURE] is the figure */
    int floor;                        /* the series that stands beside the figure in the table */
    size_t n_criteria;
    struct criterion criteria[MAX_CRITERIA];
    size_t rounds;
};

/* Starts a row; `format` says what is done. */
void row_init(struct row *row, const char *name, const char *unit, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a series, the figure first, and returns its index. */
int row_add(struct row *row, const char *name, sample_fn *sample, void *arg);

void row_judge(struct row *row, int against, double aim, double must);

/* Takes the samples and works out medians and ratios. */
void row_measure(struct row *row, size_t rounds);

/* What the criterion looks at. */
double row_value(const struct row *row, const struct criterion *criterion);
bool row_holds(const struct row *row, const struct criterion *criterion);

/* A sample that is a run of jobs: nanoseconds per operation, divided by `per`. */
struct slice {
    struct runner *runner;
    double seconds;
    double per;
    size_t n_jobs;
    struct job jobs[];
};

double slice_sample(void *arg); /* a slice */
