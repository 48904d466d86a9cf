/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Medians and spread. See stats.h.
 */
#include "stats.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct spread spread_of(const double *values, size_t n)
{
    double sorted[STATS_MOST];
    struct spread spread;

    memcpy(sorted, values, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare);
    spread.min = sorted[0];
    spread.max = sorted[n - 1];
    spread.median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    return spread;
}

struct spread spread_of_ratios(const double *values, const double *by, size_t n)
{
    double ratios[STATS_MOST];
    size_t i;

    for (i = 0; i < n; i++)
        ratios[i] = values[i] / by[i];
    return spread_of(ratios, n);
}
