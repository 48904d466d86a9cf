/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The server's memory: when all sessions together use too much, the statement of the largest one is
 * killed; the next only when that has ended or has been given up.
 */
#include "core/base/clock.h"
#include "core/operate/kill.h"
#include "core/operate/watchdog.h"

#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <string.h>

void rst_watchdog_memory_look(struct roster_watchdog *watchdog,
                              const struct roster_session *session, const struct roster_shown *view,
                              bool dying)
{
    uint64_t memory = roster_session_memory(session);
    struct rst_victim *victim = &watchdog->victim;

    if (!view->statement)
        return;
    if (victim->session_id == roster_session_id(session) &&
        victim->stmt_seq == view->statement->seq)
        victim->seen = true;
    if (!dying && memory > watchdog->largest.memory &&
        !rst_kill_rejects(session, ROSTER_KILL_REASON_SERVER_MEMORY)) {
        rst_event_fill(&watchdog->largest, session, view);
        watchdog->largest.memory = memory;
    }
}

static void remember(struct roster_watchdog *watchdog, const struct roster_event *event,
                     uint64_t used, bool forced)
{
    struct roster_memory_kill *kill = &watchdog->kills[watchdog->n_kills++ % ROSTER_MEMORY_KILLS];

    memset(kill, 0, sizeof(*kill));
    kill->at_ms = rst_wall_ms();
    kill->session_id = event->session_id;
    kill->stmt_seq = event->stmt_seq;
    kill->start_ts = event->start_ts;
    kill->memory = event->memory;
    kill->used = used;
    kill->limit = watchdog->options.server_memory;
    kill->forced = forced;
    memcpy(kill->user, event->user, sizeof(kill->user));
    memcpy(kill->digest, event->digest, sizeof(kill->digest));
    memcpy(kill->text, event->text, sizeof(kill->text));
}

/* Kills, reports and remembers. `age_ms` is how long an earlier kill has not helped. */
static int kill_for_memory(struct roster_watchdog *watchdog, uint64_t session_id, uint64_t seq,
                           enum roster_kill_target target, uint64_t used, uint64_t age_ms)
{
    struct roster_session *session = rst_registry_find(&watchdog->roster->registry, session_id);
    struct roster_event *event, local;
    struct roster_kill_info kill =
        rst_kill_aim(target, ROSTER_KILL_REASON_SERVER_MEMORY, RST_WATCHDOG_NAME);
    const struct roster_shown *shown;
    struct roster_copy copy;
    char room[RST_EVENT_ROOM];
    int err;

    if (!session)
        return -ESRCH;
    shown = rst_look_at(session, &copy, room, sizeof(room));
    if (!shown->statement || shown->statement->seq != seq)
        return -ESTALE; /* nor is it what the event would show */
    event = rst_watchdog_event(watchdog, ROSTER_EVENT_KILL, session, shown, age_ms,
                               watchdog->options.server_memory);
    if (!event) { /* no room to tell is no reason not to free memory */
        rst_event_fill(&local, session, shown);
        event = &local;
    }
    kill.stmt_seq = seq;
    err = rst_kill_session(watchdog->roster, session, &kill);
    event->target = target;
    event->reason = kill.reason;
    event->result = err;
    if (!err)
        remember(watchdog, event, used, target == ROSTER_KILL_TARGET_CONNECTION);
    return err;
}

static void kill_largest(struct roster_watchdog *watchdog, uint64_t used)
{
    const struct roster_event *largest = &watchdog->largest;
    int err;

    if (!largest->session_id || largest->memory < watchdog->options.server_memory_least)
        return;
    err = kill_for_memory(watchdog, largest->session_id, largest->stmt_seq,
                          ROSTER_KILL_TARGET_STATEMENT, used, 0);
    if (err)
        return; /* it has ended by itself: the next walk knows what that gained */
    watchdog->victim.session_id = largest->session_id;
    watchdog->victim.stmt_seq = largest->stmt_seq;
    watchdog->victim.killed_at = watchdog->now;
}

void rst_watchdog_memory_decide(struct roster_watchdog *watchdog)
{
    const struct roster_watchdog_options *options = &watchdog->options;
    struct rst_victim victim = watchdog->victim;
    uint64_t used, waited;

    watchdog->victim.seen = false;
    if (!victim.seen)
        watchdog->victim.session_id = 0;
    if (options->server_memory && options->server_memory != ROSTER_LIMIT_NONE) {
        used = options->memory_used ? options->memory_used(options->memory_used_arg)
                                    : watchdog->memory;
        waited = rst_since(watchdog->now, victim.killed_at) / 1000000;
        if (used <= options->server_memory) {
            watchdog->victim.session_id = 0;
        } else if (!watchdog->victim.session_id) {
            kill_largest(watchdog, used);
        } else if (waited > options->server_memory_force_ms) {
            (void)kill_for_memory(watchdog, victim.session_id, victim.stmt_seq,
                                  ROSTER_KILL_TARGET_CONNECTION, used, waited);
            watchdog->victim.session_id = 0; /* given up: the next walk may take another */
        }
    }
    memset(&watchdog->largest, 0, sizeof(watchdog->largest));
}
