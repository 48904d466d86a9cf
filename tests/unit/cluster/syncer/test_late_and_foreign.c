/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What comes late, what hangs on another lease, and what races with a safe point: each of these was
 * once broken on purpose without any other test noticing. */

#include "../server.h"
#include "cluster/syncer/syncer.h"
#include "store/base/clock.h"
#include "store/base/kind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <roster/barrier.h>

#define RECORD "/roster/server/minstartts/a"
#define TXN "/roster/safepoint/txn"
#define GC "/roster/safepoint/gc"
#define BARRIER "/roster/safepoint/barrier/b"
#define TTL_MS 60000
#define MARGIN_MS 1000

/* A store that is late, or does something else before a transaction that compares. */
static struct {
    struct store_kind kind;
    const struct store_kind *real;
    int late_ms;
    int64_t asked_in_ns, done_at_ns; /* of a lease */
    void (*before)(void);            /* once */
} slow;

static struct roster_store *store;
static struct server server;
static struct roster_safe_point *safe_point;

static int slow_lease(struct roster_store *base, const struct store_lease_call *call,
                      int64_t deadline, struct roster_store_lease *lease)
{
    int err = slow.real->lease(base, call, deadline, lease);

    slow.done_at_ns = rst_store_boottime_ns();
    lease->asked_at_ns += slow.asked_in_ns;
    sleep_ms(slow.late_ms);
    return err;
}

static int slow_txn(struct roster_store *base, const struct roster_store_txn *txn, int64_t deadline,
                    struct roster_store_txn_result **result)
{
    void (*before)(void) = slow.before;

    if (before != NULL && txn->n_compares != 0) {
        slow.before = NULL;
        before();
    }
    return slow.real->txn(base, txn, deadline, result);
}

static void start(void)
{
    struct roster_syncer_options options = server_options("a");

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    slow.kind = *store->kind;
    slow.real = store->kind;
    slow.kind.lease = slow_lease;
    slow.kind.txn = slow_txn;
    store->kind = &slow.kind;
    options.ttl_ms = TTL_MS;
    options.margin_ms = MARGIN_MS;
    options.keep_alive_ms = 1;
    server_create(&server, store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_safe_point_create(store, NULL, &safe_point), 0);
}

static void stop(void)
{
    roster_safe_point_destroy(safe_point);
    server_destroy(&server);
    roster_store_close(store);
}

TestSuite(late, .init = start, .fini = stop);

static int64_t deadline_after_keep_alive(void)
{
    uint64_t before = server_stats(&server).keep_alives;

    while (server_stats(&server).keep_alives == before) {
        cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
        sleep_ms(1);
    }
    return server_stats(&server).deadline_ns;
}

Test(late, g8_a_late_answer_counts_from_the_question)
{
    slow.late_ms = 30;
    cr_expect_leq(deadline_after_keep_alive(),
                  slow.done_at_ns + (TTL_MS - MARGIN_MS) * STORE_NS_PER_MS);
}

Test(late, an_answer_to_an_older_question_lowers_no_deadline_and_resumes_nothing)
{
    int64_t before = server_stats(&server).deadline_ns;

    slow.asked_in_ns = -10 * STORE_NS_PER_S;
    cr_expect_geq(deadline_after_keep_alive(), before);
    slow.asked_in_ns = -2 * TTL_MS * STORE_NS_PER_MS;
    before = server_stats(&server).deadline_ns;
    cr_expect_eq(deadline_after_keep_alive(), before, "it is worth nothing any more");
}

/* A record of another server under our key. */
static void make_foreign(void)
{
    char number[32];

    snprintf(number, sizeof(number), "%" PRIu64, stored_number(store, RECORD));
    put_leased(store, RECORD, number, grant_lease(store, TTL_MS));
}

Test(late, a_record_on_a_foreign_lease_is_not_lowered)
{
    uint64_t record;

    make_foreign();
    record = stored_number(store, RECORD);
    cr_expect_eq(roster_txn_begin_at(server.session, record - 1), -ESTALE);
    cr_expect_eq(stored_number(store, RECORD), record);
}

Test(late, a_record_on_a_foreign_lease_is_not_adopted_by_a_report)
{
    uint64_t record;
    int err;

    make_foreign();
    record = stored_number(store, RECORD);
    sleep_ms(20); /* the clock of the oracle is coarse */
    err = roster_syncer_report(server.syncer);
    cr_expect_eq(err, -EKEYEXPIRED, "%d", err);
    cr_expect_eq(server_stats(&server).state, ROSTER_SYNCER_FENCED);
    cr_expect_eq(stored_number(store, RECORD), record);
}

Test(late, a_record_on_a_foreign_lease_is_not_taken_for_ours_after_fencing)
{
    int64_t lease = server_stats(&server).lease;

    cr_expect_eq(rst_syncer_verify(server.syncer, lease), 0);
    make_foreign();
    cr_expect_eq(rst_syncer_verify(server.syncer, lease), -EKEYEXPIRED);
    delete_key(store, RECORD);
    cr_expect_eq(rst_syncer_verify(server.syncer, lease), -EKEYEXPIRED);
}

Test(late, g3_a_record_behind_the_txn_safe_point_does_not_pull_it_back)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};

    cr_assert_eq(roster_safe_point_advance_txn(safe_point, 1000, &result), 0);
    put_number(store, "/roster/server/minstartts/x", 700);
    cr_expect_eq(roster_safe_point_advance_txn(safe_point, 2000, &result), 0);
    cr_expect_eq(result.after, 1000);
    cr_expect_eq(stored_number(store, TXN), 1000);
    cr_expect_str_eq(result.blocker.name, "x");
}

static void advance(void)
{
    cr_assert_eq(roster_safe_point_advance_txn(safe_point, 2000, NULL), 0);
}

Test(late, g2_a_barrier_that_races_an_advance_is_decided_against_it)
{
    cr_assert_eq(roster_safe_point_advance_txn(safe_point, 1000, NULL), 0);
    slow.before = advance;
    cr_expect_eq(roster_barrier_set(safe_point, "b", 1500, ROSTER_BARRIER_FOREVER), -ESTALE);
    cr_expect_not(key_exists(store, BARRIER));
}

static int64_t lease_of_barrier(void)
{
    struct roster_store_range *range = get_key(store, BARRIER);
    int64_t lease = range->kvs[0].lease;

    roster_store_free(range);
    return lease;
}

Test(late, a_barrier_that_is_set_again_or_refused_leaks_no_lease)
{
    struct roster_store_lease lease;
    int64_t first;

    cr_assert_eq(roster_barrier_set(safe_point, "b", 1000, 3600000), 0);
    first = lease_of_barrier();
    cr_assert_eq(roster_barrier_set(safe_point, "b", 1100, 3600000), 0);
    cr_expect_eq(roster_store_lease_time_to_live(store, first, 1000, &lease), -EKEYEXPIRED);
    cr_assert_eq(roster_safe_point_advance_txn(safe_point, 1100, NULL), 0);
    first = grant_lease(store, 1000); /* ids of this store are in order */
    cr_expect_eq(roster_barrier_set(safe_point, "b", 500, 3600000), -ESTALE);
    cr_expect_eq(roster_store_lease_time_to_live(store, first + 1, 1000, &lease), -EKEYEXPIRED);
}

/* A backup of the store was restored: what is above the safe point that it has may be collected. */
Test(late, g2_a_barrier_is_not_set_below_what_was_published_here)
{
    cr_assert_eq(roster_safe_point_advance_txn(safe_point, 1000, NULL), 0);
    put_number(store, TXN, 500);
    cr_expect_eq(roster_barrier_set(safe_point, "b", 600, 3600000), -EREMCHG);
    cr_expect_eq(roster_barrier_set(safe_point, "b", 1000, ROSTER_BARRIER_FOREVER), -EREMCHG,
                 "the leader may not have noticed");
    cr_expect_not(key_exists(store, BARRIER));
    cr_expect_eq(stored_number(store, TXN), 500, "nor is that written again");
    put_number(store, TXN, 1000);
    cr_expect_eq(roster_barrier_set(safe_point, "b", 1000, 3600000), 0);
}

Test(late, g3_a_gc_safe_point_that_goes_back_is_not_believed)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};

    cr_assert_eq(roster_safe_point_advance_txn(safe_point, 1000, NULL), 0);
    cr_assert_eq(roster_safe_point_advance_gc(safe_point, 900, NULL), 0);
    put_number(store, GC, 800);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(roster_safe_point_run_once(safe_point, NULL), 0);
    cr_expect_eq(roster_gc_safe_point(safe_point), 900);
    cr_expect_eq(roster_safe_point_advance_gc(safe_point, 950, &result), -EREMCHG);
    cr_expect_str_eq(result.blocker.name, GC);
}
