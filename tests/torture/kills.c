/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kills: the killers' side, the owners' side, and the comparison of both (G5): what was delivered
 * was met, by the statement that it was aimed at, and nothing else was met.
 */
#include "actor.h"
#include "delays.h"
#include "report.h"

#include <errno.h>
#include <inttypes.h>

/* The reason for which killers kill a transaction says which one: the next one has another. */
static enum roster_kill_reason txn_reason(uint64_t txn_seq)
{
    return (enum roster_kill_reason)(1 + mix64(txn_seq) % ROSTER_KILL_REASON_SHUTDOWN);
}

static void meet_txn(struct client *client, int killed)
{
    struct roster_copy copy;
    uint64_t seq =
        roster_txn_seq(client->session, roster_session_look(client->session, &copy, NULL, 0));

    require("G5", client->txn != ROSTER_TXN_INVALID,
            "session %" PRIx64 " met the kill of a transaction outside one", client->id);
    require("G5", roster_killed_reason(killed) == txn_reason(seq),
            "session %" PRIx64 ": transaction %" PRIu64 " met the kill of another one", client->id,
            seq);
}

/* The owner: roster_killed() or roster_stmt_end() has said `killed`. */
void client_meet(struct client *client, int killed)
{
    if (killed & ROSTER_KILLED_CONNECTION) {
        require("G5", killed == (KILL_REASON_CONNECTION | ROSTER_KILLED_CONNECTION),
                "session %" PRIx64 ": its connection was killed for reason %#x", client->id,
                (unsigned)killed);
        client->dying = true;
        if (client->in_stmt && !client->met)
            client->masked_seq = client->stmt_seq;
        return;
    }
    if (roster_killed_transaction(killed)) {
        meet_txn(client, killed);
        return;
    }
    require("G5", killed == client->met || (client->in_stmt && !client->met && !client->masked_seq),
            "session %" PRIx64 " statement %" PRIu64 " met kill %d after %d", client->id,
            client->stmt_seq, killed, client->met);
    if (killed == client->met)
        return;
    client->met = killed;
    if (killed == KILL_REASON_AIMED) {
        client->aimed++;
        client->aimed_mark += mix64(client->stmt_seq);
    } else {
        require("G5", killed == KILL_REASON_ANY, "a kill for reason %d", killed);
        client->any++;
    }
}

/* No killer is at the session, and no statement runs: both sides must have counted the same. */
void client_settle(struct client *client)
{
    const struct place *place = client->place;
    uint64_t aimed = relaxed(&place->aimed) - client->aimed;
    uint64_t any = relaxed(&place->any) - client->any;
    uint64_t mark = relaxed(&place->aimed_mark) - client->aimed_mark;
    uint64_t all = relaxed(&place->aimed) + relaxed(&place->any) + relaxed(&place->connection) +
                   relaxed(&place->txn);
    uint64_t unknown = client->masked_by_txn + (client->masked_seq ? 1 : 0);

    require("G5", (int64_t)aimed >= 0 && (int64_t)any >= 0,
            "session %" PRIx64 " met kills that were not delivered: %" PRId64 " aimed, %" PRId64
            " not",
            client->id, -(int64_t)aimed, -(int64_t)any);
    require("G5", aimed + any <= unknown,
            "session %" PRIx64 " never met kills that were delivered: %" PRIu64 " aimed, %" PRIu64
            " not",
            client->id, aimed, any);
    require("G5", client->masked_by_txn || mark == (aimed ? mix64(client->masked_seq) : 0),
            "session %" PRIx64 ": a kill met another statement than it was aimed at", client->id);
    require("G5", relaxed(&place->connection) <= 1,
            "session %" PRIx64 " was killed %" PRIu64 " times", client->id,
            relaxed(&place->connection));
    require("G5", !client->wakes || relaxed(&place->woken) == all,
            "session %" PRIx64 " was woken %" PRIu64 " times for %" PRIu64 " kills", client->id,
            relaxed(&place->woken), all);
}

/* The statement that a reader sees run, or 0. */
static uint64_t running_statement(struct arena *arena, uint64_t id)
{
    const struct roster_session *session;
    uint64_t seq = 0;

    if (roster_read_lock(arena->roster))
        return 0;
    session = roster_lookup(arena->roster, id);
    if (session) {
        struct roster_copy copy;
        const struct roster_shown *shown = roster_session_look(session, &copy, NULL, 0);

        seq = shown->statement ? shown->statement->seq : 0;
    }
    roster_read_unlock(arena->roster);
    return seq;
}

static void kill_aimed(struct arena *arena, struct place *place, uint64_t id, uint64_t seq)
{
    int err = roster_kill(arena->roster, id, ROSTER_KILL_TARGET_STATEMENT, seq, KILL_REASON_AIMED);

    require("API",
            err == 0 || err == -ENOENT || err == -ESTALE || err == -EALREADY || err == -ESRCH,
            "roster_kill(): error %d", err);
    if (err)
        return;
    __atomic_fetch_add(&place->aimed, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&place->aimed_mark, mix64(seq), __ATOMIC_RELAXED);
}

static void kill_unaimed(struct arena *arena, uint64_t *counter, uint64_t id,
                         enum roster_kill_target target, enum roster_kill_reason reason)
{
    int err = roster_kill(arena->roster, id, target, ROSTER_STMT_ANY, reason);

    require("API",
            err == 0 || err == -ENOENT || err == -ESTALE || err == -EALREADY || err == -ESRCH,
            "roster_kill(): error %d", err);
    if (!err)
        __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* The transaction that a reader sees open; killed a while later, when it may have ended. */
static void kill_txn(struct arena *arena, struct place *place, uint64_t id)
{
    const struct roster_session *session;
    struct roster_copy copy;
    uint64_t seq = 0;
    int err;

    if (roster_read_lock(arena->roster))
        return;
    session = roster_lookup(arena->roster, id);
    if (session)
        seq = roster_txn_seq(session, roster_session_look(session, &copy, NULL, 0));
    roster_read_unlock(arena->roster);
    if (!seq)
        return;
    delay_now();
    err = roster_kill_txn(arena->roster, id, ROSTER_TXN_ANY, seq, txn_reason(seq));
    require("API",
            err == 0 || err == -ENOENT || err == -ESTALE || err == -EALREADY || err == -ESRCH,
            "roster_kill_txn(): error %d", err);
    if (!err)
        __atomic_fetch_add(&place->txn, 1, __ATOMIC_RELAXED);
}

static void kill_somehow(struct actor *actor, struct arena *arena, struct place *place, uint64_t id)
{
    uint64_t how = rng_below(&actor->rng, 64), seq;

    if (how == 0) {
        kill_unaimed(arena, &place->connection, id, ROSTER_KILL_TARGET_CONNECTION,
                     KILL_REASON_CONNECTION);
    } else if (how < 8) {
        kill_txn(arena, place, id);
    } else if (how < 16) {
        kill_unaimed(arena, &place->any, id, ROSTER_KILL_TARGET_STATEMENT, KILL_REASON_ANY);
    } else {
        seq = running_statement(arena, id);
        if (seq && how < 20)
            seq += rng_below(&actor->rng, 3) - 1; /* the one before, or one that is to come */
        if (how > 50)
            delay_now();
        if (seq)
            kill_aimed(arena, place, id, seq);
    }
}

void kill_once(struct actor *actor, struct arena *arena)
{
    struct place *place = actor_place(actor, arena);
    uint64_t n = rng_one_in(&actor->rng, 4) ? 16 : 1, id;

    /* Counted before the id is read: the owner takes the id away before it waits for killers. */
    __atomic_fetch_add(&place->killers, 1, __ATOMIC_SEQ_CST);
    id = __atomic_load_n(&place->id, __ATOMIC_SEQ_CST);
    while (id && n--) {
        kill_somehow(actor, arena, place, id);
        count(&actor->tally.kills);
    }
    __atomic_fetch_sub(&place->killers, 1, __ATOMIC_SEQ_CST);
}
