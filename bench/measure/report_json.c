/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The report as JSON. doc/performance.md and scripts read it, so members are added, not changed.
 */
#include "report.h"

#include "json.h"

#include <math.h>
#include <roster/version.h>

static void put_series(FILE *out, const struct row *row, size_t n)
{
    const struct series *series = &row->series[n];
    size_t i;

    fputs("{", out);
    json_member(out, "name", series->name);
    fputs(", ", out);
    json_spread(out, "value", &series->spread);
    if (n != FIGURE) {
        fputs(", ", out);
        json_spread(out, "figure_to_this", &series->ratio);
    }
    fputs(", \"rounds\": [", out);
    for (i = 0; i < row->rounds; i++) {
        fputs(i ? ", " : "", out);
        json_number(out, series->values[i]);
    }
    fputs("]}", out);
}

static void put_criterion(FILE *out, const struct row *row, const struct criterion *criterion)
{
    fputs("{", out);
    json_member(out, "against",
                criterion->against == FIGURE ? "" : row->series[criterion->against].name);
    fputs(", \"value\": ", out);
    json_number(out, row_value(row, criterion));
    fputs(", \"aim\": ", out);
    json_number(out, criterion->aim > 0 ? criterion->aim : NAN);
    fputs(", \"must\": ", out);
    json_number(out, criterion->must > 0 ? criterion->must : NAN);
    fputs(", \"holds\": ", out);
    if (criterion->must > 0 && row->judged)
        fputs(row_holds(row, criterion) ? "true" : "false", out);
    else
        fputs("null", out);
    fputs("}", out);
}

static void put_row(FILE *out, const struct row *row)
{
    size_t i;

    fputs("    {", out);
    json_member(out, "name", row->name);
    fputs(", ", out);
    json_member(out, "work", row->work);
    fputs(", ", out);
    json_member(out, "unit", row->unit);
    fputs(",\n     \"figure\": ", out);
    put_series(out, row, FIGURE);
    fputs(",\n     \"beside\": [", out);
    for (i = 1; i < row->n_series; i++) {
        fputs(i > 1 ? ",\n                " : "", out);
        put_series(out, row, i);
    }
    fputs("],\n     \"criteria\": [", out);
    for (i = 0; i < row->n_criteria; i++) {
        fputs(i ? ", " : "", out);
        put_criterion(out, row, &row->criteria[i]);
    }
    fputs("]}", out);
}

static void put_machine(FILE *out, const struct machine *machine)
{
    fputs("  \"machine\": {", out);
    json_member(out, "processor", machine->processor);
    fprintf(out, ", \"processors\": %zu, ", machine->processors);
    json_member(out, "system", machine->system);
    fputs(", ", out);
    json_member(out, "compiler", machine->compiler);
    fputs("},\n", out);
}

static void put_options(FILE *out, const struct options *options)
{
    fprintf(out, "  \"options\": {\"rounds\": %zu, \"seconds\": ", options->rounds);
    json_number(out, options->seconds);
    fputs(", ", out);
    json_member(out, "time", options->cpu_time ? "cpu" : "wall");
    fputs(", ", out);
    json_member(out, "oracle", oracle_kind_name(options->oracle));
    fputs(", ", out);
    json_member(out, "order", options->random_order ? "random" : "turn");
    fprintf(out, ", \"realtime\": %s", options->realtime ? "true" : "false");
    fprintf(out, ", \"pinned\": %s},\n", options->pin ? "true" : "false");
}

void report_json(FILE *out, const struct options *options, const struct machine *machine,
                 const struct row *rows, size_t n)
{
    size_t i;

    fputs("{\n  ", out);
    json_member(out, "program", "roster-bench");
    fputs(",\n  ", out);
    json_member(out, "version", roster_version());
    fputs(",\n", out);
    put_machine(out, machine);
    put_options(out, options);
    fputs("  \"rows\": [\n", out);
    for (i = 0; i < n; i++) {
        put_row(out, &rows[i]);
        fputs(i + 1 < n ? ",\n" : "\n", out);
    }
    fputs("  ]\n}\n", out);
}
