/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Sessions that come and go.
 */
#include "actor.h"
#include "report.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>

#define OWN_ID (UINT64_C(1) << 62)

bool client_refused(struct actor *actor, struct client *client, const char *what, int err)
{
    if (err == 0)
        return false;
    count(&actor->tally.refused);
    if (err == -ENOBUFS)
        return true;
    if (err == -ECANCELED) {
        struct place *place = client->place;

        /* A kill that is under way has not been counted yet. */
        require("G5", relaxed(&place->killers) || relaxed(&place->connection),
                "%s: session %" PRIx64 " is dying and was not killed", what, client->id);
        client->dying = true;
        return true;
    }
    violation("API", "%s: session %" PRIx64 ": error %d", what, client->id, err);
}

static struct place *vacancy_take(struct arena *arena)
{
    struct place *place = NULL;

    pthread_mutex_lock(&arena->hand_over);
    if (arena->n_vacant)
        place = &arena->places[arena->vacant[--arena->n_vacant]];
    pthread_mutex_unlock(&arena->hand_over);
    return place;
}

static void vacancy_give(struct arena *arena, const struct place *place)
{
    pthread_mutex_lock(&arena->hand_over);
    arena->vacant[arena->n_vacant++] = (unsigned)(place - arena->places);
    pthread_mutex_unlock(&arena->hand_over);
}

static void wake(uint64_t session_id, void *arg)
{
    struct place *place = arg;

    (void)session_id;
    __atomic_fetch_add(&place->woken, 1, __ATOMIC_RELAXED);
}

static struct client *prepare_place(struct arena *arena, struct place *place)
{
    unsigned n = (unsigned)(place - arena->places);
    struct client *client = &arena->clients[n];

    memset(client, 0, sizeof(*client));
    client->arena = arena;
    client->place = place;
    client->shadow = &arena->shadows[n];
    __atomic_store_n(&place->aimed, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&place->aimed_mark, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&place->any, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&place->connection, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&place->txn, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&place->woken, 0, __ATOMIC_RELAXED);
    return client;
}

static int try_open(struct actor *actor, struct client *client)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct words_identity words;
    struct place *place = client->place;

    client->kind = (enum roster_session_kind)rng_below(&actor->rng, 3);
    client->flags = ROSTER_SESSION_KILLABLE;
    if (rng_one_in(&actor->rng, 5))
        client->flags |= ROSTER_SESSION_NON_PINNING;
    client->wakes = rng_one_in(&actor->rng, 2);
    if (rng_one_in(&actor->rng, 2))
        client->id = OWN_ID | relaxed(&place->seq) << 8 | (uint64_t)(place - client->arena->places);
    client->version = rng_next(&actor->rng);
    attr.id = client->id;
    attr.kind = client->kind;
    attr.flags = client->flags;
    if (client->wakes) {
        attr.wake = wake;
        attr.wake_arg = place;
    }
    words_identity(&words, &attr, client->id, client->version);
    return roster_session_open(client->arena->roster, &attr, &client->session);
}

struct client *client_open(struct actor *actor, struct arena *arena)
{
    struct place *place = vacancy_take(arena);
    struct client *client;
    uint64_t id;
    int err;

    if (!place)
        return NULL;
    client = prepare_place(arena, place);
    err = try_open(actor, client);
    if (err) {
        vacancy_give(arena, place);
        require("API", err == -ENOBUFS || (err == -EUSERS && arena->number == 2),
                "roster_session_open(): error %d", err);
        count(&actor->tally.refused);
        return NULL;
    }
    id = roster_session_id(client->session);
    require("API", client->id ? id == client->id : id - 1 < OWN_ID - 1,
            "session %" PRIx64 " was opened as %" PRIx64, client->id, id);
    client->id = id;
    client->stmt_seq = roster_stmt_seq(client->session);
    __atomic_store_n(&place->seq, relaxed(&place->seq) + 1, __ATOMIC_RELEASE);
    __atomic_store_n(&place->id, id, __ATOMIC_SEQ_CST);
    count(&actor->tally.sessions);
    return client;
}

/* Since the id is gone no thread comes any more; waits for those that are there. */
static void wait_for_killers(const struct place *place)
{
    while (__atomic_load_n(&place->killers, __ATOMIC_SEQ_CST))
        sched_yield();
}

void client_audit(struct client *client)
{
    struct place *place = client->place;

    if (client->in_stmt)
        return;
    __atomic_store_n(&place->id, 0, __ATOMIC_SEQ_CST);
    wait_for_killers(place);
    client_settle(client);
    __atomic_store_n(&place->id, client->id, __ATOMIC_SEQ_CST);
}

static void end_all(struct actor *actor, struct client *client)
{
    if (client->in_stmt && rng_one_in(&actor->rng, 2))
        client_stmt_end(actor, client);
    if (client->in_stmt)
        client->masked_seq =
            client->stmt_seq; /* no other thread hears of what it meets from here on */
    if (client->txn == ROSTER_TXN_INVALID)
        return;
    if (rng_one_in(&actor->rng, 2)) {
        client_finish(actor, client);
        return;
    }
    client_verify(client);
    if (client->txn == ROSTER_TXN_VALID && !(client->flags & ROSTER_SESSION_NON_PINNING))
        shadow_clear(client->shadow);
}

/* With no killer left the session's last word on its connection must be true. */
static void check_connection(struct client *client)
{
    uint64_t delivered = relaxed(&client->place->connection);
    int killed = roster_killed(client->session);

    require("G5", delivered == !!(killed & ROSTER_KILLED_CONNECTION),
            "session %" PRIx64 ": %" PRIu64 " kills of its connection, but it says %d", client->id,
            delivered, killed);
    client_meet(client, killed);
}

void client_close(struct actor *actor, struct client *client)
{
    struct place *place = client->place;
    bool early = rng_one_in(&actor->rng, 2);
    int err;

    __atomic_store_n(&place->seq, relaxed(&place->seq) + 1, __ATOMIC_RELEASE);
    __atomic_store_n(&place->id, 0, __ATOMIC_SEQ_CST);
    if (early) {
        wait_for_killers(place);
        check_connection(client);
    }
    end_all(actor, client);
    err = roster_session_close(client->session);
    require("G7", err == 0, "roster_session_close(): error %d", err);
    count(&actor->tally.ends);
    wait_for_killers(place);
    client_settle(client);
    vacancy_give(client->arena, place);
}

void client_update(struct actor *actor, struct client *client)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct words_identity words;
    int err;

    client->version = rng_next(&actor->rng);
    attr.kind = client->kind;
    attr.flags = client->flags;
    words_identity(&words, &attr, client->id, client->version);
    err = roster_session_update(client->session, &attr);
    client_refused(actor, client, "roster_session_update()", err);
}
