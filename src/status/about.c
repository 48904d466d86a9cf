/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The server, its minimum, its safe points and its history.
 */
#include "status/query.h"
#include "status/verdict.h"

#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <string.h>
#include <unistd.h>

unsigned rst_status_get_page(struct request *request, struct query *query)
{
    (void)query;
    request->type = "text/html; charset=utf-8";
    rst_status_text_add(&request->text, rst_status_page, rst_status_page_length);
    return MHD_HTTP_OK;
}

static void put_stats(struct text *text, const struct roster_stats *stats)
{
    rst_status_out_number(text, "sessions", stats->sessions);
    rst_status_out_number(text, "sessions_peak", stats->sessions_peak);
    rst_status_out_number(text, "sessions_opened", stats->sessions_opened);
    rst_status_out_number(text, "sessions_refused", stats->sessions_refused);
    rst_status_out_number(text, "transactions_begun", stats->txns_begun);
    rst_status_out_number(text, "transactions_forced", stats->txns_forced);
    rst_status_out_number(text, "statements", stats->statements);
    rst_status_out_number(text, "pins", stats->pins);
    rst_status_out_number(text, "scans", stats->scans);
    rst_status_out_number(text, "expired", stats->expired);
    rst_status_out_number(text, "kills_delivered", stats->kills_delivered);
    rst_status_out_number(text, "kills_refused", stats->kills_refused);
    rst_status_out_number(text, "memory_bytes", stats->memory);
    rst_status_out_number(text, "backlog_bytes", stats->backlog);
    rst_status_out_number(text, "backlog_refused", stats->backlog_refused);
    rst_status_out_number(text, "threads", stats->threads);
    rst_status_out_number(text, "membarrier_failures", stats->membarrier_failures);
    rst_status_out_number(text, "membarrier_refused", stats->membarrier_refused);
    rst_status_out_number(text, "looks_again", stats->looks_again);
    rst_status_out_number(text, "max_sessions", stats->max_sessions);
    rst_status_out_number(text, "backlog_limit_bytes", stats->backlog_limit);
}

static void put_verdict(struct text *text, const struct verdict *verdict)
{
    uint64_t now_ms = rst_wall_ms();
    bool knows = true; /* what time it is */
    size_t n;

    for (n = 0; n < verdict->count; n++)
        knows = knows && verdict->found[n].problem != PROBLEM_CLOCK;
    rst_status_out_bool(text, "healthy", !verdict->count);
    rst_status_out_open(text, "problems", '[');
    for (n = 0; n < verdict->count; n++) {
        rst_status_out_open(text, NULL, '{');
        rst_status_out_string(text, "problem", rst_problem_name(verdict->found[n].problem));
        rst_status_out_number(text, "rank", verdict->found[n].problem);
        rst_status_out_number(text, "age_ms", verdict->found[n].age_ms);
        if (!knows)
            rst_status_out_null(text, "since_ms");
        else
            rst_status_out_number(text, "since_ms", rst_since(now_ms, verdict->found[n].age_ms));
        rst_status_out_string(text, "evidence", verdict->found[n].evidence);
        rst_status_out_string(text, "command", verdict->found[n].command);
        rst_status_out_close(text, '}');
    }
    rst_status_out_close(text, ']');
}

/* Which server of a cluster it is, if it is one: an address in a record may be of another. */
static void put_server_id(struct text *text, const struct roster_status_options *options)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    if (options->syncer && !options->cluster->syncer_stats(options->syncer, &stats))
        rst_status_out_string(text, "server_id", stats.server_id);
    else
        rst_status_out_null(text, "server_id");
}

unsigned rst_status_get_status(struct request *request, struct query *query)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    struct text *text = &request->text;
    struct verdict verdict;
    int err;

    (void)query;
    err = roster_stats(request->status->roster, &stats);
    if (err)
        return rst_status_request_error(request, err);
    rst_status_out_open(text, NULL, '{');
    rst_status_out_string(text, "name", request->status->name);
    put_server_id(text, &request->status->options);
    rst_status_out_string(text, "roster_version", roster_version());
    rst_status_out_number(text, "pid", (uint64_t)getpid());
    rst_status_out_number(text, "uptime_ms",
                          rst_since(rst_monotonic_ms(), request->status->started_ms));
    rst_verdict(request->status, &verdict);
    put_verdict(text, &verdict);
    rst_status_out_bool(text, "may_kill", request->may);
    rst_status_out_bool(text, "may_drain", request->may && request->status->options.drain);
    rst_status_out_bool(text, "may_kill_with_token", !request->may && request->status->local.token);
    put_stats(text, &stats);
    rst_status_out_number(text, "endpoint_memory_bytes", rst_status_memory(request->status));
    rst_status_out_number(text, "endpoint_refused", rst_status_refused(request->status));
    rst_status_out_close(text, '}');
    return MHD_HTTP_OK;
}

/* What the session that holds it is, if it is still there. */
static void put_session(struct text *text, struct roster *roster, uint64_t id)
{
    struct roster_entry entry;
    char room[ROSTER_IDENTITY_MAX + 5 + ROSTER_WALK_TEXT];

    if (!id || roster_look(roster, id, &entry, room, sizeof(room)))
        return;
    rst_status_out_string(text, "user", entry.user);
    rst_status_out_string(text, "host", entry.host);
    rst_status_out_string(text, "db", entry.database);
    rst_status_out_string(text, "application", entry.application);
    rst_status_out_string(text, "run_state", roster_run_state_name(entry.run_state));
    rst_status_out_bytes(text, "info", entry.text, entry.text_length);
    rst_status_out_bytes(text, "last", entry.last_text, entry.last_text_length);
}

static void put_holder(struct text *text, const char *key, struct roster *roster,
                       const struct roster_holder *holder)
{
    if (holder->kind == ROSTER_HOLDER_NONE) {
        rst_status_out_null(text, key);
        return;
    }
    rst_status_out_open(text, key, '{');
    rst_status_out_string(text, "kind", rst_holder_name(holder));
    if (holder->kind == ROSTER_HOLDER_PIN)
        rst_status_out_string(text, "pin_kind", roster_pin_kind_name(holder->pin_kind));
    rst_status_out_id(text, "ts", holder->ts);
    rst_status_out_id(text, "session_id", holder->session_id);
    rst_status_out_id(text, "pin_id", holder->pin_id);
    rst_status_out_number(text, "held_ms", rst_holder_held_ms(holder));
    put_session(text, roster, holder->session_id);
    rst_status_out_close(text, '}');
}

/* How much younger the minimum would be without its holder. */
static uint64_t gain_ms(const struct roster_min *min)
{
    uint64_t held = rst_holder_held_ms(&min->holder), next = rst_holder_held_ms(&min->next);

    return held > next ? held - next : 0;
}

unsigned rst_status_get_minimum(struct request *request, struct query *query)
{
    struct roster *roster = request->status->roster;
    struct roster_min min = {.size = sizeof(min)};
    struct text *text = &request->text;
    struct roster_min_filter filter = ROSTER_MIN_FILTER_INIT;
    int err;

    filter.database = query->db;
    err = roster_min_of(roster, &filter, &min);
    if (err)
        return rst_status_request_fail(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "%s",
                                       roster_store_strerror(err)); /* the oracle's */
    rst_status_out_open(text, NULL, '{');
    rst_status_out_id(text, "now", min.now);
    rst_status_out_id(text, "minimum", min.min_start_ts);
    rst_status_out_number(text, "age_ms", rst_holder_held_ms(&min.holder));
    rst_status_out_number(text, "gain_ms", gain_ms(&min));
    put_holder(text, "holder", roster, &min.holder);
    put_holder(text, "next", roster, &min.next);
    rst_status_out_close(text, '}');
    return MHD_HTTP_OK;
}

static void put_syncer(struct text *text, const struct roster_status_options *options)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    if (!options->syncer || options->cluster->syncer_stats(options->syncer, &stats)) {
        rst_status_out_null(text, "syncer");
        return;
    }
    rst_status_out_open(text, "syncer", '{');
    rst_status_out_string(text, "state", options->cluster->syncer_state_name(stats.state));
    rst_status_out_signed(text, "last_error", stats.last_error);
    rst_status_out_id(text, "record", stats.record);
    rst_status_out_id(text, "minimum", stats.minimum);
    rst_status_out_number(text, "expired", stats.expired);
    rst_status_out_number(text, "reports", stats.reports);
    rst_status_out_number(text, "report_failures", stats.report_failures);
    rst_status_out_number(text, "keep_alives", stats.keep_alives);
    rst_status_out_number(text, "keep_alive_failures", stats.keep_alive_failures);
    rst_status_out_number(text, "fences", stats.fences);
    rst_status_out_number(text, "rejected", stats.rejected);
    rst_status_out_string(text, "rejected_key", stats.rejected_key);
    rst_status_out_id(text, "rejected_value", stats.rejected_value);
    rst_status_out_number(text, "given_up", stats.given_up);
    rst_status_out_id(text, "given_up_ts", stats.given_up_ts);
    rst_status_out_number(text, "given_up_pins", stats.given_up_pins);
    rst_status_out_close(text, '}');
}

/* What holds a safe point back, in words; null when nothing does, or another server leads. */
static void put_blocker(struct text *text, const struct roster_cluster_calls *calls,
                        const char *name, const struct roster_blocker *blocker)
{
    char words[512];

    if (blocker->kind == ROSTER_BLOCKER_NONE)
        rst_status_out_null(text, name);
    else
        rst_status_out_string(text, name, calls->blocker_describe(blocker, words, sizeof(words)));
}

/* Holders that are too old: what becomes of them, and what became of those before. */
static void put_abandoned(struct text *text, const struct roster_safe_point_state *state)
{
    static const char *const modes[] = {
        [ROSTER_ABANDONED_OFF] = "off",
        [ROSTER_ABANDONED_WARN] = "warn",
        [ROSTER_ABANDONED_PASS] = "pass",
    };

    rst_status_out_string(text, "abandoned_mode", modes[state->abandoned_mode]);
    rst_status_out_number(text, "abandoned_ms", state->abandoned_ms);
    rst_status_out_number(text, "abandoned", state->abandoned);
    rst_status_out_string(text, "abandoned_holder", state->abandoned_holder.name);
    rst_status_out_number(text, "passed_barriers", state->passed_barriers);
    rst_status_out_number(text, "passed_servers", state->passed_servers);
    rst_status_out_string(text, "passed", state->passed.name);
    rst_status_out_id(text, "passed_ts", state->passed.ts);
}

static void put_cluster(struct text *text, const struct roster_status_options *options)
{
    const struct roster_cluster_calls *calls = options->cluster;
    struct roster_safe_point_state state = {.size = sizeof(state)};

    if (!options->safe_point || calls->safe_point_state(options->safe_point, &state)) {
        rst_status_out_null(text, "cluster");
        return;
    }
    rst_status_out_open(text, "cluster", '{');
    rst_status_out_id(text, "txn_safe_point", state.txn);
    rst_status_out_id(text, "gc_safe_point", state.gc);
    rst_status_out_id(text, "acknowledged", state.acknowledged);
    rst_status_out_bool(text, "leads", state.leads);
    rst_status_out_string(text, "leader", state.leader);
    put_blocker(text, calls, "txn_blocker", &state.txn_blocker);
    put_blocker(text, calls, "gc_blocker", &state.gc_blocker);
    put_abandoned(text, &state);
    rst_status_out_signed(text, "last_error", state.last_error);
    rst_status_out_close(text, '}');
}

unsigned rst_status_get_safe_point(struct request *request, struct query *query)
{
    struct roster *roster = request->status->roster;
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct text *text = &request->text;
    int err;

    (void)query;
    err = roster_metrics(roster, &metrics);
    if (err)
        return rst_status_request_error(request, err);
    rst_status_out_open(text, NULL, '{');
    rst_status_out_id(text, "local_safe_point", roster_local_safe_point(roster));
    rst_status_out_bool(text, "leased", metrics.leased);
    rst_status_out_bool(text, "fenced", metrics.leased && metrics.lease_margin_ns <= 0);
    if (metrics.leased)
        rst_status_out_signed(text, "lease_margin_ms", metrics.lease_margin_ns / 1000000);
    else
        rst_status_out_null(text, "lease_margin_ms");
    put_syncer(text, &request->status->options);
    put_cluster(text, &request->status->options);
    rst_status_out_close(text, '}');
    return MHD_HTTP_OK;
}

static void put_history(struct text *text, const struct roster_history_list *list)
{
    size_t n;

    for (n = 0; n < list->count; n++) {
        const struct roster_history_entry *entry = &list->entries[n];

        rst_status_out_open(text, NULL, '{');
        rst_status_out_id(text, "hash", entry->hash);
        rst_status_out_number(text, "count", entry->count);
        rst_status_out_number(text, "max_duration_ms", entry->max_duration_ms);
        rst_status_out_number(text, "dropped", entry->dropped);
        rst_status_out_open(text, "all_sql_digests", '[');
        rst_status_text_put(text, entry->all_digests + 1); /* JSON already */
        rst_status_out_close(text, '}');
    }
}

unsigned rst_status_get_history(struct request *request, struct query *query)
{
    struct roster_history *history = request->status->options.history;
    struct roster_history_list *list = NULL;
    int err;

    (void)query;
    if (!history)
        return rst_status_request_fail(request, MHD_HTTP_NOT_FOUND,
                                       "this server does not keep a history");
    err = roster_history_read(history, &list);
    if (err)
        return rst_status_request_error(request, err);
    rst_status_out_open(&request->text, NULL, '{');
    rst_status_out_open(&request->text, "rows", '[');
    put_history(&request->text, list);
    rst_status_out_close(&request->text, ']');
    rst_status_out_close(&request->text, '}');
    roster_history_list_free(list);
    return MHD_HTTP_OK;
}
