/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What was measured, in memory and in a file that grows by a table at a time: an interrupted
 * comparison goes on where it was, and the file is the comparison's CSV.
 */
#pragma once

#include "../measure/stats.h"
#include "plan.h"

enum metric {
    METRIC_NS,    /* per operation: of a processor's time, so that it does not grow with threads */
    METRIC_ALONE, /* the same without those beside */
    METRIC_P50,   /* latency of one operation, ns */
    METRIC_P99,
    METRIC_P999,
    METRIC_P9999,
    METRIC_MAX,
    METRIC_BYTES,   /* per session */
    METRIC_GROWTH,  /* of the process while a reader is inside, bytes a second */
    METRIC_REFUSED, /* share of operations that were refused */
    N_METRICS,
};

extern const char *const metric_names[N_METRICS];

struct sample {
    struct table table;
    const struct engine *engine;
    enum metric metric;
    size_t round;
    double value;
};

struct samples {
    struct sample *all;
    size_t n;
    size_t room;
};

/* Returns 0 or -ENOMEM. */
int samples_add(struct samples *samples, const struct sample *sample);
void samples_free(struct samples *samples);

/*
 * Reads what an earlier run wrote after the line `settings`. Returns 0 also when there is no file;
 * -ESTALE when its settings are others; -EINVAL when it is no such file; -errno.
 */
int samples_load(struct samples *samples, const char *path, const char *settings);

/* Appends samples from the `from`-th on, behind a head when the file is new. 0 or -errno. */
int samples_append(const struct samples *samples, size_t from, const char *path,
                   const char *settings);

/* Values in the order of rounds; returns how many (at most MAX_ROUNDS). */
size_t samples_of(const struct samples *samples, const struct table *table,
                  const struct engine *engine, enum metric metric, double *values);

/* The median and spread; false when nothing was measured. */
bool samples_spread(const struct samples *samples, const struct table *table,
                    const struct engine *engine, enum metric metric, struct spread *spread);

/* Of the quotients of two engines, round by round. */
bool samples_ratio(const struct samples *samples, const struct table *table,
                   const struct engine *engine, const struct engine *by, enum metric metric,
                   struct spread *spread);
