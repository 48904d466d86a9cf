/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * An actor: one thread of the torture, and what it can do.
 */
#pragma once

#include "client.h"
#include "rng.h"
#include "world.h"

#define HAND 6 /* clients that an actor owns at most */

/* Counted by the actor, read by the main thread. */
struct tally {
    uint64_t steps;
    uint64_t txns;
    uint64_t ends; /* transactions and sessions ended */
    uint64_t refused;
    uint64_t statements;
    uint64_t sessions;
    uint64_t pins;
    uint64_t scans;
    uint64_t views;
    uint64_t kills;
    uint64_t forks;
    uint64_t rosters;
} own_line;

struct actor {
    struct rng rng;
    char role; /* see options.h */
    struct client *hand[HAND];
    unsigned n_hand;
    uint64_t last_ts[ARENAS];
    struct tally tally;
};

static inline void count(uint64_t *tally)
{
    __atomic_store_n(tally, relaxed(tally) + 1, __ATOMIC_RELAXED);
}

/* A timestamp of the arena's oracle, asked for by this actor. */
uint64_t actor_now(struct actor *actor, struct arena *arena);

/* A timestamp of a moment in the near past, protected or just not. */
uint64_t actor_past(struct actor *actor, struct arena *arena);

/* scanner.c: one minimum, or one look at the safe point. */
void scan_once(struct actor *actor, struct arena *arena);
void collect_once(struct actor *actor, struct arena *arena);

/* reader.c: everything that is done under the read lock. */
void read_all(struct actor *actor, struct arena *arena);
void read_some(struct actor *actor, struct arena *arena);
void read_held(struct actor *actor, struct arena *arena);
void read_quickly(struct actor *actor, struct arena *arena);
void read_one(struct actor *actor, struct arena *arena);
void read_stalled(struct actor *actor, struct arena *arena);
void read_copied(struct actor *actor, struct arena *arena);

/* kills.c */
void kill_once(struct actor *actor, struct arena *arena);

/* pins.c */
void pin_once(struct actor *actor, struct arena *arena);
void unpin_once(struct actor *actor, struct arena *arena);
void unpin_all(struct arena *arena);

/* lives.c: rosters that come and go, and forked children. */
void live_once(struct actor *actor, struct arena *arena);
void fork_once(struct actor *actor, struct arena *arena);

/* What stalls readers, waits for grace periods or forks takes turns: they would wait for each
 * other. */
bool slow_begin(void);
void slow_end(void);

/* Where something is going on right now, or anywhere. */
struct place *actor_place(struct actor *actor, struct arena *arena);

/* The sum of what all actors have ended or been refused so far. */
uint64_t actors_progress(void);

/* How many arenas are used. */
extern unsigned actors_arenas;

/* Seconds that a stalled reader waits for owners before it says that they wait for it. */
extern unsigned stall_limit;

/* Does what the actor does, until its steps are done or the run ends. */
void actor_run(struct actor *actor, uint64_t steps);

/* Finishes and closes everything that waits to be taken over. */
void actor_clean_up(struct actor *actor);

/* Set when the run is over. */
extern bool actors_stop;
