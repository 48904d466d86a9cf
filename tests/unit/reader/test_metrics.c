/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Figures for monitoring: stays in states, kills, transactions. */

#include "../operate/operate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <time.h>

static struct roster_metrics read_metrics(struct roster *roster)
{
    struct roster_metrics metrics = {.size = sizeof(metrics)};

    cr_assert_eq(roster_metrics(roster, &metrics), 0);
    return metrics;
}

/* The stays in a state: how many, and how many milliseconds in all. */
static void expect_stays(const struct roster_metrics *metrics, enum roster_run_state state,
                         uint64_t count, uint64_t ms)
{
    const struct roster_times *times = &metrics->states[state];
    uint64_t sum = 0;
    unsigned n;

    for (n = 0; n < ROSTER_TIME_BUCKETS; n++)
        sum += times->buckets[n];
    cr_expect_eq(times->count, count, "%s: %llu stays, should be %llu",
                 roster_run_state_name(state), (unsigned long long)times->count,
                 (unsigned long long)count);
    cr_expect_eq(sum, count);
    cr_expect_eq(times->sum_ns, ms * OPERATE_MS, "%s: %llu ns, should be %llu ms",
                 roster_run_state_name(state), (unsigned long long)times->sum_ns,
                 (unsigned long long)ms);
}

Test(metrics, stays_are_counted_by_state)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "a");
    struct roster_metrics metrics;

    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    operate_advance(roster, 10);
    operate_begin(session, "select");
    operate_advance(roster, 20);
    cr_assert_eq(roster_lock_wait_begin(session), 0);
    operate_advance(roster, 40);
    cr_assert_eq(roster_lock_wait_end(session), 0);
    operate_advance(roster, 80);
    cr_assert_eq(roster_stmt_end(session), 0);
    operate_advance(roster, 160);
    cr_assert_eq(roster_txn_set_state(session, ROSTER_RUN_COMMITTING), 0);
    operate_advance(roster, 320);
    cr_assert_eq(roster_txn_finish(session), 0);
    operate_advance(roster, 640); /* outside a transaction, which is no state of one */
    operate_begin(session, "autocommit");
    operate_advance(roster, 1280);
    cr_assert_eq(roster_stmt_end(session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    operate_advance(roster, 2560);
    cr_assert_eq(roster_txn_finish(session), 0);

    metrics = read_metrics(roster);
    expect_stays(&metrics, ROSTER_RUN_IDLE, 3, 10 + 160 + 2560);
    expect_stays(&metrics, ROSTER_RUN_RUNNING, 3, 20 + 80 + 1280);
    expect_stays(&metrics, ROSTER_RUN_LOCK_WAITING, 1, 40);
    expect_stays(&metrics, ROSTER_RUN_COMMITTING, 1, 320);
    expect_stays(&metrics, ROSTER_RUN_ROLLING_BACK, 0, 0);
    /* 2560 ms are between 2^31 and 2^32 ns. */
    cr_expect_eq(metrics.states[ROSTER_RUN_IDLE].buckets[31], 1);
    unit_end(roster, session);
}

Test(metrics, a_stay_within_a_tick_is_not_counted)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "a");
    struct roster_metrics metrics;
    int n;

    for (n = 0; n < 100; n++) {
        cr_assert_eq(roster_txn_begin(session, NULL), 0);
        cr_assert_eq(roster_txn_finish(session), 0);
        operate_begin(session, "select");
        cr_assert_eq(roster_stmt_end(session), 0);
    }
    metrics = read_metrics(roster);
    expect_stays(&metrics, ROSTER_RUN_IDLE, 0, 0);
    expect_stays(&metrics, ROSTER_RUN_RUNNING, 0, 0);
    unit_end(roster, session);
}

/* A statement that goes on behind its transaction runs from its own beginning. */
Test(metrics, a_transaction_may_end_within_a_statement)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "a");
    struct roster_metrics metrics;

    operate_begin(session, "insert");
    operate_advance(roster, 10);
    cr_assert_eq(roster_txn_prepare(session), 0);
    operate_advance(roster, 10);
    cr_assert_eq(roster_txn_activate(session, UINT64_MAX - 1), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
    operate_advance(roster, 10);
    cr_assert_eq(roster_stmt_end(session), 0);
    metrics = read_metrics(roster);
    expect_stays(&metrics, ROSTER_RUN_RUNNING, 1, 30);
    unit_end(roster, session);
}

Test(metrics, kills_are_counted_by_reason_and_result)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "a");
    uint64_t id = roster_session_id(session);
    struct roster_metrics metrics;
    uint64_t all = 0;
    unsigned n, m;

    cr_assert_eq(
        roster_kill(roster, id + 1, ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_RUNAWAY),
        -ESRCH);
    cr_assert_eq(
        roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, 0, ROSTER_KILL_REASON_QUERY_MEMORY),
        -ENOENT);
    operate_begin(session, "one");
    cr_assert_eq(
        roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, 7, ROSTER_KILL_REASON_INTERRUPTED),
        -ESTALE);
    cr_assert_eq(
        roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, 1, ROSTER_KILL_REASON_INTERRUPTED),
        0);
    cr_assert_eq(
        roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, 1, ROSTER_KILL_REASON_INTERRUPTED),
        -EALREADY);
    metrics = read_metrics(roster);
    cr_expect_eq(metrics.kills[ROSTER_KILL_REASON_RUNAWAY][ROSTER_KILL_RESULT_GONE], 1);
    cr_expect_eq(metrics.kills[ROSTER_KILL_REASON_QUERY_MEMORY][ROSTER_KILL_RESULT_NOTHING], 1);
    cr_expect_eq(metrics.kills[ROSTER_KILL_REASON_INTERRUPTED][ROSTER_KILL_RESULT_STALE], 1);
    cr_expect_eq(metrics.kills[ROSTER_KILL_REASON_INTERRUPTED][ROSTER_KILL_RESULT_DELIVERED], 1);
    cr_expect_eq(metrics.kills[ROSTER_KILL_REASON_INTERRUPTED][ROSTER_KILL_RESULT_DYING], 1);
    for (n = 0; n < ROSTER_KILL_REASONS; n++)
        for (m = 0; m < ROSTER_KILL_RESULTS; m++)
            all += metrics.kills[n][m];
    cr_expect_eq(all, 5);
    unit_end(roster, session);
}

/* A new reason, result or state finds its place, and no other figure moves. */
Test(metrics, there_is_room_for_values_to_come)
{
    cr_assert_eq(sizeof(((struct roster_metrics *)NULL)->kills), 32 * 16 * sizeof(uint64_t));
    cr_assert_eq(sizeof(((struct roster_metrics *)NULL)->states), 16 * sizeof(struct roster_times));
}

Test(metrics, scans_are_timed)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_metrics metrics = read_metrics(roster);

    cr_expect_eq(metrics.scans.count, 0);
    cr_assert_eq(roster_min_advance(roster, 0, NULL), 0);
    cr_assert_eq(roster_min_advance(roster, 0, NULL), 0);
    metrics = read_metrics(roster);
    cr_expect_eq(metrics.scans.count, 2);
    cr_expect_gt(metrics.scans.sum_ns, 0);
    unit_destroy(roster);
}

/* A reader that stays inside holds the grace period up, and it is seen to grow old. */
Test(metrics, a_grace_period_has_an_age)
{
    const struct timespec pause = {0, 50000000};
    struct roster *roster = operate_roster(NULL);
    struct roster_metrics metrics;
    int tries;

    cr_assert_eq(roster_read_lock(roster), 0);
    (void)read_metrics(roster);
    nanosleep(&pause, NULL);
    metrics = read_metrics(roster);
    cr_expect_geq(metrics.grace_period_age_ns, 50 * OPERATE_MS);
    cr_expect_eq(metrics.grace_period_ns, 0);
    roster_read_unlock(roster);
    for (tries = 200; tries && !metrics.grace_period_ns; tries--) {
        nanosleep(&pause, NULL);
        metrics = read_metrics(roster);
    }
    cr_expect_geq(metrics.grace_period_ns, 50 * OPERATE_MS);
    unit_destroy(roster);
}

Test(metrics, without_a_store_there_is_no_margin)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_metrics metrics = read_metrics(roster);

    cr_expect_eq(metrics.leased, 0);
    cr_expect_eq(metrics.lease_margin_ns, 0);
    unit_destroy(roster);
}

Test(metrics, to_peek_at_the_minimum_changes_nothing)
{
    struct operate_oracle oracle = {.physical_ms = 1000};
    struct roster *roster = operate_roster(&oracle);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "a");
    struct roster_min min = {.size = sizeof(min)};
    uint64_t start_ts;

    cr_assert_eq(roster_txn_begin(session, &start_ts), 0);
    oracle.physical_ms = 2000;
    cr_assert_eq(roster_min_peek(roster, &min), 0);
    cr_expect_eq(min.min_start_ts, start_ts);
    cr_expect_eq(min.holder.session_id, roster_session_id(session));
    cr_expect_eq(min.safe_point, 0);
    cr_expect_eq(roster_local_safe_point(roster), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_min_peek(roster, &min), 0);
    cr_expect_eq(min.min_start_ts, min.now);
    /* What was older than that look may still be begun at. */
    cr_expect_eq(roster_txn_begin_at(session, start_ts), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
    unit_end(roster, session);
}

Test(metrics, misuse_is_told)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct roster_min min = {.size = sizeof(min)};

    cr_expect_eq(roster_metrics(NULL, &metrics), -EINVAL);
    cr_expect_eq(roster_metrics(roster, NULL), -EINVAL);
    metrics.size--;
    cr_expect_eq(roster_metrics(roster, &metrics), -EINVAL);
    cr_expect_eq(roster_min_peek(NULL, &min), -EINVAL);
    cr_expect_eq(roster_min_peek(roster, NULL), -EINVAL);
    cr_expect_str_eq(roster_kill_result_name(ROSTER_KILL_RESULT_STALE), "stale");
    cr_expect_str_eq(roster_kill_result_name((enum roster_kill_result)99), "unknown");
    unit_destroy(roster);
}
