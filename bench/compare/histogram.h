/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A log-linear histogram of durations: every power of two is divided into 64 steps, so a value is
 * exact to 1.6 %, from one nanosecond to 18 minutes, in constant memory and without a
 * branch that depends on what was measured before.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_STEP_BITS 6
#define HISTOGRAM_STEPS (1u << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_MOST_BITS 40
#define HISTOGRAM_CELLS ((HISTOGRAM_MOST_BITS - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS)

struct histogram {
    uint64_t count;
    uint64_t max;
    uint64_t cells[HISTOGRAM_CELLS];
};

/* Below 64 a cell is a value; above, 64 cells follow for each power of two. */
static inline size_t histogram_cell(uint64_t value)
{
    unsigned shift;

    if (value < HISTOGRAM_STEPS)
        return (size_t)value;
    if (value >> HISTOGRAM_MOST_BITS)
        return HISTOGRAM_CELLS - 1;
    shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_STEP_BITS;
    return (size_t)(shift * HISTOGRAM_STEPS + (value >> shift));
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->cells[histogram_cell(value)]++;
    histogram->count++;
    if (value > histogram->max)
        histogram->max = value;
}

/* The largest value that counts into a cell. */
uint64_t histogram_value(size_t cell);

void histogram_merge(struct histogram *into, const struct histogram *from);

/* A value that at least `share` (0 to 1) of all do not exceed, and at most the largest; 0 without.
 */
uint64_t histogram_percentile(const struct histogram *histogram, double share);
