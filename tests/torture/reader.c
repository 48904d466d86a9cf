/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Readers: what they see under the read lock is whole (G1), sessions and identities stay as they
 * are (G4), no owner waits for them (G7); who is open all the time is met exactly once, whatever
 * others did (G6).
 */
#include "actor.h"
#include "core/base/clock.h"
#include "delays.h"
#include "report.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A view in the form of an entry, whose strings are the view's own. */
static struct roster_entry entry_of(const struct roster_session *session,
                                    const struct roster_shown *view)
{
    const struct roster_statement *statement = view->statement;
    struct roster_entry entry = {
        .id = roster_session_id(session),
        .kind = roster_session_kind(session),
        .flags = roster_session_flags(session),
        .start_ts = view->start_ts,
        .state_since = view->state_since,
        .blocked_since = view->run_state == ROSTER_RUN_LOCK_WAITING ? view->state_since : 0,
        .entries = view->entries,
        .entry_bytes = view->entry_bytes,
        .schema_version = view->schema_version,
        .txn_state = (enum roster_txn_state)view->txn_state,
        .run_state = (enum roster_run_state)view->run_state,
        .user = roster_identity_user(view->identity),
        .host = roster_identity_host(view->identity),
        .database = roster_identity_database(view->identity),
        .application = roster_identity_application(view->identity),
        .attributes = roster_identity_attributes(view->identity),
    };

    if (statement) {
        entry.stmt_seq = statement->seq;
        entry.stmt_since = statement->since;
        entry.command = (enum roster_command)statement->command;
        entry.text = statement->text;
        entry.digest = statement->digest;
        entry.text_length = statement->text_length;
        entry.text_full_length = statement->text_full_length;
    }
    return entry;
}

static void check_view(const struct arena *arena, const struct roster_session *session,
                       const struct roster_shown *view)
{
    struct roster_entry entry = entry_of(session, view);

    require("G1", entry.id != 0, "a session without an id");
    require("G1", roster_session_since(session, view) >= view->state_since,
            "session %" PRIx64 ": since when went back", entry.id);
    words_check(&entry, arena->text_limit);
}

/* A look, with room for any text. */
struct look {
    struct roster_copy copy;
    char text[WORDS_TEXT_MAX + ROSTER_DIGEST_MAX + 2];
};

static const struct roster_shown *look_at(struct look *look, const struct roster_session *session)
{
    return roster_session_look(session, &look->copy, look->text, sizeof(look->text));
}

/* Which sessions were open before a walk, and how often it met each. */
struct walk {
    struct actor *actor;
    struct arena *arena;
    struct {
        uint64_t seq;
        uint64_t id;
        unsigned met;
    } places[PLACES];
};

static void walk_begin(struct walk *walk)
{
    unsigned n;

    for (n = 0; n < PLACES; n++) {
        const struct place *place = &walk->arena->places[n];

        walk->places[n].seq = __atomic_load_n(&place->seq, __ATOMIC_ACQUIRE);
        walk->places[n].id = __atomic_load_n(&place->id, __ATOMIC_ACQUIRE);
        walk->places[n].met = 0;
    }
}

static void walk_met(struct walk *walk, uint64_t id)
{
    unsigned n;

    for (n = 0; n < PLACES && walk->places[n].id != id; n++)
        ;
    if (n < PLACES)
        walk->places[n].met++;
}

static void walk_end(const struct walk *walk)
{
    unsigned n;

    for (n = 0; n < PLACES; n++) {
        uint64_t seq = __atomic_load_n(&walk->arena->places[n].seq, __ATOMIC_ACQUIRE);

        if (walk->places[n].seq % 2 == 0 || walk->places[n].seq != seq || !walk->places[n].id)
            continue;
        require("G6", walk->places[n].met > 0,
                "session %" PRIx64 " was not closed by its owner, and was not met",
                walk->places[n].id);
        require("G1", walk->places[n].met == 1,
                "session %" PRIx64 " was open all the time, and was met %u times",
                walk->places[n].id, walk->places[n].met);
    }
}

static int walk_visit(const struct roster_session *session, const struct roster_shown *view,
                      void *arg)
{
    struct walk *walk = arg;

    check_view(walk->arena, session, view);
    walk_met(walk, roster_session_id(session));
    count(&walk->actor->tally.views);
    return 0;
}

static void lock(struct arena *arena)
{
    int err = roster_read_lock(arena->roster);

    require("API", err == 0, "roster_read_lock(): error %d", err);
}

void read_all(struct actor *actor, struct arena *arena)
{
    struct walk walk = {.actor = actor, .arena = arena};
    int err;

    lock(arena);
    walk_begin(&walk);
    err = roster_for_each(arena->roster, walk_visit, &walk);
    require("API", err == 0, "roster_for_each(): error %d", err);
    walk_end(&walk);
    roster_read_unlock(arena->roster);
}

/* A session by its id; one that is open all the time is found. */
static const struct roster_session *find(struct arena *arena, const struct place *place)
{
    uint64_t seq = __atomic_load_n(&place->seq, __ATOMIC_ACQUIRE);
    uint64_t id = __atomic_load_n(&place->id, __ATOMIC_ACQUIRE);
    const struct roster_session *session = id ? roster_lookup(arena->roster, id) : NULL;

    require("G6",
            session || !id || !(seq & 1) || __atomic_load_n(&place->seq, __ATOMIC_ACQUIRE) != seq,
            "session %" PRIx64 " was not closed by its owner, and was not found", id);
    require("G1", !session || roster_session_id(session) == id,
            "session %" PRIx64 " was found as %" PRIx64, id,
            session ? roster_session_id(session) : 0);
    return session;
}

void read_some(struct actor *actor, struct arena *arena)
{
    struct look look;
    unsigned n;

    lock(arena);
    for (n = 0; n < 8; n++) {
        const struct place *place = &arena->places[rng_below(&actor->rng, PLACES)];
        const struct roster_session *session = find(arena, place);

        if (session)
            check_view(arena, session, look_at(&look, session));
        count(&actor->tally.views);
    }
    roster_read_unlock(arena->roster);
}

/* A session that is held with the identity that it showed, and what the latter said. */
struct held {
    const struct roster_session *session;
    const struct roster_identity *identity;
    uint64_t id;
    char user[40];
};

static void hold(const struct arena *arena, struct held *held, const struct roster_session *session)
{
    struct look look;
    const struct roster_shown *shown = look_at(&look, session);

    check_view(arena, session, shown);
    held->session = session;
    held->identity = shown->identity;
    held->id = roster_session_id(session);
    strncpy(held->user, roster_identity_user(shown->identity), sizeof(held->user));
}

static void check_held(const struct arena *arena, const struct held *held)
{
    struct look look;

    require("G4", held->id == roster_session_id(held->session),
            "session %" PRIx64 " became %" PRIx64 " while it was held", held->id,
            roster_session_id(held->session));
    require("G4", !strcmp(held->user, roster_identity_user(held->identity)),
            "session %" PRIx64 ": its identity changed while it was held", held->id);
    check_view(arena, held->session, look_at(&look, held->session));
}

void read_held(struct actor *actor, struct arena *arena)
{
    struct held held[4];
    unsigned n = 0, i, rounds = 1 + (unsigned)rng_below(&actor->rng, 6);

    lock(arena);
    if (rng_one_in(&actor->rng, 4)) { /* nesting changes nothing */
        lock(arena);
        roster_read_unlock(arena->roster);
    }
    for (i = 0; i < 8 && n < 4; i++) {
        const struct place *place = actor_place(actor, arena);
        const struct roster_session *session = find(arena, place);

        if (session)
            hold(arena, &held[n++], session);
    }
    while (n && rounds--) {
        delay_now();
        for (i = 0; i < n; i++)
            check_held(arena, &held[i]);
        __atomic_store_n(&actor->tally.views, relaxed(&actor->tally.views) + n, __ATOMIC_RELAXED);
    }
    roster_read_unlock(arena->roster);
}

/* In and out again, with looks at what changes most. */
void read_quickly(struct actor *actor, struct arena *arena)
{
    struct look look;
    unsigned n;

    for (n = 0; n < 64; n++) {
        const struct place *place = &arena->places[__atomic_load_n(&arena->hot, __ATOMIC_RELAXED)];
        const struct roster_session *session;

        lock(arena);
        session = find(arena, place);
        if (session)
            check_view(arena, session, look_at(&look, session));
        roster_read_unlock(arena->roster);
    }
    __atomic_store_n(&actor->tally.views, relaxed(&actor->tally.views) + n, __ATOMIC_RELAXED);
}

/* One call, without the lock. */
void read_one(struct actor *actor, struct arena *arena)
{
    const struct place *place = &arena->places[rng_below(&actor->rng, PLACES)];
    uint64_t id = __atomic_load_n(&place->id, __ATOMIC_ACQUIRE);
    char room[ROSTER_IDENTITY_MAX + WORDS_TEXT_MAX + ROSTER_DIGEST_MAX + 7];
    struct roster_entry entry;
    int err = roster_look(arena->roster, id, &entry, room, sizeof(room));

    require("API", err == 0 || err == -ESRCH, "roster_look(): error %d", err);
    if (err)
        return;
    require("G1", entry.id == id, "session %" PRIx64 " was found as %" PRIx64, id, entry.id);
    words_check(&entry, arena->text_limit);
    count(&actor->tally.views);
}

/* Stays inside until owners have ended so much that none of them can be waiting for it. */
void read_stalled(struct actor *actor, struct arena *arena)
{
    uint64_t wanted = actors_progress() + 256, deadline;

    if (!slow_begin())
        return;
    lock(arena);
    deadline = rst_monotonic_ns() + stall_limit * UINT64_C(1000000000);
    while (actors_progress() < wanted && !__atomic_load_n(&actors_stop, __ATOMIC_RELAXED)) {
        require("G7", rst_monotonic_ns() < deadline,
                "nothing was ended within %u s while a reader was inside", stall_limit);
        read_some(actor, arena);
        delay_now();
    }
    roster_read_unlock(arena->roster);
    slow_end();
}

void read_copied(struct actor *actor, struct arena *arena)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    struct walk walk = {.actor = actor, .arena = arena};
    struct roster_snapshot *list;
    size_t n;
    int err;

    walk_begin(&walk);
    err = roster_snapshot(arena->roster, &list);
    require("API", err == 0, "roster_snapshot(): error %d", err);
    for (n = 0; n < list->count; n++) {
        walk_met(&walk, list->entries[n].id);
        words_check(&list->entries[n], arena->text_limit);
    }
    walk_end(&walk);
    roster_snapshot_free(list);
    err = roster_stats(arena->roster, &stats);
    require("API",
            err == 0 && stats.sessions_peak >= stats.sessions && stats.sessions <= PLACES + 64,
            "statistics: error %d, %" PRIu64 " sessions", err, stats.sessions);
}
