/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The global oracle. */

#include "config.h"

#include "../../store/scratch.h"
#include "../../store/store_fixture.h"
#include "oracle_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <roster/oracle_store.h>
#include <roster/timestamp.h>

static uint64_t wall_ms;

static uint64_t told_wall(void *arg)
{
    return *(uint64_t *)arg;
}

static struct roster_oracle_store *make_oracle(struct roster_store *store)
{
    struct roster_oracle_store_options options = {
        .size = sizeof(options), .wall_clock = told_wall, .wall_arg = &wall_ms, .key = "/t/oracle"};
    struct roster_oracle_store *oracle;

    cr_assert_eq(roster_oracle_store_create(store, &options, &oracle), 0);
    return oracle;
}

static uint64_t get(struct roster_oracle_store *oracle)
{
    uint64_t ts = 0;
    int err = roster_oracle_store_allocate(oracle, &ts);

    cr_assert_eq(err, 0, "no timestamp: %d", err);
    return ts;
}

STORE_TEST(it_follows_the_wall_clock_and_never_goes_back)
{
    struct roster_oracle_store *oracle = make_oracle(f->store), *other = make_oracle(f->store);
    uint64_t first;

    wall_ms = 1000000;
    first = get(oracle);
    cr_assert_eq(first, roster_ts_compose(1000000, 0));
    cr_assert_eq(get(other), first + 1, "another server's clock is the same key");
    wall_ms = 5000;
    cr_assert_eq(get(oracle), first + 2, "the wall clock of one server stepped back");
    wall_ms = 2000000;
    cr_assert_eq(get(other), roster_ts_compose(2000000, 0));
    cr_assert_eq(get(oracle), roster_ts_compose(2000000, 1));
    roster_oracle_store_destroy(oracle);
    roster_oracle_store_destroy(other);
}

static uint64_t look(struct roster_oracle_store *oracle)
{
    uint64_t ts = 0;
    int err = roster_oracle_store_read(oracle, &ts);

    cr_assert_eq(err, 0, "not read: %d", err);
    return ts;
}

STORE_TEST(a_read_sees_what_others_have_allocated_and_writes_nothing)
{
    struct roster_oracle_store *oracle = make_oracle(f->store), *other = make_oracle(f->store);
    struct roster_oracle_store_stats stats = {.size = sizeof(stats)};
    uint64_t ts;

    wall_ms = 1000000;
    ts = get(other);
    cr_assert_eq(look(oracle), ts);
    cr_assert_eq(look(oracle), ts, "others may read the same");
    ts = get(other);
    cr_assert_eq(look(oracle), ts);
    cr_assert_eq(roster_oracle_store_stats(oracle, &stats), 0);
    cr_assert_eq(stats.transactions, 0);
    cr_assert_gt(get(oracle), ts, "what is allocated afterwards was not read before");
    wall_ms = 1000020;
    cr_assert_eq(look(oracle), roster_ts_compose(1000020, 0), "time goes on without commits");
    wall_ms = 5000;
    cr_assert_eq(look(other), roster_ts_compose(1000020, 0), "and never back");
    roster_oracle_store_destroy(oracle);
    roster_oracle_store_destroy(other);
}

STORE_TEST(the_first_read_of_all_allocates)
{
    struct roster_oracle_store *oracle = make_oracle(f->store);

    wall_ms = 1000000;
    cr_assert_eq(look(oracle), roster_ts_compose(1000000, 0));
    put_text(f->store, "/t/oracle", "x");
    wall_ms = 0;
    cr_assert_eq(roster_oracle_store_read(oracle, &wall_ms), -EBADMSG);
    roster_oracle_store_destroy(oracle);
}

STORE_TEST(it_says_how_far_it_is_ahead)
{
    struct roster_oracle_store *oracle = make_oracle(f->store), *other = make_oracle(f->store);
    struct roster_oracle_store_stats stats = {.size = sizeof(stats)};

    wall_ms = 7200000 + 1000;
    get(oracle);
    wall_ms = 1000;
    get(other);
    cr_assert_eq(roster_oracle_store_stats(other, &stats), 0);
    cr_assert_eq(stats.ahead_ms, 7200000);
    cr_assert_eq(stats.timestamps, 1);
    cr_assert_eq(stats.transactions, 1);
    roster_oracle_store_destroy(oracle);
    roster_oracle_store_destroy(other);
}

STORE_TEST(a_garbage_value_gives_no_timestamp)
{
    static const char *const garbage[] = {"",
                                          "x",
                                          "12x",
                                          "-1",
                                          "0",
                                          " 1",
                                          "18446744073709551615",
                                          "18446744073709551614",
                                          "99999999999999999999999"};
    struct roster_oracle_store *oracle = make_oracle(f->store);
    uint64_t ts = 4711;

    wall_ms = 1000;
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        put_text(f->store, "/t/oracle", garbage[i]);
        cr_assert_eq(roster_oracle_store_allocate(oracle, &ts), -EBADMSG, "\"%s\"", garbage[i]);
    }
    cr_assert_eq(ts, 4711);
    put_text(f->store, "/t/oracle", "500000000000");
    cr_assert_eq(get(oracle), UINT64_C(500000000000));
    roster_oracle_store_destroy(oracle);
}

STORE_TEST(a_key_that_vanished_is_noticed)
{
    struct roster_oracle_store *oracle = make_oracle(f->store), *fresh = make_oracle(f->store);
    uint64_t ts;

    wall_ms = 1000;
    get(oracle);
    delete_key(f->store, "/t/oracle");
    cr_assert_eq(roster_oracle_store_allocate(oracle, &ts), -EREMCHG);
    cr_assert_eq(roster_oracle_store_allocate(oracle, &ts), -EREMCHG, "it stays so");
    cr_assert_eq(roster_oracle_store_read(oracle, &ts), -EREMCHG);
    wall_ms = 500;
    get(fresh);
    cr_assert_eq(roster_oracle_store_allocate(oracle, &ts), -EREMCHG,
                 "also when it is there again");
    cr_assert_eq(roster_oracle_store_read(oracle, &ts), -EREMCHG);
    roster_oracle_store_destroy(oracle);
    delete_key(f->store, "/t/oracle");
    oracle = make_oracle(f->store);
    get(oracle);
    cr_assert_eq(roster_oracle_store_allocate(fresh, &ts), -EREMCHG, "or was missing unnoticed");
    roster_oracle_store_destroy(oracle);
    roster_oracle_store_destroy(fresh);
}

/* As an operator does who puts a value back: what was given away might be given once more. */
STORE_TEST(a_key_that_went_back_is_noticed)
{
    struct roster_oracle_store *reader = make_oracle(f->store), *oracle = make_oracle(f->store),
                               *other = make_oracle(f->store);
    uint64_t ts, last;

    wall_ms = 1000000;
    last = get(oracle);
    cr_assert_eq(look(reader), last);
    wall_ms = 500;
    put_text(f->store, "/t/oracle", "200000000");
    cr_assert_eq(roster_oracle_store_allocate(oracle, &ts), -EREMCHG);
    cr_assert_eq(roster_oracle_store_read(reader, &ts), -EREMCHG);
    cr_assert_lt(get(other), last, "who begins now knows of none");
    wall_ms = 2000000;
    cr_assert_gt(get(other), last);
    cr_assert_eq(roster_oracle_store_allocate(oracle, &ts), -EREMCHG,
                 "what was given twice does not become right");
    cr_assert_eq(roster_oracle_store_read(reader, &ts), -EREMCHG);
    roster_oracle_store_destroy(reader);
    roster_oracle_store_destroy(oracle);
    roster_oracle_store_destroy(other);
}

STORE_TEST(waiting_callers_share_a_transaction)
{
    struct roster_oracle_store *oracle = make_oracle(f->store);
    struct roster_oracle_store_stats stats = {.size = sizeof(stats)};
    struct oracle_check *check = oracle_check_new();
    void *args[16];

    for (size_t i = 0; i < 16; i++)
        args[i] = oracle;
    wall_ms = 1000;
    oracle_check_run(check, roster_oracle_store_allocate, args, 16, 100);
    cr_assert_eq(check->failures, 0);
    cr_assert_eq(check->stale, 0);
    cr_assert_eq(oracle_check_duplicates(check), 0);
    cr_assert_eq(roster_oracle_store_stats(oracle, &stats), 0);
    cr_assert_eq(stats.timestamps, 1600);
    if (!store_fixture_is(f, "memory"))
        cr_assert_lt(stats.transactions, 800, "%lu", (unsigned long)stats.transactions);
    roster_oracle_store_destroy(oracle);
    oracle_check_free(check);
}

/* A server so far from the store that another one is always faster: whenever it is about to swap.
 */
struct slow_server {
    struct roster_oracle_store *other;
    uint64_t other_got;
};

static uint64_t told_while_slow(void *arg)
{
    struct slow_server *slow = arg;

    slow->other_got = get(slow->other);
    return wall_ms;
}

STORE_TEST(a_server_that_is_always_slower_gets_timestamps_too)
{
    struct slow_server slow = {make_oracle(f->store), 0};
    struct roster_oracle_store_options options = {.size = sizeof(options),
                                                  .wall_clock = told_while_slow,
                                                  .wall_arg = &slow,
                                                  .key = "/t/oracle"};
    struct roster_oracle_store *oracle;
    uint64_t ts = 0;

    wall_ms = UINT64_C(1800000000000);
    cr_assert_eq(roster_oracle_store_create(f->store, &options, &oracle), 0);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(roster_oracle_store_allocate(oracle, &ts), 0);
        cr_assert_gt(ts, slow.other_got, "what the other one got during that");
        cr_assert_gt(get(slow.other), ts, "who asks later gets more");
    }
    cr_assert_lt(roster_ts_physical_ms(ts), wall_ms + 60000, "it is not far ahead");
    roster_oracle_store_destroy(oracle);
    roster_oracle_store_destroy(slow.other);
}

Test(oracle_store, g2_it_is_linearizable_over_threads_and_handles)
{
    struct oracle_check *check = oracle_check_new();
    struct roster_oracle_store *oracles[3];
    struct roster_store *store;
    void *args[12];

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(roster_oracle_store_create(store, NULL, &oracles[i]), 0);
    for (size_t i = 0; i < 12; i++)
        args[i] = oracles[i % 3];
    check->read = roster_oracle_store_read;
    oracle_check_run(check, roster_oracle_store_allocate, args, 12, 1000);
    cr_assert_eq(check->failures, 0);
    cr_assert_eq(check->stale, 0);
    cr_assert_eq(oracle_check_duplicates(check), 0);
    for (size_t i = 0; i < 3; i++)
        roster_oracle_store_destroy(oracles[i]);
    roster_store_close(store);
    oracle_check_free(check);
}

#ifdef HAVE_SQLITE
/* ThreadSanitizer lets a forked child have one thread only. */
#ifdef ROSTER_SANITIZER_THREAD
#define SERVER_THREADS 1
#else
#define SERVER_THREADS 4
#endif

/* One of several server processes. */
static int server(const char *url, struct oracle_check *check)
{
    struct roster_oracle_store *oracle;
    struct roster_store *store;
    void *args[SERVER_THREADS];

    if (roster_store_open(url, NULL, &store, NULL, 0) != 0 ||
        roster_oracle_store_create(store, NULL, &oracle) != 0)
        return 1;
    for (size_t i = 0; i < SERVER_THREADS; i++)
        args[i] = oracle;
    oracle_check_run(check, roster_oracle_store_allocate, args, SERVER_THREADS, 150);
    roster_oracle_store_destroy(oracle);
    roster_store_close(store);
    return 0;
}

Test(oracle_store, g2_it_is_linearizable_over_processes)
{
    struct oracle_check *check = oracle_check_new();
    char dir[256], url[300];
    pid_t children[4];
    int status;

    check->read = roster_oracle_store_read;
    scratch_dir(dir, sizeof(dir));
    snprintf(url, sizeof(url), "sqlite:%s/store.db", dir);
    for (size_t i = 0; i < 4; i++) {
        children[i] = scratch_fork();
        if (children[i] == 0)
            _exit(server(url, check));
    }
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_assert_eq(status, 0);
    }
    cr_assert_eq(check->workers, 4 * SERVER_THREADS);
    cr_assert_eq(check->failures, 0);
    cr_assert_eq(check->stale, 0, "%lu timestamps were allotted before they were asked for",
                 (unsigned long)check->stale);
    cr_assert_eq(oracle_check_duplicates(check), 0);
    oracle_check_free(check);
}
#endif
