/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A store that fails in one operation while others work: what a server shows of it, and that it is
 * over when the same operation works again. The rows are signs of doc/operations.md. */

#include "../server.h"
#include "store/base/kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <roster/barrier.h>
#include <roster/metrics.h>
#include <roster/safe_point.h>

/* A store whose calls of one kind fail. */
static struct {
    struct store_kind kind;
    const struct store_kind *real;
    bool txn, lease, watch;
} failing;

static int failing_txn(struct roster_store *store, const struct roster_store_txn *txn,
                       int64_t deadline, struct roster_store_txn_result **result)
{
    return failing.txn ? -EHOSTUNREACH : failing.real->txn(store, txn, deadline, result);
}

static int failing_lease(struct roster_store *store, const struct store_lease_call *call,
                         int64_t deadline, struct roster_store_lease *lease)
{
    return failing.lease ? -ENOSPC : failing.real->lease(store, call, deadline, lease);
}

static int failing_watch(struct roster_store_watch *watch, int64_t deadline,
                         struct roster_store_events **events)
{
    return failing.watch ? -EPROTO : failing.real->watch_next(watch, deadline, events);
}

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

static void start(void)
{
    struct roster_safe_point_options options = {
        .size = sizeof(options), .any_life_time = true, .interval_ms = 10};
    struct roster_syncer_options syncer = server_options("a");

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    failing.kind = *store->kind;
    failing.real = store->kind;
    failing.kind.txn = failing_txn;
    failing.kind.lease = failing_lease;
    failing.kind.watch_next = failing_watch;
    store->kind = &failing.kind;
    syncer.interval_ms = 10;
    syncer.keep_alive_ms = 10;
    server_create(&server, store, &syncer, 0);
    options.syncer = server.syncer;
    options.oracle = server_now;
    options.oracle_arg = server.roster;
    cr_assert_eq(roster_safe_point_create(store, &options, &safe_point), 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
}

static void stop(void)
{
    roster_safe_point_destroy(safe_point);
    server_destroy(&server);
    roster_store_close(store);
}

TestSuite(failing, .init = start, .fini = stop);

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

Test(failing, a_leader_that_cannot_reach_the_store_counts_it_and_names_no_leader)
{
    STEP_UNTIL(state().leads && state().rounds >= 2);
    cr_expect_str_eq(state().leader, "a");
    cr_expect_eq(state().last_error, 0);
    failing.txn = true;
    STEP_UNTIL(state().failures >= 2);
    cr_expect_not(state().leads);
    cr_expect_str_eq(state().leader, "");
    cr_expect_eq(state().last_error, -EHOSTUNREACH);
    cr_expect_eq(state().leading.error, -EHOSTUNREACH);
    cr_expect_geq(state().leading.times, 2);
    cr_expect_gt(state().leading.since_ns, 0);
    cr_expect_leq(state().leading.since_ns, state().leading.last_ns);
    failing.txn = false;
    STEP_UNTIL(state().leads && state().last_error == 0);
    cr_expect_str_eq(state().leader, "a");
    cr_expect_eq(state().leading.times, 0);
}

Test(failing, a_store_that_failed_a_leader_works_for_the_one_that_it_has_become)
{
    STEP_UNTIL(state().leads && state().rounds >= 2);
    failing.txn = true;
    STEP_UNTIL(state().leading.times >= 2);
    failing.txn = false;
    put_text(store, "/roster/safepoint/leader", "other");
    STEP_UNTIL(state().last_error == 0);
    cr_expect_not(state().leads);
    cr_expect_str_eq(state().leader, "other");
    cr_expect_eq(state().leading.error, 0);
}

/* Nothing changes in the store that would have a watch succeed with news. */
Test(failing, watches_that_work_again_say_so_also_by_hand_and_without_news)
{
    uint64_t start;

    cr_assert_eq(roster_txn_begin(server.session, &start), 0);
    STEP_UNTIL(state().gc == start && state().acknowledged == start);
    failing.watch = true;
    STEP_UNTIL(state().following.times >= 2 && server_stats(&server).watching.times >= 2);
    cr_expect_eq(state().last_error, -EPROTO);
    failing.watch = false;
    STEP_UNTIL(state().last_error == 0 && server_stats(&server).last_error == 0);
    cr_expect_eq(state().txn, start);
    cr_assert_eq(roster_txn_finish(server.session), 0);
}

/* That nothing is known of how long they stand is not that they end now. */
Test(failing, barriers_are_listed_with_what_is_left_of_them_or_not_at_all)
{
    struct roster_barrier *barriers = NULL;
    size_t count = 7;

    cr_assert_eq(roster_barrier_set(safe_point, "one", UINT64_MAX - 1, 60000), 0);
    cr_assert_eq(roster_barrier_set(safe_point, "two", UINT64_MAX - 1, 60000), 0);
    failing.lease = true;
    cr_expect_eq(roster_barrier_list(safe_point, &barriers, &count), -ENOSPC);
    cr_expect_null(barriers);
    failing.lease = false;
    cr_assert_eq(roster_barrier_list(safe_point, &barriers, &count), 0);
    cr_assert_eq(count, 2);
    cr_expect_gt(barriers[1].ttl_ms, 0);
    free(barriers);
}

Test(failing, reports_fail_while_keep_alives_work_and_neither_hides_the_other)
{
    uint64_t kept, failures;

    failing.txn = true;
    STEP_UNTIL(server_stats(&server).reporting.times >= 3);
    kept = server_stats(&server).keep_alives;
    failures = server_stats(&server).report_failures;
    STEP_UNTIL(server_stats(&server).keep_alives >= kept + 3);
    cr_expect_eq(server_stats(&server).state, ROSTER_SYNCER_LIVE, "a full etcd does not fence");
    cr_expect_eq(server_stats(&server).last_error, -EHOSTUNREACH, "a keep-alive does not clear it");
    cr_expect_geq(server_stats(&server).report_failures, failures);
    cr_expect_eq(server_stats(&server).keeping.error, 0);
    failing.txn = false;
    failing.lease = true;
    STEP_UNTIL(server_stats(&server).reporting.error == 0 &&
               server_stats(&server).keeping.times >= 2);
    cr_expect_eq(server_stats(&server).last_error, -ENOSPC);
    failing.lease = false;
    STEP_UNTIL(server_stats(&server).last_error == 0);
    cr_expect_geq(server_stats(&server).keep_alive_failures, 2, "the counter stays");
}

Test(failing, the_margin_of_a_fenced_server_is_below_0_and_sinks)
{
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    int64_t margin;

    cr_assert_eq(roster_metrics(server.roster, &metrics), 0);
    cr_expect_gt(metrics.lease_margin_ns, 0);
    cr_assert_eq(roster_store_lease_revoke(store, server_stats(&server).lease, 1000), 0);
    failing.txn = failing.lease = true;
    STEP_UNTIL(server_stats(&server).state == ROSTER_SYNCER_FENCED);
    cr_assert_eq(roster_metrics(server.roster, &metrics), 0);
    margin = metrics.lease_margin_ns;
    cr_expect_lt(margin, 0);
    sleep_ms(2);
    cr_assert_eq(roster_metrics(server.roster, &metrics), 0);
    cr_expect_lt(metrics.lease_margin_ns, margin, "it tells for how long");
    failing.txn = failing.lease = false;
    STEP_UNTIL(server_stats(&server).state == ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_metrics(server.roster, &metrics), 0);
    cr_expect_gt(metrics.lease_margin_ns, 0);
}
