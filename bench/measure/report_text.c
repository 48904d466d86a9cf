/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The report as text.
 */
#include "report.h"

#include <roster/version.h>
#include <string.h>

/* Three digits that matter, whatever the size. */
static int decimals(double value)
{
    return value < 10 ? 2 : value < 100 ? 1 : 0;
}

static void say_value(char *out, size_t size, double value, const char *unit)
{
    snprintf(out, size, "%.*f %s", decimals(value), value, unit);
}

void report_text_head(FILE *out, const struct options *options, const struct machine *machine)
{
    fprintf(out, "roster-bench %s, %s, %s, %zu x %s\n", roster_version(), machine->compiler,
            machine->system, machine->processors, machine->processor);
    fprintf(out, "medians (smallest..largest) of %zu interleaved rounds of %g s each, %s, ",
            options->rounds, options->seconds, options->cpu_time ? "processor time" : "wall time");
    fprintf(out, "threads %s%s, oracle: %s, order: %s\n", options->pin ? "pinned" : "not pinned",
            options->realtime ? ", real-time" : "", oracle_kind_name(options->oracle),
            options->random_order ? "random" : "turn");
}

static void say_series(FILE *out, const struct series *series, const char *unit, bool with_ratio)
{
    const struct spread *spread = &series->spread;
    char value[40];

    say_value(value, sizeof(value), spread->median, unit);
    fprintf(out, "    %-34s %12s (%.*f..%.*f)", series->name, value, decimals(spread->min),
            spread->min, decimals(spread->max), spread->max);
    if (with_ratio && spread->median > 0)
        fprintf(out, "  ratio %.2f (%.2f..%.2f)", series->ratio.median, series->ratio.min,
                series->ratio.max);
    fputc('\n', out);
}

static const char *verdict(const struct row *row, const struct criterion *criterion)
{
    if (criterion->must <= 0)
        return "";
    if (!row->judged)
        return "other sizes";
    return row_holds(row, criterion) ? "holds" : "MISSED";
}

/* "3 x", "40 ns" or "-". */
static void say_bound(char *out, size_t size, const struct row *row,
                      const struct criterion *criterion, double bound)
{
    if (bound <= 0)
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%g %s", bound, criterion->against == FIGURE ? row->unit : "x");
}

void report_text_row(FILE *out, const struct row *row)
{
    size_t i;

    fprintf(out, "\n%s: %s\n", row->name, row->work);
    for (i = 0; i < row->n_series; i++)
        say_series(out, &row->series[i], row->unit, i != FIGURE);
    for (i = 0; i < row->n_criteria; i++) {
        const struct criterion *criterion = &row->criteria[i];
        char aim[40], must[40];

        say_bound(aim, sizeof(aim), row, criterion, criterion->aim);
        say_bound(must, sizeof(must), row, criterion, criterion->must);
        fprintf(out, "    -> %s%s: %.2f, aim %s, must %s  %s\n",
                criterion->against == FIGURE ? "" : "against ",
                row->series[criterion->against].name, row_value(row, criterion), aim, must,
                verdict(row, criterion));
    }
}

static void say_line(FILE *out, const struct row *row, const struct criterion *criterion)
{
    const struct series *floor = &row->series[row->floor];
    char figure[40], beside[40], ratio[40] = "", aim[40], must[40];

    say_value(figure, sizeof(figure), row->series[FIGURE].spread.median, row->unit);
    say_value(beside, sizeof(beside), floor->spread.median, row->unit);
    if (criterion->against != FIGURE)
        snprintf(ratio, sizeof(ratio), "%.2f x %s", row_value(row, criterion),
                 criterion->against == row->floor ? "floor" : row->series[criterion->against].name);
    say_bound(aim, sizeof(aim), row, criterion, criterion->aim);
    say_bound(must, sizeof(must), row, criterion, criterion->must);
    fprintf(out, "%-16s %12s %12s  %-28s %9s %11s  %s\n", row->name, figure, beside, ratio, aim,
            must, verdict(row, criterion));
}

void report_text_table(FILE *out, const struct row *rows, size_t n)
{
    size_t i, j;

    fprintf(out, "\n%-16s %12s %12s  %-28s %9s %11s\n", "work", "figure", "floor", "ratio", "aim",
            "must");
    for (i = 0; i < n; i++) {
        static const struct criterion none = {FIGURE, 0, 0};

        if (!rows[i].n_criteria)
            say_line(out, &rows[i], &none);
        for (j = 0; j < rows[i].n_criteria; j++)
            say_line(out, &rows[i], &rows[i].criteria[j]);
    }
}
