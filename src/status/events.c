/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The event log.
 */
#include "config.h"

#include "status/query.h"

#include <errno.h>
#include <roster/event_log.h>

static const char *const targets[] = {[ROSTER_KILL_TARGET_STATEMENT] = "statement",
                                      [ROSTER_KILL_TARGET_CONNECTION] = "connection",
                                      [ROSTER_KILL_TARGET_TRANSACTION] = "transaction"};

/* An empty text is none. */
static void put_text(struct text *text, const char *key, const char *string)
{
    rst_status_out_string(text, key, *string ? string : NULL);
}

static void put_event(struct text *text, const struct roster_logged *event)
{
    bool kill = event->kind == ROSTER_LOGGED_KILL;

    rst_status_out_open(text, NULL, '{');
    rst_status_out_id(text, "id", event->id);
    rst_status_out_string(text, "kind", roster_logged_kind_name(event->kind));
    put_text(text, "what", kill ? targets[event->target] : event->what);
    put_text(text, "name", event->name);
    rst_status_out_number(text, "count", event->count);
    rst_status_out_number(text, "first_ms", event->first_ms);
    rst_status_out_number(text, "last_ms", event->last_ms);
    rst_status_out_id(text, "first_ns", event->first_ns);
    rst_status_out_id(text, "last_ns", event->last_ns);
    put_text(text, "by", event->by);
    rst_status_out_id(text, "session_id", event->session_id);
    put_text(text, "user", event->user);
    rst_status_out_string(text, "reason", kill ? roster_kill_reason_name(event->reason) : NULL);
    rst_status_out_id(text, "statement", event->stmt_seq);
    rst_status_out_id(text, "start_ts", event->start_ts);
    rst_status_out_id(text, "transaction", event->txn_seq);
    rst_status_out_signed(text, "result", event->result);
    put_text(text, "result_text", event->result ? roster_strerror(event->result) : "");
    put_text(text, "text", event->text);
    rst_status_out_close(text, '}');
}

/*
 * Numbers that are missing up to the last of the reply are of events that were dropped. A number
 * from before a restart, or from before the clock was set back in one, begins at the beginning.
 */
unsigned rst_status_get_events(struct request *request)
{
    struct roster *roster = request->status->roster;
    struct roster_event_log_state state = {.size = sizeof(state)};
    struct roster_logged event = {.size = sizeof(event)};
    struct text *text = &request->text;
    struct query query = {.limit = 0};
    unsigned status = rst_status_query_parse(request, QUERY_EVENTS, LIST_SESSIONS, &query);
    uint64_t last, since, count = 0, passed = 0;

    if (status)
        return status;
    (void)roster_event_log_state(roster, &state);
    since = last =
        query.since < state.first || query.since > state.newest ? state.first : query.since;
    rst_status_out_open(text, NULL, '{');
    rst_status_out_open(text, "rows", '[');
    while (count < query.limit && !text->failed && !roster_event_log_next(roster, last, &event)) {
        last = event.id;
        passed++;
        if (event.last_ms < query.since_ms)
            continue;
        put_event(text, &event);
        count++;
    }
    rst_status_out_close(text, ']');
    rst_status_out_id(text, "next", last);
    rst_status_out_number(text, "missed", last - since - passed);
    rst_status_out_bool(text, "restarted", query.since && since != query.since);
    rst_status_out_number(text, "happened", state.happened);
    rst_status_out_number(text, "dropped", state.dropped);
    rst_status_out_close(text, '}');
    return MHD_HTTP_OK;
}
