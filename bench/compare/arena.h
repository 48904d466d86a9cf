/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * One engine with many sessions, shared out over threads: what the jobs of a comparison work on.
 */
#pragma once

#include "../engines/engine.h"
#include "../measure/runner.h"
#include "histogram.h"

/* A session as its owner keeps it. */
struct seat {
    void *session;
    uint64_t id;
};

/* What one thread owns, and what it found. Of its seats the first have their transaction open. */
struct lane {
    struct arena *arena;
    struct seat *seats;
    size_t n_seats;
    size_t open;
    size_t at;
    uint64_t random;
    uint64_t next_id;
    unsigned since_churn;
    /* of the newest run */
    uint64_t ops;
    uint64_t refused; /* operations that the engine refused with -ENOBUFS */
    uint64_t wall;    /* nanoseconds */
    uint64_t cpu;
    struct histogram *latency; /* NULL: not wanted */
} own_lines;

struct arena {
    struct oracle oracle;
    const struct engine *engine;
    void *world;
    struct seat *seats;
    size_t n_seats;
    struct lane *lanes;
    size_t n_lanes;
    uint64_t last_id;         /* ids from 1 to this were given out when it was made */
    double bytes_per_session; /* what the process grew by for the world and them */
    uint64_t growth;          /* of a run with someone inside: bytes that the process grew by */
};

/* Opens `sessions` sessions, and `open` transactions in random order. Returns 0 or -errno. */
int arena_create(const struct engine *engine, struct runner *runner, size_t threads,
                 size_t sessions, size_t open, struct arena **arena);
void arena_destroy(struct arena *arena);

/* What every thread calls before and after it works on the arena. */
static inline int arena_enter(const struct arena *arena)
{
    return arena->engine->thread_enter ? arena->engine->thread_enter(arena->world) : 0;
}

static inline void arena_leave(const struct arena *arena)
{
    if (arena->engine->thread_leave)
        arena->engine->thread_leave(arena->world);
}

/* Another session takes the seat. */
int arena_replace(struct lane *lane, struct seat *seat);
