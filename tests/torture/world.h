/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the torture knows of each roster, kept beside it and compared with what it says.
 *
 * An arena is one roster with the references that its guarantees are checked against:
 *
 * - limits: the largest minimum, safe point and age limit that were handed out so far. A
 *   transaction compares its timestamp with them before it ends, so it is compared with everything
 *   that was handed out while it was open and before it began (G2, G3, G8).
 * - shadows: what is pinned, announced after the roster was told and withdrawn before it is told.
 *   What stood there unchanged before and after a scan was open during all of it, so the scan must
 *   have counted it (G2, and who holds the minimum).
 * - places: which sessions are open, the same way (each is found, and visited exactly once), and
 *   what killers did to them (G5).
 *
 * The references are atomics, but their use orders nothing that the roster has to order itself:
 * owners write them after a call has returned and before the next one.
 */
#pragma once

#include "clock.h"

#include <pthread.h>
#include <roster/roster.h>
#include <stdbool.h>
#include <stdint.h>

#define ARENAS 3
#define PLACES 96 /* sessions in an arena */
#define PINS 48   /* stand-alone pins in an arena */
#define SHADOWS (PLACES + PINS)

#define own_line __attribute__((aligned(64)))

/* Something that is pinned. */
struct shadow {
    uint64_t seq; /* odd while it is there */
    uint64_t ts;
    uint64_t floor;  /* what was announced before ts was known was not below this */
    uint64_t holder; /* the session's id, or the pin's */
} own_line;

/* Where a session stands. */
struct place {
    uint64_t seq; /* odd while it is open */
    uint64_t id;  /* 0: not to be killed or looked up */
    /* Killers: how many are at it, and how many kills of each kind were delivered. */
    uint64_t killers own_line;
    uint64_t aimed; /* at one statement */
    uint64_t aimed_mark;
    uint64_t any; /* at whichever statement runs */
    uint64_t connection;
    uint64_t txn; /* at one transaction */
    uint64_t woken;
} own_line;

/* The largest that were handed out. */
struct limits {
    uint64_t minimum own_line;
    uint64_t safe_point own_line;
    uint64_t now own_line;         /* of completed scans */
    uint64_t lower_asked own_line; /* age limits: a scan may be applying it */
    uint64_t lower_told;           /* a scan has applied it */
};

struct client;
struct held_pin;

struct arena {
    struct roster *roster;
    struct torture_clock clock;
    unsigned number;
    uint32_t text_limit;
    bool age_limits; /* scans have a lower limit now and then */
    bool brief;      /* nothing stays open for long, so whatever a scan misses is the oldest */
    unsigned hot;    /* a place where something is going on right now */
    struct limits limits;
    struct shadow shadows[SHADOWS]; /* of places, then of pins */
    struct place places[PLACES];
    /* What no thread owns at the moment: handed between threads under this mutex. */
    pthread_mutex_t hand_over;
    struct client *clients;
    struct client *waiting[PLACES];
    unsigned n_waiting;
    unsigned vacant[PLACES];
    unsigned n_vacant;
    unsigned vacant_pins[PINS];
    unsigned n_vacant_pins;
};

extern struct arena arenas[ARENAS];

void world_create(uint64_t life_time_ms);

/* After all threads have ended and everything has been closed; what the rosters have counted must
 * be this. */
void world_destroy(uint64_t txns, uint64_t statements);

static inline uint64_t relaxed(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void raise_to(uint64_t *word, uint64_t value)
{
    uint64_t old = relaxed(word);

    while (old < value && !__atomic_compare_exchange_n(word, &old, value, true, __ATOMIC_RELEASE,
                                                       __ATOMIC_RELAXED))
        ;
}

void shadow_set(struct shadow *shadow, uint64_t ts, uint64_t floor, uint64_t holder);
void shadow_clear(struct shadow *shadow);
