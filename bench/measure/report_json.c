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

    fprintf(out, "{\"name\": \"%s\", ", series->name);
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
    bool known = criterion->must > 0 && row->judged;

    fprintf(out, "{\"against\": \"%s\", \"value\": ",
            criterion->against == FIGURE ? "" : row->series[criterion->against].name);
    json_number(out, row_value(row, criterion));
    fputs(", \"aim\": ", out);
    json_number(out, criterion->aim > 0 ? criterion->aim : NAN);
    fputs(", \"must\": ", out);
    json_number(out, criterion->must > 0 ? criterion->must : NAN);
    fprintf(out, ", \"holds\": %s}",
            !known                      ? "null"
            : row_holds(row, criterion) ? "true"
                                        : "false");
}

static void put_row(FILE *out, const struct row *row)
{
    size_t i;

    fprintf(out, "    {\"name\": \"%s\", \"work\": \"%s\", \"unit\": \"%s\",\n     \"figure\": ",
            row->name, row->work, row->unit);
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

void report_json(FILE *out, const struct options *options, const struct machine *machine,
                 const struct row *rows, size_t n)
{
    size_t i;

    fprintf(out, "{\n  \"program\": \"roster-bench\",\n  \"version\": \"%s\",\n", roster_version());
    json_machine(out, machine);
    fprintf(out,
            "  \"options\": {\"rounds\": %zu, \"seconds\": %.9g, \"time\": \"%s\", "
            "\"oracle\": \"%s\", \"order\": \"%s\", \"realtime\": %s, \"pinned\": %s},\n",
            options->rounds, options->seconds, options->cpu_time ? "cpu" : "wall",
            oracle_kind_name(options->oracle), options->random_order ? "random" : "turn",
            options->realtime ? "true" : "false", options->pin ? "true" : "false");
    fputs("  \"rows\": [\n", out);
    for (i = 0; i < n; i++) {
        put_row(out, &rows[i]);
        fputs(i + 1 < n ? ",\n" : "\n", out);
    }
    fputs("  ]\n}\n", out);
}
