/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What an actor does next.
 */
#include "actor.h"
#include "report.h"

bool actors_stop;
unsigned stall_limit = 30;
unsigned actors_arenas = ARENAS;

static bool stopping(void)
{
    return __atomic_load_n(&actors_stop, __ATOMIC_RELAXED);
}

struct place *actor_place(struct actor *actor, struct arena *arena)
{
    unsigned hot = __atomic_load_n(&arena->hot, __ATOMIC_RELAXED);

    return &arena->places[rng_one_in(&actor->rng, 2) ? hot : rng_below(&actor->rng, PLACES)];
}

/* Puts a client where any actor may take it over. */
static void give_away(struct actor *actor, unsigned n)
{
    struct client *client = actor->hand[n];
    struct arena *arena = client->arena;

    if (arena->brief && client->txn != ROSTER_TXN_INVALID && !rng_one_in(&actor->rng, 8))
        client_finish(actor, client);
    actor->hand[n] = actor->hand[--actor->n_hand];
    pthread_mutex_lock(&arena->hand_over);
    arena->waiting[arena->n_waiting++] = client;
    pthread_mutex_unlock(&arena->hand_over);
}

static struct client *take_over(struct actor *actor, struct arena *arena)
{
    struct client *client = NULL;
    unsigned n;

    pthread_mutex_lock(&arena->hand_over);
    if (arena->n_waiting) {
        n = (unsigned)rng_below(&actor->rng, arena->n_waiting);
        client = arena->waiting[n];
        arena->waiting[n] = arena->waiting[--arena->n_waiting];
    }
    pthread_mutex_unlock(&arena->hand_over);
    return client;
}

static void drop(struct actor *actor, unsigned n)
{
    struct client *client = actor->hand[n];

    actor->hand[n] = actor->hand[--actor->n_hand];
    client_close(actor, client);
}

/* The common path again and again, as a busy server does it. */
static void burst(struct actor *actor, struct client *client)
{
    uint64_t n = 1 + rng_below(&actor->rng, 64);

    for (; n && !client->dying && client->txn == ROSTER_TXN_INVALID; n--) {
        client_begin(actor, client);
        if (client->txn != ROSTER_TXN_VALID)
            return;
        if (rng_one_in(&actor->rng, 8))
            client_check(actor, client);
        if (client->txn == ROSTER_TXN_VALID)
            client_finish(actor, client);
    }
}

static void stmt_burst(struct actor *actor, struct client *client)
{
    uint64_t n = 1 + rng_below(&actor->rng, 64);

    for (; n && !client->dying; n--) {
        client_stmt_begin(actor, client, 0);
        if (!client->in_stmt)
            return;
        client_stmt_end(actor, client);
    }
}

static void transact(struct actor *actor, struct client *client)
{
    uint64_t how = rng_below(&actor->rng, 16);

    if (client->txn == ROSTER_TXN_PENDING)
        (how < 12 ? client_activate : client_finish)(actor, client);
    else if (client->txn == ROSTER_TXN_VALID)
        (how < 4 ? client_work : how < 8 ? client_check : client_finish)(actor, client);
    else if (how < 8)
        client_begin(actor, client);
    else if (how < 10)
        client_begin_at(actor, client);
    else if (how < 13)
        client_prepare(actor, client);
    else
        burst(actor, client);
}

static void state(struct actor *actor, struct client *client)
{
    if (!client->in_stmt && rng_one_in(&actor->rng, 4))
        stmt_burst(actor, client);
    else if (!client->in_stmt)
        client_stmt_begin(actor, client, client_text_length(actor));
    else if (rng_one_in(&actor->rng, 3))
        client_poll(actor, client);
    else
        client_stmt_end(actor, client);
}

/* A step of a transaction, and in a brief arena mostly all of it. */
static void work(struct actor *actor, struct client *client)
{
    transact(actor, client);
    if (client->arena->brief && !rng_one_in(&actor->rng, 64))
        while (client->txn != ROSTER_TXN_INVALID)
            transact(actor, client);
}

static void use(struct actor *actor, unsigned n)
{
    struct client *client = actor->hand[n];
    uint64_t what = rng_below(&actor->rng, 256);

    __atomic_store_n(&client->arena->hot, (unsigned)(client->place - client->arena->places),
                     __ATOMIC_RELAXED);
    if (client->dying || what == 0)
        drop(actor, n);
    else if (what < 6)
        give_away(actor, n);
    else if (what < 9)
        client_update(actor, client);
    else if (what < 11)
        client_misuse(actor, client);
    else if (what < 13)
        client_audit(client);
    else if (what < 90)
        state(actor, client);
    else
        work(actor, client);
}

static void own(struct actor *actor, struct arena *arena)
{
    struct client *client;

    if (actor->n_hand && !rng_one_in(&actor->rng, actor->n_hand < HAND ? 16 : UINT64_MAX)) {
        use(actor, (unsigned)rng_below(&actor->rng, actor->n_hand));
        return;
    }
    client = rng_one_in(&actor->rng, 2) ? take_over(actor, arena) : client_open(actor, arena);
    if (client)
        actor->hand[actor->n_hand++] = client;
}

static void tick(struct actor *actor, struct arena *arena)
{
    (void)actor;
    require("API", roster_tick(arena->roster) == 0, "roster_tick() failed");
}

typedef void action(struct actor *actor, struct arena *arena);

/* How often each role does what. */
static const struct {
    action *action;
    unsigned owner, scanner, reader, killer;
} actions[] = {
    {own, 10000, 1000, 1000, 3000},
    {scan_once, 60, 3000, 20, 20},
    {collect_once, 100, 1000, 100, 20},
    {read_all, 5, 5, 200, 5},
    {read_some, 20, 5, 500, 20},
    {read_held, 10, 5, 300, 5},
    {read_quickly, 2, 2, 200, 2},
    {read_one, 5, 5, 200, 5},
    {read_stalled, 0, 0, 20, 0},
    {read_copied, 2, 1, 40, 1},
    {kill_once, 60, 5, 10, 4000},
    {pin_once, 60, 200, 20, 20},
    {unpin_once, 60, 200, 20, 20},
    {live_once, 0, 1, 0, 0},
    {fork_once, 0, 0, 0, 1},
    {tick, 20, 20, 20, 20},
};

#define N_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static unsigned weight(size_t n, char role)
{
    switch (role) {
    case 's':
        return actions[n].scanner;
    case 'r':
        return actions[n].reader;
    case 'k':
        return actions[n].killer;
    default:
        return actions[n].owner;
    }
}

static action *choose(struct actor *actor)
{
    uint64_t sum = 0, pick;
    size_t n;

    for (n = 0; n < N_ACTIONS; n++)
        sum += weight(n, actor->role);
    pick = rng_below(&actor->rng, sum);
    for (n = 0; pick >= weight(n, actor->role); n++)
        pick -= weight(n, actor->role);
    return actions[n].action;
}

void actor_run(struct actor *actor, uint64_t steps)
{
    for (; steps && !stopping(); steps--) {
        choose(actor)(actor, &arenas[rng_below(&actor->rng, actors_arenas)]);
        count(&actor->tally.steps);
    }
    while (actor->n_hand)
        give_away(actor, 0);
}

void actor_clean_up(struct actor *actor)
{
    unsigned n;

    for (n = 0; n < ARENAS; n++) {
        struct client *client;

        while ((client = take_over(actor, &arenas[n])))
            client_close(actor, client);
        unpin_all(&arenas[n]);
    }
}
