/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The object pool beside readers that come and go: what waits in a thread, and for how long. */

#include "core/base/reclaim.h"
#include "config.h"

#include "../unit.h"

#include <criterion/criterion.h>

#include <string.h>

#define OBJECT_SIZE 64
#define BATCHES 10
#define OBJECTS (BATCHES * RST_MAGAZINE)

struct fixture {
    struct rst_pool pool;
    struct rst_pool_account account;
    struct rst_pool_cache cache;
    struct rst_pool_cache other; /* another thread's */
    uint64_t door;
};

static void fixture_init(struct fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    unit_ok(rst_reclaim_start());
    fixture->account.backlog_limit = UINT64_MAX;
    unit_ok(rst_pool_init(&fixture->pool, NULL, OBJECT_SIZE, (size_t)16 * 1024, &fixture->account));
    fixture->pool.hot = true;
    /* No grace period ends, so what goes to call_rcu is seen in the backlog. */
    rst_rcu_read_lock();
}

static void fixture_destroy(struct fixture *fixture)
{
    rst_rcu_read_unlock();
    unit_ok(rst_rcu_barrier());
    rst_pool_destroy(&fixture->pool);
    rst_reclaim_end();
}

static void *take(struct fixture *fixture)
{
    int err = 1;
    void *object = rst_pool_take(&fixture->pool, &fixture->cache, &fixture->door, &err);

    cr_assert_not_null(object, "%d", err);
    return object;
}

static void retire(struct fixture *fixture, struct rst_pool_cache *cache, void *object)
{
    rst_pool_retire(&fixture->pool, cache, &fixture->door, object);
}

/* As a committer: takes an object, retires the one before. */
static void commit(struct fixture *fixture, unsigned times)
{
    while (times--)
        retire(fixture, &fixture->cache, take(fixture));
}

Test(pool_waiting, a_thread_that_takes_what_it_retires_needs_no_grace_period)
{
    struct fixture fixture;
    uint64_t memory = 0;
    int pass;

    fixture_init(&fixture);
    for (pass = 0; pass < 50; pass++) {
        rst_door_enter(&fixture.door);
        commit(&fixture, OBJECTS);
        cr_assert_eq(fixture.account.backlog, fixture.cache.waiting, "pass %d: call_rcu", pass);
        rst_door_leave(&fixture.door);
        if (pass == 2)
            memory = fixture.account.memory;
    }
    cr_assert_eq(fixture.account.memory, memory, "it grows");
    fixture_destroy(&fixture);
}

Test(pool_waiting, a_thread_that_takes_nothing_does_not_keep_what_is_free)
{
    struct fixture fixture;
    size_t waiting;
    int i;

    fixture_init(&fixture);
    rst_door_enter(&fixture.door);
    for (i = 0; i < OBJECTS; i++)
        retire(&fixture, &fixture.other, take(&fixture));
    waiting = fixture.other.waiting;
    cr_assert_gt(waiting, 0);
    cr_assert_eq(fixture.account.backlog, waiting);
    rst_door_leave(&fixture.door);
    rst_door_enter(&fixture.door);
    for (i = 0; i < OBJECTS; i++)
        retire(&fixture, &fixture.other, take(&fixture));
    cr_assert_eq(fixture.other.waiting, waiting, "it keeps more and more");
    cr_assert_gt(fixture.account.backlog, waiting, "nothing went to call_rcu");
    rst_door_leave(&fixture.door);
    fixture_destroy(&fixture);
}

Test(pool_waiting, nothing_that_a_reader_may_see_is_taken)
{
    static void *seen[2 * OBJECTS];
    struct fixture fixture;
    unsigned pass, i, n = 0;

    fixture_init(&fixture);
    rst_door_enter(&fixture.door);
    commit(&fixture, OBJECTS);
    rst_door_leave(&fixture.door);
    rst_door_enter(&fixture.door);
    /* Others come and go, but this one stays. */
    for (pass = 0; pass < 2; pass++) {
        rst_door_enter(&fixture.door);
        for (i = 0; i < OBJECTS; i++) {
            void *object = take(&fixture);
            unsigned j;

            for (j = 0; j < n; j++)
                cr_assert_neq(seen[j], object, "taken again beside the reader");
            seen[n++] = object;
            retire(&fixture, &fixture.cache, object);
        }
        rst_door_leave(&fixture.door);
    }
    rst_door_leave(&fixture.door);
    fixture_destroy(&fixture);
}
