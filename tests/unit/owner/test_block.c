/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Waits of sessions for each other: chains, circles, and holders that go. */

#include "../unit.h"

#include "core/base/reclaim.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define MOST 8

static struct roster *roster;
static struct roster_session *sessions[MOST];
static uint32_t event;

static void init(void)
{
    size_t n;

    roster = unit_roster(NULL);
    for (n = 0; n < MOST; n++)
        sessions[n] = unit_open(roster);
    unit_ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &event));
}

static void fini(void)
{
    size_t n;

    for (n = 0; n < MOST; n++)
        unit_close(sessions[n]);
    unit_destroy(roster);
}

TestSuite(block, .init = init, .fini = fini);

static struct roster_block on(struct roster_session *holder, const char *what, uint32_t flags)
{
    struct roster_block block = ROSTER_BLOCK_INIT;

    block.holder_id = roster_session_id(holder);
    unit_ok(roster_session_generation(holder, &block.holder_generation));
    block.what = what;
    block.event = event;
    block.flags = flags;
    return block;
}

/* Session `n` waits for session `holder`. */
static int waits(size_t n, size_t holder, uint32_t flags)
{
    struct roster_block block = on(sessions[holder], "row 7", flags);

    return roster_block_begin(sessions[n], &block);
}

static struct roster_blocked blocked(size_t n)
{
    struct roster_blocked found = {.size = sizeof(found)};

    unit_ok(roster_session_blocked(sessions[n], &found));
    return found;
}

static uint64_t id(size_t n)
{
    return roster_session_id(sessions[n]);
}

Test(block, names_the_holder_and_what_it_waits_for)
{
    struct roster_blocked found = {.size = sizeof(found)};
    uint64_t first, again;

    cr_assert_eq(roster_session_blocked(sessions[0], &found), -ENOENT);
    unit_ok(roster_txn_begin(sessions[1], &first));
    unit_set_clock(roster, UINT64_C(1) << 40);
    unit_ok(waits(0, 1, 0));
    found = blocked(0);
    cr_assert_eq(found.blocker, id(1));
    cr_assert_eq(found.root_blocker, id(1));
    cr_assert_eq(found.blocker_start_ts, first);
    cr_assert_eq(found.depth, 1u);
    cr_assert_eq(found.blocker_is_gone, 0u);
    cr_assert_eq(found.event, event);
    cr_assert_eq(found.since, UINT64_C(1) << 40);
    cr_assert_str_eq(found.what, "row 7");
    cr_assert_eq(found.what_length, 5u);
    cr_assert_eq(roster_session_wait(sessions[0], NULL), event);
    unit_ok(roster_wait_begin(sessions[0], event));
    cr_assert_eq(roster_session_blocked(sessions[0], &found), -ENOENT, "another wait is for none");
    unit_ok(waits(0, 1, 0));
    roster_wait_end(sessions[0]);
    cr_assert_eq(roster_session_blocked(sessions[0], &found), -ENOENT);
    unit_ok(roster_session_generation(sessions[1], &first));
    unit_ok(roster_session_generation(sessions[1], &again));
    cr_assert_eq(first, again);
    unit_ok(roster_session_generation(sessions[2], &again));
    cr_assert_neq(first, again);
    unit_ok(roster_txn_finish(sessions[1]));
}

Test(block, refuses_what_means_nothing)
{
    struct roster_block good = on(sessions[1], NULL, 0), bad = good;
    struct roster_blocked found = {.size = 1};
    uint64_t generation;

    cr_assert_eq(roster_block_begin(NULL, &good), -EINVAL);
    cr_assert_eq(roster_block_begin(sessions[0], NULL), -EINVAL);
    bad.holder_id = 0;
    cr_assert_eq(roster_block_begin(sessions[0], &bad), -EINVAL);
    bad = good;
    bad.flags = 2;
    cr_assert_eq(roster_block_begin(sessions[0], &bad), -EINVAL);
    bad = good;
    bad.event = event + 1;
    cr_assert_eq(roster_block_begin(sessions[0], &bad), -EINVAL);
    bad = good;
    bad.size = 8;
    cr_assert_eq(roster_block_begin(sessions[0], &bad), -EINVAL);
    cr_assert_eq(roster_session_blocked(NULL, &found), -EINVAL);
    cr_assert_eq(roster_session_blocked(sessions[0], NULL), -EINVAL);
    cr_assert_eq(roster_session_blocked(sessions[0], &found), -EINVAL);
    cr_assert_eq(roster_session_generation(NULL, &generation), -EINVAL);
    cr_assert_eq(roster_session_generation(sessions[0], NULL), -EINVAL);
    cr_assert_eq(roster_session_deadlock(NULL), 0u);
    unit_ok(waits(0, 1, 0));
    cr_assert_eq(roster_block_begin(sessions[0], &bad), -EINVAL);
    cr_assert_eq(blocked(0).blocker, id(1), "nothing has changed");
}

/* A character is kept whole, and so is a text that just fits. */
Test(block, cuts_what_is_too_long)
{
    char text[ROSTER_BLOCK_TEXT + 3] = "";
    struct roster_block block = on(sessions[1], text, 0);

    memset(text, 'x', sizeof(text));
    text[ROSTER_BLOCK_TEXT] = '\0';
    unit_ok(roster_block_begin(sessions[0], &block));
    cr_assert_str_eq(blocked(0).what, text);
    text[ROSTER_BLOCK_TEXT - 1] = '\xc3';
    text[ROSTER_BLOCK_TEXT] = '\xa4';
    text[ROSTER_BLOCK_TEXT + 1] = '\0';
    unit_ok(roster_block_begin(sessions[0], &block));
    text[ROSTER_BLOCK_TEXT - 1] = '\0';
    cr_assert_str_eq(blocked(0).what, text);
}

Test(block, keeps_what_is_no_utf8)
{
    char text[ROSTER_BLOCK_TEXT + 3] = "";
    struct roster_block block = on(sessions[1], text, 0);

    memset(text, 0x9f, sizeof(text));
    text[sizeof(text) - 1] = '\0';
    unit_ok(roster_block_begin(sessions[0], &block));
    text[ROSTER_BLOCK_TEXT] = '\0';
    cr_assert_str_eq(blocked(0).what, text);
}

Test(block, shows_a_chain_of_three)
{
    struct roster_snapshot *snapshot;
    struct roster_row_lock_wait row;
    struct roster_entry entry;
    char room[ROSTER_IDENTITY_MAX];
    size_t n, seen = 0;

    unit_ok(waits(2, 1, ROSTER_BLOCK_CHECK));
    unit_ok(waits(1, 0, ROSTER_BLOCK_CHECK));
    unit_ok(waits(3, 2, ROSTER_BLOCK_CHECK));
    cr_assert_eq(blocked(3).blocker, id(2));
    cr_assert_eq(blocked(3).root_blocker, id(0));
    cr_assert_eq(blocked(3).depth, 3u);
    unit_ok(roster_look(roster, id(2), &entry, room, sizeof(room)));
    cr_assert_eq(entry.blocker, id(1));
    cr_assert_eq(entry.root_blocker, id(0));
    cr_assert_eq(entry.blocked_depth, 2u);
    cr_assert_str_eq(entry.blocked_on, "row 7");
    unit_ok(roster_look(roster, id(0), &entry, room, sizeof(room)));
    cr_assert_eq(entry.blocker, 0u);
    cr_assert_null(entry.blocked_on);
    unit_ok(roster_snapshot(roster, &snapshot));
    for (n = 0; n < snapshot->count; n++) {
        if (roster_row_lock_wait(snapshot, &snapshot->entries[n], &row) == -ENOENT)
            continue;
        seen++;
        cr_assert_eq(row.root_session_id, id(0));
        cr_assert_str_eq(row.key_info, "row 7");
        cr_assert_eq(row.current_holding_session_id, row.session_id - 1);
    }
    cr_assert_eq(seen, 3u);
    cr_assert_eq(roster_row_lock_wait(NULL, NULL, &row), -EINVAL);
    roster_snapshot_free(snapshot);
}

/* The next session may even have its id. */
Test(block, a_holder_that_closes_blocks_no_longer)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *holder;
    struct roster_block block;

    attr.id = 1000;
    unit_ok(roster_session_open(roster, &attr, &holder));
    block = on(holder, NULL, ROSTER_BLOCK_CHECK);
    unit_ok(roster_block_begin(sessions[0], &block));
    cr_assert_eq(blocked(0).blocker_is_gone, 0u);
    unit_close(holder);
    cr_assert_eq(blocked(0).blocker_is_gone, 1u);
    cr_assert_eq(blocked(0).blocker, 1000u);
    unit_ok(roster_session_open(roster, &attr, &holder));
    cr_assert_eq(blocked(0).blocker_is_gone, 1u, "it is another session");
    block.holder_id = id(0);
    block.holder_generation = 0;
    unit_ok(roster_block_begin(holder, &block));
    cr_assert_eq(roster_session_deadlock(holder), 0u);
    block.holder_id = 1000;
    unit_ok(roster_block_begin(sessions[1], &block));
    cr_assert_eq(blocked(1).blocker_is_gone, 0u, "by the id alone it is meant");
    cr_assert_eq(blocked(1).root_blocker, id(0));
    unit_close(holder);
    cr_assert_eq(roster_block_begin(sessions[0], &block), 0);
}

Test(block, a_lock_may_end_with_its_transaction)
{
    struct roster_block block = on(sessions[1], NULL, ROSTER_BLOCK_CHECK);

    unit_ok(roster_txn_begin(sessions[1], NULL));
    block.holder_txn = roster_txn_seq(sessions[1], unit_look(sessions[1]));
    unit_ok(roster_block_begin(sessions[0], &block));
    cr_assert_eq(blocked(0).blocker_is_gone, 0u);
    unit_ok(roster_txn_finish(sessions[1]));
    cr_assert_eq(blocked(0).blocker_is_gone, 1u);
    unit_ok(roster_txn_begin(sessions[1], NULL));
    cr_assert_eq(blocked(0).blocker_is_gone, 1u, "its next transaction does not hold the lock");
    unit_ok(waits(1, 0, ROSTER_BLOCK_CHECK));
    cr_assert_eq(roster_session_deadlock(sessions[1]), 0u);
    unit_ok(roster_txn_finish(sessions[1]));
}

/* A list of a queue in which each session waits for the one before costs no more than as much for
 * each of them: readers hold the read lock for it. */
Test(block, a_chain_is_followed_no_further_than_it_says)
{
    enum { DEEP = ROSTER_BLOCK_DEPTH + 2 };
    struct roster_session *queue[DEEP];
    struct roster_blocking all = {.size = sizeof(all)};
    struct roster_blocked found = {.size = sizeof(found)};
    struct roster_block block;
    size_t n;

    for (n = 0; n < DEEP; n++) {
        queue[n] = unit_open(roster);
        block = on(n ? queue[n - 1] : sessions[0], NULL, ROSTER_BLOCK_CHECK);
        unit_ok(roster_block_begin(queue[n], &block));
    }
    unit_ok(roster_session_blocked(queue[ROSTER_BLOCK_DEPTH - 2], &found));
    cr_assert_eq(found.root_blocker, id(0));
    cr_assert_eq(found.depth, (uint32_t)ROSTER_BLOCK_DEPTH - 1);
    unit_ok(roster_session_blocked(queue[DEEP - 1], &found));
    cr_assert_eq(found.root_blocker, 0u);
    cr_assert_eq(found.depth, (uint32_t)ROSTER_BLOCK_DEPTH);
    cr_assert_eq(found.blocker, roster_session_id(queue[DEEP - 2]));
    unit_ok(roster_blocking(roster, 0, &all));
    cr_assert_eq(all.root_blocker, id(0), "which is found all the same");
    cr_assert_eq(all.root_waiting, (uint64_t)DEEP);
    for (n = DEEP; n--;) {
        roster_wait_end(queue[n]);
        unit_close(queue[n]);
    }
}

static struct roster_blocking blocking(uint64_t min_ms)
{
    struct roster_blocking found = {.size = sizeof(found)};

    unit_ok(roster_blocking(roster, min_ms, &found));
    return found;
}

/* 0 and 1 wait for 2, which waits for 3; 4 waits for 5. Then 3 waits as well, for 0. */
Test(block, what_blocks_most_sessions_is_found)
{
    const uint64_t second = UINT64_C(1000000000);
    struct roster_blocking found;
    struct roster_session *gone = unit_open(roster);
    struct roster_block block;
    size_t n;

    unit_set_clock(roster, second << 12);
    found = blocking(0);
    cr_assert_eq(found.waiting, 0u);
    cr_assert_eq(found.since, 0u);
    unit_ok(roster_wait_begin(sessions[6], event)); /* for no session */
    unit_ok(waits(4, 5, 0));
    unit_set_clock(roster, (second << 12) + second);
    unit_ok(waits(0, 2, 0));
    unit_ok(waits(1, 2, 0));
    unit_ok(waits(2, 3, 0));
    unit_set_clock(roster, (second << 12) + 2 * second);
    found = blocking(0);
    cr_assert_eq(found.waiting, 4u);
    cr_assert_eq(found.waiting_long, 4u);
    cr_assert_eq(found.root_blocker, id(3));
    cr_assert_eq(found.root_waiting, 3u);
    cr_assert_eq(found.root_is_gone, 0u);
    cr_assert_eq(found.since & ~UINT64_C(0xffff), (second << 12) & ~UINT64_C(0xffff));
    cr_assert_gt(found.root_since, found.since);
    found = blocking(1500);
    cr_assert_eq(found.waiting, 4u);
    cr_assert_eq(found.waiting_long, 1u, "only one has for long");
    cr_assert_eq(found.root_blocker, id(5));
    cr_assert_eq(found.root_waiting, 1u);
    found = blocking(UINT64_MAX);
    cr_assert_eq(found.waiting_long, 0u);
    cr_assert_eq(found.root_blocker, 0u);
    unit_ok(waits(3, 0, 0));
    found = blocking(0);
    cr_assert_eq(found.root_blocker, 0u, "a circle has no root");
    cr_assert_eq(found.root_waiting, 4u);
    for (n = 0; n < 5; n++)
        roster_wait_end(sessions[n]);
    cr_assert_eq(blocking(0).waiting, 0u);
    block = on(gone, NULL, 0);
    unit_ok(roster_block_begin(sessions[0], &block));
    unit_close(gone);
    found = blocking(0);
    cr_assert_eq(found.root_blocker, block.holder_id);
    cr_assert_eq(found.root_is_gone, 1u);
    roster_wait_end(sessions[0]);
    roster_wait_end(sessions[6]);
    cr_assert_eq(roster_blocking(NULL, 0, &found), -EINVAL);
    cr_assert_eq(roster_blocking(roster, 0, NULL), -EINVAL);
}

/* What a monitor asks for each second costs no walk where no session has ever waited for one, or
 * all of those that have are closed. */
Test(block, sessions_that_have_waited_are_counted)
{
    struct roster_session *waiter = unit_open(roster);
    struct roster_block block = on(sessions[0], NULL, 0);

    cr_assert_eq(rst_load(&roster->blocks), 0u);
    unit_ok(roster_wait_begin(waiter, event));
    cr_assert_eq(rst_load(&roster->blocks), 0u);
    unit_ok(roster_block_begin(waiter, &block));
    unit_ok(roster_block_begin(waiter, &block));
    cr_assert_eq(rst_load(&roster->blocks), 1u);
    roster_wait_end(waiter);
    unit_close(waiter);
    cr_assert_eq(rst_rcu_barrier(), 0);
    cr_assert_eq(rst_load(&roster->blocks), 0u);
}

static void circle(size_t count)
{
    struct roster_deadlock_list *list;
    const struct roster_deadlock *deadlock;
    struct roster_row_deadlock row;
    struct roster_blocked found = {.size = sizeof(found)};
    struct roster_logged logged = {.size = sizeof(logged)};
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    char text[160] = "", user[32];
    size_t n;

    attr.user = user;
    for (n = 0; n < count; n++) {
        snprintf(user, sizeof(user), "u%zu", n);
        unit_ok(roster_session_update(sessions[n], &attr));
    }
    for (n = 0; n < count; n++)
        unit_ok(roster_stmt_begin(sessions[n], ROSTER_COMMAND_QUERY, "update", 6, NULL, 0));
    for (n = 0; n + 1 < count; n++)
        unit_ok(waits(n, n + 1, ROSTER_BLOCK_CHECK));
    cr_assert_eq(waits(count - 1, 0, ROSTER_BLOCK_CHECK), -EDEADLK);
    cr_assert_eq(roster_session_blocked(sessions[count - 1], &found), -ENOENT);
    unit_ok(roster_deadlocks(roster, &list));
    cr_assert_eq(list->total, 1u);
    cr_assert_eq(list->count, 1u);
    deadlock = list->deadlocks;
    cr_assert_eq(deadlock->number, 1u);
    cr_assert_eq(deadlock->members, (uint32_t)count);
    cr_assert_eq(deadlock->kept, (uint32_t)count);
    for (n = 0; n < count; n++) {
        size_t session = (n + count - 1) % count;

        cr_assert_eq(deadlock->member[n].session_id, id(session));
        cr_assert_eq(roster_session_deadlock(sessions[session]), 1u);
        cr_assert_str_eq(deadlock->member[n].what, "row 7");
        cr_assert_str_eq(deadlock->member[n].text, "update");
        snprintf(user, sizeof(user), "u%zu", session);
        cr_assert_str_eq(deadlock->member[n].user, user);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%llu (%s)", n ? ", " : "",
                 (unsigned long long)id(session), user);
        unit_ok(roster_row_deadlock(deadlock, (uint32_t)n, &row));
        cr_assert_eq(row.session_id, id(session));
        cr_assert_str_eq(row.current_sql_text, "update");
    }
    unit_ok(roster_event_log_next(roster, 0, &logged));
    cr_assert_eq(logged.kind, ROSTER_LOGGED_DEADLOCK);
    cr_assert_str_eq(logged.name, "1");
    cr_assert_str_eq(logged.what, "refused");
    cr_assert_eq(logged.session_id, id(count - 1));
    cr_assert_str_eq(logged.user, deadlock->member[0].user);
    cr_assert_str_eq(logged.text, text);
    cr_assert_eq(roster_row_deadlock(deadlock, (uint32_t)count, &row), -ENOENT);
    cr_assert_eq(roster_row_deadlock(NULL, 0, &row), -EINVAL);
    cr_assert_eq(roster_session_deadlock(sessions[count]), 0u);
    roster_deadlock_list_free(list);
    for (n = 0; n < count; n++) {
        roster_wait_end(sessions[n]);
        (void)roster_stmt_end(sessions[n]);
    }
}

Test(block, a_deadlock_of_one)
{
    circle(1);
}

Test(block, a_deadlock_of_two)
{
    circle(2);
}

Test(block, a_deadlock_of_five)
{
    circle(5);
}

/* It is of its members; a session that waits for one of them waits on. */
Test(block, a_circle_of_others)
{
    struct roster_blocked found;

    unit_ok(waits(0, 1, 0));
    unit_ok(waits(1, 2, 0));
    unit_ok(waits(2, 0, 0));
    unit_ok(waits(3, 0, ROSTER_BLOCK_CHECK));
    found = blocked(3);
    cr_assert_eq(found.root_blocker, 0u);
    cr_assert_eq(found.blocker, id(0));
    cr_assert_eq(blocked(1).root_blocker, 0u);
    cr_assert_eq(roster_session_deadlock(sessions[0]), 0u);
}

Test(block, the_newest_deadlocks_are_kept)
{
    struct roster_deadlock_list *list;
    size_t n;

    unit_ok(waits(0, 1, 0));
    for (n = 0; n < ROSTER_DEADLOCKS + 2; n++)
        cr_assert_eq(waits(1, 0, ROSTER_BLOCK_CHECK), -EDEADLK);
    unit_ok(roster_deadlocks(roster, &list));
    cr_assert_eq(list->total, (uint64_t)ROSTER_DEADLOCKS + 2);
    cr_assert_eq(list->count, (size_t)ROSTER_DEADLOCKS);
    for (n = 0; n < list->count; n++)
        cr_assert_eq(list->deadlocks[n].number, list->total - n);
    roster_deadlock_list_free(list);
    roster_deadlock_list_free(NULL);
    cr_assert_eq(roster_deadlocks(NULL, &list), -EINVAL);
    cr_assert_eq(roster_deadlocks(roster, NULL), -EINVAL);
}

/*
 * Threads close a circle at once, again and again: exactly one of them is refused. A reader follows
 * all waits, and sessions close and open below it.
 */
#define RACERS 3

static pthread_barrier_t gate;
static unsigned rounds, refused; /* `refused` by all */
static bool over;

static struct roster_block names[RACERS]; /* each of its owner's session */

static void *race(void *arg)
{
    size_t n = (size_t)(uintptr_t)arg;
    unsigned round;
    int err;

    for (round = 0; round < rounds; round++) {
        names[n] = on(sessions[n], "row 7", ROSTER_BLOCK_CHECK);
        pthread_barrier_wait(&gate);
        err = roster_block_begin(sessions[n], &names[(n + 1) % RACERS]);
        cr_assert(err == 0 || err == -EDEADLK);
        if (err)
            __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&gate);
        if (n == 0)
            cr_assert_eq(__atomic_load_n(&refused, __ATOMIC_RELAXED), round + 1, "round %u", round);
        roster_wait_end(sessions[n]);
        if (round % 7 == n) {
            unit_close(sessions[n]);
            sessions[n] = unit_open(roster);
        }
        pthread_barrier_wait(&gate);
    }
    return NULL;
}

static void *read_all(void *arg)
{
    struct roster_snapshot *snapshot;
    size_t n;

    (void)arg;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        unit_ok(roster_snapshot(roster, &snapshot));
        for (n = 0; n < snapshot->count; n++)
            if (snapshot->entries[n].blocker)
                cr_assert_str_eq(snapshot->entries[n].blocked_on, "row 7");
        roster_snapshot_free(snapshot);
    }
    return NULL;
}

Test(block, one_of_those_that_close_a_circle_at_once_is_refused)
{
    pthread_t threads[RACERS], reader;
    struct roster_deadlock_list *list;
    size_t n;

    rounds = UNIT_SCALE(2000, 200);
    cr_assert_eq(pthread_barrier_init(&gate, NULL, RACERS), 0);
    cr_assert_eq(pthread_create(&reader, NULL, read_all, NULL), 0);
    for (n = 0; n < RACERS; n++)
        cr_assert_eq(pthread_create(&threads[n], NULL, race, (void *)(uintptr_t)n), 0);
    for (n = 0; n < RACERS; n++)
        cr_assert_eq(pthread_join(threads[n], NULL), 0);
    __atomic_store_n(&over, true, __ATOMIC_RELAXED);
    cr_assert_eq(pthread_join(reader, NULL), 0);
    unit_ok(roster_deadlocks(roster, &list));
    cr_assert_eq(list->total, rounds);
    roster_deadlock_list_free(list);
    pthread_barrier_destroy(&gate);
}
