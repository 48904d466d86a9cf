/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of a watchdog. watchdog.c has its life and thread, watchdog_walk.c a walk,
 * watchdog_events.c the events, watchdog_memory.c the server's memory, watchdog_track.c the records
 * of sessions. `lock` guards everything; no owner ever takes it.
 */
#pragma once

#include "core/base/background.h"
#include "core/roster/roster.h"

#include <roster/view.h>
#include <roster/watchdog.h>

/* The origin of its kills, for the event log. */
#define RST_WATCHDOG_NAME "watchdog"

/* Events that always fit, and the most that one walk reports. */
#define RST_EVENTS_LEAST 64
#define RST_EVENTS_MOST 1024

/* An event's room for a statement: text and digest with their NULs. */
#define RST_EVENT_ROOM                                                                             \
    (sizeof(((struct roster_event *)0)->text) + sizeof(((struct roster_event *)0)->digest))

/* What was reported as expensive: a statement by its number, a transaction by its start. */
struct rst_reported {
    uint64_t what;
    uint64_t at;
};

/* The record of a session from walk to walk, only for expensive or dying ones. */
struct rst_track {
    uint64_t session_id; /* 0: a free place */
    struct rst_reported statement, txn;
    uint64_t
        kill_seq; /* the statement or transaction that was killed; UINT64_MAX: the connection */
    uint64_t kill_seen;
    bool kill_told;
};

/* A hash table with open addressing; lives from one walk to the next. */
struct rst_tracks {
    struct rst_track *places;
    size_t size; /* a power of two, or 0 */
    size_t used;
};

/* The session that was killed for the server's memory and has not ended yet. */
struct rst_victim {
    uint64_t session_id; /* 0: none */
    uint64_t stmt_seq;
    uint64_t killed_at;
    bool seen; /* in the current walk */
};

struct roster_watchdog {
    struct roster *roster;
    size_t counted; /* bytes in the account of the roster */
    struct roster_watchdog_options options;
    struct rst_background background;
    pthread_mutex_t lock; /* held by a walk and while its events are delivered */
    int last_error;

    struct rst_tracks before; /* of the last walk */
    struct rst_tracks after;  /* of the current walk */

    struct roster_event *events;
    size_t n_events;
    size_t events_size;

    /* The current walk. */
    uint64_t now;    /* of the coarse clock */
    uint64_t ts_now; /* the oracle's; 0 if it could not be read */
    uint64_t memory; /* the sum of what sessions use */
    struct roster_event largest;

    struct rst_victim victim;
    struct roster_memory_kill kills[ROSTER_MEMORY_KILLS]; /* a ring */
    uint64_t n_kills;
};

/* One walk at the coarse clock's time `now`, under the lock; delivers nothing. */
int rst_watchdog_walk(struct roster_watchdog *watchdog, uint64_t now);

/* A new event about a session, of an age and a limit; NULL if this walk has no room for another. */
struct roster_event *rst_watchdog_event(struct roster_watchdog *watchdog,
                                        enum roster_event_kind kind,
                                        const struct roster_session *session,
                                        const struct roster_shown *view, uint64_t age_ms,
                                        uint64_t limit);

/* Fills an event from a session's view. */
void rst_event_fill(struct roster_event *event, const struct roster_session *session,
                    const struct roster_shown *view);

/* During the walk: considers a session whose statement may have to be killed for the server's
 * memory. */
void rst_watchdog_memory_look(struct roster_watchdog *watchdog,
                              const struct roster_session *session, const struct roster_shown *view,
                              bool dying);

/* After the walk: kills the largest if the server uses too much. Under the read lock. */
void rst_watchdog_memory_decide(struct roster_watchdog *watchdog);

/* The last walk's record of a session; NULL: none. */
const struct rst_track *rst_tracks_find(const struct rst_tracks *tracks, uint64_t session_id);

/* A new record for the session, a copy of `old`; NULL: out of memory. */
struct rst_track *rst_tracks_add(struct rst_tracks *tracks, uint64_t session_id,
                                 const struct rst_track *old);

/* Drops all records. */
void rst_tracks_clear(struct rst_tracks *tracks);
