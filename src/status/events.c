/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The event log.
 */
#include "status/query.h"

#include "core/base/count.h"

#include <inttypes.h>
#include <roster/event_log.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MOST 1400

struct words {
    char text[WORDS_MOST];
    size_t length;
};

/* Nothing if it does not fit, which all that an event has does. */
static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
    size_t room = sizeof(words->text) - words->length;
    va_list args;
    int more;

    va_start(args, format);
    more = vsnprintf(words->text + words->length, room, format, args);
    va_end(args);
    if (more >= 0 && (size_t)more < room)
        words->length += (size_t)more;
    words->text[words->length] = '\0';
}

/* " WORD TEXT", or nothing when there is no text. */
static void say_part(struct words *words, const char *word, const char *text)
{
    if (*text)
        say(words, "%s%s", word, text);
}

/* What concerns the cluster has errors of its store, see syncer/state.c. */
static const char *explain(const struct roster_logged *event)
{
    switch (event->kind) {
    case ROSTER_LOGGED_FENCE:
    case ROSTER_LOGGED_LEASE:
    case ROSTER_LOGGED_SERVER:
        return roster_store_strerror(event->result);
    default:
        return roster_strerror(event->result);
    }
}

static void say_kill(struct words *words, const struct roster_logged *event)
{
    say(words, "%s of session %" PRIu64, rst_target_names[event->target], event->session_id);
    say_part(words, ", user ", event->user);
    say_part(words, ", by ", event->by);
    say(words, ", %s: %s", roster_kill_reason_name(event->reason),
        event->result ? explain(event) : "delivered");
}

static void say_open(struct words *words, const struct roster_logged *event)
{
    say_part(words, "user ", event->user);
    say_part(words, " from ", event->text);
    if (*event->what)
        say(words, ", %s \"%s\", %s", event->what, event->name, event->by);
}

static void say_deadlock(struct words *words, const struct roster_logged *event)
{
    say(words, "%s, the wait of session %" PRIu64, event->name, event->session_id);
    say_part(words, ", user ", event->user);
    say_part(words, ", was ", event->what);
    say_part(words, "; sessions ", event->text);
}

static void say_other(struct words *words, const struct roster_logged *event)
{
    say_part(words, "", event->name);
    say_part(words, *event->name ? " " : "", event->what);
    say_part(words, " by ", event->by);
}

/* What has happened, behind its kind, as rosterctl and the page have it. */
static void put_words(struct text *text, const struct roster_logged *event)
{
    bool text_is_said =
        event->kind == ROSTER_LOGGED_OPEN_REJECTED || event->kind == ROSTER_LOGGED_DEADLOCK;
    struct words words = {.length = 0};

    if (event->kind == ROSTER_LOGGED_KILL)
        say_kill(&words, event);
    else if (event->kind == ROSTER_LOGGED_OPEN_REJECTED)
        say_open(&words, event);
    else if (event->kind == ROSTER_LOGGED_LEADER)
        say(&words, "%s%s", *event->name ? event->name : "none",
            strcmp(event->what, "self") != 0 ? "" : ", this server");
    else if (event->kind == ROSTER_LOGGED_DEADLOCK)
        say_deadlock(&words, event);
    else
        say_other(&words, event);
    if (event->result && event->kind != ROSTER_LOGGED_KILL)
        say_part(&words, ": ", explain(event));
    if (!text_is_said)
        say_part(&words, ": ", event->text);
    if (event->count > 1)
        say(&words, " (%" PRIu64 " time%s)", event->count, count_s(event->count));
    rst_status_out_string(text, "words", words.text);
}

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
    put_text(text, "what", kill ? rst_target_names[event->target] : event->what);
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
    put_text(text, "result_text", event->result ? explain(event) : "");
    put_text(text, "text", event->text);
    put_words(text, event);
    rst_status_out_close(text, '}');
}

/*
 * Numbers that are missing up to the last of the reply are of events that were dropped. A number
 * from before a restart, or from before the clock was set back in one, begins at the beginning.
 */
unsigned rst_status_get_events(struct request *request, struct query *query)
{
    struct roster *roster = request->status->roster;
    struct roster_event_log_state state = {.size = sizeof(state)};
    struct roster_logged event = {.size = sizeof(event)};
    struct text *text = &request->text;
    uint64_t last, since, count = 0, passed = 0;

    (void)roster_event_log_state(roster, &state);
    since = last =
        query->since < state.first || query->since > state.newest ? state.first : query->since;
    rst_status_out_open(text, NULL, '{');
    rst_status_out_open(text, "rows", '[');
    while (count < query->limit && !text->failed && !roster_event_log_next(roster, last, &event)) {
        last = event.id;
        passed++;
        if (event.last_ms < query->since_ms)
            continue;
        put_event(text, &event);
        count++;
    }
    rst_status_out_close(text, ']');
    rst_status_out_id(text, "next", last);
    rst_status_out_number(text, "missed", last - since - passed);
    rst_status_out_bool(text, "restarted", query->since && since != query->since);
    rst_status_out_number(text, "happened", state.happened);
    rst_status_out_number(text, "dropped", state.dropped);
    rst_status_out_close(text, '}');
    return MHD_HTTP_OK;
}
