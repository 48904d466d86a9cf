/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Hand-over: one thread begins transactions, another ends them and gives the sessions back. What
 * the two pay for the rings between them is the same for every engine.
 */
#include "core/base/clock.h"
#include "jobs.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

static bool put(struct ring *ring, void *session)
{
    uint64_t tail = ring->tail;

    if (tail - __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == HANDOVER_SEATS)
        return false;
    ring->sessions[tail % HANDOVER_SEATS] = session;
    __atomic_store_n(&ring->tail, tail + 1, __ATOMIC_RELEASE); /* pairs with the load in take() */
    return true;
}

static void *take(struct ring *ring)
{
    uint64_t head = ring->head;
    void *session;

    if (head == __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE))
        return NULL;
    session = ring->sessions[head % HANDOVER_SEATS];
    __atomic_store_n(&ring->head, head + 1, __ATOMIC_RELEASE); /* pairs with the load in put() */
    return session;
}

int job_handover_begin(struct worker *worker)
{
    struct handover *it = worker->job->arg;
    struct arena *arena = it->lane->arena;
    size_t i, free_seats = it->lane->n_seats - it->lane->open;
    size_t n = free_seats < HANDOVER_SEATS ? free_seats : HANDOVER_SEATS;
    bool begun = false;
    int err = arena_enter(arena);

    oracle_role_owner();
    for (i = 0; i < n; i++)
        put(&it->ended, it->lane->seats[it->lane->open + i].session);
    /* At least one, also when the time was up before this thread got a processor. */
    while (!err && !(begun && runner_stopped(worker))) {
        void *session = take(&it->ended);
        uint64_t ts;

        if (!session) {
            sched_yield();
            continue;
        }
        err = arena->engine->begin(arena->world, session, &ts);
        begun = true;
        if (!err)
            put(&it->begun, session); /* there are no more sessions than it has room for */
    }
    __atomic_store_n(&it->done, true, __ATOMIC_RELEASE); /* pairs with job_handover_end() */
    arena_leave(arena);
    return err;
}

int job_handover_end(struct worker *worker)
{
    struct handover *it = worker->job->arg;
    struct lane *lane = it->lane;
    struct arena *arena = lane->arena;
    uint64_t ops = 0, wall = rst_clock_ns(CLOCK_MONOTONIC),
             cpu = rst_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    int err = arena_enter(arena);

    while (!err) {
        bool done = __atomic_load_n(&it->done, __ATOMIC_ACQUIRE);
        void *session = take(&it->begun);

        if (session) {
            err = arena->engine->end(arena->world, session);
            put(&it->ended, session);
            ops++;
        } else if (done) {
            break;
        } else {
            sched_yield();
        }
    }
    lane->wall = rst_clock_ns(CLOCK_MONOTONIC) - wall;
    lane->cpu = rst_clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    lane->ops = worker->ops = ops;
    arena_leave(arena);
    return err;
}
