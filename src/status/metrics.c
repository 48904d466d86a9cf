/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * GET /metrics: OpenMetrics 1.0 for clients that accept it, else the older text format of
 * Prometheus, in which the family of a counter is called as its sample is.
 */
#include "status/metrics.h"

#include "status/query.h"
#include "status/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OPEN_METRICS "application/openmetrics-text"

/* Bounds of the histograms, in powers of two of nanoseconds; all below are one bucket.
 */
struct bounds {
    unsigned first, last;
};

static const struct bounds state_bounds = {23, 41}; /* 17 ms to 73 min */
static const struct bounds scan_bounds = {9, 29};   /* 1 us to 1 s */

/* The rows of a histogram; `label` is empty or ends with a comma. */
static void histogram(struct out *out, const char *name, const char *label,
                      const struct roster_times *times, struct bounds bounds)
{
    uint64_t sum = 0;
    char braces[80] = "";
    unsigned n;

    for (n = 0; n < bounds.last; n++) {
        sum += times->buckets[n];
        if (n < bounds.first)
            continue;
        rst_status_text_printf(out->text, "%s_bucket{%sle=\"", name, label);
        rst_status_text_seconds(out->text, INT64_C(2) << n);
        rst_status_text_printf(out->text, "\"} %" PRIu64 "\n", sum);
    }
    rst_status_text_printf(out->text, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, label,
                           times->count);
    if (*label)
        snprintf(braces, sizeof(braces), "{%.*s}", (int)strlen(label) - 1, label);
    rst_status_text_printf(out->text, "%s_sum%s ", name, braces);
    rst_status_text_seconds(out->text, (int64_t)times->sum_ns);
    rst_status_text_printf(out->text, "\n%s_count%s %" PRIu64 "\n", name, braces, times->count);
}

/* Sessions and transactions by what they do; unknown while they may not be read. */
struct census {
    bool known;
    uint64_t kinds[3];
    uint64_t txns[3];
    uint64_t states[ROSTER_RUN_STATES];
};

static int count_one(const struct roster_session *session, const struct roster_shown *view,
                     void *arg)
{
    struct census *census = arg;

    census->kinds[roster_session_kind(session)]++;
    census->txns[view->txn_state]++;
    if (view->txn_state == ROSTER_TXN_VALID)
        census->states[view->run_state]++;
    return 0;
}

static void put_census(struct out *out, const struct census *census)
{
    static const char *const kinds[] = {"user", "internal", "background"};
    unsigned n;

    if (!census->known)
        return;
    rst_metric_family(out, "roster_sessions", "gauge", "Sessions that are open, by kind.");
    for (n = 0; n < 3; n++)
        rst_status_text_printf(out->text, "roster_sessions{kind=\"%s\"} %" PRIu64 "\n", kinds[n],
                               census->kinds[n]);
    rst_metric_family(out, "roster_transactions", "gauge",
                      "Transactions with a start timestamp, by what they do.");
    for (n = 0; n < ROSTER_RUN_STATES; n++)
        rst_status_text_printf(out->text, "roster_transactions{state=\"%s\"} %" PRIu64 "\n",
                               roster_run_state_name((enum roster_run_state)n), census->states[n]);
    rst_metric_gauge(out, "roster_transactions_pending",
                     "Transactions that wait for their start timestamp.",
                     census->txns[ROSTER_TXN_PENDING]);
}

static void put_stats(struct out *out, const struct roster_stats *stats)
{
    rst_metric_gauge(out, "roster_sessions_peak", "The most sessions that were open at once.",
                     stats->sessions_peak);
    rst_metric_counter(out, "roster_sessions_opened", "Sessions opened.", stats->sessions_opened);
    rst_metric_counter(out, "roster_sessions_refused", "Sessions refused because of the limit.",
                       stats->sessions_refused);
    rst_metric_counter(out, "roster_transactions_begun", "Transactions begun.", stats->txns_begun);
    rst_metric_counter(out, "roster_transactions_forced",
                       "Transactions ended because their session closed.", stats->txns_forced);
    rst_metric_counter(out, "roster_statements", "Statements begun.", stats->statements);
    rst_metric_gauge(out, "roster_pins", "Pins held beside those of transactions.", stats->pins);
    rst_metric_gauge(out, "roster_pins_expired",
                     "Pins that the newest scan found below its age limit.", stats->expired);
    rst_metric_gauge(out, "roster_memory_bytes", "Memory for sessions, views and pins.",
                     stats->memory);
    rst_metric_gauge(out, "roster_backlog_bytes", "Memory that waits for a grace period.",
                     stats->backlog);
    rst_metric_counter(out, "roster_backlog_refused", "Calls refused because of the backlog.",
                       stats->backlog_refused);
    rst_metric_gauge(out, "roster_sessions_limit",
                     "The most sessions that may be open; 0: no limit.", stats->max_sessions);
    rst_metric_gauge(out, "roster_sessions_reserved",
                     "Places of these for administrators and internal sessions.",
                     stats->reserved_sessions);
    rst_metric_gauge(out, "roster_backlog_limit_bytes", "The backlog at which calls are refused.",
                     stats->backlog_limit);
    rst_metric_counter(out, "roster_looks_again",
                       "Looks that were tried again, because the owner published.",
                       stats->looks_again);
    rst_metric_gauge(out, "roster_threads", "Threads that have used the roster and live.",
                     stats->threads);
    rst_metric_counter(out, "roster_membarrier_failures",
                       "Calls of membarrier that the kernel refused.", stats->membarrier_failures);
    rst_metric_gauge(out, "roster_membarrier_refused",
                     "1 while the kernel refuses membarrier: safe points are stuck, lists fail.",
                     stats->membarrier_refused);
}

/* Absent where it cannot be found out. */
static void put_blocked(struct out *out, struct roster *roster)
{
    struct roster_blocking blocking = {.size = sizeof(blocking)};

    if (!roster_blocking(roster, 0, &blocking))
        rst_metric_gauge(out, "roster_sessions_blocked", "Sessions that wait for another session.",
                         blocking.waiting);
}

static void put_kills(struct out *out, const struct roster_metrics *metrics)
{
    unsigned reason, result;

    rst_metric_family(out, "roster_kills", "counter",
                      "Kills, by reason and by what became of them.");
    for (reason = ROSTER_KILL_REASON_INTERRUPTED; reason < ROSTER_KILL_REASONS; reason++)
        for (result = 0; result < ROSTER_KILL_RESULTS; result++)
            rst_status_text_printf(out->text,
                                   "roster_kills_total{reason=\"%s\",result=\"%s\"} %" PRIu64 "\n",
                                   roster_kill_reason_name((enum roster_kill_reason)reason),
                                   roster_kill_result_name((enum roster_kill_result)result),
                                   metrics->kills[reason][result]);
}

static void put_times(struct out *out, const struct roster_metrics *metrics)
{
    char label[64];
    unsigned n;

    rst_metric_family(
        out, "roster_state_seconds", "histogram",
        "Stays in a running state, of those that lasted into another tick of the clock.");
    for (n = 0; n < ROSTER_RUN_STATES; n++) {
        snprintf(label, sizeof(label), "state=\"%s\",",
                 roster_run_state_name((enum roster_run_state)n));
        histogram(out, "roster_state_seconds", label, &metrics->states[n], state_bounds);
    }
    rst_metric_family(out, "roster_scan_seconds", "histogram", "Computing the minimum.");
    histogram(out, "roster_scan_seconds", "", &metrics->scans, scan_bounds);
    if (metrics->grace_period_ns) /* absent until one was measured */
        rst_metric_gauge_seconds(out, "roster_grace_period_seconds",
                                 "The newest grace period that was measured.",
                                 (int64_t)metrics->grace_period_ns);
    rst_metric_gauge_seconds(out, "roster_grace_period_age_seconds",
                             "How long the grace period under way has taken so far.",
                             (int64_t)metrics->grace_period_age_ns);
    if (metrics->leased)
        rst_metric_gauge_seconds(
            out, "roster_lease_margin_seconds",
            "Until the server is fenced unless its lease is kept; below 0 for how long it "
            "has been fenced.",
            metrics->lease_margin_ns);
}

/* By the clock that no step of the wall clock changes. */
static int64_t ns_held(const struct roster_holder *holder)
{
    if (holder->kind == ROSTER_HOLDER_NONE)
        return 0;
    return (int64_t)rst_since(rst_monotonic_ms() * 1000000, holder->since);
}

/* Absent while the oracle cannot be asked or the kernel refuses the membarrier. Returns the
 * oracle's now, or 0. */
static uint64_t put_minimum(struct out *out, struct roster *roster)
{
    struct roster_min min = {.size = sizeof(min)};

    if (roster_min_peek(roster, &min))
        return 0;
    rst_metric_gauge_seconds(out, "roster_minimum_age_seconds",
                             "For how long the minimum has been held; 0 while nothing holds it.",
                             ns_held(&min.holder));
    if (min.safe_point)
        rst_metric_gauge_seconds(
            out, "roster_safe_point_age_seconds",
            "How far the local safe point is behind the oracle's now: follows steps of "
            "the wall clock.",
            rst_metrics_ns_between(min.safe_point, min.now));
    return min.now;
}

static void put_verdict(struct out *out, struct roster_status *status)
{
    struct verdict verdict;
    size_t n;
    int problem;

    rst_verdict(status, &verdict);
    rst_metric_gauge(out, "roster_healthy", "1 while there is no problem, else 0.", !verdict.count);
    rst_metric_gauge(out, "roster_kills_stuck",
                     "Kills that were delivered longer ago than stuck_ms, and not acted upon.",
                     verdict.stuck);
    rst_metric_family(out, "roster_problem", "gauge", "1 while the server has this problem.");
    for (problem = 0; problem < PROBLEMS; problem++) {
        for (n = 0; n < verdict.count && (int)verdict.found[n].problem != problem; n++)
            ;
        rst_status_text_printf(out->text, "roster_problem{problem=\"%s\"} %d\n",
                               rst_problem_name((enum problem)problem), n < verdict.count);
    }
}

static void put_events(struct out *out, struct roster *roster)
{
    struct roster_event_log_state state = {.size = sizeof(state)};
    int kind;

    if (roster_event_log_state(roster, &state))
        return;
    rst_metric_family(out, "roster_events", "counter",
                      "What was reported to the event log, by kind; also what it keeps no more.");
    for (kind = 1; kind < ROSTER_LOGGED_KINDS; kind++)
        rst_status_text_printf(out->text, "roster_events_total{kind=\"%s\"} %" PRIu64 "\n",
                               roster_logged_kind_name((enum roster_logged_kind)kind),
                               state.by_kind[kind]);
}

static int collect(struct roster *roster, struct roster_stats *stats,
                   struct roster_metrics *metrics, struct census *census)
{
    int err = roster_stats(roster, stats);

    if (!err)
        err = roster_metrics(roster, metrics);
    if (err || roster_read_lock(roster))
        return err;
    census->known = true;
    (void)roster_for_each(roster, count_one, census);
    roster_read_unlock(roster);
    return 0;
}

/* The text format is for all that name neither. */
static unsigned choose_format(struct request *request, bool *open_metrics)
{
    int open = rst_accept_quality(request->connection, OPEN_METRICS, "1.0.0");
    int text = rst_accept_quality(request->connection, "text/plain", "0.0.4");

    if (open <= 0 && !text)
        return rst_status_request_fail(request, MHD_HTTP_NOT_ACCEPTABLE,
                                       "there are " OPEN_METRICS " 1.0.0 and text/plain 0.0.4");
    *open_metrics = open > 0 && open > text;
    return 0;
}

unsigned rst_status_get_metrics(struct request *request, struct query *query)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct census census = {false, {0}, {0}, {0}};
    struct out out = {&request->text, false};
    unsigned status = choose_format(request, &out.open_metrics);
    int err;

    (void)query;
    if (status)
        return status;
    err = collect(request->status->roster, &stats, &metrics, &census);
    if (err)
        return rst_status_request_error(request, err);
    request->type = out.open_metrics ? OPEN_METRICS "; version=1.0.0; charset=utf-8"
                                     : "text/plain; version=0.0.4; charset=utf-8";
    put_census(&out, &census);
    put_stats(&out, &stats);
    put_blocked(&out, request->status->roster);
    rst_metric_gauge(&out, "roster_endpoint_memory_bytes",
                     "Memory of the status endpoint's connections and replies.",
                     rst_status_memory(request->status));
    rst_metric_counter(&out, "roster_endpoint_refused",
                       "Connections to the status endpoint that were refused.",
                       rst_status_refused(request->status));
    rst_metrics_put_groups(&out, request->status->roster);
    put_kills(&out, &metrics);
    put_events(&out, request->status->roster);
    put_times(&out, &metrics);
    rst_metrics_put_cluster(&out, &request->status->options,
                            put_minimum(&out, request->status->roster));
    put_verdict(&out, request->status);
    rst_metrics_put_process(&out, &request->status->process_started_ms);
    if (out.open_metrics)
        rst_status_text_put(out.text, "# EOF\n");
    return MHD_HTTP_OK;
}
