/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * churn: open and close a session while many others are open: the one just opened, or in its place
 * one of the others at random, as connections that come and go.
 */
#include "floors.h"
#include "order.h"
#include "workloads.h"
#include "world.h"

#include <roster/session.h>

#define OWN_SESSIONS 100000
#define BATCH 16

struct churn {
    size_t threads;
    size_t sessions;
    struct world *world;
    struct floors *floors;
    struct slice same;
    struct slice replace;
    struct slice exchange;
};

static int same_job(struct worker *worker)
{
    struct share *share = worker->job->arg;
    struct identity identity;
    uint64_t ops = 0;
    size_t i;
    int err = 0;

    identity_make(&identity, share->from);
    for (; !runner_stopped(worker) && !err; ops += BATCH)
        for (i = 0; i < BATCH && !err; i++) {
            struct roster_session *session;

            err = roster_session_open(share->world->roster, &identity.attr, &session);
            if (!err)
                err = roster_session_close(session);
        }
    worker->ops = ops;
    return err;
}

static int replace_job(struct worker *worker)
{
    struct share *share = worker->job->arg;
    size_t i, n = share->to - share->from;
    struct identity identity;
    uint64_t ops = 0;
    int err = 0;

    identity_make(&identity, share->from);
    for (; !runner_stopped(worker) && !err; ops += BATCH)
        for (i = 0; i < BATCH && !err; i++)
            err = world_replace(share->world, share->from + random_below(&share->random, n),
                                &identity.attr);
    worker->ops = ops;
    return err;
}

static int setup(struct bench *bench, struct churn *it)
{
    size_t one = sizeof(struct share), n = it->threads;
    int err = world_create(bench->options, it->sessions, n, 0, &it->world);

    if (!err)
        err = floors_create(bench->options->random_order, it->sessions, n, &it->floors);
    if (!err)
        err = bench_slice(bench, &it->same, same_job, it->world->shares, one, n);
    if (!err)
        err = bench_slice(bench, &it->replace, replace_job, it->world->shares, one, n);
    if (!err)
        err = bench_slice(bench, &it->exchange, floor_exchange_store_random, it->floors->shares,
                          sizeof(struct floor_share), n);
    return err;
}

static int measure(struct bench *bench, struct churn *it, const char *name, const char *work,
                   struct slice *slice)
{
    struct row row;

    row_init(&row, name, "ns", "%s, %zu sessions open, %zu thread%s", work, it->sessions,
             it->threads, it->threads > 1 ? "s" : "");
    row_add(&row, "open + close", slice_sample, slice);
    row.floor = row_add(&row, "floor: exchange + store, random", slice_sample, &it->exchange);
    row_judge(&row, FIGURE, 400, 1200);
    row_judge_only_if(&row, it->threads == 1 && it->sessions == OWN_SESSIONS);
    return bench_row(bench, &row);
}

int churn_run(struct bench *bench)
{
    const struct options *options = bench->options;
    struct churn it = {.threads = size_of(options->threads, 1),
                       .sessions = size_of(options->sessions, OWN_SESSIONS)};
    int err = setup(bench, &it);

    if (!err)
        err = measure(bench, &it, "churn", "open + close of the same session", &it.same);
    if (!err)
        err = measure(bench, &it, "churn-random", "close + open of any session", &it.replace);
    slice_free(&it.same);
    slice_free(&it.replace);
    slice_free(&it.exchange);
    floors_destroy(it.floors);
    world_destroy(it.world);
    return err;
}
