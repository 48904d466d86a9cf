/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The text of metrics: families, and samples of the usual kinds. And the parts of /metrics.
 */
#pragma once

#include "core/base/clock.h"
#include "status/text.h"

#include <roster/timestamp.h>
#include <stdbool.h>
#include <stdint.h>

struct roster;
struct roster_status_options;

struct out {
    struct text *text;
    bool open_metrics;
};

/* The head of a family, whose name ends with its unit if it has one. */
void rst_metric_family(struct out *out, const char *name, const char *type, const char *help);

/* Families of one sample without labels. */
void rst_metric_gauge(struct out *out, const char *name, const char *help, uint64_t value);
void rst_metric_gauge_seconds(struct out *out, const char *name, const char *help, int64_t ns);
void rst_metric_counter(struct out *out, const char *name, const char *help, uint64_t value);

/* A sample's beginning, "name{label=\"value\"": the value may hold anything and is escaped. More
 * labels may follow before "} ". */
void rst_metric_labelled(struct out *out, const char *name, const char *label, const char *value);

/* The value of one more label, after its opening quote, with the closing one. */
void rst_metric_value(struct out *out, const char *value);

/* metrics_process.c: which build it is, and what the process uses. `*started_ms` keeps when it
 * began, which is computed once, so that no step of the wall clock looks like a restart. */
void rst_metrics_put_process(struct out *out, uint64_t *started_ms);

/* metrics_cluster.c: of a cluster's server, what its syncer and its safe points do. `now` is the
 * oracle's, 0 while that cannot be asked. */
void rst_metrics_put_cluster(struct out *out, const struct roster_status_options *options,
                             uint64_t now);

/* metrics_groups.c: the users, databases and applications with the most sessions. */
void rst_metrics_put_groups(struct out *out, struct roster *roster);

/* How far a timestamp is behind another one; 0 if it is not. */
static inline int64_t rst_metrics_ns_between(uint64_t old_ts, uint64_t new_ts)
{
    uint64_t old_ms = roster_ts_physical_ms(old_ts), new_ms = roster_ts_physical_ms(new_ts);

    return (int64_t)rst_since(new_ms, old_ms) * 1000000;
}
