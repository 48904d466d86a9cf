/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The report as JSON.
 */
#include "tell.h"

#include "../measure/json.h"
#include "criteria.h"

#include <roster/version.h>

static void put_engine(FILE *out, const struct telling *telling, const struct table *table,
                       const struct engine *engine)
{
    struct spread spread;
    size_t metric;

    fprintf(out, "{\"name\": \"%s\"", engine->name);
    for (metric = 0; metric < N_METRICS; metric++)
        if (samples_spread(telling->samples, table, engine, (enum metric)metric, &spread)) {
            fputs(", ", out);
            json_spread(out, metric_names[metric], &spread);
        }
    if (samples_ratio(telling->samples, table, &engine_roster, engine, METRIC_NS, &spread)) {
        fputs(", ", out);
        json_spread(out, "roster_to_this", &spread);
    }
    fputc('}', out);
}

static void put_table(FILE *out, const struct telling *telling, const struct table *table)
{
    const char *between = "\n      ";
    struct spread spread;
    size_t i;

    fprintf(out,
            "    {\"work\": \"%s\", \"what\": \"%s\", \"threads\": %zu, \"sessions\": %zu, "
            "\"open\": %zu, \"engines\": [",
            works[table->work].name, works[table->work].what, table->threads, table->sessions,
            table->open);
    for (i = 0; i < n_engines; i++)
        if (samples_spread(telling->samples, table, engines[i], METRIC_NS, &spread)) {
            fputs(between, out);
            put_engine(out, telling, table, engines[i]);
            between = ",\n      ";
        }
    fputs("]}", out);
}

static void put_criterion(FILE *out, const struct telling *telling,
                          const struct compare_criterion *criterion)
{
    const struct engine *peer;
    struct spread value;
    bool measured = criterion_value(criterion, telling->samples, &value, &peer);

    fprintf(out, "    {\"work\": \"%s\", \"against\": \"%s\", \"%s\": %g, ", criterion->title,
            peer              ? peer->name
            : criterion->peer ? criterion->peer
                              : "itself",
            criterion_at_most(criterion) ? "at_most" : "at_least", criterion->must);
    if (measured) {
        json_spread(out, "ratio", &value);
        fprintf(out, ", \"holds\": %s}",
                criterion_met(criterion, value.median, criterion->must) ? "true" : "false");
    } else {
        fputs("\"ratio\": null, \"holds\": null}", out);
    }
}

static void put_head(FILE *out, const struct telling *telling)
{
    size_t i;

    fprintf(out, "{\n  \"program\": \"roster-bench compare\", \"version\": \"%s\", \"label\": ",
            roster_version());
    json_string(out, telling->label);
    fputs(",\n", out);
    json_machine(out, &telling->machine);
    fprintf(out,
            "  \"options\": {\"rounds\": %zu, \"seconds\": %.9g, \"realtime\": %s},\n"
            "  \"engines\": [",
            telling->rounds, telling->seconds, telling->realtime ? "true" : "false");
    for (i = 0; i < n_engines; i++) {
        fprintf(out, "%s\n    {\"name\": \"%s\", \"title\": \"%s\", \"version\": ", i ? "," : "",
                engines[i]->name, engines[i]->title);
        json_string(out, engines[i]->version());
        fputc('}', out);
    }
    fputs("],\n", out);
}

void tell_json(FILE *out, const struct telling *telling)
{
    const char *between = "\n";
    struct spread spread;
    size_t i;

    put_head(out, telling);
    fputs("  \"tables\": [", out);
    for (i = 0; i < telling->n_plan; i++)
        if (samples_spread(telling->samples, &telling->plan[i], &engine_roster, METRIC_NS,
                           &spread)) {
            fputs(between, out);
            put_table(out, telling, &telling->plan[i]);
            between = ",\n";
        }
    fputs("],\n  \"criteria\": [\n", out);
    for (i = 0; i < compare_criteria_n; i++) {
        put_criterion(out, telling, &compare_criteria[i]);
        fputs(i + 1 < compare_criteria_n ? ",\n" : "]\n}\n", out);
    }
}
