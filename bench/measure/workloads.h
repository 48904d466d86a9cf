/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What is run: each workload measures its rows and hands them to the report.
 */
#pragma once

#include "options.h"
#include "report.h"
#include "row.h"
#include "runner.h"

#include <stddef.h>

struct bench {
    const struct options *options;
    struct runner *runner;
    struct report *report;
};

struct workload {
    const char *name;
    const char *help;
    int (*run)(struct bench *bench); /* returns 0 or a negative errno */
};

extern const struct workload workloads[];
extern const size_t n_workloads;

int canary_run(struct bench *bench);
int publish_run(struct bench *bench);
int statement_run(struct bench *bench);
int scan_run(struct bench *bench);
int list_run(struct bench *bench);
int churn_run(struct bench *bench);
int mixed_run(struct bench *bench);
int memory_run(struct bench *bench);

/* The workload's own number, or the one that was asked for, at least 1. */
size_t size_of(size_t asked, size_t own);

/* Whether `row` is measured at the sizes its criteria speak of. */
void row_judge_only_if(struct row *row, bool own_sizes);

/* Measures the row and hands it to the report. */
int bench_row(struct bench *bench, struct row *row);

/* A slice of as many jobs over `args`, an array of structs of `size` bytes, on processors 0.. */
int bench_slice(const struct bench *bench, struct slice *slice, job_fn *fn, void *args, size_t size,
                size_t n);
