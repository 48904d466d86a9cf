/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * One engine with many sessions. See arena.h.
 */
#include "arena.h"

#include "../measure/order.h"
#include "../measure/report.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Ids that a lane gives to sessions that come later, each lane its own. */
#define IDS_PER_LANE (UINT64_C(1) << 40)

/* Not by snprintf(), which takes longer than many an engine to open a session. */
static void put_digits(char *end, unsigned number, size_t digits)
{
    while (digits--) {
        *--end = (char)('0' + number % 10);
        number /= 10;
    }
}

static int seat_open(struct arena *arena, struct seat *seat, uint64_t id)
{
    char user[WHO_USER] = "user_00000000", host[WHO_HOST] = "10.11.12.13:00000",
         database[WHO_DATABASE] = "db_00000";
    struct who who = {user, host, database};
    unsigned n = (unsigned)(id % 100000000);

    put_digits(user + 13, n, 8);
    put_digits(host + 17, n, 5);
    put_digits(database + 8, n, 5);
    seat->id = id;
    return arena->engine->open(arena->world, id, &who, &seat->session);
}

int arena_replace(struct lane *lane, struct seat *seat)
{
    struct arena *arena = lane->arena;
    int err = arena->engine->close(arena->world, seat->session);

    return err ? err : seat_open(arena, seat, ++lane->next_id);
}

static int lanes_create(struct arena *arena, size_t threads, size_t open)
{
    size_t i;

    arena->lanes = aligned_alloc(_Alignof(struct lane), threads * sizeof(struct lane));
    if (!arena->lanes)
        return -ENOMEM;
    memset(arena->lanes, 0, threads * sizeof(struct lane));
    arena->n_lanes = threads;
    for (i = 0; i < threads; i++) {
        struct lane *lane = &arena->lanes[i];
        size_t from = arena->n_seats * i / threads, to = arena->n_seats * (i + 1) / threads;

        lane->arena = arena;
        lane->seats = arena->seats + from;
        lane->n_seats = to - from;
        lane->open = open * (i + 1) / threads - open * i / threads;
        lane->at = lane->open;
        lane->random = UINT64_C(88172645463325252) + i;
        lane->next_id = (i + 1) * IDS_PER_LANE;
    }
    return 0;
}

/* The open ones come from all over the seats, and stand first. */
static void spread(struct lane *lane)
{
    size_t i, stride = lane->open ? lane->n_seats / lane->open : 1;

    for (i = 0; i < lane->open; i++) {
        struct seat seat = lane->seats[i];

        lane->seats[i] = lane->seats[i * stride];
        lane->seats[i * stride] = seat;
    }
}

/* Begins them, and then ends and begins them at random, so that no timestamps are sorted. */
static int begin_all(struct worker *worker)
{
    struct lane *lane = worker->job->arg;
    const struct engine *engine = lane->arena->engine;
    void *world = lane->arena->world;
    uint64_t ts;
    size_t i;
    int err = arena_enter(lane->arena);

    if (err)
        return err;
    oracle_role_owner();
    spread(lane);
    for (i = 0; i < lane->open && !err; i++)
        err = engine->begin(world, lane->seats[i].session, &ts);
    for (i = 0; i < 2 * lane->open && !err; i++) {
        void *session = lane->seats[random_below(&lane->random, lane->open)].session;

        err = engine->end(world, session);
        if (!err)
            err = engine->begin(world, session, &ts);
    }
    arena_leave(lane->arena);
    return err;
}

static int begin_in_threads(struct arena *arena, struct runner *runner)
{
    struct job *jobs = calloc(arena->n_lanes, sizeof(*jobs));
    size_t i;
    int err;

    if (!jobs)
        return -ENOMEM;
    for (i = 0; i < arena->n_lanes; i++)
        jobs[i] = (struct job){begin_all, &arena->lanes[i], i, false};
    err = runner_run(runner, jobs, arena->n_lanes, 0, NULL);
    free(jobs);
    return err;
}

static int open_all(struct arena *arena, size_t sessions)
{
    int err = 0;

    arena->seats = calloc(sessions, sizeof(*arena->seats));
    if (!arena->seats)
        return -ENOMEM;
    while (arena->n_seats < sessions && !err) {
        err = seat_open(arena, &arena->seats[arena->n_seats], arena->n_seats + 1);
        if (!err)
            arena->n_seats++;
    }
    arena->last_id = sessions;
    return err;
}

/* What the process has grown by since it had `before` bytes, the seats apart. */
static double grown_by(uint64_t before, size_t sessions)
{
    uint64_t now = resident_bytes() - sessions * sizeof(struct seat);

    return now > before ? (double)(now - before) / (double)sessions : 0;
}

int arena_create(const struct engine *engine, struct runner *runner, size_t threads,
                 size_t sessions, size_t open, struct arena **arena)
{
    struct arena *made = aligned_alloc(_Alignof(struct arena), sizeof(*made));
    struct engine_setup setup;
    uint64_t before;
    int err;

    if (!made)
        return -ENOMEM;
    malloc_trim(0); /* what earlier arenas have left would hide what this one takes */
    before = resident_bytes();
    memset(made, 0, sizeof(*made));
    made->engine = engine;
    setup = (struct engine_setup){&made->oracle, sessions};
    err = engine->create(&setup, &made->world);
    if (err) {
        free(made);
        return err;
    }
    err = arena_enter(made);
    if (!err) {
        err = open_all(made, sessions);
        arena_leave(made);
        made->bytes_per_session = grown_by(before, sessions);
    }
    if (!err)
        err = lanes_create(made, threads, open);
    if (!err && open)
        err = begin_in_threads(made, runner);
    if (err)
        arena_destroy(made);
    else
        *arena = made;
    return err;
}

void arena_destroy(struct arena *arena)
{
    const struct engine *engine;
    size_t i, j;

    if (!arena)
        return;
    engine = arena->engine;
    (void)arena_enter(arena);
    for (i = 0; i < arena->n_lanes; i++)
        for (j = 0; j < arena->lanes[i].open; j++)
            engine->end(arena->world, arena->lanes[i].seats[j].session);
    for (i = 0; i < arena->n_seats; i++)
        engine->close(arena->world, arena->seats[i].session);
    arena_leave(arena);
    engine->destroy(arena->world);
    free(arena->seats);
    free(arena->lanes);
    free(arena);
}
