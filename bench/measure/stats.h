/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Medians and spread of a few values.
 */
#pragma once

#include <stddef.h>

struct spread {
    double median;
    double min;
    double max;
};

#define STATS_MOST 10000

/* Of `n` > 0 values, which stay as they are; at most STATS_MOST. */
struct spread spread_of(const double *values, size_t n);

/* Of the quotients values[i] / by[i]: pairs that were measured one right after the other. */
struct spread spread_of_ratios(const double *values, const double *by, size_t n);
