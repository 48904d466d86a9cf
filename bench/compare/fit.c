/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What grows how. See fit.h.
 */
#include "fit.h"

#include <math.h>

static const size_t sizes[] = {1000, 10000, 100000, 1000000};

bool fit_exponent(const struct samples *samples, enum work work, bool tenth_open,
                  const struct engine *engine, double *exponent)
{
    double n = 0, sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct table table = {work, 1, sizes[i], tenth_open ? sizes[i] / 10 : 0, NULL};
        struct spread spread;
        double x, y;

        if (!samples_spread(samples, &table, engine, METRIC_NS, &spread))
            continue;
        x = log((double)sizes[i]);
        y = log(spread.median);
        n++;
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
    }
    if (n < 3)
        return false;
    *exponent = (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x);
    return true;
}

bool fit_scalability(const struct samples *samples, enum work work, size_t sessions,
                     const struct engine *engine, double *sigma_2_kappa)
{
    struct table one = {work, 1, sessions, 0, NULL}, two = {work, 2, sessions, 0, NULL};
    struct spread alone, together;

    if (!samples_spread(samples, &one, engine, METRIC_NS, &alone) ||
        !samples_spread(samples, &two, engine, METRIC_NS, &together))
        return false;
    /* Both are of a processor's time, so two do 2 * alone / together times the work of one. */
    *sigma_2_kappa = together.median / alone.median - 1;
    return true;
}
