/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The report as text.
 */
#include "tell.h"

#include "criteria.h"
#include "fit.h"

#include <math.h>
#include <roster/version.h>

/* A duration in at most six characters and a unit. */
static void say_ns(char *out, size_t size, double ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t unit = 0;

    if (!isfinite(ns)) {
        snprintf(out, size, "never");
        return;
    }
    while (ns >= 1000 && unit < 3) {
        ns /= 1000;
        unit++;
    }
    snprintf(out, size, "%.*f %s", ns < 10 ? 2 : ns < 100 ? 1 : 0, ns, units[unit]);
}

static void say_ratio(char *out, size_t size, double ratio)
{
    if (ratio < 0.1)
        snprintf(out, size, "%.2g", ratio);
    else
        snprintf(out, size, "%.2f", ratio);
}

void tell_head(FILE *out, const struct telling *telling)
{
    size_t i;

    fprintf(out, "roster-bench compare %s%s%s\n", roster_version(), *telling->label ? ", " : "",
            telling->label);
    fprintf(out, "%s, %s, %zu x %s\n", telling->machine.compiler, telling->machine.system,
            telling->machine.processors, telling->machine.processor);
    fprintf(out, "medians (smallest..largest) of %zu interleaved rounds of %g s%s\n",
            telling->rounds, telling->seconds,
            telling->realtime ? ", real-time where threads do not exceed processors" : "");
    for (i = 0; i < n_engines; i++)
        fprintf(out, "  %-12s %s; %s\n", engines[i]->name, engines[i]->title,
                engines[i]->version());
}

static void tell_latency(FILE *out, const struct telling *telling, const struct table *table,
                         const struct engine *engine)
{
    static const enum metric metrics[] = {METRIC_P50, METRIC_P99, METRIC_P999, METRIC_P9999,
                                          METRIC_MAX};
    size_t i;

    for (i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
        struct spread spread;
        char text[32] = "";

        if (samples_spread(telling->samples, table, engine, metrics[i], &spread))
            say_ns(text, sizeof(text), spread.median);
        fprintf(out, " %8s", text);
    }
}

static void tell_stalled(FILE *out, const struct telling *telling, const struct table *table,
                         const struct engine *engine)
{
    struct spread growth = {0}, refused = {0};

    samples_spread(telling->samples, table, engine, METRIC_GROWTH, &growth);
    samples_spread(telling->samples, table, engine, METRIC_REFUSED, &refused);
    fprintf(out, "  grows by %.0f MB/s, refuses %.0f %%", growth.median / 1e6,
            refused.median * 100);
}

static void tell_engine(FILE *out, const struct telling *telling, const struct table *table,
                        const struct engine *engine)
{
    char median[32], min[32], max[32], span[72], ratio[32] = "";
    struct spread ns, quotient, other;

    if (!samples_spread(telling->samples, table, engine, METRIC_NS, &ns))
        return;
    say_ns(median, sizeof(median), ns.median);
    say_ns(min, sizeof(min), ns.min);
    say_ns(max, sizeof(max), ns.max);
    snprintf(span, sizeof(span), "(%s..%s)", min, max);
    if (engine != &engine_roster &&
        samples_ratio(telling->samples, table, &engine_roster, engine, METRIC_NS, &quotient))
        say_ratio(ratio, sizeof(ratio), quotient.median);
    fprintf(out, "  %-16s %8s %-22s %7s", engine->name, median, span, ratio);
    if (works[table->work].latency)
        tell_latency(out, telling, table, engine);
    if (table->work == WORK_STALLED)
        tell_stalled(out, telling, table, engine);
    if (samples_spread(telling->samples, table, engine, METRIC_ALONE, &other))
        fprintf(out, "  of its throughput alone: %.2f", other.median / ns.median);
    if (table->sessions >= 100000 && table->work != WORK_LIST &&
        samples_spread(telling->samples, table, engine, METRIC_BYTES, &other))
        fprintf(out, "  %4.0f bytes", other.median);
    fputc('\n', out);
}

void tell_table(FILE *out, const struct telling *telling, const struct table *table)
{
    char title[120];
    size_t i;

    table_title(table, title, sizeof(title));
    fprintf(out, "\n%s: %s\n", title, works[table->work].what);
    fprintf(out, "  %-16s %8s %-22s %7s", "engine", "an op", "", "ratio");
    if (works[table->work].latency)
        fprintf(out, " %8s %8s %8s %8s %8s", "p50", "p99", "p99.9", "p99.99", "worst");
    fputc('\n', out);
    for (i = 0; i < n_engines; i++)
        tell_engine(out, telling, table, engines[i]);
}

void tell_criteria(FILE *out, const struct telling *telling)
{
    size_t i, missed = 0, measured = 0;

    fprintf(out, "\nWhat must hold (Roster : peer; in brackets the aim)\n  %-40s %-11s %8s %-16s\n",
            "work", "against", "ratio", "limit");
    for (i = 0; i < compare_criteria_n; i++) {
        const struct compare_criterion *it = &compare_criteria[i];
        const struct engine *peer;
        struct spread value;
        char ratio[32] = "-", limit[48], aim[24] = "";
        const char *verdict = "not measured";

        if (it->aim > 0)
            snprintf(aim, sizeof(aim), " (%.3g)", it->aim);
        snprintf(limit, sizeof(limit), "%s %.3g%s", criterion_at_most(it) ? "<=" : ">=", it->must,
                 aim);
        if (criterion_value(it, telling->samples, &value, &peer)) {
            bool met = criterion_met(it, value.median, it->must);

            say_ratio(ratio, sizeof(ratio), value.median);
            verdict = !met                                                      ? "MISSED"
                      : it->aim > 0 && criterion_met(it, value.median, it->aim) ? "holds, aim met"
                                                                                : "holds";
            measured++;
            missed += !met;
        }
        fprintf(out, "  %-40s %-11s %8s %-16s %s\n", it->title,
                peer       ? peer->name
                : it->peer ? it->peer
                           : "itself",
                ratio, limit, verdict);
    }
    fprintf(out, "%zu of %zu hold, %zu missed, %zu not measured\n", measured - missed,
            compare_criteria_n, missed, compare_criteria_n - measured);
}

void tell_fits(FILE *out, const struct telling *telling)
{
    static const struct {
        enum work work;
        bool tenth_open;
    } grown[] = {{WORK_OLDEST, true},
                 {WORK_LIST, true},
                 {WORK_LOOKUP, false},
                 {WORK_CHURN, false},
                 {WORK_PUBLISH, false}};
    size_t i, j;
    double value;

    for (i = 0; i < sizeof(grown) / sizeof(*grown); i++)
        for (j = 0; j < n_engines; j++)
            if (fit_exponent(telling->samples, grown[i].work, grown[i].tenth_open, engines[j],
                             &value))
                fprintf(out, "%s grows with sessions^%.2f: %s\n", works[grown[i].work].name, value,
                        engines[j]->name);
    for (i = 0; i < n_engines; i++)
        if (fit_scalability(telling->samples, WORK_PUBLISH, 10000, engines[i], &value))
            fprintf(out, "publish, two threads, sigma + 2 kappa = %.3f: %s\n", value,
                    engines[i]->name);
}
