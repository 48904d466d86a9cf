/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A roster with many sessions. See world.h.
 */
#include "world.h"

#include "complain.h"
#include "order.h"

#include <roster/pin.h>
#include <roster/statement.h>
#include <roster/txn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void identity_make(struct identity *identity, size_t n)
{
    static const struct roster_session_attr none = ROSTER_SESSION_ATTR_INIT;
    unsigned number = (unsigned)(n % 100000000);

    snprintf(identity->user, sizeof(identity->user), "user_%08u", number);
    snprintf(identity->host, sizeof(identity->host), "10.11.%03u.%03u:40000", number / 250 % 250,
             number % 250);
    snprintf(identity->database, sizeof(identity->database), "db_%05u", number % 100000);
    identity->attr = none;
    identity->attr.user = identity->user;
    identity->attr.host = identity->host;
    identity->attr.database = identity->database;
}

static void text_make(struct world *world, size_t length)
{
    static const char words[] = "select balance from account where id = 12345678 for update; ";
    size_t i;

    world->text = must_have(malloc(length + 1));
    for (i = 0; i < length; i++)
        world->text[i] = words[i % (sizeof(words) - 1)];
    world->text[length] = '\0';
    world->text_length = length;
}

static void shares_make(struct world *world, size_t threads)
{
    size_t i;

    world->shares =
        must_have(aligned_alloc(_Alignof(struct share), threads * sizeof(struct share)));
    world->n_shares = threads;
    for (i = 0; i < threads; i++) {
        size_t from = world->n_sessions * i / threads;

        world->shares[i] = (struct share){.world = world,
                                          .from = from,
                                          .to = world->n_sessions * (i + 1) / threads,
                                          .at = from,
                                          .random = UINT64_C(88172645463325252) + i};
    }
}

/*
 * liburcu's thread inherits the processor of the thread that needs it first, so that must be this
 * thread, which is not pinned: releasing a pin always waits for a grace period.
 */
static void start_urcu_thread(struct roster *roster)
{
    struct roster_pin *pin;

    must(roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_OTHER, &pin));
    must(roster_pin_release(pin));
}

static void sessions_open(struct world *world, size_t sessions)
{
    struct identity identity;
    size_t n;

    world->sessions = must_have(calloc(sessions, sizeof(struct roster_session *)));
    for (n = 0; n < sessions; n++) {
        identity_make(&identity, n);
        must(roster_session_open(world->roster, &identity.attr, &world->sessions[n]));
    }
    world->n_sessions = sessions;
}

struct world *world_create(const struct options *asked, size_t sessions, size_t threads,
                           size_t text)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct world *world = must_have(aligned_alloc(_Alignof(struct world), sizeof(*world)));

    memset(world, 0, sizeof(*world));
    oracle_init(&world->oracle, asked->oracle, &options);
    must(roster_create(&options, &world->roster));
    start_urcu_thread(world->roster);
    sessions_open(world, sessions);
    shares_make(world, threads);
    if (asked->random_order)
        order_shuffle(world->sessions, world->n_sessions);
    text_make(world, text);
    return world;
}

void world_limit(struct world *world, size_t active)
{
    size_t i;

    for (i = 0; i < world->n_shares; i++) {
        struct share *share = &world->shares[i];
        size_t own = share->to - share->from;

        if (active >= own)
            continue;
        order_spread(world->sessions + share->from, own, active);
        share->to = share->from + active;
    }
}

void world_destroy(void *arg)
{
    struct world *world = arg;
    size_t i;

    for (i = 0; i < world->n_sessions; i++)
        roster_session_close(world->sessions[i]);
    roster_destroy(world->roster);
    free(world->sessions);
    free(world->shares);
    free(world->text);
    free(world);
}

static int begin_job(struct worker *worker)
{
    struct share *share = worker->job->arg;
    struct roster_session **sessions = share->world->sessions + share->from;
    size_t i, n = share->open, stride = n ? (share->to - share->from) / n : 1;
    int err = 0;

    oracle_role_owner();
    for (i = 0; i < n && !err; i++)
        err = roster_txn_begin(sessions[i * stride], NULL);
    for (i = 0; i < 2 * n && !err; i++) {
        struct roster_session *session = sessions[random_below(&share->random, n) * stride];

        err = roster_txn_finish(session);
        if (!err)
            err = roster_txn_begin(session, NULL);
    }
    return err;
}

void world_begin(struct world *world, struct runner *runner, size_t open)
{
    struct job *jobs = must_have(calloc(world->n_shares, sizeof(*jobs)));
    size_t i;

    for (i = 0; i < world->n_shares; i++) {
        world->shares[i].open = open * (i + 1) / world->n_shares - open * i / world->n_shares;
        jobs[i] = (struct job){begin_job, &world->shares[i], i, false};
    }
    must(runner_run(runner, jobs, world->n_shares, 0, NULL));
    world->n_open = open;
    free(jobs);
}

void world_state(struct world *world, size_t nth)
{
    size_t i;

    for (i = 0; i < world->n_sessions; i += nth)
        must(roster_stmt_begin(world->sessions[i], ROSTER_COMMAND_QUERY, world->text,
                               world->text_length, NULL, 0));
}

int world_replace(struct world *world, size_t n, const struct roster_session_attr *attr)
{
    int err = roster_session_close(world->sessions[n]);

    return err ? err : roster_session_open(world->roster, attr, &world->sessions[n]);
}

void world_age(struct world *world)
{
    uint64_t random = UINT64_C(2463534242);
    struct identity identity;
    size_t i, n;

    for (i = 0; i < world->n_sessions; i++) {
        n = random_below(&random, world->n_sessions);
        identity_make(&identity, n);
        must(world_replace(world, n, &identity.attr));
    }
}
