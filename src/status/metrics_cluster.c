/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a cluster's server adds to /metrics: its syncer, the safe points, and what fails.
 */
#include "status/metrics.h"

#include <inttypes.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <roster/syncer.h>
#include <stdio.h>

static int64_t ns_since(int64_t moment)
{
    return (int64_t)rst_since(rst_clock_ns(CLOCK_BOOTTIME), (uint64_t)moment);
}

static void put_state(struct out *out, const struct roster_cluster_calls *calls,
                      enum roster_syncer_state now)
{
    int state;

    rst_metric_family(out, "roster_syncer_state", "gauge",
                      "1 for the state that the syncer is in; in all but live the server is "
                      "fenced.");
    for (state = ROSTER_SYNCER_JOINING; state < ROSTER_SYNCER_STATES; state++)
        rst_status_text_printf(out->text, "roster_syncer_state{state=\"%s\"} %d\n",
                               calls->syncer_state_name((enum roster_syncer_state)state),
                               (int)now == state);
}

static void put_counts(struct out *out, const struct roster_syncer_stats *stats)
{
    const struct {
        const char *name, *help;
        uint64_t count;
    } counts[] = {
        {"registrations", "Times that the server was registered.", stats->registrations},
        {"refusals", "Times that another server had its id.", stats->refusals},
        {"fences", "Times that the server was fenced after it was live.", stats->fences},
        {"resumptions", "Fences after which the lease turned out to be alive.", stats->resumptions},
        {"reports", "Reports that the store took.", stats->reports},
        {"report_failures", "Reports that failed.", stats->report_failures},
        {"keep_alives", "Keep-alives of the lease that the store took.", stats->keep_alives},
        {"keep_alive_failures", "Keep-alives of the lease that failed.",
         stats->keep_alive_failures},
        {"lowered", "Pins for which the record was lowered.", stats->lowered},
        {"lower_refused", "Pins refused because the txn safe point had passed them.",
         stats->lower_refused},
        {"given_up",
         "Times that this server gave up what it held for too long, as it was asked to.",
         stats->given_up},
        {"rejected", "Values in the store that no correct server can have written.",
         stats->rejected},
    };
    char name[64];
    size_t n;

    for (n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
        snprintf(name, sizeof(name), "roster_syncer_%s", counts[n].name);
        rst_metric_counter(out, name, counts[n].help, counts[n].count);
    }
}

static void put_syncer(struct out *out, const struct roster_cluster_calls *calls,
                       const struct roster_syncer_stats *stats, uint64_t now)
{
    put_state(out, calls, stats->state);
    put_counts(out, stats);
    rst_metric_gauge_seconds(out, "roster_lease_seconds",
                             "The lease's time to live, as the store granted it.",
                             stats->granted_ms * 1000000);
    if (stats->reported_ns)
        rst_metric_gauge_seconds(out, "roster_report_age_seconds", "Since the newest report.",
                                 ns_since(stats->reported_ns));
    if (stats->record && now)
        rst_metric_gauge_seconds(out, "roster_record_age_seconds",
                                 "How far the record that the store holds is behind now.",
                                 rst_metrics_ns_between(stats->record, now));
}

/* Of two kinds of operations, each with a state of its own. NULL: there are none of the kind. */
static void put_errors(struct out *out, const struct roster_syncer_stats *syncer,
                       const struct roster_safe_point_state *cluster)
{
    int kind;

    rst_metric_family(out, "roster_errors", "counter",
                      "Operations on the cluster's store that failed, by class of error.");
    for (kind = 0; kind < ROSTER_ERROR_CLASSES; kind++)
        rst_status_text_printf(out->text, "roster_errors_total{class=\"%s\"} %" PRIu64 "\n",
                               roster_error_class_name((enum roster_error_class)kind),
                               (syncer ? syncer->errors[kind] : 0) +
                                   (cluster ? cluster->errors[kind] : 0));
}

static void put_failing(struct out *out, const char *operation,
                        const struct roster_failing *failing)
{
    rst_status_text_printf(out->text, "roster_failing_seconds{operation=\"%s\"} ", operation);
    rst_status_text_seconds(out->text, failing->times ? ns_since(failing->since_ns) : 0);
    rst_status_text_put(out->text, "\n");
}

static void put_operations(struct out *out, const struct roster_syncer_stats *syncer,
                           const struct roster_safe_point_state *cluster)
{
    rst_metric_family(out, "roster_failing_seconds", "gauge",
                      "For how long every attempt of an operation has failed; 0: it works.");
    if (syncer) {
        put_failing(out, "join", &syncer->joining);
        put_failing(out, "keep-alive", &syncer->keeping);
        put_failing(out, "report", &syncer->reporting);
        put_failing(out, "watch", &syncer->watching);
        put_failing(out, "lower", &syncer->lowering);
    }
    if (cluster) {
        put_failing(out, "lead", &cluster->leading);
        put_failing(out, "follow", &cluster->following);
        put_failing(out, "acknowledge", &cluster->acknowledging);
    }
}

static void put_age(struct out *out, const char *name, const char *help, uint64_t ts, uint64_t now)
{
    /* The least timestamps stand where none was computed: they are of no time. */
    if (roster_ts_physical_ms(ts) && now)
        rst_metric_gauge_seconds(out, name, help, rst_metrics_ns_between(ts, now));
}

static void put_blocker(struct out *out, const char *safe_point,
                        const struct roster_blocker *blocker)
{
    static const char *const kinds[] = {
        [ROSTER_BLOCKER_SERVER] = "server",         [ROSTER_BLOCKER_BARRIER] = "barrier",
        [ROSTER_BLOCKER_UNREADABLE] = "unreadable", [ROSTER_BLOCKER_ACK] = "acknowledgement",
        [ROSTER_BLOCKER_IMPOSSIBLE] = "impossible",
    };

    if (blocker->kind == ROSTER_BLOCKER_NONE)
        return;
    rst_status_text_printf(
        out->text, "roster_safe_point_blocked_seconds{safe_point=\"%s\",kind=\"%s\",name=\"",
        safe_point, kinds[blocker->kind]);
    rst_metric_value(out, blocker->name);
    rst_status_text_put(out->text, "} ");
    rst_status_text_seconds(out->text, (int64_t)(blocker->age_ms * 1000000));
    rst_status_text_put(out->text, "\n");
}

static void put_safe_points(struct out *out, const struct roster_safe_point_state *state,
                            uint64_t now)
{
    put_age(out, "roster_txn_safe_point_age_seconds",
            "How far the txn safe point is behind the oracle's now.", state->txn, now);
    put_age(out, "roster_gc_safe_point_age_seconds",
            "How far the gc safe point is behind the oracle's now.", state->gc, now);
    put_age(out, "roster_acknowledged_age_seconds",
            "How far the txn safe point that this server has acknowledged is behind now.",
            state->acknowledged, now);
    rst_metric_gauge(out, "roster_leads", "1 on the server that moves the safe points.",
                     state->leads);
    rst_metric_family(out, "roster_leader", "gauge",
                      "1, with the leader's id; 0 and no id while none is known.");
    rst_metric_labelled(out, "roster_leader", "leader", state->leader);
    rst_status_text_printf(out->text, "} %d\n", *state->leader != '\0');
    rst_metric_counter(out, "roster_safe_point_rounds", "Times that this server computed them.",
                       state->rounds);
    rst_metric_counter(out, "roster_safe_point_failures", "Of these, the ones that failed.",
                       state->failures);
    rst_metric_counter(out, "roster_safe_point_conflicts",
                       "Compare-and-swaps lost to another server.", state->conflicts);
    rst_metric_gauge(out, "roster_abandoned_holders",
                     "Barriers and servers that hold the safe points for longer than is accepted, "
                     "as the leader sees them.",
                     state->abandoned);
    rst_metric_counter(out, "roster_passed_barriers", "Such barriers that this server has deleted.",
                       state->passed_barriers);
    rst_metric_counter(out, "roster_passed_servers",
                       "Times that this server has asked such a server to give up what it holds.",
                       state->passed_servers);
    rst_metric_family(out, "roster_safe_point_blocked_seconds", "gauge",
                      "How far the one that blocks a safe point is behind what was wanted; absent "
                      "while none does, and on servers that do not lead.");
    put_blocker(out, "txn", &state->txn_blocker);
    put_blocker(out, "gc", &state->gc_blocker);
}

void rst_metrics_put_cluster(struct out *out, const struct roster_status_options *options,
                             uint64_t now)
{
    struct roster_syncer_stats syncer = {.size = sizeof(syncer)};
    struct roster_safe_point_state cluster = {.size = sizeof(cluster)};
    const struct roster_cluster_calls *calls = options->cluster;
    bool has_syncer = options->syncer && !calls->syncer_stats(options->syncer, &syncer);
    bool has_cluster =
        options->safe_point && !calls->safe_point_state(options->safe_point, &cluster);

    if (has_syncer)
        put_syncer(out, calls, &syncer, now);
    if (has_cluster)
        put_safe_points(out, &cluster, now);
    if (!has_syncer && !has_cluster)
        return;
    put_errors(out, has_syncer ? &syncer : NULL, has_cluster ? &cluster : NULL);
    put_operations(out, has_syncer ? &syncer : NULL, has_cluster ? &cluster : NULL);
}
