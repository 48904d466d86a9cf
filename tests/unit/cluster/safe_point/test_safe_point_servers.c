/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Safe points of several servers: who leads, who blocks, and whose acknowledgement is awaited. */

#include "../server.h"
#include "cluster/syncer/syncer.h"
#include "store/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <roster/safe_point.h>
#include <roster/timestamp.h>

#define TXN "/roster/safepoint/txn"
#define GC "/roster/safepoint/gc"
#define ACK_OF_B "/roster/server/ack/b"

/* A server with safe points of its own, without life time. */
struct node {
    struct server server;
    struct roster_safe_point *safe_point;
    struct roster_oracle_local *clock;
};

static void node_start(struct node *node, struct store_fixture *f, const char *id, bool threaded)
{
    struct roster_safe_point_options options = {
        .size = sizeof(options), .any_life_time = true, .interval_ms = 20};

    if (threaded)
        server_join_threaded(&node->server, f, id);
    else
        server_join(&node->server, f, id);
    cr_assert_eq(roster_oracle_local_create(&node->clock), 0);
    options.syncer = node->server.syncer;
    options.oracle = roster_oracle_local_allocate;
    options.oracle_arg = node->clock;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &node->safe_point), 0);
    if (threaded)
        cr_assert_eq(roster_safe_point_start(node->safe_point), 0);
}

static void node_stop(struct node *node)
{
    roster_safe_point_destroy(node->safe_point);
    server_destroy(&node->server);
    roster_oracle_local_destroy(node->clock);
}

static struct roster_safe_point_state state_of(struct node *node)
{
    return safe_point_state(node->safe_point);
}

/* By run_once, until the server has acknowledged the txn safe point that stands in the store. */
static void run_until_acknowledged(struct roster_store *store, struct node *node)
{
    uint64_t txn = stored_number(store, TXN);

    for (int i = 0; state_of(node).acknowledged < txn; i++) {
        cr_assert_lt(i, 10000);
        cr_assert_eq(roster_safe_point_run_once(node->safe_point, NULL), 0);
        cr_assert_eq(roster_syncer_run_once(node->server.syncer, NULL), 0);
        sleep_ms(1);
    }
}

static void wait_for_gc_above(struct node *node, uint64_t ts)
{
    for (int i = 0; roster_gc_safe_point(node->safe_point) <= ts; i++) {
        cr_assert_lt(i, 20000, "the gc safe point stays at %" PRIu64,
                     roster_gc_safe_point(node->safe_point));
        sleep_ms(1);
    }
}

/* Neither may lead yet on a busy machine, or the other one since the first was asked. */
static void wait_for_one_leader(struct node *a, struct node *b)
{
    for (int i = 0; state_of(a).leads == state_of(b).leads; i++) {
        cr_assert_lt(i, 2000, "not one of them leads");
        sleep_ms(5);
    }
}

STORE_TEST(the_safe_points_follow_the_servers_and_stop_at_an_open_transaction)
{
    struct roster_safe_point_state state;
    struct node a, b;
    char line[400];
    uint64_t ts;

    node_start(&a, f, "a", true);
    node_start(&b, f, "b", true);
    cr_assert_eq(roster_txn_begin(b.server.session, &ts), 0);
    sleep_ms(300);
    cr_assert_leq(roster_txn_safe_point(a.safe_point), ts);
    cr_assert_leq(roster_gc_safe_point(a.safe_point), ts);
    cr_assert_eq(roster_txn_check(b.server.session), 0, "the txn safe point is inclusive");
    wait_for_one_leader(&a, &b);
    for (int i = 0; i < 2000; i++) {
        state = state_of(state_of(&a).leads ? &a : &b);
        if (state.txn_blocker.kind == ROSTER_BLOCKER_SERVER && state.txn_blocker.session_id != 0 &&
            strcmp(state.txn_blocker.name, "b") == 0)
            break;
        sleep_ms(5);
    }
    cr_assert_str_eq(state.txn_blocker.name, "b");
    cr_assert_eq(state.txn_blocker.ts, ts);
    cr_assert_eq(state.txn_blocker.session_id, roster_session_id(b.server.session));
    cr_assert_str_eq(state.txn_blocker.holder, "transaction");
    roster_blocker_describe(&state.txn_blocker, line, sizeof(line));
    cr_assert(strstr(line, "server b") != NULL && strstr(line, "transaction of session") != NULL,
              "%s", line);
    roster_txn_finish(b.server.session);
    wait_for_gc_above(&a, ts);
    wait_for_gc_above(&b, ts);
    node_stop(&a);
    node_stop(&b);
}

/* The server is woken after its lease has ended: its acknowledgement went with that, so the leader
 * may have passed it, and no server has lied. */
STORE_TEST(g8_what_is_collected_after_the_lease_has_ended_is_no_lie)
{
    uint64_t start, later;
    struct node a;

    node_start(&a, f, "a", false);
    cr_assert_eq(roster_txn_begin(a.server.session, &start), 0);
    for (int i = 0; !state_of(&a).acknowledged; i++) {
        cr_assert_lt(i, 10000);
        run_until_acknowledged(f->store, &a);
        sleep_ms(1);
    }
    sleep_ms(3);
    cr_assert_eq(roster_oracle_local_allocate(a.clock, &later), 0);
    cr_assert_gt(later, start);
    server_next_tick(&a.server);
    server_next_tick(&a.server);
    pthread_mutex_lock(&a.server.syncer->lock);
    a.server.syncer->deadline = rst_store_boottime_ns() - 1;
    pthread_mutex_unlock(&a.server.syncer->lock);
    cr_assert_eq(roster_store_lease_revoke(f->store, server_stats(&a.server).lease, 1000), 0);
    put_number(f->store, TXN, later);
    put_number(f->store, GC, later);
    for (int i = 0; roster_gc_safe_point(a.safe_point) < later; i++) {
        cr_assert_lt(i, 10000);
        cr_assert_eq(roster_safe_point_run_once(a.safe_point, NULL), 0);
        sleep_ms(1);
    }
    cr_expect_eq(roster_txn_check(a.server.session), -ESTALE);
    server_run_until(&a.server, ROSTER_SYNCER_LIVE);
    cr_expect_eq(roster_txn_check(a.server.session), -ESTALE);
    cr_expect_eq(server_stats(&a.server).rejected, 0, "%s", server_stats(&a.server).rejected_key);
    cr_expect_eq(state_of(&a).rejected, 0, "%s", state_of(&a).rejected_key);
    roster_txn_finish(a.server.session);
    node_stop(&a);
}

STORE_TEST(another_server_leads_when_the_leader_stops_or_dies)
{
    struct node a, b, c;
    uint64_t gc;

    node_start(&a, f, "a", true);
    while (!state_of(&a).leads)
        sleep_ms(1);
    node_start(&b, f, "b", true);
    node_start(&c, f, "c", true);
    sleep_ms(50);
    cr_assert(!state_of(&b).leads && !state_of(&c).leads);
    cr_assert_eq(roster_safe_point_stop(a.safe_point), 0);
    while (!state_of(&b).leads && !state_of(&c).leads)
        sleep_ms(1);
    cr_assert(!state_of(&a).leads);
    for (int i = 0; strcmp(state_of(&c).leader, state_of(&b).leads ? "b" : "c") != 0; i++) {
        cr_assert_lt(i, 10000, "c takes \"%s\" for the leader", state_of(&c).leader);
        sleep_ms(1);
    }
    /* As if dead: its lease is not kept any more, and it does not resign. */
    cr_assert_eq(
        roster_store_lease_revoke(
            f->store, server_stats(state_of(&b).leads ? &b.server : &c.server).lease, 10000),
        0);
    gc = roster_gc_safe_point(b.safe_point);
    wait_for_gc_above(&b, gc + roster_ts_compose(1, 0));
    wait_for_gc_above(&c, gc + roster_ts_compose(1, 0));
    node_stop(&a);
    node_stop(&b);
    node_stop(&c);
}

STORE_TEST(gc_waits_for_the_acknowledgement_of_every_live_server)
{
    struct roster_safe_point_result txn = {.size = sizeof(txn)}, gc = {.size = sizeof(gc)};
    struct node a, b;
    char text[400];
    uint64_t old;

    node_start(&a, f, "a", false);
    node_start(&b, f, "b", false);
    cr_assert_eq(roster_safe_point_round(a.safe_point, NULL, NULL), 0);
    run_until_acknowledged(f->store, &b);
    old = stored_number(f->store, "/roster/server/ack/b");
    cr_assert_neq(old, 0);
    cr_assert_eq(old, state_of(&b).acknowledged);
    server_next_tick(&a.server);
    server_next_tick(&b.server);
    cr_assert_eq(roster_syncer_report(a.server.syncer), 0);
    cr_assert_eq(roster_syncer_report(b.server.syncer), 0);
    cr_assert_eq(roster_safe_point_round(a.safe_point, &txn, &gc), 0);
    cr_assert_gt(txn.after, old);
    cr_assert_eq(gc.after, old, "as far as all have acknowledged");
    cr_assert_eq(gc.blocker.kind, ROSTER_BLOCKER_ACK);
    roster_blocker_describe(&gc.blocker, text, sizeof(text));
    cr_assert(strstr(text, "has acknowledged") != NULL, "%s", text);
    run_until_acknowledged(f->store, &a);
    cr_assert_eq(roster_safe_point_round(a.safe_point, &txn, &gc), 0);
    cr_assert_eq(gc.blocker.kind, ROSTER_BLOCKER_ACK);
    cr_assert_str_eq(gc.blocker.name, "b", "a has acknowledged by now");
    /* Nothing but the end of its lease removes a server. */
    cr_assert_eq(roster_store_lease_revoke(f->store, server_stats(&b.server).lease, 10000), 0);
    for (int i = 0; gc.after <= old; i++) {
        cr_assert_lt(i, 1000);
        run_until_acknowledged(f->store, &a);
        cr_assert_eq(roster_safe_point_round(a.safe_point, &txn, &gc), 0);
    }
    node_stop(&a);
    node_stop(&b);
}

STORE_TEST(g8_a_server_that_comes_back_acknowledges_nothing_below_the_gc_safe_point)
{
    struct roster_safe_point_result txn = {.size = sizeof(txn)}, gc = {.size = sizeof(gc)};
    struct node a, b;
    uint64_t old;

    node_start(&a, f, "a", false);
    node_start(&b, f, "b", false);
    cr_assert_eq(roster_safe_point_round(a.safe_point, NULL, NULL), 0);
    run_until_acknowledged(f->store, &b);
    old = stored_number(f->store, ACK_OF_B);
    cr_assert_eq(roster_store_lease_revoke(f->store, server_stats(&b.server).lease, 10000), 0);
    for (int i = 0; stored_number(f->store, GC) <= old; i++) {
        cr_assert_lt(i, 1000);
        sleep_ms(1);
        cr_assert_eq(roster_syncer_report(a.server.syncer), 0);
        run_until_acknowledged(f->store, &a);
        cr_assert_eq(roster_safe_point_round(a.safe_point, &txn, &gc), 0);
    }
    server_until_live(&b.server, 2);
    cr_assert_eq(roster_txn_safe_point(b.safe_point), old, "it has not looked yet");
    cr_assert_eq(roster_safe_point_run_once(b.safe_point, NULL), 0);
    cr_assert_geq(stored_number(f->store, ACK_OF_B), stored_number(f->store, GC));
    cr_assert_geq(roster_txn_safe_point(b.safe_point), stored_number(f->store, GC));
    node_stop(&a);
    node_stop(&b);
}
