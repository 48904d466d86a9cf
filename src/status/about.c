/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The server, its minimum, its safe points and its history.
 */
#include "config.h"

#include "query.h"

#include <errno.h>
#include <roster/safepoint.h>
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
    json_number(text, "sessions", stats->sessions);
    json_number(text, "sessions_peak", stats->sessions_peak);
    json_number(text, "sessions_opened", stats->sessions_opened);
    json_number(text, "sessions_refused", stats->sessions_refused);
    json_number(text, "transactions_begun", stats->txns_begun);
    json_number(text, "transactions_forced", stats->txns_forced);
    json_number(text, "statements", stats->statements);
    json_number(text, "pins", stats->pins);
    json_number(text, "scans", stats->scans);
    json_number(text, "expired", stats->expired);
    json_number(text, "kills_delivered", stats->kills_delivered);
    json_number(text, "kills_refused", stats->kills_refused);
    json_number(text, "memory_bytes", stats->memory);
    json_number(text, "backlog_bytes", stats->backlog);
    json_number(text, "backlog_refused", stats->backlog_refused);
    json_number(text, "threads", stats->threads);
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
    json_open(text, NULL, '{');
    json_string(text, "name", request->status->name);
    json_string(text, "roster_version", roster_version());
    json_number(text, "pid", (uint64_t)getpid());
    json_number(text, "uptime_ms", status_now_ms() - request->status->started_ms);
    json_bool(text, "may_kill", request->may);
    json_bool(text, "may_drain", request->may && request->status->options.drain);
    json_bool(text, "token_helps", !request->may && request->status->token);
    put_stats(text, &stats);
    json_close(text, '}');
    return MHD_HTTP_OK;
}

/* What the session that holds it is, if it is still there. */
static void put_session(struct text *text, struct roster *roster, uint64_t id)
{
    const struct roster_session *session;
    const struct roster_view *view;

    if (!id || roster_read_lock(roster))
        return;
    session = roster_lookup(roster, id);
    if (session) {
        view = roster_session_view(session);
        json_string(text, "user", roster_identity_user(view->identity));
        json_string(text, "host", roster_identity_host(view->identity));
        json_string(text, "db", roster_identity_database(view->identity));
        json_string(text, "application", roster_identity_application(view->identity));
        json_string(text, "run_state", roster_run_state_name(view->run_state));
        if (view->statement)
            json_bytes(text, "info", view->statement->text, view->statement->text_length);
        else
            json_null(text, "info");
    }
    roster_read_unlock(roster);
}

static void put_holder(struct text *text, const char *key, struct roster *roster,
                       const struct roster_holder *holder)
{
    uint64_t now_ms = status_now_ms();

    if (holder->kind == ROSTER_HOLDER_NONE) {
        json_null(text, key);
        return;
    }
    json_open(text, key, '{');
    json_string(text, "kind", holder->kind == ROSTER_HOLDER_TXN ? "transaction" : "pin");
    if (holder->kind == ROSTER_HOLDER_PIN)
        json_string(text, "pin_kind", roster_pin_kind_name(holder->pin_kind));
    json_id(text, "ts", holder->ts);
    json_id(text, "session_id", holder->session_id);
    json_id(text, "pin_id", holder->pin_id);
    json_number(text, "held_ms",
                now_ms > holder->since / 1000000 ? now_ms - holder->since / 1000000 : 0);
    put_session(text, roster, holder->session_id);
    json_close(text, '}');
}

static uint64_t ms_between(uint64_t old_ts, uint64_t new_ts)
{
    uint64_t old_ms = roster_ts_physical_ms(old_ts), new_ms = roster_ts_physical_ms(new_ts);

    return new_ms > old_ms ? new_ms - old_ms : 0;
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
    json_open(text, NULL, '{');
    json_id(text, "now", min.now);
    json_id(text, "minimum", min.min_start_ts);
    json_number(text, "age_ms", ms_between(min.min_start_ts, min.now));
    json_number(text, "gain_ms",
                min.holder.kind == ROSTER_HOLDER_NONE
                    ? 0
                    : ms_between(min.min_start_ts,
                                 min.next.kind == ROSTER_HOLDER_NONE ? min.now : min.next.ts));
    put_holder(text, "holder", roster, &min.holder);
    put_holder(text, "next", roster, &min.next);
    json_close(text, '}');
    return MHD_HTTP_OK;
}

static void put_syncer(struct text *text, struct roster_syncer *syncer)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    if (!syncer || roster_syncer_get_stats(syncer, &stats)) {
        json_null(text, "syncer");
        return;
    }
    json_open(text, "syncer", '{');
    json_string(text, "state", roster_syncer_state_name(stats.state));
    json_signed(text, "last_error", stats.last_error);
    json_id(text, "record", stats.record);
    json_id(text, "minimum", stats.minimum);
    json_number(text, "expired", stats.expired);
    json_number(text, "reports", stats.reports);
    json_number(text, "report_failures", stats.report_failures);
    json_number(text, "keep_alives", stats.keep_alives);
    json_number(text, "keep_alive_failures", stats.keep_alive_failures);
    json_number(text, "fences", stats.fences);
    json_close(text, '}');
}

/* What holds a safe point back, in words; null when nothing does, or another server leads. */
static void put_blocker(struct text *text, const char *name, const struct roster_blocker *blocker)
{
    char words[512];

    if (blocker->kind == ROSTER_BLOCKER_NONE)
        json_null(text, name);
    else
        json_string(text, name, roster_blocker_describe(blocker, words, sizeof(words)));
}

static void put_cluster(struct text *text, struct roster_safepoint *safepoint)
{
    struct roster_safepoint_state state = {.size = sizeof(state)};

    if (!safepoint || roster_safepoint_get_state(safepoint, &state)) {
        json_null(text, "cluster");
        return;
    }
    json_open(text, "cluster", '{');
    json_id(text, "txn_safe_point", state.txn);
    json_id(text, "gc_safe_point", state.gc);
    json_id(text, "acknowledged", state.acknowledged);
    json_bool(text, "leads", state.leads);
    json_string(text, "leader", state.leader);
    put_blocker(text, "txn_blocker", &state.txn_blocker);
    put_blocker(text, "gc_blocker", &state.gc_blocker);
    json_signed(text, "last_error", state.last_error);
    json_close(text, '}');
}

unsigned get_safepoint(struct request *request)
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
    json_open(text, NULL, '{');
    json_id(text, "local_safe_point", roster_safe_point(roster));
    json_bool(text, "leased", metrics.leased);
    json_bool(text, "fenced", metrics.leased && metrics.lease_margin_ns <= 0);
    if (metrics.leased)
        json_signed(text, "lease_margin_ms", metrics.lease_margin_ns / 1000000);
    else
        json_null(text, "lease_margin_ms");
    put_syncer(text, request->status->options.syncer);
    put_cluster(text, request->status->options.safepoint);
    json_close(text, '}');
    return MHD_HTTP_OK;
}

static void put_history(struct text *text, const struct roster_history_list *list)
{
    size_t n;

    for (n = 0; n < list->count; n++) {
        const struct roster_history_entry *entry = &list->entries[n];

        json_open(text, NULL, '{');
        json_id(text, "hash", entry->hash);
        json_number(text, "count", entry->count);
        json_number(text, "max_duration_ms", entry->max_duration_ms);
        json_number(text, "dropped", entry->dropped);
        json_open(text, "all_sql_digests", '[');
        text_put(text, entry->all_digests + 1); /* JSON already */
        json_close(text, '}');
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
    json_open(&request->text, NULL, '{');
    json_open(&request->text, "rows", '[');
    put_history(&request->text, list);
    json_close(&request->text, ']');
    json_close(&request->text, '}');
    roster_history_list_free(list);
    return MHD_HTTP_OK;
}
