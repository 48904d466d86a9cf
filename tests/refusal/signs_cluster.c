/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Signs of a cluster: two servers on one store, of which either may be refused its calls, and
 * somebody who writes into it.
 */
#include "refuse.h"
#include "signs.h"
#include "cluster/safe_point/safe_point.h"
#include "store/base/clock.h"
#include "store/base/kind.h"
#include "unit/cluster/peer.h"

#include <roster/barrier.h>
#include <roster/error.h>
#include <roster/safe_point.h>
#include <roster/timestamp.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TXN "/roster/safepoint/txn"
#define LEADER "/roster/safepoint/leader"
#define ABSURD (ROSTER_TS_MAX - 1)

/* A server that may be refused its calls of the store. */
struct node {
    struct peer peer; /* first */
    struct roster_oracle_local *clock;
    bool txn_fails, lease_fails;
    int error;
};

static struct roster_store *store;
static struct node a, b;
static struct store_kind kind;
static const struct store_kind *real;

static int txn_or_error(struct roster_store *at, const struct roster_store_txn *txn,
                        int64_t deadline, struct roster_store_txn_result **result)
{
    const struct node *running = (const struct node *)peer_running;

    return running && running->txn_fails ? running->error : real->txn(at, txn, deadline, result);
}

static int lease_or_error(struct roster_store *at, const struct store_lease_call *call,
                          int64_t deadline, struct roster_store_lease *lease)
{
    const struct node *running = (const struct node *)peer_running;

    return running && running->lease_fails ? running->error
                                           : real->lease(at, call, deadline, lease);
}

static void store_open(void)
{
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    kind = *store->kind;
    real = store->kind;
    kind.txn = txn_or_error;
    kind.lease = lease_or_error;
    store->kind = &kind;
}

static void node_create(struct node *node, const char *id, uint32_t report_ms)
{
    struct roster_safe_point_options options = {
        .size = sizeof(options), .any_life_time = true, .interval_ms = 10};
    struct roster_syncer_options syncer = server_options(id);

    node->error = -EHOSTUNREACH;
    syncer.interval_ms = report_ms;
    syncer.keep_alive_ms = 10;
    server_create(&node->peer.server, store, &syncer, 0);
    cr_assert_eq(roster_oracle_local_create(&node->clock), 0);
    options.syncer = node->peer.server.syncer;
    options.oracle = roster_oracle_local_allocate;
    options.oracle_arg = node->clock;
    cr_assert_eq(roster_safe_point_create(store, &options, &node->peer.safe_point), 0);
}

static struct roster_syncer_stats stats(const struct node *node)
{
    return peer_stats(&node->peer);
}

static struct roster_safe_point_state state(const struct node *node)
{
    return peer_state(&node->peer);
}

#define UNTIL(condition) PEERS_UNTIL(condition, &a.peer, &b.peer)

static void node_join(struct node *node, const char *id, uint32_t report_ms)
{
    node_create(node, id, report_ms);
    UNTIL(stats(node).state == ROSTER_SYNCER_LIVE);
}

static void node_destroy(struct node *node)
{
    if (node->peer.safe_point) {
        roster_safe_point_destroy(node->peer.safe_point);
        (void)roster_txn_finish(node->peer.server.session);
        server_destroy(&node->peer.server);
        roster_oracle_local_destroy(node->clock);
    }
    memset(node, 0, sizeof(*node));
}

/* a leads, b lives. */
static void cluster_start(uint32_t b_reports_ms)
{
    store_open();
    node_join(&a, "a", 10);
    UNTIL(state(&a).leads);
    node_join(&b, "b", b_reports_ms);
}

static void cluster_stop(void)
{
    node_destroy(&b);
    node_destroy(&a);
    roster_store_close(store);
}

static void show_state(const struct node *node)
{
    shown("lease_state:%s", roster_syncer_state_name(stats(node).state));
}

static void show_blocker(const char *which, const struct roster_blocker *blocker)
{
    char text[1024];

    shown("%s:%s", which, roster_blocker_describe(blocker, text, sizeof(text)));
}

static void show_txn_blocker(void)
{
    struct roster_safe_point_state now = state(&a);

    show_blocker("txn_blocker", &now.txn_blocker);
}

/* The safe points follow now. */
static void expect_moving(void)
{
    uint64_t txn = state(&a).txn, gc = state(&a).gc;

    UNTIL(state(&a).txn > txn && state(&a).gc > gc);
}

#define TXN_BLOCKER_IS(wanted, id)                                                                 \
    (state(&a).txn_blocker.kind == (wanted) && !strcmp(state(&a).txn_blocker.name, (id)))

static void well(void)
{
    cluster_start(10);
    expect_moving();
    show_state(&b);
    shown("fenced:%d", stats(&b).state != ROSTER_SYNCER_LIVE);
    cluster_stop();
}

static void txn_held(void)
{
    uint64_t start;

    cluster_start(10);
    cr_assert_eq(roster_txn_begin(b.peer.server.session, &start), 0);
    UNTIL(TXN_BLOCKER_IS(ROSTER_BLOCKER_SERVER, "b") && state(&a).txn == start &&
          state(&a).txn_blocker.session_id != 0);
    show_txn_blocker();
    cr_expect_eq(state(&a).txn_blocker.session_id, roster_session_id(b.peer.server.session));
    cr_assert_eq(roster_txn_finish(b.peer.server.session), 0);
    expect_moving();
    cluster_stop();
}

static void pin_held(void)
{
    struct roster_pin *pin;

    cluster_start(10);
    cr_assert_eq(
        roster_pin_acquire(b.peer.server.roster, b.peer.server.session, 0, ROSTER_PIN_CURSOR, &pin),
        0);
    UNTIL(TXN_BLOCKER_IS(ROSTER_BLOCKER_SERVER, "b") && state(&a).txn_blocker.pin_id != 0);
    show_txn_blocker();
    cr_assert_eq(roster_pin_release(pin), 0);
    expect_moving();
    cluster_stop();
}

/* It reports once a minute. */
static void idle_server(void)
{
    uint64_t txn, gc;

    cluster_start(60000);
    UNTIL(TXN_BLOCKER_IS(ROSTER_BLOCKER_SERVER, "b") && state(&a).txn_blocker.session_id == 0 &&
          state(&a).txn_blocker.age_ms > 0);
    cr_expect_lt(state(&a).txn_blocker.age_ms, 60000u);
    show_txn_blocker();
    /* Where its lease expires, on a busy machine, it comes back and reports once more. */
    txn = state(&a).txn;
    gc = state(&a).gc;
    UNTIL(!roster_syncer_report(b.peer.server.syncer) && state(&a).txn > txn && state(&a).gc > gc);
    cluster_stop();
}

static void silent_server(void)
{
    uint64_t age;

    cluster_start(10);
    b.txn_fails = true;
    UNTIL(TXN_BLOCKER_IS(ROSTER_BLOCKER_SERVER, "b") && stats(&b).report_failures >= 2);
    show_txn_blocker();
    age = state(&a).txn_blocker.age_ms;
    UNTIL(state(&a).txn_blocker.age_ms > age + 10);
    cr_expect_eq(stats(&b).state, ROSTER_SYNCER_LIVE, "its lease is kept");
    cr_expect_eq(stats(&b).last_error, -EHOSTUNREACH);
    b.txn_fails = false;
    expect_moving();
    cluster_stop();
}

static void dead_server(void)
{
    cluster_start(10);
    b.peer.stopped = true;
    UNTIL(TXN_BLOCKER_IS(ROSTER_BLOCKER_SERVER, "b"));
    show_txn_blocker();
    cr_assert_eq(roster_store_lease_revoke(store, stats(&b).lease, 1000), 0);
    expect_moving();
    cluster_stop();
}

static void barrier(void)
{
    cluster_start(10);
    UNTIL(state(&a).txn != 0);
    cr_assert_eq(roster_barrier_set(a.peer.safe_point, "x", state(&a).txn, ROSTER_BARRIER_FOREVER),
                 0);
    UNTIL(TXN_BLOCKER_IS(ROSTER_BLOCKER_BARRIER, "x"));
    show_txn_blocker();
    cr_assert_eq(roster_barrier_delete(a.peer.safe_point, "x"), 0);
    expect_moving();
    cluster_stop();
}

/* Longer ago than is accepted, the leader's oracle gave what comes after `ts`. */
static void grow_old(enum roster_abandoned mode, uint64_t ts)
{
    struct roster_safe_point *leader = a.peer.safe_point;
    int64_t revision = store_revision(store);

    b.peer.safe_point->options.abandoned_ms = 1;
    leader->options.abandoned = mode;
    pthread_mutex_lock(&leader->lock);
    leader->n_samples = 1;
    leader->samples[0].now = ts + 1;
    leader->samples[0].revision = revision;
    leader->samples[0].at =
        rst_store_boottime_ns() - ((int64_t)leader->options.abandoned_ms + 1) * STORE_NS_PER_MS;
    pthread_mutex_unlock(&leader->lock);
}

/* A barrier, which both servers have reported more than. */
static uint64_t set_barrier(void)
{
    uint64_t ts;

    cluster_start(10);
    UNTIL(state(&a).txn != 0);
    ts = state(&a).txn;
    cr_assert_eq(roster_barrier_set(a.peer.safe_point, "x", ts, ROSTER_BARRIER_FOREVER), 0);
    UNTIL(stats(&a).record > ts && stats(&b).record > ts);
    return ts;
}

/* A transaction of the second server, which the first has reported more than. */
static uint64_t begin(void)
{
    uint64_t start;

    cluster_start(10);
    cr_assert_eq(roster_txn_begin(b.peer.server.session, &start), 0);
    UNTIL(stats(&a).record > start && state(&a).txn == start);
    return start;
}

static void abandoned(void)
{
    grow_old(ROSTER_ABANDONED_WARN, set_barrier());
    UNTIL(!strcmp(state(&a).abandoned_holder.name, "x"));
    shown("abandoned");
    shown("abandoned_holder:x");
    cr_assert_eq(roster_barrier_delete(a.peer.safe_point, "x"), 0);
    expect_moving();
    UNTIL(state(&a).abandoned == 0);
    cluster_stop();
}

static void passed_barrier(void)
{
    grow_old(ROSTER_ABANDONED_PASS, set_barrier());
    UNTIL(state(&a).passed_barriers == 1);
    shown("passed_barriers");
    shown("passed:x");
    cr_expect_str_eq(state(&a).passed.name, "x");
    cr_expect_eq(roster_barrier_delete(a.peer.safe_point, "x"), -ENOENT);
    expect_moving();
    cluster_stop();
}

static void asked_in_vain(void)
{
    grow_old(ROSTER_ABANDONED_PASS, begin());
    UNTIL(state(&a).passed_servers == 1 && !strcmp(state(&a).abandoned_holder.name, "b"));
    shown("abandoned_holder:b");
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0);
    cr_assert_eq(roster_txn_finish(b.peer.server.session), 0);
    expect_moving();
    cluster_stop();
}

static void given_up(void)
{
    uint64_t start = begin();

    b.peer.safe_point->options.abandoned = ROSTER_ABANDONED_PASS;
    grow_old(ROSTER_ABANDONED_PASS, start);
    UNTIL(stats(&b).given_up == 1);
    shown("passed_servers");
    shown("given_up");
    shown("EXPIRED");
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    cr_expect_eq(stats(&b).state, ROSTER_SYNCER_LIVE);
    expect_moving();
    cr_assert_eq(roster_txn_finish(b.peer.server.session), 0);
    cr_assert_eq(roster_txn_begin(b.peer.server.session, NULL), 0);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0, "the client begins again");
    cluster_stop();
}

static void unreadable(void)
{
    static const char key[] = "/roster/server/minstartts/x";

    cluster_start(10);
    put_text(store, key, "garbage");
    UNTIL(TXN_BLOCKER_IS(ROSTER_BLOCKER_UNREADABLE, key));
    show_txn_blocker();
    delete_key(store, key);
    expect_moving();
    cluster_stop();
}

static void unacknowledged(void)
{
    struct roster_safe_point_state now;

    cluster_start(10);
    UNTIL(state(&b).acknowledged != 0);
    b.peer.unlooked = true;
    UNTIL(state(&a).gc_blocker.kind == ROSTER_BLOCKER_ACK &&
          !strcmp(state(&a).gc_blocker.name, "b"));
    now = state(&a);
    show_blocker("gc_blocker", &now.gc_blocker);
    cr_assert_eq(roster_safe_point_stop(b.peer.safe_point), 0);
    b.peer.stopped = true;
    cr_assert_eq(roster_syncer_stop(b.peer.server.syncer, 1000), 0);
    expect_moving();
    cluster_stop();
}

/* First what a leader sees of another server, then what a server sees of itself. */
static void impossible(void)
{
    uint64_t live;

    cluster_start(10);
    UNTIL(state(&b).acknowledged != 0);
    b.peer.stopped = true;
    put_number(store, "/roster/server/ack/b", ABSURD);
    UNTIL(state(&a).txn_blocker.kind == ROSTER_BLOCKER_IMPOSSIBLE ||
          state(&a).gc_blocker.kind == ROSTER_BLOCKER_IMPOSSIBLE);
    if (state(&a).txn_blocker.kind == ROSTER_BLOCKER_IMPOSSIBLE)
        show_txn_blocker();
    else {
        struct roster_safe_point_state now = state(&a);

        show_blocker("txn_blocker", &now.gc_blocker);
    }
    delete_key(store, "/roster/server/ack/b");
    b.peer.stopped = false;
    UNTIL(stats(&b).state == ROSTER_SYNCER_LIVE);
    live = stats(&b).registrations;
    put_leased(store, "/roster/server/minstartts/b", "18446744073709551614", stats(&b).lease);
    UNTIL(stats(&b).rejected != 0 && stats(&b).registrations > live &&
          stats(&b).state == ROSTER_SYNCER_LIVE);
    cr_expect_geq(stats(&b).fences, 1u);
    shown("rejected");
    shown("rejected_key");
    cr_expect_str_eq(stats(&b).rejected_key, "/roster/server/minstartts/b");
    cr_expect_eq(stats(&b).rejected_value, ABSURD);
    cluster_stop();
}

/* The store cannot be reached, and the lease's time passes. */
static void fenced(void)
{
    cluster_start(10);
    cr_assert_eq(roster_txn_begin(b.peer.server.session, NULL), 0);
    b.txn_fails = b.lease_fails = true;
    refuse_step_boot_clock(INT64_C(3600) * 1000000000);
    UNTIL(stats(&b).state == ROSTER_SYNCER_FENCED);
    show_state(&b);
    shown("FENCED");
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    b.txn_fails = b.lease_fails = false;
    UNTIL(stats(&b).state == ROSTER_SYNCER_LIVE);
    refuse_step_boot_clock(0);
    cluster_stop();
}

static void expired(void)
{
    uint64_t fences;

    cluster_start(10);
    cr_assert_eq(roster_txn_begin(b.peer.server.session, NULL), 0);
    b.peer.stopped = true;
    cr_assert_eq(roster_store_lease_revoke(store, stats(&b).lease, 1000), 0);
    expect_moving();
    b.peer.stopped = false;
    fences = stats(&b).fences;
    UNTIL(stats(&b).fences > fences && stats(&b).state == ROSTER_SYNCER_LIVE);
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE);
    shown("EXPIRED");
    cr_assert_eq(roster_txn_finish(b.peer.server.session), 0);
    cr_assert_eq(roster_txn_begin(b.peer.server.session, NULL), 0);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0, "the client begins again");
    cluster_stop();
}

static void refused(void)
{
    store_open();
    node_join(&a, "a", 10);
    node_create(&b, "a", 10);
    UNTIL(stats(&b).state == ROSTER_SYNCER_REFUSED);
    show_state(&b);
    cr_expect_eq(stats(&b).last_error, -EEXIST);
    cr_assert_eq(roster_syncer_stop(a.peer.server.syncer, 1000), 0);
    node_destroy(&a);
    UNTIL(stats(&b).state == ROSTER_SYNCER_LIVE);
    cluster_stop();
}

static void behind(void)
{
    store_open();
    put_number(store, TXN, ABSURD);
    node_create(&b, "b", 10);
    UNTIL(stats(&b).state == ROSTER_SYNCER_BEHIND);
    show_state(&b);
    shown("rejected_key");
    cr_expect_str_eq(stats(&b).rejected_key, TXN);
    delete_key(store, TXN);
    UNTIL(stats(&b).state == ROSTER_SYNCER_LIVE);
    cluster_stop();
}

static void joining(void)
{
    store_open();
    node_create(&b, "b", 10);
    b.txn_fails = true;
    UNTIL(stats(&b).joining.times >= 3);
    show_state(&b);
    cr_expect_eq(stats(&b).state, ROSTER_SYNCER_JOINING);
    cr_expect_eq(stats(&b).last_error, -EHOSTUNREACH);
    b.txn_fails = false;
    UNTIL(stats(&b).state == ROSTER_SYNCER_LIVE);
    cluster_stop();
}

static void no_leader(void)
{
    uint64_t txn;

    cluster_start(10);
    a.txn_fails = b.txn_fails = true;
    UNTIL(state(&a).failures >= 2 && state(&b).failures >= 2);
    shown("leader:%s", state(&a).leader);
    cr_expect_str_eq(state(&b).leader, "");
    txn = stored_number(store, TXN);
    for (int i = 0; i < 50; i++)
        peers_step(&a.peer, &b.peer);
    cr_expect_eq(stored_number(store, TXN), txn, "they stand still");
    a.txn_fails = b.txn_fails = false;
    expect_moving();
    cluster_stop();
}

static void leader_by_hand(void)
{
    store_open();
    put_text(store, LEADER, "ghost");
    node_join(&a, "a", 10);
    UNTIL(state(&a).leader[0] != '\0');
    shown("leader:%s", state(&a).leader);
    cr_expect_str_eq(state(&a).leader, "ghost");
    for (int i = 0; i < 50; i++)
        peers_step(&a.peer, &b.peer);
    cr_expect_eq(stored_number(store, TXN), 1u, "no server moves them");
    delete_key(store, LEADER);
    UNTIL(state(&a).leads);
    expect_moving();
    cluster_stop();
}

static void round_failures(void)
{
    uint64_t failures;

    cluster_start(10);
    failures = state(&a).failures;
    a.txn_fails = true;
    UNTIL(state(&a).failures >= failures + 2);
    shown("round_failures:%" PRIu64, state(&a).failures);
    cr_expect_eq(state(&a).last_error, -EHOSTUNREACH);
    a.txn_fails = false;
    UNTIL(state(&a).last_error == 0);
    cluster_stop();
}

static void fences(void)
{
    cluster_start(10);
    for (uint64_t n = 1; n <= 3; n++) {
        cr_assert_eq(roster_store_lease_revoke(store, stats(&b).lease, 1000), 0);
        UNTIL(stats(&b).fences >= n && stats(&b).state == ROSTER_SYNCER_LIVE);
    }
    shown("fences:%" PRIu64, stats(&b).fences);
    cluster_stop();
}

/* Somebody restored an older state. */
static void replaced(void)
{
    uint64_t txn;

    cluster_start(10);
    UNTIL(state(&a).txn != 0);
    txn = state(&a).txn;
    put_number(store, TXN, 1);
    UNTIL(state(&a).last_error == -EREMCHG);
    cr_expect(strstr(roster_store_strerror(-EREMCHG), "replaced or deleted since it was opened") !=
              NULL);
    cr_expect_geq(state(&a).txn, txn, "what was published does not go back");
    cluster_stop();
}

/* Its store takes no writes, and keeps leases. */
static void etcd_full(void)
{
    uint64_t kept;

    cluster_start(10);
    a.txn_fails = b.txn_fails = true;
    a.error = b.error = -ENOSPC;
    UNTIL(stats(&b).report_failures >= 2 && stats(&b).last_error == -ENOSPC);
    shown("%s", "-ENOSPC");
    kept = stats(&b).keep_alives;
    UNTIL(stats(&b).keep_alives >= kept + 2);
    cr_expect_eq(stats(&b).state, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_txn_begin(b.peer.server.session, NULL), 0);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0, "it goes on serving");
    cluster_stop();
}

static void stopped(void)
{
    cluster_start(10);
    cr_assert_eq(roster_safe_point_stop(b.peer.safe_point), 0);
    cr_assert_eq(roster_syncer_stop(b.peer.server.syncer, 1000), 0);
    cr_expect_eq(stats(&b).state, ROSTER_SYNCER_STOPPED);
    b.peer.stopped = true;
    cluster_stop();
}

/* Nothing runs, and time passes. */
static void suspended(void)
{
    cluster_start(10);
    cr_assert_eq(roster_txn_begin(b.peer.server.session, NULL), 0);
    cr_expect_eq(roster_txn_check(b.peer.server.session), 0);
    refuse_step_boot_clock(INT64_C(3600) * 1000000000);
    cr_expect_eq(roster_txn_check(b.peer.server.session), -ESTALE,
                 "before anything of Roster's runs");
    refuse_step_boot_clock(0);
    cluster_stop();
}

const struct sign signs_of_a_cluster[] = {
    {"well", well},
    {"txn-held", txn_held},
    {"pin-held", pin_held},
    {"idle-server", idle_server},
    {"silent-server", silent_server},
    {"dead-server", dead_server},
    {"barrier", barrier},
    {"abandoned", abandoned},
    {"asked-in-vain", asked_in_vain},
    {"passed-barrier", passed_barrier},
    {"given-up", given_up},
    {"unreadable", unreadable},
    {"unacknowledged", unacknowledged},
    {"impossible", impossible},
    {"fenced", fenced},
    {"expired", expired},
    {"refused", refused},
    {"behind", behind},
    {"joining", joining},
    {"no-leader", no_leader},
    {"leader-by-hand", leader_by_hand},
    {"round-failures", round_failures},
    {"fences", fences},
    {"replaced", replaced},
    {"etcd-full", etcd_full},
    {"stopped", stopped},
    {"suspended", suspended},
    {NULL, NULL},
};
