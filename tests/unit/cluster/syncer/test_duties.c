/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The threads of a syncer and of safe points: stopped by several threads at once and from their own
 * callbacks, and what they tell in which order. */

#include "../server.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <roster/safe_point.h>

#define STOPPERS 3

/* A server with safe points, which write down what they are told. */
struct member {
    struct server server;
    struct roster_safe_point *safe_point;
    struct roster_oracle_local *clock;
    uint64_t txn, gc; /* told last */
    unsigned told, back, at_once;
    int inside; /* what a stop from a callback said */
};

static void note(const struct roster_safe_point_state *state, void *arg)
{
    struct member *member = arg;

    if (__atomic_fetch_add(&member->at_once, 1, __ATOMIC_ACQ_REL) != 0)
        member->back++;
    if (state->txn < member->txn || state->gc < member->gc)
        member->back++;
    member->txn = state->txn;
    member->gc = state->gc;
    __atomic_fetch_add(&member->told, 1, __ATOMIC_ACQ_REL);
    member->inside = roster_safe_point_stop(member->safe_point);
    __atomic_fetch_sub(&member->at_once, 1, __ATOMIC_ACQ_REL);
}

static void member_start(struct member *member, struct roster_store *store)
{
    struct roster_safe_point_options options = {
        .size = sizeof(options), .any_life_time = true, .interval_ms = 10};
    struct roster_syncer_options syncer = server_options("a");

    memset(member, 0, sizeof(*member));
    syncer.interval_ms = 10;
    server_create(&member->server, store, &syncer, 0);
    cr_assert_eq(roster_syncer_start(member->server.syncer), 0);
    server_wait_for(&member->server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_oracle_local_create(&member->clock), 0);
    options.syncer = member->server.syncer;
    options.oracle = roster_oracle_local_allocate;
    options.oracle_arg = member->clock;
    options.change = note;
    options.change_arg = member;
    cr_assert_eq(roster_safe_point_create(store, &options, &member->safe_point), 0);
    cr_assert_eq(roster_safe_point_start(member->safe_point), 0);
}

struct stopper {
    struct member *member;
    pthread_barrier_t *barrier;
    pthread_t thread;
    int safe_point, syncer;
};

static void *stop(void *arg)
{
    struct stopper *stopper = arg;

    pthread_barrier_wait(stopper->barrier);
    stopper->safe_point = roster_safe_point_stop(stopper->member->safe_point);
    stopper->syncer = roster_syncer_stop(stopper->member->server.syncer, 10000);
    return NULL;
}

static void stop_at_once(struct member *member)
{
    struct stopper stoppers[STOPPERS];
    pthread_barrier_t barrier;
    unsigned owners = 0;

    pthread_barrier_init(&barrier, NULL, STOPPERS);
    for (size_t i = 0; i < STOPPERS; i++) {
        stoppers[i] = (struct stopper){.member = member, .barrier = &barrier};
        cr_assert_eq(pthread_create(&stoppers[i].thread, NULL, stop, &stoppers[i]), 0);
    }
    for (size_t i = 0; i < STOPPERS; i++) {
        pthread_join(stoppers[i].thread, NULL);
        cr_expect_eq(stoppers[i].safe_point, 0);
        cr_expect(stoppers[i].syncer == 0 || stoppers[i].syncer == -EALREADY, "%d",
                  stoppers[i].syncer);
        owners += stoppers[i].syncer == 0;
    }
    cr_expect_eq(owners, 1, "one thread has stopped it");
    pthread_barrier_destroy(&barrier);
}

STORE_TEST(g3_safe_points_are_told_in_order_and_several_threads_stop_them)
{
    struct member member;
    unsigned told;

    member_start(&member, f->store);
    for (int64_t end = now_ms() + 20000; __atomic_load_n(&member.told, __ATOMIC_ACQUIRE) < 30;) {
        cr_assert_lt(now_ms(), end);
        (void)roster_safe_point_refresh(member.safe_point); /* a third thread that learns */
    }
    stop_at_once(&member);
    told = member.told;
    cr_expect_eq(member.inside, -EDEADLK);
    cr_expect_eq(member.back, 0, "%u of %u calls were out of order", member.back, told);
    cr_expect_not(key_exists(f->store, "/roster/server/minstartts/a"),
                  "whichever returned, it is done");
    roster_safe_point_destroy(member.safe_point);
    cr_expect_eq(member.told, told);
    server_destroy(&member.server);
    roster_oracle_local_destroy(member.clock);
}

/* ------------------------------------------------------------ from its own callbacks */

struct inside {
    struct server server;
    struct roster_syncer *syncer;
    int stop, run;
    unsigned calls;
};

static void meddle(const struct roster_syncer_change *change, void *arg)
{
    struct inside *inside = arg;

    if (inside->syncer == NULL || change->after != ROSTER_SYNCER_LIVE)
        return;
    inside->stop = roster_syncer_stop(inside->syncer, 0);
    inside->run = roster_syncer_run_once(inside->syncer, NULL);
    roster_syncer_destroy(inside->syncer);
    __atomic_fetch_add(&inside->calls, 1, __ATOMIC_RELEASE);
}

static void meddle_with(bool threaded)
{
    struct roster_syncer_options options = server_options("a");
    struct roster_store *store;
    struct inside inside = {.calls = 0};

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    options.change = meddle;
    options.change_arg = &inside;
    server_create(&inside.server, store, &options, 0);
    inside.syncer = inside.server.syncer;
    if (threaded)
        cr_assert_eq(roster_syncer_start(inside.syncer), 0);
    while (__atomic_load_n(&inside.calls, __ATOMIC_ACQUIRE) == 0)
        threaded ? (void)sleep_ms(1) : (void)roster_syncer_run_once(inside.syncer, NULL);
    cr_expect_eq(inside.stop, -EDEADLK);
    cr_expect_eq(inside.run, -EBUSY);
    cr_expect_eq(server_stats(&inside.server).state, ROSTER_SYNCER_LIVE, "it goes on");
    inside.syncer = NULL;
    server_destroy(&inside.server);
    roster_store_close(store);
}

Test(duties, a_syncer_is_not_stopped_by_its_own_callback)
{
    meddle_with(true);
    meddle_with(false);
}

Test(duties, a_roster_is_not_destroyed_under_a_syncer_that_is_only_stopped)
{
    struct roster_syncer_options options = server_options("a");
    struct roster_syncer *syncer;
    struct roster_store *store;
    struct roster *roster;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(roster_syncer_create(roster, store, &options, &syncer), 0);
    cr_assert_eq(roster_syncer_run_once(syncer, NULL), 0);
    cr_assert_eq(roster_syncer_stop(syncer, 1000), 0);
    cr_expect_eq(roster_destroy(roster), -EBUSY);
    roster_syncer_destroy(syncer);
    cr_expect_eq(roster_destroy(roster), 0);
    roster_store_close(store);
}
