/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A leader that is frozen between reading and writing: its store runs something else just before
 * it passes on the transaction that moves a safe point, or just after it has read everything.
 */

#include "../server.h"
#include "store/base/kind.h"

#include <errno.h>
#include <string.h>

#include <roster/barrier.h>
#include <roster/timestamp.h>

#define TXN "/roster/safepoint/txn"
#define GC "/roster/safepoint/gc"
#define ACK "/roster/server/ack/b"
#define READ "" /* in place of a key: after the reading */

/* What happens during that, once. */
struct freeze {
    struct store_kind kind; /* as the real one, but for txn */
    const struct store_kind *real;
    const char *key;
    void (*act)(void *arg);
    void *arg;
    unsigned times;
};

/* One for each test's process: a kind's functions have no argument of ours. */
static struct freeze freeze;

static bool moves(const struct roster_store_txn *txn, const char *key)
{
    return txn->n_compares == 1 && txn->n_success == 1 && bytes_are(txn->success[0].keys.key, key);
}

static bool reads_all(const struct roster_store_txn *txn)
{
    return strcmp(freeze.key, READ) == 0 && txn->n_compares == 0 && txn->n_success == 6;
}

static void stay_frozen(void)
{
    freeze.key = NULL;
    freeze.times++;
    freeze.act(freeze.arg);
}

/* With nothing to do, the answer to the server that writes the key is lost. */
static bool loses_answer(const struct roster_store_txn *txn)
{
    return freeze.key != NULL && freeze.act == NULL && txn->n_success != 0 &&
           bytes_are(txn->success[txn->n_success - 1].keys.key, freeze.key);
}

static int lose(struct roster_store_txn_result **result)
{
    freeze.key = NULL;
    freeze.times++;
    roster_store_free(*result);
    *result = NULL;
    return -EINPROGRESS;
}

static int frozen_txn(struct roster_store *store, const struct roster_store_txn *txn,
                      int64_t deadline, struct roster_store_txn_result **result)
{
    int err;

    if (freeze.key != NULL && moves(txn, freeze.key))
        stay_frozen();
    err = freeze.real->txn(store, txn, deadline, result);
    if (freeze.key != NULL && reads_all(txn))
        stay_frozen();
    return err == 0 && loses_answer(txn) ? lose(result) : err;
}

static int at_5000(void *arg, uint64_t *ts)
{
    (void)arg;
    *ts = 5000;
    return 0;
}

static struct roster_safe_point *leader_to_freeze(struct store_fixture *f, const char *key,
                                                  void (*act)(void *arg), void *arg)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .any_life_time = true};
    struct roster_safe_point *leader;

    /* Where the txn safe point is moved by hand, the servers' own clocks are ahead of this one. */
    options.oracle = strcmp(key, GC) == 0 ? at_5000 : NULL;
    freeze = (struct freeze){*f->store->kind, f->store->kind, key, act, arg, 0};
    freeze.kind.txn = frozen_txn;
    f->store->kind = &freeze.kind;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &leader), 0);
    return leader;
}

static void thaw(struct store_fixture *f, struct roster_safe_point *leader)
{
    struct roster_safe_point_state state = {.size = sizeof(state)};

    cr_assert_eq(freeze.times, 1, "it was frozen");
    cr_assert_eq(roster_safe_point_state(leader, &state), 0);
    cr_assert_eq(state.conflicts, 1, "what it had read was not true any more");
    roster_safe_point_destroy(leader);
    f->store->kind = freeze.real;
}

struct begin_at {
    struct server *server;
    uint64_t ts;
};

static void begin_at(void *arg)
{
    struct begin_at *begin = arg;

    cr_assert_eq(roster_txn_begin_at(begin->server->session, begin->ts), 0);
}

STORE_TEST(g2_frozen_while_a_transaction_begins_below_the_record)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct roster_safe_point *leader;
    struct begin_at begin;
    struct server server;
    uint64_t record;

    server_join(&server, f, "b");
    record = stored_number(f->store, "/roster/server/minstartts/b");
    begin = (struct begin_at){&server, roster_ts_before(record, 5000)};
    leader = leader_to_freeze(f, TXN, begin_at, &begin);
    cr_assert_eq(roster_safe_point_advance_txn(leader, record, &result), 0);
    cr_assert_eq(result.after, begin.ts, "not past the transaction");
    cr_assert_eq(stored_number(f->store, TXN), begin.ts);
    cr_assert_eq(result.blocker.kind, ROSTER_BLOCKER_SERVER);
    cr_assert_str_eq(result.blocker.name, "b");
    cr_assert_eq(roster_txn_check(server.session), 0);
    thaw(f, leader);
    server_destroy(&server);
}

struct join {
    struct store_fixture *f;
    struct server server;
};

static void join(void *arg)
{
    struct join *joins = arg;
    struct roster_syncer_options options = server_options("late");

    server_create(&joins->server, joins->f->store, &options, 5000);
    server_run_until(&joins->server, ROSTER_SYNCER_LIVE);
}

STORE_TEST(g2_frozen_while_a_server_whose_clock_is_behind_joins)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct join joins = {.f = f};
    struct roster_safe_point *leader = leader_to_freeze(f, TXN, join, &joins);

    cr_assert_eq(roster_safe_point_advance_txn(leader, 10000, &result), 0);
    cr_assert_eq(result.after, 5000, "not past what the server may begin at");
    cr_assert_str_eq(result.blocker.name, "late");
    thaw(f, leader);
    server_destroy(&joins.server);
}

static void set_barrier(void *arg)
{
    struct roster_safe_point *other;

    cr_assert_eq(roster_safe_point_create(arg, NULL, &other), 0);
    cr_assert_eq(roster_barrier_set(other, "backup", 600, ROSTER_BARRIER_FOREVER), 0);
    roster_safe_point_destroy(other);
}

STORE_TEST(g2_frozen_while_a_barrier_is_set)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct roster_safe_point *leader = leader_to_freeze(f, TXN, set_barrier, f->store);

    cr_assert_eq(roster_safe_point_advance_txn(leader, 1000, &result), 0);
    cr_assert_eq(result.after, 600, "not past the barrier");
    cr_assert_eq(result.blocker.kind, ROSTER_BLOCKER_BARRIER);
    thaw(f, leader);
}

static void lead_elsewhere(void *arg)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct roster_safe_point *other;

    cr_assert_eq(roster_safe_point_create(arg, NULL, &other), 0);
    cr_assert_eq(roster_safe_point_advance_txn(other, 1500, &result), 0);
    cr_assert_eq(roster_safe_point_advance_gc(other, 1200, &result), 0);
    roster_safe_point_destroy(other);
}

STORE_TEST(g3_frozen_while_another_leader_moves_the_txn_safe_point_further)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct roster_safe_point *leader = leader_to_freeze(f, TXN, lead_elsewhere, f->store);

    cr_assert_eq(roster_safe_point_advance_txn(leader, 1000, &result), -ERANGE);
    cr_assert_eq(result.before, 1500);
    cr_assert_eq(stored_number(f->store, TXN), 1500);
    thaw(f, leader);
}

STORE_TEST(g3_frozen_while_another_leader_moves_the_gc_safe_point_further)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct roster_safe_point *leader = leader_to_freeze(f, GC, lead_elsewhere, f->store);

    cr_assert_eq(roster_safe_point_advance_txn(leader, 1000, &result), 0);
    cr_assert_eq(roster_safe_point_advance_gc(leader, 900, &result), -ERANGE);
    cr_assert_eq(result.before, 1200);
    cr_assert_eq(stored_number(f->store, GC), 1200);
    thaw(f, leader);
}

struct learns {
    struct roster_safe_point *leader;
    struct roster_store *store;
};

static void learn_of_another_leader(void *arg)
{
    struct learns *learns = arg;

    lead_elsewhere(learns->store);
    cr_assert_eq(roster_safe_point_refresh(learns->leader), 0);
}

STORE_TEST(g3_what_is_learnt_after_the_reading_is_no_store_that_went_back)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct learns learns = {NULL, f->store};
    struct roster_safe_point *leader = leader_to_freeze(f, READ, learn_of_another_leader, &learns);

    learns.leader = leader;
    cr_assert_eq(roster_safe_point_advance_txn(leader, 2000, &result), 0);
    cr_assert_eq(result.before, 1500);
    cr_assert_eq(stored_number(f->store, TXN), 2000);
    thaw(f, leader);
}

static void acknowledge(void *arg)
{
    cr_assert_eq(roster_safe_point_run_once(arg, NULL), 0);
}

STORE_TEST(g8_frozen_while_a_server_acknowledges_for_the_first_time)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .oracle = at_5000};
    struct roster_safe_point_result txn = {.size = sizeof(txn)}, gc = {.size = sizeof(gc)};
    struct roster_syncer_options syncer = server_options("b");
    struct roster_safe_point *leader, *follower;
    struct server server;

    server_create(&server, f->store, &syncer, 5000);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    options.syncer = server.syncer;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &follower), 0);
    put_text(f->store, "/roster/safepoint/leader", "a"); /* b does nothing else */
    leader = leader_to_freeze(f, GC, acknowledge, follower);
    cr_assert_eq(roster_safe_point_advance_txn(leader, 4000, &txn), 0);
    cr_assert_eq(roster_safe_point_refresh(follower), 0);
    cr_assert_eq(roster_safe_point_round(leader, &txn, &gc), 0);
    cr_assert_eq(txn.after, 5000);
    cr_assert_eq(stored_number(f->store, ACK), 4000, "all that it knew");
    cr_assert_eq(gc.after, 4000, "not past what the server was told");
    cr_assert_eq(gc.blocker.kind, ROSTER_BLOCKER_ACK);
    cr_assert_eq(stored_number(f->store, GC), 4000);
    thaw(f, leader);
    roster_safe_point_destroy(follower);
    server_destroy(&server);
}

STORE_TEST(an_acknowledgement_of_which_nothing_was_heard_is_withdrawn_too)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .oracle = at_5000};
    struct roster_syncer_options syncer = server_options("b");
    struct roster_safe_point_state state = {.size = sizeof(state)};
    struct roster_safe_point *follower;
    struct server server;

    server_create(&server, f->store, &syncer, 5000);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    options.syncer = server.syncer;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &follower), 0);
    cr_assert_eq(roster_safe_point_refresh(follower), 0);
    freeze = (struct freeze){*f->store->kind, f->store->kind, ACK, NULL, NULL, 0};
    freeze.kind.txn = frozen_txn;
    f->store->kind = &freeze.kind;
    cr_assert_eq(roster_safe_point_run_once(follower, NULL), 0);
    cr_assert_eq(freeze.times, 1);
    f->store->kind = freeze.real;
    cr_assert(key_exists(f->store, ACK));
    cr_assert_eq(roster_safe_point_state(follower, &state), 0);
    cr_assert_eq(state.acknowledged, 0);
    cr_assert_eq(roster_safe_point_stop(follower), 0);
    cr_assert(!key_exists(f->store, ACK));
    roster_safe_point_destroy(follower);
    server_destroy(&server);
}
