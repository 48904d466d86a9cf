/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Holders of the safe points that are older than a limit: named, or passed, and
 * those who lose learn it before anything is collected (G8). Time is told: the
 * oracle's, and when a leader has sampled it.
 */

#include "../peer.h"
#include "cluster/safe_point/safe_point.h"
#include "cluster/syncer/syncer.h"
#include "store/base/clock.h"
#include "store/base/kind.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <roster/barrier.h>
#include <roster/event_log.h>
#include <roster/timestamp.h>

#define TXN "/roster/safepoint/txn"
#define GC "/roster/safepoint/gc"
#define LINE "/roster/safepoint/pass"
#define LIMIT_MS UINT64_C(3600000)
#define BEGIN_MS UINT64_C(1700000000000)
#define ABSURD (ROSTER_TS_MAX - 1)

/* A server without life time. */
struct node {
    struct peer peer;             /* first */
    struct roster_session *young; /* a second session */
    uint64_t start;               /* of the first session's transaction, 0 for none */
    unsigned lines;               /* of the log that say who holds the safe points */
    unsigned gave_up;             /* that say what was given up, without a lock held */
};

static struct roster_store *store;
static struct node a, b; /* a leads */
static rst_word now;

static int told(void *arg, uint64_t *ts)
{
    (void)arg;
    *ts = rst_load(&now);
    return 0;
}

static void pass_ms(uint64_t ms)
{
    uint64_t ts = rst_load(&now) + (ms << ROSTER_TS_LOGICAL_BITS);

    rst_store(&now, ts);
    rst_store(&a.peer.server.now, ts);
    rst_store(&b.peer.server.now, ts);
}

static void count_lines(enum roster_store_log_level level, const char *text, void *arg)
{
    struct node *node = arg;

    if (level == ROSTER_STORE_LOG_WARNING && strstr(text, "holds the safe points"))
        node->lines++;
}

static void look_for_locks(enum roster_store_log_level level, const char *text, void *arg)
{
    struct node *node = arg;
    pthread_mutex_t *lock = &node->peer.server.syncer->record_lock;

    (void)level;
    if (!strstr(text, "gave up") || pthread_mutex_trylock(lock))
        return;
    pthread_mutex_unlock(lock);
    node->gave_up++;
}

static struct roster_safe_point_state state(const struct node *node)
{
    return peer_state(&node->peer);
}

static struct roster_syncer_stats stats(const struct node *node)
{
    return peer_stats(&node->peer);
}

/* No check succeeds at what may be collected, or is not protected any more. */
static void expect_told(const struct peer *peer)
{
    const struct node *node = (const struct node *)peer;
    uint64_t gc = stored_number(store, GC), txn = stored_number(store, TXN);

    if (node->start && (gc > node->start || txn > node->start))
        cr_assert_eq(roster_txn_check(node->peer.server.session), -ESTALE,
                     "vouched for %" PRIu64 " with %" PRIu64 "/%" PRIu64, node->start, txn, gc);
}

#define UNTIL(condition) PEERS_UNTIL(condition, &a.peer, &b.peer)

static void steps(unsigned n)
{
    while (n--)
        peers_step(&a.peer, &b.peer);
}

static void node_start(struct node *node, const char *id, enum roster_abandoned mode)
{
    struct roster_safe_point_options options = {.size = sizeof(options),
                                                .any_life_time = true,
                                                .interval_ms = 10,
                                                .oracle = told,
                                                .abandoned = mode,
                                                .abandoned_ms = LIMIT_MS,
                                                .log = count_lines,
                                                .log_arg = node};
    struct roster_syncer_options syncer = server_options(id);

    syncer.interval_ms = 10;
    syncer.log = look_for_locks;
    syncer.log_arg = node;
    server_create(&node->peer.server, store, &syncer, rst_load(&now));
    node->peer.check = expect_told;
    cr_assert_eq(roster_session_open(node->peer.server.roster, NULL, &node->young), 0);
    options.syncer = node->peer.server.syncer;
    cr_assert_eq(roster_safe_point_create(store, &options, &node->peer.safe_point), 0);
    UNTIL(stats(node).state == ROSTER_SYNCER_LIVE);
}

static void node_stop(struct node *node)
{
    if (!node->peer.safe_point)
        return;
    roster_safe_point_destroy(node->peer.safe_point);
    (void)roster_txn_finish(node->peer.server.session);
    (void)roster_txn_finish(node->young);
    cr_assert_eq(roster_session_close(node->young), 0);
    server_destroy(&node->peer.server);
}

static void cluster_start(enum roster_abandoned leader, enum roster_abandoned other)
{
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    rst_store(&now, roster_ts_compose(BEGIN_MS, 0));
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    node_start(&a, "a", leader);
    UNTIL(state(&a).leads);
    node_start(&b, "b", other);
}

static void cluster_stop(void)
{
    node_stop(&b);
    node_stop(&a);
    roster_store_close(store);
}

/* The leader has seen an hour go by: what its oracle gives now it gave an hour ago. */
static void an_hour_later(void)
{
    struct roster_safe_point *leader = a.peer.safe_point;
    int64_t revision = store_revision(store);

    pthread_mutex_lock(&leader->lock);
    leader->samples[0].at =
        rst_store_boottime_ns() - (int64_t)LIMIT_MS * STORE_NS_PER_MS - STORE_NS_PER_MS;
    leader->samples[0].now = rst_load(&now);
    leader->samples[0].revision = revision;
    leader->n_samples = 1;
    pthread_mutex_unlock(&leader->lock);
    pass_ms(LIMIT_MS + 1);
}

/* Begins a transaction, which the leader learns by the next reports. */
static void hold(struct node *node)
{
    cr_assert_eq(roster_txn_begin(node->peer.server.session, &node->start), 0);
    pass_ms(1);
    steps(5);
}

static unsigned events(struct node *node, const char *what, const char *name)
{
    struct roster_logged event = {.size = sizeof(event)};
    unsigned count = 0;
    uint64_t since = 0;

    for (; !roster_event_log_next(node->peer.server.roster, since, &event); since = event.id)
        if (event.kind == ROSTER_LOGGED_ABANDONED && !strcmp(event.what, what) &&
            !strcmp(event.name, name)) {
            count++;
            cr_expect(strcmp(what, "gave up") || strstr(event.text, "1 transaction or pin below "),
                      "%s", event.text);
        }
    return count;
}

Test(abandoned, g8_what_a_server_holds_for_too_long_is_passed_and_nothing_else_of_it)
{
    struct roster_syncer_stats lost;
    uint64_t young, registered;

    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_PASS);
    hold(&b);
    cr_assert_eq(roster_txn_check(b.peer.server.session), 0);
    registered = stats(&b).registrations;
    an_hour_later();
    cr_assert_eq(roster_txn_begin(b.young, &young), 0);
    UNTIL(stats(&b).given_up == 1);
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    UNTIL(state(&b).gc > b.start);
    cr_expect_eq(roster_txn_check(b.young), 0, "it is young");
    lost = stats(&b);
    cr_expect_eq(lost.state, ROSTER_SYNCER_LIVE);
    cr_expect_eq(lost.fences, 0u);
    cr_expect_eq(lost.registrations, registered);
    cr_expect_eq(lost.rejected, 0u);
    cr_expect_eq(lost.given_up_pins, 1u);
    cr_expect_eq(b.gave_up, 1u);
    cr_expect_gt(lost.given_up_ts, b.start);
    cr_expect_leq(lost.given_up_ts, young);
    cr_expect_eq(events(&b, "gave up", "b"), 1u);
    cr_expect_eq(events(&a, "asked", "b"), 1u);
    cr_expect_eq(a.lines, 1u);
    cr_expect_eq(state(&a).passed_servers, 1u);
    cr_expect_str_eq(state(&a).passed.name, "b");
    cr_expect_eq(state(&a).passed.ts, b.start);
    cr_expect_eq(state(&a).passed_barriers, 0u);
    UNTIL(state(&a).abandoned == 0);
    /* What is lost may stay open: it holds nothing any more. Nor can anything
     * begin there. */
    cr_assert_eq(roster_txn_finish(b.young), 0);
    cr_expect_eq(roster_txn_begin_at(b.young, b.start), -ESTALE);
    pass_ms(1000);
    UNTIL(state(&b).gc > young);
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    cr_expect_eq(stats(&b).given_up, 1u);
    cluster_stop();
}

/* A leader's own transaction is no other than that of another server. */
Test(abandoned, g8_the_leader_passes_what_it_holds_itself)
{
    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_PASS);
    hold(&a);
    an_hour_later();
    UNTIL(state(&a).gc > a.start);
    cr_expect_eq(roster_txn_check(a.peer.server.session), -ESTALE);
    cr_expect_eq(stats(&a).fences, 0u);
    cluster_stop();
}

Test(abandoned, off_passes_nothing_and_names_nothing)
{
    cluster_start(ROSTER_ABANDONED_OFF, ROSTER_ABANDONED_OFF);
    cr_assert_eq(roster_barrier_set(a.peer.safe_point, "x", rst_load(&now), ROSTER_BARRIER_FOREVER),
                 0);
    hold(&b);
    an_hour_later();
    steps(100);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0);
    cr_expect_eq(state(&a).abandoned, 0u);
    cr_expect_eq(a.lines, 0u);
    cr_expect_eq(stored_number(store, LINE), 0u);
    cr_expect_eq(roster_barrier_delete(a.peer.safe_point, "x"), 0);
    cr_expect_leq(state(&a).txn, b.start);
    cluster_stop();
}

Test(abandoned, warn_names_the_oldest_once_and_passes_nothing)
{
    struct roster_safe_point_state known;

    cluster_start(ROSTER_ABANDONED_WARN, ROSTER_ABANDONED_WARN);
    hold(&b);
    cr_assert_eq(roster_barrier_set(a.peer.safe_point, "x", rst_load(&now), ROSTER_BARRIER_FOREVER),
                 0);
    an_hour_later();
    pass_ms(1);
    UNTIL(state(&a).abandoned != 0);
    steps(100);
    known = state(&a);
    cr_expect_eq(known.abandoned, 1u, "the barrier is at the limit, not older");
    cr_expect_eq(known.abandoned_holder.kind, ROSTER_BLOCKER_SERVER);
    cr_expect_str_eq(known.abandoned_holder.name, "b");
    cr_expect_eq(known.abandoned_holder.ts, b.start);
    cr_expect_eq(known.abandoned_mode, ROSTER_ABANDONED_WARN);
    cr_expect_eq(known.abandoned_ms, LIMIT_MS);
    cr_expect_eq(a.lines, 1u);
    cr_expect_eq(events(&a, "too old", "b"), 1u);
    cr_expect_eq(stored_number(store, LINE), 0u);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0);
    cr_assert_eq(roster_txn_finish(b.peer.server.session), 0);
    b.start = 0;
    UNTIL(state(&a).txn_blocker.kind == ROSTER_BLOCKER_BARRIER && state(&a).abandoned == 0);
    cr_expect_eq(roster_barrier_delete(a.peer.safe_point, "x"), 0);
    cluster_stop();
}

/* A server that was not set to give up keeps what it holds, whatever leads. */
/* Its key goes on behind a NUL, as no call here writes it. */
Test(abandoned, the_name_is_not_that_of_another_barrier)
{
    static const char key[] = "/roster/safepoint/barrier/x\0y";
    struct roster_store_op put = roster_store_put((struct roster_store_bytes){key, sizeof(key) - 1},
                                                  roster_store_text("1000"), 0);
    struct roster_store_txn txn = {.success = &put, .n_success = 1};

    cluster_start(ROSTER_ABANDONED_WARN, ROSTER_ABANDONED_WARN);
    cr_assert_eq(roster_store_txn(store, &txn, 10000, NULL), 0);
    an_hour_later();
    UNTIL(state(&a).abandoned == 1);
    cr_expect_str_eq(state(&a).abandoned_holder.name, "x?y");
    cluster_stop();
}

Test(abandoned, a_server_in_another_mode_is_asked_in_vain_and_named)
{
    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_OFF);
    hold(&b);
    an_hour_later();
    UNTIL(state(&a).passed_servers == 1 && state(&a).abandoned == 1);
    steps(100);
    cr_expect_gt(stored_number(store, LINE), b.start);
    cr_expect_str_eq(state(&a).abandoned_holder.name, "b");
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0);
    cr_expect_eq(stats(&b).given_up, 0u);
    cr_expect_leq(state(&a).txn, b.start);
    cr_expect_eq(state(&a).passed_servers, 1u, "it was asked once");
    cr_expect_eq(a.lines, 1u);
    cluster_stop();
}

Test(abandoned, an_old_barrier_without_an_end_is_deleted_and_others_stay)
{
    uint64_t old, later;

    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_PASS);
    old = rst_load(&now);
    UNTIL(state(&a).txn == old);
    cr_assert_eq(roster_barrier_set(a.peer.safe_point, "old", old, ROSTER_BARRIER_FOREVER), 0);
    cr_assert_eq(roster_barrier_set(b.peer.safe_point, "older", old, ROSTER_BARRIER_FOREVER), 0);
    pass_ms(1);
    later = rst_load(&now);
    cr_assert_eq(roster_barrier_set(a.peer.safe_point, "ends", later, 600000), 0);
    pass_ms(1);
    steps(20);
    cr_expect_eq(state(&a).txn, old);
    an_hour_later();
    UNTIL(state(&a).txn == later);
    steps(50);
    cr_expect_eq(state(&a).txn, later, "one with a time to live is not passed");
    cr_expect_eq(roster_barrier_delete(a.peer.safe_point, "old"), -ENOENT);
    cr_expect_eq(roster_barrier_delete(a.peer.safe_point, "older"), -ENOENT);
    cr_expect_eq(roster_barrier_set(a.peer.safe_point, "old", old, ROSTER_BARRIER_FOREVER),
                 -ESTALE);
    cr_expect_eq(state(&a).passed_barriers, 2u);
    cr_expect_eq(events(&a, "deleted", "old"), 1u);
    cr_expect_eq(events(&a, "deleted", "older"), 1u);
    cr_expect_eq(a.lines, 2u);
    cr_expect_eq(state(&a).abandoned, 0u);
    cr_expect_eq(roster_barrier_delete(a.peer.safe_point, "ends"), 0);
    UNTIL(state(&a).gc > later);
    cluster_stop();
}

/* Its time begins when it is set or moved, at whatever timestamp. */
Test(abandoned, a_young_barrier_at_an_old_timestamp_stays)
{
    uint64_t old;

    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_PASS);
    old = rst_load(&now);
    UNTIL(state(&a).txn == old);
    pass_ms(1);
    an_hour_later();
    cr_assert_eq(roster_barrier_set(a.peer.safe_point, "x", old, ROSTER_BARRIER_FOREVER), 0);
    steps(50);
    cr_expect_eq(state(&a).txn, old);
    cr_expect_eq(state(&a).passed_barriers, 0u);
    cr_expect_eq(roster_barrier_set(a.peer.safe_point, "x", old, ROSTER_BARRIER_FOREVER), 0);
    an_hour_later();
    UNTIL(state(&a).passed_barriers == 1);
    cr_expect_eq(roster_barrier_delete(a.peer.safe_point, "x"), -ENOENT);
    cluster_stop();
}

static struct store_kind kind;
static const struct store_kind *real;
static bool moved;

/* Just before the leader deletes the barrier, its owner moves it. */
static int move_first(struct roster_store *at, const struct roster_store_txn *txn, int64_t deadline,
                      struct roster_store_txn_result **result)
{
    if (!moved && txn->n_success == 1 &&
        bytes_are(txn->success[0].keys.key, "/roster/safepoint/barrier/x")) {
        moved = true;
        cr_assert_eq(
            roster_barrier_set(b.peer.safe_point, "x", rst_load(&now), ROSTER_BARRIER_FOREVER), 0);
    }
    return real->txn(at, txn, deadline, result);
}

Test(abandoned, a_barrier_that_was_moved_since_it_was_read_stays)
{
    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_PASS);
    UNTIL(state(&a).txn != 0);
    cr_assert_eq(roster_barrier_set(a.peer.safe_point, "x", rst_load(&now), ROSTER_BARRIER_FOREVER),
                 0);
    pass_ms(1);
    kind = *store->kind;
    real = store->kind;
    kind.txn = move_first;
    store->kind = &kind;
    an_hour_later();
    UNTIL(moved);
    steps(50);
    cr_expect_eq(state(&a).passed_barriers, 0u);
    cr_expect_eq(roster_barrier_delete(a.peer.safe_point, "x"), 0);
    store->kind = real;
    cluster_stop();
}

/* No server gives up what is younger than its own limit, whatever stands in the store. */
Test(abandoned, g8_a_line_from_the_store_is_followed_as_far_as_the_own_limit_goes)
{
    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_PASS);
    hold(&b);
    put_number(store, LINE, rst_load(&now));
    steps(50);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0, "it is young");
    put_text(store, LINE, "garbage");
    steps(50);
    put_number(store, LINE, ABSURD);
    UNTIL(state(&b).rejected == 1);
    cr_expect_str_eq(state(&b).rejected_key, LINE);
    cr_expect_eq(state(&b).rejected_value, ABSURD);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0);
    cr_expect_eq(stats(&b).fences, 0u);
    cr_expect_eq(stats(&b).given_up, 0u);
    cr_expect_leq(state(&a).txn, b.start);
    /* And a leader that asks writes over it. */
    put_text(store, LINE, "garbage");
    an_hour_later();
    UNTIL(state(&a).gc > b.start);
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    cluster_stop();
}

/* No server follows such a line, so none was asked by it. */
Test(abandoned, a_line_that_no_leader_can_have_written_is_written_over)
{
    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_PASS);
    hold(&b);
    put_number(store, LINE, ABSURD);
    an_hour_later();
    UNTIL(state(&a).gc > b.start);
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    cr_expect_leq(stored_number(store, LINE), rst_load(&now));
    cluster_stop();
}

/* By the clock that goes on: a leader that has just begun knows nothing that is
 * too old, even when the wall clock is set forwards. */
Test(abandoned, a_step_of_the_wall_clock_passes_nothing)
{
    cluster_start(ROSTER_ABANDONED_PASS, ROSTER_ABANDONED_PASS);
    hold(&b);
    pass_ms(100 * LIMIT_MS);
    steps(100);
    cr_expect_eq(state(&a).abandoned, 0u);
    cr_expect_eq(stored_number(store, LINE), 0u);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0);
    cluster_stop();
}

/* In any mode: a transaction that was lost with a lease, and is still open, holds nothing. */
Test(abandoned, g8_what_was_lost_with_a_lease_holds_no_record)
{
    uint64_t later;

    cluster_start(ROSTER_ABANDONED_OFF, ROSTER_ABANDONED_OFF);
    hold(&b);
    cr_assert_eq(roster_store_lease_revoke(store, stats(&b).lease, 1000), 0);
    pass_ms(10);
    later = rst_load(&now);
    while (stored_number(store, TXN) < later) { /* b is frozen */
        peer_run(&a.peer);
        sleep_ms(1);
    }
    UNTIL(stats(&b).registrations == 2);
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    pass_ms(10);
    UNTIL(stored_number(store, GC) > later);
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    cluster_stop();
}

static void thread_start(struct node *node, const char *id, struct roster_oracle_local *clock)
{
    struct roster_safe_point_options options = {.size = sizeof(options),
                                                .any_life_time = true,
                                                .interval_ms = 10,
                                                .oracle = roster_oracle_local_allocate,
                                                .oracle_arg = clock,
                                                .abandoned = ROSTER_ABANDONED_PASS,
                                                .abandoned_ms = 50};
    struct roster_syncer_options syncer = server_options(id);

    memset(node, 0, sizeof(*node));
    syncer.interval_ms = 10;
    server_create(&node->peer.server, store, &syncer, 0);
    cr_assert_eq(roster_syncer_start(node->peer.server.syncer), 0);
    server_wait_for(&node->peer.server, ROSTER_SYNCER_LIVE);
    options.syncer = node->peer.server.syncer;
    cr_assert_eq(roster_safe_point_create(store, &options, &node->peer.safe_point), 0);
    cr_assert_eq(roster_safe_point_start(node->peer.safe_point), 0);
}

static void thread_stop(struct node *node)
{
    roster_safe_point_destroy(node->peer.safe_point);
    cr_assert_eq(roster_txn_finish(node->peer.server.session), 0);
    server_destroy(&node->peer.server);
}

/* With threads and by clocks that go: each server in turn holds what is passed. */
Test(abandoned, g8_threads_pass_what_either_server_holds)
{
    struct roster_oracle_local *clock = NULL;
    struct node *holder[] = {&a, &b};

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_oracle_local_create(&clock), 0);
    thread_start(&a, "a", clock);
    thread_start(&b, "b", clock);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(roster_txn_begin(holder[i]->peer.server.session, &holder[i]->start), 0);
        for (int64_t end = now_ms() + 20000;
             roster_gc_safe_point(a.peer.safe_point) <= holder[i]->start; sleep_ms(1)) {
            expect_told(&holder[i]->peer);
            cr_assert_lt(now_ms(), end, "it is not passed");
        }
        cr_expect_eq(roster_txn_check(holder[i]->peer.server.session), -ESTALE);
        cr_expect_geq(stats(holder[i]).given_up, 1u);
        cr_expect_eq(stats(holder[i]).rejected, 0u, "%s", stats(holder[i]).rejected_key);
    }
    thread_stop(&b);
    thread_stop(&a);
    roster_store_close(store);
    roster_oracle_local_destroy(clock);
}

/* No more samples than there is room for, and never one that is too young. */
Test(abandoned, a_leader_keeps_as_many_samples_as_it_needs)
{
    int64_t age = (int64_t)LIMIT_MS * STORE_NS_PER_MS;
    struct roster_safe_point *leader;
    unsigned n, i;

    cluster_start(ROSTER_ABANDONED_WARN, ROSTER_ABANDONED_OFF);
    leader = a.peer.safe_point;
    for (n = 0; n < 200; n++) {
        pthread_mutex_lock(&leader->lock);
        for (i = 0; i < leader->n_samples; i++)
            leader->samples[i].at -= age / 50;
        pthread_mutex_unlock(&leader->lock);
        pass_ms(1);
        cr_assert_eq(roster_safe_point_round(leader, NULL, NULL), 0);
        cr_assert_leq(leader->n_samples, (unsigned)SAFE_POINT_SAMPLES + 2);
        for (i = 1; i < leader->n_samples; i++)
            cr_assert_lt(leader->samples[i - 1].now, leader->samples[i].now);
    }
    cr_expect_leq(leader->samples[0].at, rst_store_boottime_ns() - age);
    cr_expect_gt(leader->samples[0].at, rst_store_boottime_ns() - age - age / 8);
    cluster_stop();
}

Test(abandoned, options_out_of_range_are_refused)
{
    struct roster_safe_point_options options = ROSTER_SAFE_POINT_OPTIONS_INIT;
    struct roster_safe_point *safe_point = NULL;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    options.abandoned = (enum roster_abandoned)3;
    cr_expect_eq(roster_safe_point_create(store, &options, &safe_point), -EINVAL);
    options.abandoned = ROSTER_ABANDONED_PASS;
    options.abandoned_ms = 599999;
    cr_expect_eq(roster_safe_point_create(store, &options, &safe_point), -EINVAL);
    options.abandoned_ms = UINT64_C(31536000001);
    cr_expect_eq(roster_safe_point_create(store, &options, &safe_point), -EINVAL);
    options.abandoned_ms = 600000;
    cr_assert_eq(roster_safe_point_create(store, &options, &safe_point), 0);
    roster_safe_point_destroy(safe_point);
    options.abandoned_ms = 0;
    cr_assert_eq(roster_safe_point_create(store, &options, &safe_point), 0);
    cr_expect_eq(safe_point_state(safe_point).abandoned_ms, 86400000u);
    roster_safe_point_destroy(safe_point);
    roster_store_close(store);
}
