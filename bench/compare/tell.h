/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The report of a comparison: as text, as JSON, as charts.
 */
#pragma once

#include "../measure/report.h"
#include "samples.h"

struct telling {
    const struct samples *samples;
    const struct table *plan;
    size_t n_plan;
    struct machine machine;
    const char *label; /* what is measured, for instance a commit; may be empty */
    double seconds;
    size_t rounds;
    bool realtime;
};

void tell_head(FILE *out, const struct telling *telling);
void tell_table(FILE *out, const struct telling *telling, const struct table *table);
void tell_criteria(FILE *out, const struct telling *telling);
void tell_fits(FILE *out, const struct telling *telling);
void tell_json(FILE *out, const struct telling *telling);

/*
 * Writes charts into the directory as SVG and PNG, with gnuplot, those that have
 * enough points. Returns 0, -ENOENT when there is no gnuplot, -EIO when it failed, or -errno.
 */
int tell_charts(const struct telling *telling, const char *directory);
