/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Waits for sessions, step by step: of those that find one circle one is refused; a reader meets a
 * wait that is being written, or that becomes another one.
 */

#include "steps.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <roster/roster.h>

static struct roster *roster;
static struct roster_session *a, *b, *c;
static uint32_t event;

static struct roster_session *opened(void)
{
    struct roster_session *session = NULL;

    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    return session;
}

static void init(void)
{
    cr_assert_eq(roster_create(NULL, &roster), 0);
    a = opened();
    b = opened();
    c = opened();
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &event), 0);
}

static void fini(void)
{
    cr_assert_eq(roster_session_close(a), 0);
    cr_assert_eq(roster_session_close(b), 0);
    cr_assert_eq(roster_session_close(c), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

TestSuite(block_step, .init = init, .fini = fini);

struct wait {
    struct roster_session *session, *holder;
    const char *what;
    int result;
};

static void begin(void *arg)
{
    struct roster_block block = ROSTER_BLOCK_INIT;
    struct wait *wait = arg;

    block.holder_id = roster_session_id(wait->holder);
    block.event = event;
    block.what = wait->what;
    block.flags = ROSTER_BLOCK_CHECK;
    wait->result = roster_block_begin(wait->session, &block);
}

Test(block_step, two_that_find_one_circle)
{
    struct wait first = {a, b, "1", 1}, second = {b, a, "2", 1};
    struct steps steps = {.fn = begin, .arg = &second, .point = "deadlock: found"};
    struct roster_deadlock_list *list;

    begin(&first);
    cr_assert_eq(first.result, 0);
    cr_assert(steps_start(&steps));
    begin(&first); /* it was woken for nothing, and asks again */
    cr_assert_eq(first.result, -EDEADLK);
    steps_finish(&steps);
    cr_assert_eq(second.result, 0, "the circle is open, so it may wait");
    cr_assert_eq(roster_deadlocks(roster, &list), 0);
    cr_assert_eq(list->total, 1u);
    roster_deadlock_list_free(list);
}

struct reading {
    struct roster_blocked found;
    int result;
};

static void read_a(void *arg)
{
    struct reading *reading = arg;

    reading->found.size = sizeof(reading->found);
    reading->result = roster_session_blocked(a, &reading->found);
}

Test(block_step, a_wait_that_becomes_another_one)
{
    struct wait first = {a, b, "first", 1}, second = {a, c, "second", 1};
    struct reading reading = {.result = 1};
    struct steps steps = {.fn = read_a, .arg = &reading, .point = "block: record copied"};

    begin(&first);
    cr_assert(steps_start(&steps));
    begin(&second);
    steps_finish(&steps);
    cr_assert_eq(reading.result, 0);
    cr_assert_str_eq(reading.found.what, "second");
    cr_assert_eq(reading.found.blocker, roster_session_id(c));
}

Test(block_step, a_wait_that_is_being_written)
{
    struct wait first = {a, b, "first", 1}, second = {a, c, "second", 1};
    struct steps steps = {.fn = begin, .arg = &second, .point = "block: half written"};
    struct reading reading = {.result = 1};

    begin(&first);
    cr_assert(steps_start(&steps));
    read_a(&reading);
    cr_assert_eq(reading.result, -ENOENT);
    steps_finish(&steps);
    read_a(&reading);
    cr_assert_str_eq(reading.found.what, "second");
}

/* It was there when it was found, and is not when it is looked at again. */
Test(block_step, a_circle_that_has_changed)
{
    struct wait first = {a, b, "1", 1}, second = {b, a, "2", 1};
    struct steps steps = {.fn = begin, .arg = &second, .point = "deadlock: found"};

    begin(&first);
    cr_assert(steps_start(&steps));
    roster_wait_end(a); /* it has got its lock */
    steps_finish(&steps);
    cr_assert_eq(second.result, 0);
    cr_assert_eq(roster_session_deadlock(a), 0u);
}
