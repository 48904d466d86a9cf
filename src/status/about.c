/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The server, its minimum, its safe points and its history.
 */
#include "config.h"

#include "status/query.h"

#include <errno.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Refuses arguments where there are none. Returns 0 or the HTTP status. */
static unsigned no_query(struct request *request)
{
    struct query query;

    return query_parse(request, 0, &query);
}

static unsigned internal_error(struct request *request, int err)
{
    return request_fail(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "%s", roster_strerror(err));
}

unsigned get_page(struct request *request)
{
    request->type = "text/html; charset=utf-8";
    text_add(&request->text, status_page, status_page_length);
    return MHD_HTTP_OK;
}

static void put_stats(struct text *text, const struct roster_stats *stats)
{
    out_number(text, "sessions", stats->sessions);
    out_number(text, "sessions_peak", stats->sessions_peak);
    out_number(text, "sessions_opened", stats->sessions_opened);
    out_number(text, "sessions_refused", stats->sessions_refused);
    out_number(text, "transactions_begun", stats->txns_begun);
    out_number(text, "transactions_forced", stats->txns_forced);
    out_number(text, "statements", stats->statements);
    out_number(text, "pins", stats->pins);
    out_number(text, "scans", stats->scans);
    out_number(text, "expired", stats->expired);
    out_number(text, "kills_delivered", stats->kills_delivered);
    out_number(text, "kills_refused", stats->kills_refused);
    out_number(text, "memory_bytes", stats->memory);
    out_number(text, "backlog_bytes", stats->backlog);
    out_number(text, "backlog_refused", stats->backlog_refused);
    out_number(text, "threads", stats->threads);
    out_number(text, "membarrier_failures", stats->membarrier_failures);
    out_number(text, "membarrier_refused", stats->membarrier_refused);
    out_number(text, "looks_again", stats->looks_again);
}

unsigned get_status(struct request *request)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    struct text *text = &request->text;
    unsigned status = no_query(request);
    int err;

    if (status)
        return status;
    err = roster_stats(request->status->roster, &stats);
    if (err)
        return internal_error(request, err);
    out_open(text, NULL, '{');
    out_string(text, "name", request->status->name);
    out_string(text, "roster_version", roster_version());
    out_number(text, "pid", (uint64_t)getpid());
    out_number(text, "uptime_ms", status_now_ms() - request->status->started_ms);
    out_bool(text, "may_kill", request->may);
    out_bool(text, "may_drain", request->may && request->status->options.drain);
    out_bool(text, "token_helps", !request->may && request->status->token);
    put_stats(text, &stats);
    out_number(text, "endpoint_memory_bytes", request->status->budget.used);
    out_number(text, "endpoint_refused", request->status->refused);
    out_close(text, '}');
    return MHD_HTTP_OK;
}

/* What the session that holds it is, if it is still there. */
static void put_session(struct text *text, struct roster *roster, uint64_t id)
{
    struct roster_entry entry;
    char room[ROSTER_IDENTITY_MAX + 5 + ROSTER_WALK_TEXT];

    if (!id || roster_look(roster, id, &entry, room, sizeof(room)))
        return;
    out_string(text, "user", entry.user);
    out_string(text, "host", entry.host);
    out_string(text, "db", entry.database);
    out_string(text, "application", entry.application);
    out_string(text, "run_state", roster_run_state_name(entry.run_state));
    if (entry.text)
        out_bytes(text, "info", entry.text, entry.text_length);
    else
        out_null(text, "info");
}

/* For how long something is held; 0 for nothing. */
static uint64_t held_ms(const struct roster_holder *holder)
{
    uint64_t now_ms = status_now_ms(), since_ms = holder->since / 1000000;

    return holder->kind != ROSTER_HOLDER_NONE && now_ms > since_ms ? now_ms - since_ms : 0;
}

static void put_holder(struct text *text, const char *key, struct roster *roster,
                       const struct roster_holder *holder)
{
    if (holder->kind == ROSTER_HOLDER_NONE) {
        out_null(text, key);
        return;
    }
    out_open(text, key, '{');
    out_string(text, "kind", holder->kind == ROSTER_HOLDER_TXN ? "transaction" : "pin");
    if (holder->kind == ROSTER_HOLDER_PIN)
        out_string(text, "pin_kind", roster_pin_kind_name(holder->pin_kind));
    out_id(text, "ts", holder->ts);
    out_id(text, "session_id", holder->session_id);
    out_id(text, "pin_id", holder->pin_id);
    out_number(text, "held_ms", held_ms(holder));
    put_session(text, roster, holder->session_id);
    out_close(text, '}');
}

/* How much younger the minimum would be without its holder. */
static uint64_t gain_ms(const struct roster_min *min)
{
    uint64_t held = held_ms(&min->holder), next = held_ms(&min->next);

    return held > next ? held - next : 0;
}

unsigned get_minimum(struct request *request)
{
    struct roster *roster = request->status->roster;
    struct roster_min min = {.size = sizeof(min)};
    struct text *text = &request->text;
    unsigned status = no_query(request);
    int err;

    if (status)
        return status;
    err = roster_min_peek(roster, &min);
    if (err)
        return internal_error(request, err);
    out_open(text, NULL, '{');
    out_id(text, "now", min.now);
    out_id(text, "minimum", min.min_start_ts);
    out_number(text, "age_ms", held_ms(&min.holder));
    out_number(text, "gain_ms", gain_ms(&min));
    put_holder(text, "holder", roster, &min.holder);
    put_holder(text, "next", roster, &min.next);
    out_close(text, '}');
    return MHD_HTTP_OK;
}

static void put_syncer(struct text *text, const struct roster_status_options *options)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    if (!options->syncer || options->cluster->syncer_get_stats(options->syncer, &stats)) {
        out_null(text, "syncer");
        return;
    }
    out_open(text, "syncer", '{');
    out_string(text, "state", options->cluster->syncer_state_name(stats.state));
    out_signed(text, "last_error", stats.last_error);
    out_id(text, "record", stats.record);
    out_id(text, "minimum", stats.minimum);
    out_number(text, "expired", stats.expired);
    out_number(text, "reports", stats.reports);
    out_number(text, "report_failures", stats.report_failures);
    out_number(text, "keep_alives", stats.keep_alives);
    out_number(text, "keep_alive_failures", stats.keep_alive_failures);
    out_number(text, "fences", stats.fences);
    out_number(text, "rejected", stats.rejected);
    out_string(text, "rejected_key", stats.rejected_key);
    out_id(text, "rejected_value", stats.rejected_value);
    out_close(text, '}');
}

/* What holds a safe point back, in words; null when nothing does, or another server leads. */
static void put_blocker(struct text *text, const struct roster_cluster_calls *calls,
                        const char *name, const struct roster_blocker *blocker)
{
    char words[512];

    if (blocker->kind == ROSTER_BLOCKER_NONE)
        out_null(text, name);
    else
        out_string(text, name, calls->blocker_describe(blocker, words, sizeof(words)));
}

static void put_cluster(struct text *text, const struct roster_status_options *options)
{
    const struct roster_cluster_calls *calls = options->cluster;
    struct roster_safe_point_state state = {.size = sizeof(state)};

    if (!options->safe_point || calls->safe_point_get_state(options->safe_point, &state)) {
        out_null(text, "cluster");
        return;
    }
    out_open(text, "cluster", '{');
    out_id(text, "txn_safe_point", state.txn);
    out_id(text, "gc_safe_point", state.gc);
    out_id(text, "acknowledged", state.acknowledged);
    out_bool(text, "leads", state.leads);
    out_string(text, "leader", state.leader);
    put_blocker(text, calls, "txn_blocker", &state.txn_blocker);
    put_blocker(text, calls, "gc_blocker", &state.gc_blocker);
    out_signed(text, "last_error", state.last_error);
    out_close(text, '}');
}

unsigned get_safe_point(struct request *request)
{
    struct roster *roster = request->status->roster;
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct text *text = &request->text;
    unsigned status = no_query(request);
    int err;

    if (status)
        return status;
    err = roster_metrics(roster, &metrics);
    if (err)
        return internal_error(request, err);
    out_open(text, NULL, '{');
    out_id(text, "local_safe_point", roster_local_safe_point(roster));
    out_bool(text, "leased", metrics.leased);
    out_bool(text, "fenced", metrics.leased && metrics.lease_margin_ns <= 0);
    if (metrics.leased)
        out_signed(text, "lease_margin_ms", metrics.lease_margin_ns / 1000000);
    else
        out_null(text, "lease_margin_ms");
    put_syncer(text, &request->status->options);
    put_cluster(text, &request->status->options);
    out_close(text, '}');
    return MHD_HTTP_OK;
}

static void put_history(struct text *text, const struct roster_history_list *list)
{
    size_t n;

    for (n = 0; n < list->count; n++) {
        const struct roster_history_entry *entry = &list->entries[n];

        out_open(text, NULL, '{');
        out_id(text, "hash", entry->hash);
        out_number(text, "count", entry->count);
        out_number(text, "max_duration_ms", entry->max_duration_ms);
        out_number(text, "dropped", entry->dropped);
        out_open(text, "all_sql_digests", '[');
        text_put(text, entry->all_digests + 1); /* JSON already */
        out_close(text, '}');
    }
}

unsigned get_history(struct request *request)
{
    struct roster_history *history = request->status->options.history;
    struct roster_history_list *list = NULL;
    unsigned status = no_query(request);
    int err;

    if (status)
        return status;
    if (!history)
        return request_fail(request, MHD_HTTP_NOT_FOUND, "this server keeps no history");
    err = roster_history_read(history, &list);
    if (err)
        return internal_error(request, err);
    out_open(&request->text, NULL, '{');
    out_open(&request->text, "rows", '[');
    put_history(&request->text, list);
    out_close(&request->text, ']');
    out_close(&request->text, '}');
    roster_history_list_free(list);
    return MHD_HTTP_OK;
}
