/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Session records: magazines, batches, depot, and what waits for a grace period. */

#include "../unit.h"
#include "core/base/reclaim.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"

#include <criterion/criterion.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OBJECT_SIZE 128
#define CHUNK_SIZE ((size_t)16 * 1024)

/* What the objects of these tests hold on to. */
static size_t dropped;

static size_t drop(struct rst_graced *pool, void *object)
{
    (void)pool;
    (void)object;
    dropped += OBJECT_SIZE;
    return OBJECT_SIZE;
}

struct fixture {
    struct rst_graced pool;
    struct rst_graced_cache cache;
    struct rst_account account;
};

static void fixture_init(struct fixture *fixture, size_t object_size)
{
    memset(fixture, 0, sizeof(*fixture));
    unit_ok(rst_reclaim_start(false));
    fixture->account.backlog_limit = UINT64_MAX;
    rst_graced_init(&fixture->pool, NULL, object_size, CHUNK_SIZE, drop, &fixture->account);
}

static void fixture_destroy(struct fixture *fixture)
{
    rst_graced_flush(&fixture->pool, &fixture->cache);
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(rst_load(&fixture->account.backlog), 0);
    rst_graced_destroy(&fixture->pool);
    rst_reclaim_end(false);
}

/* One of two that take turns so that at any time one of them keeps. */
struct keeper {
    pthread_barrier_t *both;
    const bool *over;
    bool *last; /* whether this round is the last, which the first of the two decides */
    unsigned n;
};

static void *keep_in_turns(void *arg)
{
    struct keeper *keeper = arg;
    bool keeps = false, over = false;
    unsigned round;

    for (round = keeper->n; !over; round++) {
        if (round % 2 == 0) {
            rst_keep_begin();
            keeps = true;
        }
        pthread_barrier_wait(keeper->both); /* now both keep, or one has since before */
        if (round % 2 && keeps) {
            rst_keep_end();
            keeps = false;
        }
        pthread_barrier_wait(keeper->both);
        if (!keeper->n)
            rst_store(keeper->last, rst_load(keeper->over));
        pthread_barrier_wait(keeper->both);
        over = rst_load(keeper->last);
    }
    if (keeps)
        rst_keep_end();
    return NULL;
}

/* Those that begin to keep later hold up what is retired later: no chain of them starves a round.
 */
Test(graced, keepers_without_end_starve_no_round)
{
    struct keeper keepers[2];
    pthread_t threads[2];
    pthread_barrier_t both;
    bool over = false, last = false;
    unsigned n;

    unit_ok(rst_reclaim_start(false));
    pthread_barrier_init(&both, NULL, 2);
    for (n = 0; n < 2; n++) {
        keepers[n] = (struct keeper){&both, &over, &last, n};
        cr_assert_eq(pthread_create(&threads[n], NULL, keep_in_turns, &keepers[n]), 0);
    }
    for (n = 0; n < 5; n++)
        unit_ok(rst_rcu_barrier());
    rst_store(&over, true);
    for (n = 0; n < 2; n++)
        pthread_join(threads[n], NULL);
    rst_reclaim_end(false);
}

static void *take(struct fixture *fixture)
{
    int err = 1;
    void *object = rst_graced_take(&fixture->pool, &fixture->cache, &err);

    cr_assert_not_null(object, "%d", err);
    return object;
}

static void retire(struct fixture *fixture, void *object)
{
    rst_graced_retire(&fixture->pool, &fixture->cache, object, 0, UINT64_MAX);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The pause that the reclaiming thread makes before a round. */
#define PAUSE_NS UINT64_C(10000000)

/* A callback that says when its round was. */
struct marker {
    struct rcu_head head;
    rst_word called; /* 0: not so far */
};

static void mark(struct rcu_head *head)
{
    struct marker *marker = caa_container_of(head, struct marker, head);

    rst_callback_begin(head);
    rst_store(&marker->called, now_ns());
    rst_callback_end();
}

static void wait_for(struct marker *marker)
{
    while (!rst_load(&marker->called))
        sched_yield();
}

/* Retires all objects at once, just after a round; returns how much later the next round was. */
static uint64_t next_round_after(struct fixture *fixture, void *const *objects, size_t n)
{
    struct marker before = {.called = 0}, after = {.called = 0};
    size_t i;

    rst_call_rcu(&before.head, mark);
    wait_for(&before);
    rst_call_rcu(&after.head, mark);
    for (i = 0; i < n; i++)
        retire(fixture, objects[i]);
    wait_for(&after);
    unit_ok(rst_rcu_barrier());
    return rst_load(&after.called) - rst_load(&before.called);
}

/* Who retires much at once finds it again soon: its round does not wait for the pause. A try takes
 * longer where other threads have the processors. */
Test(graced, a_round_for_much_does_not_wait_for_the_pause)
{
    enum { OBJECTS = RST_SMALL_IF_SANITIZED(20000, 1000), TRIES = 500 };
    void **objects = malloc(OBJECTS * sizeof(*objects));
    struct fixture fixture;
    uint64_t took = PAUSE_NS;
    size_t i, tries;

    cr_assert_not_null(objects);
    fixture_init(&fixture, OBJECT_SIZE);
    for (tries = 0; took >= PAUSE_NS && tries < TRIES; tries++) {
        for (i = 0; i < OBJECTS; i++)
            objects[i] = take(&fixture);
        took = next_round_after(&fixture, objects, OBJECTS);
    }
    cr_assert_lt(took, PAUSE_NS);
    fixture_destroy(&fixture);
    free(objects);
}

static void size_is_kept(size_t size, size_t chunk_size, unsigned at_least)
{
    struct rst_account account = {.backlog_limit = UINT64_MAX};
    struct rst_graced_cache cache = {0};
    struct rst_graced pool;
    struct rst_graced_chunk *chunk;
    unsigned n, place;
    int err = 0;
    char *object;

    rst_graced_init(&pool, NULL, size, chunk_size, drop, &account);
    cr_assert_geq(pool.per_chunk, at_least);
    for (n = 0; n < pool.per_chunk; n++) {
        object = rst_graced_take(&pool, &cache, &err);
        cr_assert_not_null(object);
        cr_assert_eq((uintptr_t)object % RST_CACHE_LINE, 0);
        memset(object, 0xa5, size);
        place = rst_graced_index(&pool, object, &chunk);
        cr_assert_lt(place, pool.per_chunk);
        cr_assert_eq(rst_graced_object(chunk, place), object);
        cr_assert_leq((uintptr_t)object + size, (uintptr_t)chunk + pool.chunk_size);
    }
    cr_assert_eq(account.memory, pool.chunk_size, "all of them came from one chunk");
    rst_graced_destroy(&pool);
}

Test(graced, objects_of_every_size_lie_in_their_chunk)
{
    size_is_kept(1, CHUNK_SIZE, 64);
    size_is_kept(64, CHUNK_SIZE, 64);
    size_is_kept(65, CHUNK_SIZE, 32);
    size_is_kept(4096, CHUNK_SIZE, 3);
    size_is_kept(CHUNK_SIZE, CHUNK_SIZE, 1);
    size_is_kept((size_t)1 << 20, 64 * 1024, 1);
    /* More nodes than fit beside each other in the part where a node's chunk can be told. */
    size_is_kept(64, (size_t)1 << 20, 500);
}

Test(graced, no_object_is_taken_twice)
{
    enum { N = 1000 };
    static void *taken[N];
    struct fixture fixture;
    int i, j;

    fixture_init(&fixture, OBJECT_SIZE);
    for (i = 0; i < N; i++) {
        taken[i] = take(&fixture);
        memset(taken[i], 0xff, OBJECT_SIZE);
        for (j = 0; j < i; j++)
            cr_assert_neq(taken[i], taken[j]);
    }
    for (i = 0; i < N; i++)
        retire(&fixture, taken[i]);
    fixture_destroy(&fixture);
}

/* G4 */
Test(graced, no_retired_object_is_taken_before_a_grace_period)
{
    enum { N = 5 * RST_HOT_BATCH };
    static void *retired[N];
    struct fixture fixture;
    int i, j;

    fixture_init(&fixture, OBJECT_SIZE);
    rst_rcu_read_lock();
    for (i = 0; i < N; i++) {
        retired[i] = take(&fixture);
        retire(&fixture, retired[i]);
        for (j = 0; j < i; j++)
            cr_assert_neq(retired[i], retired[j], "%d taken again as %d", j, i);
    }
    cr_assert_gt(rst_load(&fixture.account.backlog), 0);
    cr_assert_leq(rst_load(&fixture.account.backlog),
                  N * (OBJECT_SIZE + sizeof(struct rst_hot_node)));
    rst_rcu_read_unlock();
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(rst_load(&fixture.account.backlog), 0);
    fixture_destroy(&fixture);
}

/* Nothing that a round retires comes back before it ends, so that all rounds need as much. */
static void a_round_beside_a_reader(struct fixture *fixture, int objects)
{
    rst_rcu_read_lock();
    while (objects--)
        retire(fixture, take(fixture));
    rst_rcu_read_unlock();
    unit_ok(rst_rcu_barrier());
}

Test(graced, memory_comes_back_through_the_depot)
{
    enum { N = 20 * RST_HOT_BATCH };
    struct fixture fixture;
    uint64_t memory;
    int round;

    fixture_init(&fixture, OBJECT_SIZE);
    a_round_beside_a_reader(&fixture, N);
    memory = rst_load(&fixture.account.memory);
    for (round = 0; round < 10; round++)
        a_round_beside_a_reader(&fixture, N);
    cr_assert_leq(rst_load(&fixture.account.memory), memory + fixture.pool.chunk_size);
    fixture_destroy(&fixture);
}

/* G7: where a thread has no context, its objects go the long way, alone. */
Test(graced, objects_retired_alone_come_back)
{
    struct fixture fixture;
    uint64_t memory;
    int i;

    fixture_init(&fixture, OBJECT_SIZE);
    retire(&fixture, take(&fixture));
    memory = rst_load(&fixture.account.memory);
    for (i = 0; i < 1000; i++) {
        rst_graced_retire(&fixture.pool, NULL, take(&fixture), 0, UINT64_MAX);
        if (i % 50 == 0)
            unit_ok(rst_rcu_barrier());
    }
    cr_assert_leq(rst_load(&fixture.account.memory), memory + fixture.pool.chunk_size);
    fixture_destroy(&fixture);
}

/* However many others are in use, little waits in the list of a thread that goes on to do nothing.
 */
Test(graced, what_holds_on_to_much_does_not_wait_for_others)
{
    enum { HELD = 8192, N = 40 };
    struct fixture fixture;
    void *taken[N];
    int i;

    fixture_init(&fixture, OBJECT_SIZE);
    for (i = 0; i < 4 * RST_HOT_BATCH; i++) /* so that its lists are long */
        retire(&fixture, take(&fixture));
    rst_graced_flush(&fixture.pool, &fixture.cache);
    unit_ok(rst_rcu_barrier());
    for (i = 0; i < N; i++)
        taken[i] = take(&fixture);
    rst_rcu_read_lock();
    for (i = 0; i < N; i++)
        rst_graced_retire(&fixture.pool, &fixture.cache, taken[i], HELD, UINT64_MAX);
    cr_assert_gt(rst_load(&fixture.account.backlog), (uint64_t)(N - 3) * HELD);
    rst_rcu_read_unlock();
    /* What they hold on to is what drop() says. */
    rst_fetch_sub(&fixture.account.backlog, (uint64_t)N * (HELD - OBJECT_SIZE));
    fixture_destroy(&fixture);
}

Test(graced, a_full_backlog_refuses_new_memory_and_nothing_else)
{
    struct fixture fixture;
    void *object = NULL;
    int err = 0, taken = 0;

    fixture_init(&fixture, OBJECT_SIZE);
    fixture.account.backlog_limit = 64 * OBJECT_SIZE;
    rst_rcu_read_lock();
    for (;;) {
        object = rst_graced_take(&fixture.pool, &fixture.cache, &err);
        if (!object)
            break;
        taken++;
        cr_assert_lt(taken, 10000, "the limit does not hold");
        retire(&fixture, object);
    }
    cr_assert_eq(err, -ENOBUFS);
    cr_assert_eq(fixture.account.backlog_refused, 1);
    rst_rcu_read_unlock();
    fixture_destroy(&fixture);
}
