/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kills without effect. See verdict.h.
 *
 * The event log has each kill with its time. What was delivered is remembered here until what it
 * was for has ended, so neither a walk nor the log's length says what is found. A walk is made once
 * when the log had no room for all kills between two looks.
 */
#include "status/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/event_log.h>
#include <roster/kill.h>
#include <roster/list.h>
#include <roster/view.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUSPECTS_MOST 4096

/* A kill that was delivered, of what may go on. */
struct suspect {
    uint64_t session_id;
    uint64_t seq; /* of the statement or the transaction; 0 for a connection */
    uint64_t since_ms;
    enum roster_kill_target target;
    enum roster_kill_reason reason;
};

struct suspects {
    uint64_t last;  /* the newest event that was read */
    uint64_t kills; /* delivered or not, when it was */
    uint64_t delivered;
    size_t count;
    bool more; /* than there is room for */
    struct suspect all[SUSPECTS_MOST];
};

static int compare(const void *a, const void *b)
{
    const struct suspect *x = a, *y = b;

    if (x->session_id != y->session_id)
        return x->session_id < y->session_id ? -1 : 1;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return x->since_ms < y->since_ms ? -1 : x->since_ms > y->since_ms;
}

/* Each once: the log may have what the walk has found. */
static void sort(struct suspects *suspects)
{
    struct suspect *all = suspects->all;
    size_t n, kept = 0;

    qsort(all, suspects->count, sizeof(*all), compare);
    for (n = 0; n < suspects->count; n++)
        if (!kept || all[kept - 1].session_id != all[n].session_id ||
            all[kept - 1].target != all[n].target || all[kept - 1].seq != all[n].seq)
            all[kept++] = all[n];
    suspects->count = kept;
}

static void add(struct suspects *suspects, const struct suspect *suspect)
{
    if (suspects->count < SUSPECTS_MOST)
        suspects->all[suspects->count++] = *suspect;
    else
        suspects->more = true;
}

static void add_event(struct suspects *suspects, const struct roster_logged *event)
{
    struct suspect suspect = {.session_id = event->session_id,
                              .since_ms = event->first_ns / 1000000,
                              .target = event->target,
                              .reason = event->reason};

    if (event->target == ROSTER_KILL_TARGET_STATEMENT)
        suspect.seq = event->stmt_seq;
    else if (event->target == ROSTER_KILL_TARGET_TRANSACTION)
        suspect.seq = event->txn_seq;
    add(suspects, &suspect);
}

/* A walk for kills that the log has no more: when they were is not known, but lately. */
struct walk {
    struct suspects *suspects;
    uint64_t now_ms;
};

static int add_one(const struct roster_session *session, const struct roster_shown *shown,
                   void *arg)
{
    struct walk *walk = arg;
    int killed = roster_session_killed(session, shown);
    struct suspect suspect = {.session_id = roster_session_id(session),
                              .since_ms = walk->now_ms,
                              .target = ROSTER_KILL_TARGET_CONNECTION,
                              .reason = roster_killed_reason(killed)};

    if (killed <= 0)
        return 0;
    if (roster_killed_transaction(killed)) {
        suspect.target = ROSTER_KILL_TARGET_TRANSACTION;
        suspect.seq = roster_txn_seq(session, shown);
    } else if (!roster_killed_connection(killed)) {
        suspect.target = ROSTER_KILL_TARGET_STATEMENT;
        suspect.seq = shown->statement->seq;
    }
    add(walk->suspects, &suspect);
    return 0;
}

static void add_all(struct suspects *suspects, struct roster *roster, uint64_t now_ms)
{
    struct walk walk = {suspects, now_ms};

    if (roster_read_lock(roster))
        return;
    (void)roster_for_each(roster, add_one, &walk);
    roster_read_unlock(roster);
}

/* What was killed since the last look. */
static void read_log(struct suspects *suspects, struct roster *roster,
                     const struct roster_stats *stats, uint64_t now_ms)
{
    struct roster_logged event = {.size = sizeof(event)};
    uint64_t delivered = 0;

    while (!roster_event_log_next(roster, suspects->last, &event)) {
        suspects->last = event.id;
        if (event.kind != ROSTER_LOGGED_KILL)
            continue;
        delivered += event.result ? 0 : event.count;
        if (!event.result || event.result == -EINPROGRESS)
            add_event(suspects, &event);
    }
    if (delivered < stats->kills_delivered - suspects->delivered)
        add_all(suspects, roster, now_ms);
    sort(suspects);
    suspects->kills = stats->kills_delivered + stats->kills_refused;
    suspects->delivered = stats->kills_delivered;
}

/* Whether that which was killed is still there. Of a look that is over the transaction is not
 * known: then it is, until the next look. */
static bool goes_on(struct roster *roster, const struct suspect *suspect)
{
    const struct roster_session *session = roster_lookup(roster, suspect->session_id);
    const struct roster_shown *shown;
    struct roster_copy copy;
    uint64_t seq;

    if (!session)
        return false;
    shown = roster_session_look(session, &copy, NULL, 0);
    if (suspect->target == ROSTER_KILL_TARGET_CONNECTION)
        return roster_killed_connection(roster_session_killed(session, shown));
    if (suspect->target == ROSTER_KILL_TARGET_STATEMENT)
        return shown->statement && shown->statement->seq == suspect->seq;
    seq = roster_txn_seq(session, shown);
    return shown->txn_state != ROSTER_TXN_INVALID && (!seq || !suspect->seq || seq == suspect->seq);
}

/* Drops those that were acted upon. */
static void look_again(struct suspects *suspects, struct roster *roster)
{
    size_t n, kept = 0;

    if (roster_read_lock(roster))
        return;
    for (n = 0; n < suspects->count; n++)
        if (goes_on(roster, &suspects->all[n]))
            suspects->all[kept++] = suspects->all[n];
    roster_read_unlock(roster);
    suspects->count = kept;
    if (!kept)
        suspects->more = false;
}

static void describe(struct roster *roster, const struct suspects *suspects,
                     const struct suspect *oldest, uint64_t most_ms, struct stuck *stuck)
{
    static const char *const targets[] = {
        [ROSTER_KILL_TARGET_STATEMENT] = "the statement of ",
        [ROSTER_KILL_TARGET_CONNECTION] = "",
        [ROSTER_KILL_TARGET_TRANSACTION] = "the transaction of ",
    };
    struct roster_entry entry;
    char name[256];

    snprintf(stuck->command, sizeof(stuck->command),
             "ps --columns=id,user,killed,run_state,wait_event,time,info --sort=-killed -n 20");
    if (rst_blocked_name(roster, oldest->session_id, name, sizeof(name), &entry) && entry.blocker)
        snprintf(stuck->command, sizeof(stuck->command), "locks");
    snprintf(stuck->evidence, sizeof(stuck->evidence),
             "%s%" PRIu64 " %s delivered more than %" PRIu64
             " ms ago, and nothing came of %s; the oldest: %s%s, killed as %s",
             suspects->more ? "at least " : "", stuck->count,
             stuck->count == 1 ? "kill was" : "kills were", most_ms,
             stuck->count == 1 ? "it" : "them", targets[oldest->target], name,
             roster_kill_reason_name(oldest->reason));
}

bool rst_stuck_look(struct roster_status *status, const struct roster_stats *stats,
                    struct stuck *stuck)
{
    uint64_t now_ms = rst_monotonic_ms(), most_ms = status->options.stuck_ms;
    struct suspects *suspects = status->suspects;
    const struct suspect *oldest = NULL, *suspect;

    memset(stuck, 0, sizeof(*stuck));
    if (!suspects && !stats->kills_delivered && !stats->kills_refused)
        return false;
    if (!suspects)
        suspects = status->suspects = calloc(1, sizeof(*suspects));
    if (!suspects)
        return false;
    look_again(suspects, status->roster);
    if (suspects->kills != stats->kills_delivered + stats->kills_refused) {
        read_log(suspects, status->roster, stats, now_ms);
        look_again(suspects, status->roster);
    }
    for (suspect = suspects->all; suspect < suspects->all + suspects->count; suspect++)
        if (rst_since(now_ms, suspect->since_ms) > most_ms) {
            stuck->count++;
            if (!oldest || suspect->since_ms < oldest->since_ms)
                oldest = suspect;
        }
    if (!oldest)
        return false;
    stuck->since_ms = oldest->since_ms;
    describe(status->roster, suspects, oldest, most_ms, stuck);
    return true;
}
