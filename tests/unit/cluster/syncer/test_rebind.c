/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The store is exchanged under a server, and then bound to: when that revives it, and when only a
 * restart does. */

#include "../../store/sqlite/sqlite_file.h"
#include "../server.h"

#include <errno.h>

#include <roster/safe_point.h>
#include <roster/timestamp.h>

#define TXN "/roster/safepoint/txn"
#define GC "/roster/safepoint/gc"

static struct roster_store *store;
static struct server server;
static struct roster_safe_point *safe_point;

static int server_now(void *arg, uint64_t *ts)
{
    struct roster_min min = {.size = sizeof(min)};
    int err = roster_min_peek(arg, &min);

    *ts = min.now;
    return err;
}

static struct roster_safe_point *safe_point_of(const struct server *of)
{
    struct roster_safe_point_options options = {
        .size = sizeof(options), .any_life_time = true, .interval_ms = 10};
    struct roster_safe_point *made;

    options.syncer = of->syncer;
    options.oracle = server_now;
    options.oracle_arg = of->roster;
    cr_assert_eq(roster_safe_point_create(store, &options, &made), 0);
    return made;
}

static struct roster_safe_point_state state(void)
{
    return safe_point_state(safe_point);
}

static void step(void)
{
    cr_assert_eq(roster_safe_point_run_once(safe_point, NULL), 0);
    cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
    sleep_ms(1);
}

#define STEP_UNTIL(condition) SERVER_UNTIL(condition, step(), server_shown(&server))

static void start(void)
{
    struct roster_syncer_options options = server_options("a");

    sqlite_file_name();
    store = sqlite_file_open();
    options.interval_ms = 10;
    options.keep_alive_ms = 10;
    server_create(&server, store, &options, 0);
    safe_point = safe_point_of(&server);
    STEP_UNTIL(state().leads && state().gc != 0);
}

static void stop(void)
{
    roster_safe_point_destroy(safe_point);
    server_destroy(&server);
    roster_store_close(store);
}

TestSuite(rebind, .init = start, .fini = stop);

/* Another file in place of the store's, with these safe points; 0: none. */
static void exchange(uint64_t txn)
{
    struct roster_store *other;

    sqlite_file_remove();
    other = sqlite_file_open();
    if (txn != 0) {
        put_number(other, TXN, txn);
        put_number(other, GC, txn);
    }
    STEP_UNTIL(server_stats(&server).state != ROSTER_SYNCER_LIVE);
    cr_expect_eq(get_error(store, TXN, 1000), -EREMCHG);
    roster_store_close(other);
}

Test(rebind, revives_a_server_when_the_other_store_is_as_far)
{
    uint64_t txn, start_ts;

    cr_assert_eq(roster_txn_begin(server.session, &start_ts), 0);
    STEP_UNTIL(state().txn == start_ts);
    txn = start_ts + roster_ts_compose(1, 0);
    server_next_tick(&server);
    exchange(txn);
    for (int i = 0; i < 20; i++)
        step();
    cr_expect_neq(server_stats(&server).state, ROSTER_SYNCER_LIVE, "not by itself");
    cr_assert_eq(roster_store_rebind(store), 0);
    STEP_UNTIL(server_stats(&server).state == ROSTER_SYNCER_LIVE && state().leads &&
               state().txn >= txn);
    cr_expect_eq(roster_txn_check(server.session), -ESTALE, "the other store has passed it");
    cr_assert_eq(roster_txn_finish(server.session), 0);
    STEP_UNTIL(state().txn > txn && state().gc > txn && server_stats(&server).last_error == 0 &&
               state().last_error == 0);
}

/* A server that has seen nothing of the other store, as one that was restarted. */
static void fresh_server_moves_them(uint64_t txn)
{
    struct roster_syncer_options options = server_options("b");
    struct roster_safe_point *fresh;
    struct server other;

    server_create(&other, store, &options, 0);
    server_run_until(&other, ROSTER_SYNCER_LIVE);
    fresh = safe_point_of(&other);
    delete_key(store, "/roster/safepoint/leader");
    for (int64_t end = now_ms() + 20000; stored_number(store, TXN) <= txn; sleep_ms(1)) {
        cr_assert_lt(now_ms(), end, "they are not moved");
        cr_assert_eq(roster_safe_point_run_once(fresh, NULL), 0);
        cr_assert_eq(roster_syncer_run_once(other.syncer, NULL), 0);
        cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
    }
    roster_safe_point_destroy(fresh);
    cr_assert_eq(roster_syncer_stop(other.syncer, 1000), 0);
    server_destroy(&other);
}

/* The process goes on serving, and moves no safe point until another one has moved them as far. */
Test(rebind, lets_a_server_live_whose_safe_points_the_other_store_is_behind)
{
    uint64_t txn, gc, lived = server_stats(&server).registrations;

    /* It has registered above a safe point that the other store does not have. */
    cr_assert_eq(roster_store_lease_revoke(store, server_stats(&server).lease, 1000), 0);
    STEP_UNTIL(server_stats(&server).registrations > lived && state().leads);
    txn = state().txn;
    gc = state().gc;
    exchange(0);
    cr_assert_eq(roster_store_rebind(store), 0);
    STEP_UNTIL(server_stats(&server).state == ROSTER_SYNCER_LIVE && state().last_error == -EREMCHG);
    cr_assert_eq(roster_txn_begin(server.session, NULL), 0);
    cr_expect_eq(roster_txn_check(server.session), 0, "it serves");
    cr_assert_eq(roster_txn_finish(server.session), 0);
    for (int i = 0; i < 20; i++)
        step();
    cr_expect_geq(state().txn, txn, "what was published stands");
    cr_expect_geq(state().gc, gc);
    cr_expect_lt(stored_number(store, TXN), txn, "and it moves none");
    fresh_server_moves_them(txn);
    STEP_UNTIL(state().txn > txn && state().gc > gc && state().last_error == 0);
}
