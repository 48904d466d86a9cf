/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The rosters and what is known of them.
 */
#include "world.h"

#include "client.h"
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>

struct arena arenas[ARENAS];

void shadow_set(struct shadow *shadow, uint64_t ts, uint64_t floor, uint64_t holder)
{
    __atomic_store_n(&shadow->ts, ts, __ATOMIC_RELAXED);
    __atomic_store_n(&shadow->floor, floor, __ATOMIC_RELAXED);
    __atomic_store_n(&shadow->holder, holder, __ATOMIC_RELAXED);
    __atomic_store_n(&shadow->seq, relaxed(&shadow->seq) + 1, __ATOMIC_RELEASE);
}

void shadow_clear(struct shadow *shadow)
{
    __atomic_store_n(&shadow->seq, relaxed(&shadow->seq) + 1, __ATOMIC_RELEASE);
}

static void arena_create(unsigned number, enum clock_kind kind, struct roster_options *options)
{
    struct arena *arena = &arenas[number];
    unsigned n;

    arena->number = number;
    clock_init(&arena->clock, kind);
    options->oracle = clock_get;
    options->oracle_arg = &arena->clock;
    arena->text_limit = options->text_limit ? options->text_limit : 1024;
    require("harness", roster_create(options, &arena->roster) == 0, "no roster");
    pthread_mutex_init(&arena->hand_over, NULL);
    arena->clients = calloc(PLACES, sizeof(*arena->clients));
    require("harness", arena->clients != NULL, "no memory");
    for (n = 0; n < PLACES; n++)
        arena->vacant[n] = n;
    arena->n_vacant = PLACES;
    for (n = 0; n < PINS; n++)
        arena->vacant_pins[n] = n;
    arena->n_vacant_pins = PINS;
}

void world_create(uint64_t life_time_ms)
{
    /* As strict as can be: the safe point follows the minimum, and nothing expires. */
    struct roster_options strict = ROSTER_OPTIONS_INIT;
    /* Room for old timestamps, long and cut texts, expiry, and little memory for retired views. */
    struct roster_options loose = ROSTER_OPTIONS_INIT;
    /* Few sessions, a slow oracle, a clock that the torture ticks. */
    struct roster_options narrow = ROSTER_OPTIONS_INIT;

    loose.life_time_ms = life_time_ms;
    loose.text_limit = 300;
    loose.backlog_limit = 4 << 20;
    narrow.max_sessions = PLACES / 2;
    narrow.tick_ms = ROSTER_TICK_MANUAL;
    arena_create(0, CLOCK_PLAIN, &strict);
    arena_create(1, CLOCK_COUNTER, &loose);
    arena_create(2, CLOCK_REMOTE, &narrow);
    arenas[0].brief = true;
    arenas[2].brief = true;
    arenas[1].age_limits = true;
    arenas[2].age_limits = true;
}

/* Nothing is open, and the roster agrees. */
static void check_empty(struct arena *arena, uint64_t *txns, uint64_t *statements)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    struct roster_min min = {.size = sizeof(min)};

    require("harness", arena->n_vacant == PLACES, "a session was left over");
    require("stats", roster_stats(arena->roster, &stats) == 0, "no statistics");
    require("stats", stats.sessions == 0 && stats.pins == 0,
            "%" PRIu64 " sessions and %" PRIu64 " pins are left", stats.sessions, stats.pins);
    *txns -= stats.txns_begun;
    *statements -= stats.statements;
    require("G2", roster_min_advance(arena->roster, 0, &min) == 0, "no minimum at the end");
    require("G2", min.min_start_ts == min.now && min.holder.kind == ROSTER_HOLDER_NONE,
            "a slot is left over: minimum %" PRIu64 ", now %" PRIu64 ", session %" PRIu64
            ", pin %" PRIu64,
            min.min_start_ts, min.now, min.holder.session_id, min.holder.pin_id);
}

void world_destroy(uint64_t txns, uint64_t statements)
{
    unsigned n;

    for (n = 0; n < ARENAS; n++) {
        struct arena *arena = &arenas[n];
        int err;

        check_empty(arena, &txns, &statements);
        err = roster_destroy(arena->roster);
        require("G7", err == 0, "roster_destroy() returned %d", err);
        clock_destroy(&arena->clock);
        pthread_mutex_destroy(&arena->hand_over);
        free(arena->clients);
    }
    require("stats", txns == 0 && statements == 0,
            "%" PRId64 " transactions and %" PRId64 " statements were not counted", (int64_t)txns,
            (int64_t)statements);
}
