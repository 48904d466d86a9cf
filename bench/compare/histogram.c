/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A log-linear histogram. See histogram.h.
 */
#include "histogram.h"

#include <math.h>

uint64_t histogram_value(size_t cell)
{
    size_t shift;

    if (cell < 2 * (size_t)HISTOGRAM_STEPS)
        return cell;
    shift = cell / HISTOGRAM_STEPS - 1;
    return ((uint64_t)(cell - shift * HISTOGRAM_STEPS + 1) << shift) - 1;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    size_t i;

    for (i = 0; i < HISTOGRAM_CELLS; i++)
        into->cells[i] += from->cells[i];
    into->count += from->count;
    if (from->max > into->max)
        into->max = from->max;
}

uint64_t histogram_percentile(const struct histogram *histogram, double share)
{
    uint64_t seen = 0, wanted = (uint64_t)ceil(share * (double)histogram->count);
    size_t i;

    for (i = 0; i < HISTOGRAM_CELLS; i++) {
        seen += histogram->cells[i];
        if (seen >= wanted && seen) {
            uint64_t value = histogram_value(i);

            return value < histogram->max ? value : histogram->max;
        }
    }
    return 0;
}
