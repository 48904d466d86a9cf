/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A roster with many sessions. See world.h.
 */
#include "world.h"

#include "order.h"

#include <errno.h>
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

static int text_make(struct world *world, size_t length)
{
    static const char words[] = "select balance from account where id = 12345678 for update; ";
    size_t i;

    world->text = malloc(length + 1);
    if (!world->text)
        return -ENOMEM;
    for (i = 0; i < length; i++)
        world->text[i] = words[i % (sizeof(words) - 1)];
    world->text[length] = '\0';
    world->text_length = length;
    return 0;
}

static int shares_make(struct world *world, size_t threads)
{
    size_t i;

    world->shares = aligned_alloc(_Alignof(struct share), threads * sizeof(struct share));
    if (!world->shares)
        return -ENOMEM;
    world->n_shares = threads;
    for (i = 0; i < threads; i++) {
        struct share *share = &world->shares[i];

        share->world = world;
        share->from = world->n_sessions * i / threads;
        share->to = world->n_sessions * (i + 1) / threads;
        share->at = share->from;
        share->open = 0;
        share->random = UINT64_C(88172645463325252) + i;
    }
    return 0;
}

/*
 * liburcu's thread inherits the processor of the thread that needs it first, so that must be this
 * thread, which is not pinned: releasing a pin always waits for a grace period.
 */
static int start_urcu_thread(struct roster *roster)
{
    struct roster_pin *pin;
    int err = roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_OTHER, &pin);

    return err ? err : roster_pin_release(pin);
}

static int sessions_open(struct world *world, size_t sessions)
{
    world->sessions = calloc(sessions, sizeof(struct roster_session *));
    if (!world->sessions)
        return -ENOMEM;
    for (; world->n_sessions < sessions; world->n_sessions++) {
        struct identity identity;
        int err;

        identity_make(&identity, world->n_sessions);
        err =
            roster_session_open(world->roster, &identity.attr, &world->sessions[world->n_sessions]);
        if (err)
            return err;
    }
    return 0;
}

int world_create(const struct options *asked, size_t sessions, size_t threads, size_t text,
                 struct world **world)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct world *made = aligned_alloc(_Alignof(struct world), sizeof(*made));
    int err;

    if (!made)
        return -ENOMEM;
    memset(made, 0, sizeof(*made));
    oracle_init(&made->oracle, asked->oracle, &options);
    err = roster_create(&options, &made->roster);
    if (!err)
        err = start_urcu_thread(made->roster);
    if (!err)
        err = sessions_open(made, sessions);
    if (!err)
        err = shares_make(made, threads);
    if (!err && asked->random_order)
        order_shuffle(made->sessions, made->n_sessions);
    if (!err)
        err = text_make(made, text);
    if (err)
        world_destroy(made);
    else
        *world = made;
    return err;
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

void world_destroy(struct world *world)
{
    size_t i;

    if (!world)
        return;
    for (i = 0; i < world->n_sessions; i++)
        roster_session_close(world->sessions[i]);
    if (world->roster)
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

int world_begin(struct world *world, struct runner *runner, size_t open)
{
    struct job *jobs = calloc(world->n_shares, sizeof(*jobs));
    size_t i;
    int err;

    if (!jobs)
        return -ENOMEM;
    for (i = 0; i < world->n_shares; i++) {
        world->shares[i].open = open * (i + 1) / world->n_shares - open * i / world->n_shares;
        jobs[i] = (struct job){begin_job, &world->shares[i], i, false};
    }
    err = runner_run(runner, jobs, world->n_shares, 0, NULL);
    world->n_open = open;
    free(jobs);
    return err;
}

int world_state(struct world *world, size_t nth)
{
    size_t i;
    int err = 0;

    for (i = 0; i < world->n_sessions && !err; i += nth)
        err = roster_stmt_begin(world->sessions[i], ROSTER_COMMAND_QUERY, world->text,
                                world->text_length, NULL, 0);
    return err;
}

int world_replace(struct world *world, size_t n, const struct roster_session_attr *attr)
{
    int err = roster_session_close(world->sessions[n]);

    if (!err)
        err = roster_session_open(world->roster, attr, &world->sessions[n]);
    if (err) /* the place is filled again, so that all can be closed in the end */
        world->sessions[n] = NULL;
    return err;
}

int world_age(struct world *world)
{
    uint64_t random = UINT64_C(2463534242);
    size_t i;
    int err = 0;

    for (i = 0; i < world->n_sessions && !err; i++) {
        size_t n = random_below(&random, world->n_sessions);
        struct identity identity;

        identity_make(&identity, n);
        err = world_replace(world, n, &identity.attr);
    }
    return err;
}
