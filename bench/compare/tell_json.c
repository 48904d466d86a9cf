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

    fputs("{\"name\": ", out);
    json_string(out, engine->name);
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

    fputs("    {\"work\": ", out);
    json_string(out, works[table->work].name);
    fputs(", \"what\": ", out);
    json_string(out, works[table->work].what);
    fprintf(out, ", \"threads\": %zu, \"sessions\": %zu, \"open\": %zu, \"engines\": [",
            table->threads, table->sessions, table->open);
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

    fputs("    {\"work\": ", out);
    json_string(out, criterion->title);
    fputs(", \"against\": ", out);
    json_string(out, peer ? peer->name : criterion->peer ? criterion->peer : "itself");
    fprintf(out, ", \"%s\": %g, ", criterion_at_most(criterion) ? "at_most" : "at_least",
            criterion->must);
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

    fputs("{\n  \"program\": \"roster-bench compare\", \"version\": ", out);
    json_string(out, roster_version());
    fputs(", \"label\": ", out);
    json_string(out, telling->label);
    fputs(",\n  \"machine\": {\"processor\": ", out);
    json_string(out, telling->machine.processor);
    fprintf(out, ", \"processors\": %zu, \"system\": ", telling->machine.processors);
    json_string(out, telling->machine.system);
    fputs(", \"compiler\": ", out);
    json_string(out, telling->machine.compiler);
    fprintf(out, "},\n  \"options\": {\"rounds\": %zu, \"seconds\": ", telling->rounds);
    json_number(out, telling->seconds);
    fprintf(out, ", \"realtime\": %s},\n  \"engines\": [", telling->realtime ? "true" : "false");
    for (i = 0; i < n_engines; i++) {
        fputs(i ? ",\n    {\"name\": " : "\n    {\"name\": ", out);
        json_string(out, engines[i]->name);
        fputs(", \"title\": ", out);
        json_string(out, engines[i]->title);
        fputs(", \"version\": ", out);
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
