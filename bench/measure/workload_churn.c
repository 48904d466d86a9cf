/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * churn: open and close a session while many others are open: the one just opened, or in its place
 * one of the others at random, as connections that come and go.
 */
#include "order.h"
#include "workloads.h"

#include <roster/session.h>

#define OWN_SESSIONS 100000
#define BATCH 16

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

void churn_run(struct bench *bench)
{
    size_t threads = size_of(bench->options->threads, 1);
    size_t sessions = size_of(bench->options->sessions, OWN_SESSIONS);
    struct world *world = bench_world(bench, sessions, threads, 0);
    struct floors *floors = bench_floors(bench, sessions, threads);
    const struct {
        const char *name, *work;
        job_fn *job;
    } rows[] = {{"churn", "open + close of the same session", same_job},
                {"churn-random", "close + open of any session", replace_job}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct row row;

        row_init(&row, rows[i].name, "ns", "%s, %zu sessions open, %zu thread%s", rows[i].work,
                 sessions, threads, threads > 1 ? "s" : "");
        row_add(&row, "open + close", slice_sample, bench_jobs(bench, rows[i].job, world, threads));
        row.floor = row_add(&row, "floor: exchange + store, random", slice_sample,
                            bench_floor_jobs(bench, floor_exchange_store_random, floors, threads));
        row_judge(&row, FIGURE, 400, 1200);
        row.judged = threads == 1 && sessions == OWN_SESSIONS;
        bench_row(bench, &row);
    }
}
