/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* GET /locks: trees of waits, circles, holders that are gone, deadlocks. */

#include "client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <roster/block.h>
#include <roster/roster.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define MOST 6

static struct fixture fixture;
static struct roster_session *sessions[MOST];
static uint32_t event;

static void init(void)
{
    size_t n;

    fixture_start(&fixture);
    for (n = 0; n < MOST; n++)
        sessions[n] = fixture_open(&fixture, "a");
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &event), 0);
}

static void fini(void)
{
    size_t n;

    for (n = 0; n < MOST; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    fixture_stop(&fixture);
}

TestSuite(status_locks, .init = init, .fini = fini);

/* Sessions are counted from 0, their ids from 1. */
static int waits(size_t n, size_t holder, uint32_t flags)
{
    struct roster_block block = ROSTER_BLOCK_INIT;

    block.holder_id = holder + 1;
    block.event = event;
    block.what = "table t <b>, row 7";
    block.flags = flags;
    return roster_block_begin(sessions[n], &block);
}

static json_t *locks(void)
{
    return get_json(&fixture, "/locks");
}

static void expect_row(const json_t *json, size_t n, const char *id, int depth, int blocks)
{
    const json_t *row = json_array_get(json_object_get(json, "rows"), n);

    cr_assert(row, "there is no row %zu", n);
    cr_expect_str_eq(json_string_value(json_object_get(row, "id")), id);
    cr_expect_eq((int)json_integer_value(json_object_get(row, "depth")), depth);
    cr_expect_eq((int)json_integer_value(json_object_get(row, "blocks")), blocks);
}

Test(status_locks, no_session_waits)
{
    json_t *json = locks();

    cr_expect_eq((int)json_integer_value(json_object_get(json, "waits")), 0);
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), 0u);
    cr_expect_eq(json_array_size(json_object_get(json, "deadlocks")), 0u);
    json_decref(json);
}

/* 1 blocks 2 and 5, 2 blocks 3; of 4 and 6 neither waits. */
Test(status_locks, a_tree_of_three_levels)
{
    const json_t *row;
    json_t *json;

    cr_assert_eq(waits(2, 1, 0), 0);
    cr_assert_eq(waits(1, 0, 0), 0);
    usleep(1000); /* of two waits for one session, the longer one comes first */
    cr_assert_eq(waits(4, 0, 0), 0);
    json = locks();
    cr_expect_eq((int)json_integer_value(json_object_get(json, "waits")), 3);
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), 4u);
    expect_row(json, 0, "1", 0, 2);
    expect_row(json, 1, "2", 1, 1);
    expect_row(json, 2, "3", 2, 0);
    expect_row(json, 3, "5", 1, 0);
    row = json_array_get(json_object_get(json, "rows"), 2);
    cr_expect_str_eq(json_string_value(json_object_get(row, "blocker")), "2");
    cr_expect_str_eq(json_string_value(json_object_get(row, "root_blocker")), "1");
    cr_expect_str_eq(json_string_value(json_object_get(row, "blocked_on")), "table t <b>, row 7");
    json_decref(json);
    expect_reply(&fixture, NULL, "/processlist?columns=id,blocker,root_blocker,blocked_on&id=3",
                 NULL, 200, "{\"id\":\"3\",\"blocker\":\"2\",\"root_blocker\":\"1\",");
    expect_reply(&fixture, NULL, "/locks?x=1", NULL, 400, "unknown argument");
}

Test(status_locks, a_holder_that_is_gone)
{
    json_t *json;

    cr_assert_eq(waits(0, 98, 0), 0);
    json = locks();
    expect_row(json, 0, "99", 0, 1);
    cr_expect(
        json_is_true(json_object_get(json_array_get(json_object_get(json, "rows"), 0), "gone")));
    expect_row(json, 1, "1", 1, 0);
    json_decref(json);
}

/* A circle that was not looked for is shown from one of its members on, each once. */
Test(status_locks, circles)
{
    const json_t *deadlock;
    json_t *json;

    cr_assert_eq(waits(0, 1, 0), 0);
    cr_assert_eq(waits(1, 0, 0), 0);
    cr_assert_eq(waits(2, 0, 0), 0);
    json = locks();
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), 3u);
    json_decref(json);
    roster_wait_end(sessions[1]);
    cr_assert_eq(waits(1, 0, ROSTER_BLOCK_CHECK), -EDEADLK);
    json = locks();
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), 3u);
    deadlock = json_array_get(json_object_get(json, "deadlocks"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(deadlock, "number")), "1");
    cr_expect_eq(json_array_size(json_object_get(deadlock, "waits")), 2u);
    json_decref(json);
}

/* 2 waits for 1; 4 and 5 wait for 3. The tree that most are in is there whatever the limit is. */
Test(status_locks, a_limit_leaves_the_largest_tree)
{
    json_t *json;

    cr_assert_eq(waits(1, 0, 0), 0);
    usleep(1000);
    cr_assert_eq(waits(3, 2, 0), 0);
    cr_assert_eq(waits(4, 2, 0), 0);
    json = locks();
    cr_expect_eq((int)json_integer_value(json_object_get(json, "matched")), 5);
    expect_row(json, 0, "3", 0, 2);
    expect_row(json, 3, "1", 0, 1);
    json_decref(json);
    json = get_json(&fixture, "/locks?limit=2");
    cr_expect_eq((int)json_integer_value(json_object_get(json, "waits")), 3);
    cr_expect_eq((int)json_integer_value(json_object_get(json, "matched")), 5);
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), 2u);
    expect_row(json, 0, "3", 0, 2);
    json_decref(json);
    expect_reply(&fixture, NULL, "/locks?limit=0", NULL, 400, "limit takes a number");
}

/* 4 waits for 3, which waits for 1; 1 and 2 are the circle, and its members are above what waits
 * for them. */
Test(status_locks, what_waits_for_a_circle_is_no_root)
{
    json_t *json;
    size_t n;

    cr_assert_eq(waits(3, 2, 0), 0);
    usleep(1000);
    cr_assert_eq(waits(2, 0, 0), 0);
    cr_assert_eq(waits(0, 1, 0), 0);
    cr_assert_eq(waits(1, 0, 0), 0);
    json = locks();
    cr_expect_eq((int)json_integer_value(json_object_get(json, "matched")), 4);
    cr_expect_eq(json_array_size(json_object_get(json, "rows")), 4u);
    for (n = 0; n < 4; n++) {
        const json_t *row = json_array_get(json_object_get(json, "rows"), n);
        const char *id = json_string_value(json_object_get(row, "id"));

        if (!strcmp(id, "3") || !strcmp(id, "4"))
            cr_expect(json_integer_value(json_object_get(row, "depth")) > 0, "%s is a root", id);
    }
    json_decref(json);
}

#define CROWD 20000
#define REOPENED 77777
#define LOOKS 400

static atomic_bool enough;

/* A session that closes and comes again under its id, in another place of the list: it waits for 1,
 * or for one that is gone. */
static void *come_again(void *unused)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_block block = ROSTER_BLOCK_INIT;
    struct roster_session *session;

    attr.id = REOPENED;
    block.event = event;
    for (block.holder_id = 1; !atomic_load(&enough); block.holder_id ^= 1 ^ 88888) {
        cr_assert_eq(roster_session_open(fixture.roster, &attr, &session), 0);
        cr_assert_eq(roster_block_begin(session, &block), 0);
        cr_assert_eq(roster_session_close(session), 0);
    }
    return unused;
}

/* One walk may meet both. 2 and 3 are a circle, for which 1 waits. */
Test(status_locks, an_id_that_comes_again_during_the_walk)
{
    static struct roster_session *crowd[CROWD];
    pthread_t thread;
    size_t n;

    for (n = 0; n < CROWD; n++)
        crowd[n] = fixture_open(&fixture, "crowd");
    for (n = 0; n < CROWD; n += 2)
        cr_assert_eq(roster_session_close(crowd[n]), 0);
    cr_assert_eq(waits(0, 1, 0), 0);
    cr_assert_eq(waits(1, 2, 0), 0);
    cr_assert_eq(waits(2, 1, 0), 0);
    cr_assert_eq(pthread_create(&thread, NULL, come_again, NULL), 0);
    for (n = 0; n < LOOKS; n++)
        json_decref(locks());
    atomic_store(&enough, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    for (n = 1; n < CROWD; n += 2)
        cr_assert_eq(roster_session_close(crowd[n]), 0);
}
