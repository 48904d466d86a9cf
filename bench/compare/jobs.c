/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the threads of a comparison do. See jobs.h.
 *
 * Every job is one loop around one operation, which the compiler puts into the loop; the call
 * through the engine's table is all that stands between the loop and the engine.
 */
#include "jobs.h"

#include "core/base/clock.h"
#include "../measure/order.h"
#include "../measure/report.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

typedef int op_fn(struct lane *lane);

static char text[STATEMENT_TEXT + 1] =
    "select balance from account where id = 12345678 and branch = 4711 and currency = 'EUR' for "
    "update";

static inline struct seat *next_seat(struct lane *lane)
{
    if (lane->at >= lane->n_seats)
        lane->at = lane->open;
    return &lane->seats[lane->at++];
}

/* An engine that refuses more work behind a stalled reader is not broken. */
static inline int count_refusal(struct lane *lane, int err)
{
    if (__builtin_expect(err == -ENOBUFS, 0)) {
        lane->refused++;
        return 0;
    }
    return err;
}

static inline int op_publish(struct lane *lane)
{
    const struct arena *arena = lane->arena;
    void *session = next_seat(lane)->session;
    uint64_t ts;
    int err = arena->engine->begin(arena->world, session, &ts);

    if (__builtin_expect(err != 0, 0))
        return count_refusal(lane, err);
    return arena->engine->end(arena->world, session);
}

static inline int op_statement(struct lane *lane)
{
    const struct arena *arena = lane->arena;
    void *session = next_seat(lane)->session;
    uint64_t ts;
    int err = arena->engine->stmt_begin(arena->world, session, text, STATEMENT_TEXT);

    if (!err)
        err = arena->engine->begin(arena->world, session, &ts);
    if (!err)
        err = arena->engine->end(arena->world, session);
    if (!err)
        err = arena->engine->stmt_end(arena->world, session);
    return err;
}

/* Beside a stalled reader. */
static inline int op_refusable_statement(struct lane *lane)
{
    return count_refusal(lane, op_statement(lane));
}

static inline int op_churn(struct lane *lane)
{
    size_t n = lane->n_seats - lane->open;

    return count_refusal(
        lane, arena_replace(lane, &lane->seats[lane->open + random_below(&lane->random, n)]));
}

static inline int op_commit(struct lane *lane)
{
    int err = op_publish(lane);

    if (!err && ++lane->since_churn == CHURN_EVERY) {
        lane->since_churn = 0;
        err = op_churn(lane);
    }
    return err;
}

static inline int op_lookup(struct lane *lane)
{
    const struct arena *arena = lane->arena;
    struct reading reading = {0};
    uint64_t id = 1 + random_below(&lane->random, arena->last_id);
    int err = arena->engine->lookup(arena->world, id, &reading);

    return err || reading.count == 1 ? err : -EPROTO;
}

static inline int op_oldest(struct lane *lane)
{
    uint64_t ts;

    return lane->arena->engine->oldest(lane->arena->world, &ts);
}

/* Beside churn any session may be closed, and one opened that the list has passed. */
static inline int op_list_beside(struct lane *lane)
{
    struct reading reading = {0};

    return lane->arena->engine->list(lane->arena->world, &reading);
}

/* No session is opened or closed during this. */
static inline int op_list(struct lane *lane)
{
    struct reading reading = {0};
    int err = lane->arena->engine->list(lane->arena->world, &reading);

    return err || reading.count == lane->arena->n_seats ? err : -EPROTO;
}

static inline __attribute__((always_inline)) int repeat(struct worker *worker, op_fn *op)
{
    struct lane *lane = worker->job->arg;
    struct histogram *latency = lane->latency;
    uint64_t ops = 0, wall, cpu, last;
    int err = arena_enter(lane->arena);

    if (err)
        return err;
    lane->refused = 0;
    cpu = rst_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    last = wall = rst_clock_ns(CLOCK_MONOTONIC);
    /* At least one, also when the time was up before this thread got a processor. */
    if (!latency) {
        do {
            err = op(lane);
            ops++;
        } while (!runner_stopped(worker) && !err);
    } else {
        do {
            uint64_t now;

            err = op(lane);
            now = rst_clock_ns(CLOCK_MONOTONIC);
            histogram_add(latency, now - last);
            last = now;
            ops++;
        } while (!runner_stopped(worker) && !err);
    }
    lane->wall = rst_clock_ns(CLOCK_MONOTONIC) - wall;
    lane->cpu = rst_clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    lane->ops = worker->ops = ops - lane->refused;
    arena_leave(lane->arena);
    return err;
}

int job_publish(struct worker *worker)
{
    oracle_role_owner();
    return repeat(worker, op_publish);
}

int job_statement(struct worker *worker)
{
    oracle_role_owner();
    return repeat(worker, op_statement);
}

int job_refusable_statement(struct worker *worker)
{
    oracle_role_owner();
    return repeat(worker, op_refusable_statement);
}

int job_commit(struct worker *worker)
{
    oracle_role_owner();
    return repeat(worker, op_commit);
}

int job_churn(struct worker *worker)
{
    oracle_role_owner();
    return repeat(worker, op_churn);
}

int job_lookup(struct worker *worker)
{
    return repeat(worker, op_lookup);
}

int job_oldest(struct worker *worker)
{
    oracle_role_scanner();
    return repeat(worker, op_oldest);
}

int job_list(struct worker *worker)
{
    return repeat(worker, op_list);
}

static inline __attribute__((always_inline)) int beside(struct worker *worker, op_fn *op,
                                                        unsigned pause_ms)
{
    struct lane lane = {.arena = worker->job->arg, .random = 1};
    int err = arena_enter(lane.arena);

    if (err)
        return err;
    while (!runner_stopped(worker) && !err) {
        err = op(&lane);
        if (pause_ms)
            runner_nap(worker, pause_ms);
    }
    arena_leave(lane.arena);
    return err;
}

int job_sync_every_10_ms(struct worker *worker)
{
    oracle_role_scanner();
    return beside(worker, op_oldest, 10);
}

int job_list_every_100_ms(struct worker *worker)
{
    return beside(worker, op_list_beside, 100);
}

int job_list_flat_out(struct worker *worker)
{
    return beside(worker, op_list_beside, 0);
}

int job_lookup_flat_out(struct worker *worker)
{
    return beside(worker, op_lookup, 0);
}

static void nap_until_stopped(void *arg)
{
    struct worker *worker = arg;
    struct arena *arena = worker->job->arg;
    uint64_t before, after;

    malloc_trim(0); /* or what earlier rounds have freed would hide the growth */
    before = resident_bytes();
    while (!runner_stopped(worker))
        runner_nap(worker, 1000);
    after = resident_bytes();
    arena->growth = after > before ? after - before : 0;
}

int job_hold(struct worker *worker)
{
    struct arena *arena = worker->job->arg;
    int err = arena_enter(arena);

    if (err)
        return err;
    err = arena->engine->hold(arena->world, nap_until_stopped, worker);
    arena_leave(arena);
    return err;
}
