/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Events of a watchdog: room for them, and their content.
 */
#include "core/operate/watchdog.h"

#include "core/roster/event_log.h"
#include "core/roster/session.h"

#include <stdlib.h>
#include <string.h>

void rst_event_fill(struct roster_event *event, const struct roster_session *session,
                    const struct roster_shown *view)
{
    const struct roster_statement *statement = view->statement;

    memset(event, 0, sizeof(*event));
    event->session_id = roster_session_id(session);
    event->session_kind = roster_session_kind(session);
    event->start_ts = view->start_ts;
    event->memory = roster_session_memory(session);
    rst_event_log_string(event->user, sizeof(event->user), roster_identity_user(view->identity));
    if (!statement)
        return;
    event->stmt_seq = statement->seq;
    rst_event_log_text(event->text, sizeof(event->text), statement->text, statement->text_length);
    rst_event_log_text(event->digest, sizeof(event->digest), statement->digest,
                       statement->digest_length);
}

static bool events_grow(struct roster_watchdog *watchdog)
{
    size_t size = watchdog->events_size * 2;
    struct roster_event *grown;

    if (size > RST_EVENTS_MOST)
        return false;
    grown = realloc(watchdog->events, size * sizeof(*grown));
    if (!grown)
        return false;
    watchdog->events = grown;
    watchdog->events_size = size;
    return true;
}

struct roster_event *rst_watchdog_event(struct roster_watchdog *watchdog,
                                        enum roster_event_kind kind,
                                        const struct roster_session *session,
                                        const struct roster_shown *view, uint64_t age_ms,
                                        uint64_t limit)
{
    struct roster_event *event;

    if (watchdog->n_events == watchdog->events_size && !events_grow(watchdog))
        return NULL;
    event = &watchdog->events[watchdog->n_events++];
    rst_event_fill(event, session, view);
    event->kind = kind;
    event->age_ms = age_ms;
    event->limit = limit;
    return event;
}
