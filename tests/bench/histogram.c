/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* roster-bench's histogram tells percentiles to within 1.6 %, and the maximum exactly. */
#include "bench/compare/histogram.h"

#include <stdio.h>
#include <stdlib.h>

static struct histogram histogram, other;

static void expect(int holds, const char *what, uint64_t value)
{
    if (holds)
        return;
    printf("wrong: %s: %llu\n", what, (unsigned long long)value);
    exit(1);
}

/* Every value is in a cell that ends at or above it, by at most a 64th. */
static void cells(void)
{
    uint64_t value;

    for (value = 0; value < UINT64_C(1) << 40; value += 1 + value / 1000) {
        uint64_t told = histogram_value(histogram_cell(value));

        expect(told >= value && told - value <= value / 64, "cell", value);
        expect(value == 0 || histogram_cell(value) >= histogram_cell(value - 1), "order", value);
    }
    expect(histogram_cell(UINT64_MAX) == HISTOGRAM_CELLS - 1, "largest", UINT64_MAX);
}

static void percentiles(void)
{
    uint64_t i, told;

    expect(histogram_percentile(&histogram, 0.5) == 0, "empty", 0);
    for (i = 1; i <= 100000; i++)
        histogram_add(i % 2 ? &histogram : &other, i);
    histogram_merge(&histogram, &other);
    expect(histogram.count == 100000 && histogram.max == 100000, "merge", histogram.count);
    told = histogram_percentile(&histogram, 0.5);
    expect(told >= 50000 && told <= 50800, "p50", told);
    told = histogram_percentile(&histogram, 0.9999);
    expect(told >= 99990 && told <= 100000, "p99.99", told);
    expect(histogram_percentile(&histogram, 1) == 100000, "max",
           histogram_percentile(&histogram, 1));
}

int main(void)
{
    cells();
    percentiles();
    return 0;
}
