/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What is run: each workload measures its rows and hands them to the report.
 */
#pragma once

#include "floors.h"
#include "options.h"
#include "report.h"
#include "row.h"
#include "runner.h"
#include "world.h"

#include <stddef.h>

#define BENCH_OWNS 16

struct bench {
    const struct options *options;
    struct runner *runner;
    struct report *report;
    /* What the workload has made; see bench_clear(). */
    struct {
        void *object;
        void (*destroy)(void *object);
    } owned[BENCH_OWNS];
    size_t n_owned;
};

struct workload {
    const char *name;
    const char *help;
    void (*run)(struct bench *bench);
};

extern const struct workload workloads[];
extern const size_t n_workloads;

void canary_run(struct bench *bench);
void publish_run(struct bench *bench);
void statement_run(struct bench *bench);
void scan_run(struct bench *bench);
void list_run(struct bench *bench);
void churn_run(struct bench *bench);
void mixed_run(struct bench *bench);
void memory_run(struct bench *bench);

/* The workload's own number, or the one that was asked for, at least 1. */
size_t size_of(size_t asked, size_t own);

/* Measures the row and hands it to the report. */
void bench_row(struct bench *bench, struct row *row);

/* What these return is freed by bench_clear(), which is called after each workload. */
void bench_clear(struct bench *bench);
struct world *bench_world(struct bench *bench, size_t sessions, size_t threads, size_t text);
struct floors *bench_floors(struct bench *bench, size_t records, size_t threads);

/* A slice with room for `n` jobs, and without any. */
struct slice *bench_slice(struct bench *bench, size_t n);

/* The same of one job, or of `n` jobs: over the shares of a world, or of floors. */
struct slice *bench_job(struct bench *bench, job_fn *fn, void *arg);
struct slice *bench_jobs(struct bench *bench, job_fn *fn, struct world *world, size_t n);
struct slice *bench_floor_jobs(struct bench *bench, job_fn *fn, struct floors *floors, size_t n);

/* A walk over that number of bytes, see floors.h. */
struct slice *bench_walk(struct bench *bench, size_t bytes);

/* Adds a job to a slice that has room for it. */
void slice_add(struct slice *slice, job_fn *fn, void *arg, size_t cpu, bool measured);
