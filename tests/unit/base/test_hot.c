/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Views and statements: lists, batches, the depot, and new memory. */

#include "../unit.h"
#include "core/roster/thread.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <string.h>

#define OBJECT_SIZE 128

struct fixture {
    struct rst_hot hot;
    struct rst_hot_cache cache;
    struct rst_account account;
};

static void fixture_init(struct fixture *fixture, size_t object_size)
{
    memset(fixture, 0, sizeof(*fixture));
    rst_hot_init(&fixture->hot, object_size, &fixture->account);
}

static void *take(struct fixture *fixture)
{
    void *object = rst_hot_take(&fixture->hot, &fixture->cache);

    cr_assert_not_null(object);
    return object;
}

static void put(struct fixture *fixture, void *object)
{
    rst_hot_put(&fixture->hot, &fixture->cache, object);
}

Test(hot, no_object_is_taken_twice)
{
    enum { N = 1000 };
    static void *taken[N];
    struct fixture fixture;
    size_t size;
    int i, j;

    for (size = 64; size <= 64 * 1024; size *= 8) {
        fixture_init(&fixture, size);
        for (i = 0; i < N; i++) {
            taken[i] = take(&fixture);
            cr_assert_eq((uintptr_t)taken[i] % RST_CACHE_LINE, 0);
            memset(taken[i], 0xff, size);
            for (j = 0; j < i; j++)
                cr_assert_neq(taken[i], taken[j]);
        }
        cr_assert_geq(fixture.account.memory, N * size);
        cr_assert_leq(fixture.account.memory, N * size + 4096 + 2 * size);
        for (i = 0; i < N; i++)
            put(&fixture, taken[i]);
        rst_hot_destroy(&fixture.hot);
    }
}

Test(hot, what_was_given_back_last_is_taken_first)
{
    struct fixture fixture;
    void *object;
    int i;

    fixture_init(&fixture, OBJECT_SIZE);
    object = take(&fixture);
    for (i = 0; i < 100; i++) {
        put(&fixture, object);
        cr_assert_eq(take(&fixture), object);
    }
    rst_hot_destroy(&fixture.hot);
}

/* Whatever the number of objects that are taken at once, no round needs more than the first. */
Test(hot, memory_is_used_again)
{
    enum { N = 700 };
    static void *taken[N];
    struct fixture fixture;
    uint64_t memory = 0;
    int round, i, n;

    fixture_init(&fixture, OBJECT_SIZE);
    for (round = 0; round < 3; round++) {
        for (n = 1; n < N; n++) {
            for (i = 0; i < n; i++)
                taken[i] = take(&fixture);
            for (i = 0; i < n; i++)
                put(&fixture, taken[i]);
        }
        if (round == 0)
            memory = fixture.account.memory;
    }
    cr_assert_eq(fixture.account.memory, memory);
    cr_assert_leq(memory, 2 * N * OBJECT_SIZE);
    rst_hot_destroy(&fixture.hot);
}

static void stays_with_the_thread(struct fixture *fixture, int objects)
{
    struct rst_hot_node *depot[RST_HOT_STACKS];
    int i;

    memcpy(depot, fixture->hot.depot, sizeof(depot));
    for (i = 0; i < 10; i++) {
        put(fixture, take(fixture));
        cr_assert_eq(memcmp(depot, fixture->hot.depot, sizeof(depot)), 0, "%d objects", objects);
    }
}

/* A thread that takes and puts at any number of objects does not go to the depot each time. */
Test(hot, a_list_that_is_just_full_or_empty_stays_with_the_thread)
{
    enum { N = 300 };
    struct fixture fixture;
    void *object, *kept[N];
    int n;

    fixture_init(&fixture, OBJECT_SIZE);
    for (n = 0; n < N; n++) {
        kept[n] = take(&fixture);
        put(&fixture, take(&fixture));
        stays_with_the_thread(&fixture, n);
    }
    for (n = 0; n < N; n++) {
        put(&fixture, kept[n]);
        object = take(&fixture);
        put(&fixture, object);
        stays_with_the_thread(&fixture, n);
    }
    rst_hot_destroy(&fixture.hot);
}

/* A thread that uses one object keeps few; with use its lists grow. */
Test(hot, lists_grow_with_use)
{
    struct fixture fixture;
    void *taken[1000];
    int i;

    fixture_init(&fixture, OBJECT_SIZE);
    put(&fixture, take(&fixture));
    cr_assert_leq(fixture.cache.limit, 4);
    cr_assert_null(fixture.cache.full);
    for (i = 0; i < 1000; i++)
        taken[i] = take(&fixture);
    for (i = 0; i < 1000; i++)
        put(&fixture, taken[i]);
    cr_assert_eq(fixture.cache.limit, fixture.hot.most);
    rst_hot_destroy(&fixture.hot);
}

/* Else each of many threads would keep the longest text that it ever had. */
Test(hot, of_large_objects_a_thread_keeps_none)
{
    struct fixture fixture;
    struct rst_hot_cache other = {NULL, NULL, 0, 0};
    size_t size;
    void *first, *second;

    for (size = 8192; size <= 2 * 1024 * 1024; size *= 2) {
        fixture_init(&fixture, size);
        first = take(&fixture);
        second = take(&fixture);
        put(&fixture, first);
        cr_assert_eq(rst_hot_take(&fixture.hot, &other), first, "%zu", size);
        rst_hot_put(&fixture.hot, &other, first);
        put(&fixture, second);
        cr_assert_eq(rst_hot_count(&fixture.cache), 0);
        cr_assert_eq(rst_hot_count(&other), 0);
        cr_assert_eq(fixture.account.memory, 2 * size);
        rst_hot_destroy(&fixture.hot);
    }
}

Test(hot, what_a_thread_had_is_there_for_others)
{
    struct fixture fixture;
    struct rst_hot_cache other = {NULL, NULL, 0, 0};
    void *taken[100];
    uint64_t memory;
    int i;

    fixture_init(&fixture, OBJECT_SIZE);
    for (i = 0; i < 100; i++)
        taken[i] = take(&fixture);
    for (i = 0; i < 100; i++)
        put(&fixture, taken[i]);
    memory = fixture.account.memory;
    rst_hot_flush(&fixture.hot, &fixture.cache);
    for (i = 0; i < 100; i++)
        taken[i] = rst_hot_take(&fixture.hot, &other);
    cr_assert_eq(fixture.account.memory, memory);
    for (i = 0; i < 50; i++)
        rst_hot_put_alone_slow(&fixture.hot, taken[i]);
    for (i = 0; i < 50; i++)
        cr_assert_not_null(rst_hot_take(&fixture.hot, &other));
    cr_assert_eq(fixture.account.memory, memory);
    rst_hot_destroy(&fixture.hot);
}

/* Threads that pass objects to one another through the depot: none is in two hands. */
enum { THREADS = 4, HELD = 200 };

struct crowd {
    struct rst_hot hot;
    struct rst_account account;
    int rounds;
};

static void *mill(void *arg)
{
    struct crowd *crowd = arg;
    struct rst_hot_cache cache = {NULL, NULL, 0, 0};
    rst_word *held[HELD];
    int round, i;

    for (round = 0; round < crowd->rounds; round++) {
        int n = 1 + round % HELD;

        for (i = 0; i < n; i++) {
            held[i] = rst_hot_take(&crowd->hot, &cache);
            rst_store(&held[i][4], (uintptr_t)&held[i]);
        }
        for (i = 0; i < n; i++) {
            cr_expect_eq(rst_load(&held[i][4]), (uintptr_t)&held[i], "in two hands");
            rst_hot_put(&crowd->hot, &cache, held[i]);
        }
        if (round % 7 == 0)
            rst_hot_flush(&crowd->hot, &cache);
    }
    rst_hot_flush(&crowd->hot, &cache);
    return NULL;
}

Test(hot, objects_change_threads)
{
    struct crowd crowd = {.rounds = UNIT_SCALE(4000, 400)};
    pthread_t threads[THREADS];
    int i;

    rst_hot_init(&crowd.hot, 64, &crowd.account);
    for (i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, mill, &crowd), 0);
    for (i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    /* A list that was not in the depot for a moment may have made a thread carve. */
    cr_assert_leq(crowd.account.memory, (uint64_t)4 * THREADS * HELD * 64);
    rst_hot_destroy(&crowd.hot);
}

/*
 * A call that takes two views and then is refused gives both back, also when the first had been the
 * last of a list and the second came from another.
 */
Test(hot, what_is_given_back_has_room_whatever_the_lists_hold)
{
    enum { MANY = 2 * RST_HOT_BATCH + 2 };
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_session *sessions[MANY];
    unsigned n, i;

    unit_min(roster);
    for (n = 0; n < MANY; n++) {
        struct roster_session *session = sessions[n] = unit_open(roster);

        for (i = 0; i < 3; i++) {
            unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, NULL, 0, NULL, 0));
            unit_refused(roster, session, roster_txn_begin_at(session, 1), -ESTALE);
            cr_assert_leq(rst_thread_last->hot[RST_HOT_VIEW].room,
                          rst_thread_last->hot[RST_HOT_VIEW].limit);
            unit_ok(roster_stmt_end(session));
        }
        unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, NULL, 0, NULL, 0));
    }
    for (n = 0; n < MANY; n++)
        unit_close(sessions[n]);
    unit_destroy(roster);
}
