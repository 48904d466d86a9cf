/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Safe points and barriers. Tests named pd_* are PD's rules, classic_* those of TiDB's classic
 * collector or Roster's departure from them.
 */

#include "config.h"

#include "../server.h"
#include "cluster/syncer/syncer.h"
#include "core/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <roster/barrier.h>
#include <roster/timestamp.h>

#define TXN "/roster/safepoint/txn"
#define GC "/roster/safepoint/gc"

static struct roster_safe_point *make(struct roster_store *store)
{
    struct roster_safe_point *safe_point;

    cr_assert_eq(roster_safe_point_create(store, NULL, &safe_point), 0);
    return safe_point;
}

static int advance_txn(struct roster_safe_point *safe_point, uint64_t target,
                       struct roster_safe_point_result *result)
{
    result->size = sizeof(*result);
    return roster_safe_point_advance_txn(safe_point, target, result);
}

static int advance_gc(struct roster_safe_point *safe_point, uint64_t target)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};

    return roster_safe_point_advance_gc(safe_point, target, &result);
}

STORE_TEST(pd_a_target_below_the_txn_safe_point_is_refused)
{
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_result result;

    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0);
    cr_assert_eq(result.before, 0);
    cr_assert_eq(result.after, 1000);
    cr_assert_eq(advance_txn(safe_point, 999, &result), -ERANGE);
    cr_assert_eq(stored_number(f->store, TXN), 1000);
    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0, "the same again is no error");
    cr_assert_eq(roster_txn_safe_point(safe_point), 1000);
    cr_assert_eq(advance_txn(safe_point, 0, &result), -EINVAL);
    cr_assert_eq(advance_txn(safe_point, UINT64_MAX, &result), -EINVAL);
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(pd_the_least_of_target_records_and_barriers_inclusive)
{
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_result result;

    put_number(f->store, "/roster/server/minstartts/x", 700);
    put_number(f->store, "/roster/server/minstartts/y", 800);
    cr_assert_eq(roster_barrier_set(safe_point, "backup", 600, ROSTER_BARRIER_FOREVER), 0);
    cr_assert_eq(advance_txn(safe_point, 500, &result), 0);
    cr_assert_eq(result.after, 500, "the target is the least");
    cr_assert_eq(result.blocker.kind, ROSTER_BLOCKER_NONE);
    cr_assert_eq(advance_txn(safe_point, 600, &result), 0);
    cr_assert_eq(result.after, 600);
    cr_assert_eq(result.blocker.kind, ROSTER_BLOCKER_NONE, "equal does not block");
    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0);
    cr_assert_eq(result.after, 600);
    cr_assert_eq(result.blocker.kind, ROSTER_BLOCKER_BARRIER);
    cr_assert_str_eq(result.blocker.name, "backup");
    cr_assert_str_eq(result.blocker.holder, "endless", "it has no lease");
    cr_assert_eq(roster_barrier_delete(safe_point, "backup"), 0);
    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0);
    cr_assert_eq(result.after, 700);
    cr_assert_eq(result.blocker.kind, ROSTER_BLOCKER_SERVER);
    cr_assert_str_eq(result.blocker.name, "x");
    cr_assert_eq(result.blocker.ts, 700);
    delete_key(f->store, "/roster/server/minstartts/x");
    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0);
    cr_assert_eq(result.after, 800);
    roster_safe_point_destroy(safe_point);
}

/* Ids are the host's to choose, of 64 bits. */
STORE_TEST(a_holder_is_named_whatever_its_id_is)
{
    static const uint64_t ids[] = {1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1};
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_holder holder = {.kind = ROSTER_HOLDER_TXN};
    struct roster_safe_point_result result;
    char json[128];

    put_number(f->store, "/roster/server/minstartts/x", 700);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        holder.session_id = ids[i];
        cr_assert_lt(rst_syncer_holder_json(&holder, json, sizeof(json)).size, sizeof(json));
        put_text(f->store, "/roster/server/holder/x", json);
        cr_assert_eq(advance_txn(safe_point, 1000 + i, &result), 0);
        cr_expect_eq(result.blocker.session_id, ids[i], "%s", json);
        cr_expect_str_eq(result.blocker.holder, "transaction", "%s", json);
    }
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(pd_a_barrier_below_the_txn_safe_point_is_refused_and_equal_is_accepted)
{
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_result result;

    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0);
    cr_assert_eq(roster_barrier_set(safe_point, "b", 999, ROSTER_BARRIER_FOREVER), -ESTALE);
    cr_assert_eq(roster_barrier_set(safe_point, "b", 1000, ROSTER_BARRIER_FOREVER), 0);
    cr_assert_eq(advance_txn(safe_point, 1001, &result), 0);
    cr_assert_eq(result.after, 1000);
    cr_assert_eq(roster_barrier_set(safe_point, "b", 999, ROSTER_BARRIER_FOREVER), -ESTALE);
    cr_assert_eq(stored_number(f->store, "/roster/safepoint/barrier/b"), 1000, "left as it was");
    cr_assert_eq(roster_barrier_set(safe_point, "b", 1200, ROSTER_BARRIER_FOREVER), 0, "it moves");
    cr_assert_eq(advance_txn(safe_point, 2000, &result), 0);
    cr_assert_eq(result.after, 1200);
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(pd_an_empty_name_or_no_time_to_live_is_an_invalid_argument)
{
    struct roster_safe_point *safe_point = make(f->store);

    cr_assert_eq(roster_barrier_set(safe_point, "", 1000, 5000), -EINVAL);
    cr_assert_eq(roster_barrier_set(safe_point, NULL, 1000, 5000), -EINVAL);
    cr_assert_eq(roster_barrier_set(safe_point, "a/b", 1000, 5000), -EINVAL);
    cr_assert_eq(roster_barrier_set(safe_point, "b", 1000, 0), -EINVAL);
    cr_assert_eq(roster_barrier_set(safe_point, "b", 1000, -1), -EINVAL);
    cr_assert_eq(roster_barrier_set(safe_point, "b", 0, 5000), -EINVAL);
    cr_assert_eq(roster_barrier_set(safe_point, "b", UINT64_MAX, 5000), -EINVAL);
    cr_assert_eq(roster_barrier_delete(safe_point, "b"), -ENOENT);
    cr_assert_eq(count_prefix(f->store, "/roster/"), 0);
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(pd_an_expired_barrier_blocks_no_server_and_is_gone)
{
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_result result;
    struct roster_barrier *list;
    size_t count;
    int tries = 10; /* on a machine that is so slow that the short one expires before it is read */

    cr_assert_eq(roster_barrier_set(safe_point, "long", 2000, 3600000), 0);
    for (;;) {
        cr_assert_eq(roster_barrier_set(safe_point, "short", 1000, 300), 0);
        cr_assert_eq(roster_barrier_list(safe_point, &list, &count), 0);
        if (count == 2 || !--tries)
            break;
        free(list);
    }
    cr_assert_eq(count, 2);
    cr_assert_str_eq(list[0].name, "long");
    cr_assert_eq(list[0].ts, 2000);
    cr_assert_gt(list[0].ttl_ms, 3500000);
    cr_assert_leq(list[0].ttl_ms, 3600000 + 2000);
    cr_assert_str_eq(list[1].name, "short");
    free(list);
    cr_assert(key_vanishes(f->store, "/roster/safepoint/barrier/short"));
    cr_assert_eq(advance_txn(safe_point, 3000, &result), 0);
    cr_assert_eq(result.after, 2000);
    cr_assert_str_eq(result.blocker.name, "long");
    cr_assert_eq(roster_barrier_delete(safe_point, "long"), 0);
    cr_assert_eq(roster_barrier_list(safe_point, &list, &count), 0);
    cr_assert_eq(count, 0);
    cr_assert(list == NULL);
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(a_barrier_set_again_lives_for_its_new_time)
{
    struct roster_safe_point *safe_point = make(f->store);

    cr_assert_eq(roster_barrier_set(safe_point, "b", 1000, 300), 0);
    cr_assert_eq(roster_barrier_set(safe_point, "b", 1000, 3600000), 0);
    sleep_ms(400);
    cr_assert_eq(stored_number(f->store, "/roster/safepoint/barrier/b"), 1000);
    roster_safe_point_destroy(safe_point);
}

/* Somebody has put two barriers on one lease. Moving or removing one is not the other one's end. */
STORE_TEST(the_lease_of_a_barrier_stays_while_another_key_hangs_on_it)
{
    static const char one[] = "/roster/safepoint/barrier/one";
    static const char two[] = "/roster/safepoint/barrier/two";
    struct roster_safe_point *safe_point = make(f->store);
    int64_t id = grant_lease(f->store, 3600000);
    struct roster_store_lease lease;

    put_leased(f->store, one, "1000", id);
    put_leased(f->store, two, "1000", id);
    cr_expect_eq(roster_barrier_set(safe_point, "one", 1100, 3600000), 0);
    cr_expect_eq(stored_number(f->store, two), 1000, "another barrier ended with one that moved");
    put_leased(f->store, one, "1100", id);
    cr_expect_eq(roster_barrier_delete(safe_point, "one"), 0);
    cr_expect_eq(stored_number(f->store, two), 1000, "another barrier ended with one that went");
    cr_expect_eq(roster_store_lease_time_to_live(f->store, id, 20000, &lease), 0);
    cr_expect_eq(roster_barrier_delete(safe_point, "two"), 0);
    cr_expect_eq(roster_store_lease_time_to_live(f->store, id, 20000, &lease), -EKEYEXPIRED,
                 "nothing hangs on it any more");
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(pd_gc_above_txn_and_below_itself_are_refused_and_equal_does_nothing)
{
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_result result;
    int64_t revision;

    cr_assert_eq(advance_gc(safe_point, 1), -ERANGE, "there is no txn safe point yet");
    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0);
    cr_assert_eq(advance_gc(safe_point, 1001), -ERANGE);
    cr_assert(!key_exists(f->store, GC), "refused without effect");
    cr_assert_eq(advance_gc(safe_point, 900), 0);
    cr_assert_eq(roster_gc_safe_point(safe_point), 900);
    revision = store_revision(f->store);
    cr_assert_eq(advance_gc(safe_point, 900), 0);
    cr_assert_eq(store_revision(f->store), revision, "equal changes nothing");
    cr_assert_eq(advance_gc(safe_point, 899), -ERANGE);
    cr_assert_eq(advance_gc(safe_point, 1000), 0);
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(classic_bad_values_stop_it_instead_of_being_ignored_and_are_named)
{
    static const char *const garbage[] = {"", "x", "0", "18446744073709551615", "1e3", "+5", "5 "};
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_result result;
    char text[400];

    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0);
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        put_text(f->store, "/roster/server/minstartts/bad", garbage[i]);
        cr_assert_eq(advance_txn(safe_point, 2000, &result), -EBADMSG, "\"%s\"", garbage[i]);
        cr_assert_eq(result.blocker.kind, ROSTER_BLOCKER_UNREADABLE);
        cr_assert_str_eq(result.blocker.name, "/roster/server/minstartts/bad");
        cr_assert(strstr(roster_blocker_describe(&result.blocker, text, sizeof(text)),
                         "/roster/server/minstartts/bad") != NULL);
        cr_assert_eq(stored_number(f->store, TXN), 1000);
    }
    delete_key(f->store, "/roster/server/minstartts/bad");
    put_text(f->store, "/roster/safepoint/barrier/bad", "x");
    cr_assert_eq(advance_txn(safe_point, 2000, &result), -EBADMSG);
    cr_assert_str_eq(result.blocker.name, "/roster/safepoint/barrier/bad");
    delete_key(f->store, "/roster/safepoint/barrier/bad");
    put_text(f->store, GC, "x");
    cr_assert_eq(advance_txn(safe_point, 2000, &result), -EBADMSG);
    cr_assert_str_eq(result.blocker.name, GC);
    put_text(f->store, TXN, "x");
    cr_assert_eq(advance_txn(safe_point, 2000, &result), -EBADMSG);
    cr_assert_str_eq(result.blocker.name, TXN);
    cr_assert_eq(advance_gc(safe_point, 500), -EBADMSG);
    cr_assert_eq(roster_safe_point_refresh(safe_point), -EBADMSG);
    roster_safe_point_destroy(safe_point);
}

/* In a key or a value, as no call here writes it. */
static void put_with_nul(struct roster_store *store, const char *key, size_t size,
                         struct roster_store_bytes value)
{
    struct roster_store_op put = roster_store_put((struct roster_store_bytes){key, size}, value, 0);
    struct roster_store_txn txn = {.success = &put, .n_success = 1};

    cr_assert_eq(roster_store_txn(store, &txn, 10000, NULL), 0);
}

STORE_TEST(a_nul_in_the_store_makes_no_name_that_of_another_one)
{
    static const char barrier[] = "/roster/safepoint/barrier/x\0y", leader[] = "x\0y";
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_state state = {.size = sizeof(state)};
    struct roster_safe_point_result result;
    struct roster_barrier *list;
    size_t count;

    cr_assert_eq(roster_barrier_set(safe_point, "x", 2000, 3600000), 0);
    put_with_nul(f->store, barrier, sizeof(barrier) - 1, roster_store_text("1000"));
    cr_assert_eq(roster_barrier_list(safe_point, &list, &count), 0);
    cr_assert_eq(count, 2);
    cr_expect_str_eq(list[0].name, "x");
    cr_expect_str_eq(list[1].name, "x?y");
    cr_expect_eq(list[1].ts, 1000);
    free(list);
    cr_assert_eq(advance_txn(safe_point, 3000, &result), 0);
    cr_expect_str_eq(result.blocker.name, "x?y");
    cr_assert_eq(roster_safe_point_run_once(safe_point, NULL), 0);
    put_with_nul(f->store, "/roster/safepoint/leader", strlen("/roster/safepoint/leader"),
                 (struct roster_store_bytes){leader, sizeof(leader) - 1});
    for (int i = 0; i < 1000 && !*state.leader; i++) {
        cr_assert_eq(roster_safe_point_run_once(safe_point, NULL), 0);
        cr_assert_eq(roster_safe_point_state(safe_point, &state), 0);
        sleep_ms(*state.leader ? 0 : 10);
    }
    cr_expect_str_eq(state.leader, "x?y");
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(g3_a_store_that_went_back_stops_a_server_that_has_seen_it)
{
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_result result;

    cr_assert_eq(advance_txn(safe_point, 1000, &result), 0);
    cr_assert_eq(advance_gc(safe_point, 1000), 0);
    put_number(f->store, TXN, 900);
    cr_assert_eq(advance_txn(safe_point, 2000, &result), -EREMCHG);
    delete_key(f->store, TXN);
    cr_assert_eq(advance_txn(safe_point, 2000, &result), -EREMCHG);
    cr_assert_eq(roster_safe_point_refresh(safe_point), 0);
    cr_assert_eq(roster_txn_safe_point(safe_point), 1000, "what is known here never goes back");
    cr_assert_eq(roster_gc_safe_point(safe_point), 1000);
    roster_safe_point_destroy(safe_point);
}

static void see_order(const struct roster_safe_point_state *state, void *arg)
{
    unsigned *changes = arg;

    ++*changes;
    cr_assert_leq(state->gc, state->txn);
}

STORE_TEST(g3_a_server_that_learns_the_gc_safe_point_knows_the_txn_safe_point_to_be_as_far)
{
    unsigned changes = 0;
    struct roster_safe_point_options options = {
        .size = sizeof(options), .change = see_order, .change_arg = &changes};
    struct roster_safe_point *safe_point;

    put_number(f->store, TXN, 1000);
    put_number(f->store, GC, 900);
    cr_assert_eq(roster_safe_point_create(f->store, &options, &safe_point), 0);
    for (int i = 0; roster_txn_safe_point(safe_point) < 1000; i++) {
        cr_assert_lt(i, 10000);
        cr_assert_eq(roster_safe_point_run_once(safe_point, NULL), 0);
        sleep_ms(1);
    }
    cr_assert_eq(roster_gc_safe_point(safe_point), 900);
    cr_assert_geq(changes, 1);
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(classic_a_life_time_of_ten_minutes_at_least_and_by_default)
{
    struct roster_safe_point_options options = {.size = sizeof(options)};
    struct roster_safe_point *safe_point;

    options.life_time_ms = 599999;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &safe_point), -EINVAL);
    options.life_time_ms = 600000;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &safe_point), 0);
    roster_safe_point_destroy(safe_point);
    options.life_time_ms = 5;
    options.any_life_time = true;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &safe_point), 0);
    roster_safe_point_destroy(safe_point);
}

static int told_now(void *arg, uint64_t *ts)
{
    *ts = *(uint64_t *)arg;
    return 0;
}

STORE_TEST(classic_the_target_is_now_less_the_life_time)
{
    uint64_t now = roster_ts_compose(UINT64_C(1700000000000), 9);
    struct roster_safe_point_options options = {
        .size = sizeof(options), .oracle = told_now, .oracle_arg = &now};
    struct roster_safe_point_result txn = {.size = sizeof(txn)}, gc = {.size = sizeof(gc)};
    struct roster_safe_point *safe_point;

    cr_assert_eq(roster_safe_point_create(f->store, &options, &safe_point), 0);
    cr_assert_eq(roster_safe_point_round(safe_point, &txn, &gc), 0);
    cr_assert_eq(txn.after, roster_ts_compose(UINT64_C(1700000000000) - 600000, 9));
    cr_assert_eq(gc.after, txn.after, "no server has to acknowledge it");
    now = roster_ts_compose(UINT64_C(1700000000000) - 50000, 0);
    cr_assert_eq(roster_safe_point_round(safe_point, &txn, &gc), 0);
    cr_assert_eq(txn.after, roster_ts_compose(UINT64_C(1700000000000) - 600000, 9),
                 "a leader whose clock is behind moves nothing back");
    roster_safe_point_destroy(safe_point);
}

STORE_TEST(a_tidb_server_blocks_with_its_record_and_needs_no_acknowledgement)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .prefix = "/tidb"};
    struct roster_safe_point_result result = {.size = sizeof(result)};
    uint64_t now = roster_ts_compose(5000000, 0);
    struct roster_safe_point *safe_point;

    options.oracle = told_now;
    options.oracle_arg = &now;
    options.any_life_time = true;
    put_number(f->store, "/tidb/server/minstartts/0f7a", now - 100);
    cr_assert_eq(roster_safe_point_create(f->store, &options, &safe_point), 0);
    cr_assert_eq(roster_safe_point_round(safe_point, &result, NULL), 0);
    cr_assert_eq(result.after, now - 100);
    cr_assert_str_eq(result.blocker.name, "0f7a");
    cr_assert_eq(roster_gc_safe_point(safe_point), now - 100);
    delete_key(f->store, "/tidb/server/minstartts/0f7a");
    cr_assert_eq(roster_safe_point_round(safe_point, &result, NULL), 0);
    cr_assert_eq(result.after, now);
    cr_assert_eq(roster_gc_safe_point(safe_point), now);
    roster_safe_point_destroy(safe_point);
}

static void described(struct roster_blocker blocker, const char *words)
{
    char line[400], little[8];

    cr_assert_str_eq(roster_blocker_describe(&blocker, line, sizeof(line)), words);
    roster_blocker_describe(&blocker, little, sizeof(little));
    cr_assert_eq(strncmp(little, words, sizeof(little) - 1), 0, "shortened");
    cr_assert_eq(little[sizeof(little) - 1], '\0');
}

Test(blocker, each_kind_is_described_with_what_to_do)
{
    struct roster_blocker blocker = {.name = "x", .ts = 7, .age_ms = 61042};

    described(blocker, "nothing blocks");
    blocker.kind = ROSTER_BLOCKER_SERVER;
    described(blocker, "server x has reported 7, 61.042 s behind; wait for its next report; "
                       "look at the server if this grows");
    snprintf(blocker.holder, sizeof(blocker.holder), "transaction");
    blocker.session_id = 12;
    described(blocker, "server x needs 7, 61.042 s behind, transaction of session 12; end that, or "
                       "stop the server");
    snprintf(blocker.holder, sizeof(blocker.holder), "cursor");
    blocker.pin_id = 3;
    described(blocker, "server x needs 7, 61.042 s behind, pin 3 (cursor) of session 12; end that, "
                       "or stop the server");
    blocker.kind = ROSTER_BLOCKER_BARRIER;
    snprintf(blocker.holder, sizeof(blocker.holder), "endless");
    described(blocker,
              "barrier x stands at 7; it never expires: delete it when its owner has agreed");
    *blocker.holder = '\0';
    described(blocker, "barrier x stands at 7; delete it, or wait until it expires");
    blocker.kind = ROSTER_BLOCKER_UNREADABLE;
    described(blocker,
              "key x holds no timestamp, or one that has gone back; find out who wrote it");
    blocker.kind = ROSTER_BLOCKER_ACK;
    described(blocker, "server x has acknowledged 7 only; look at it, or wait until its lease has "
                       "ended");
}

#if defined(ROSTER_SANITIZER_THREAD) || defined(ROSTER_SANITIZER_ADDRESS) ||                       \
    defined(ROSTER_SANITIZER_UNDEFINED)
#define MOST_MS 1000
#else
#define MOST_MS 50
#endif

#define MANY 1000
#define AT_ONCE 100

static void put_many(struct roster_store *store)
{
    static char keys[AT_ONCE][64], records[AT_ONCE][32];
    struct roster_store_op ops[AT_ONCE];
    struct roster_store_txn txn = {.success = ops, .n_success = AT_ONCE};

    for (unsigned i = 0; i < MANY; i++) {
        unsigned at = i % AT_ONCE;

        snprintf(keys[at], sizeof(keys[at]), "/roster/server/minstartts/s%u", i);
        snprintf(records[at], sizeof(records[at]), "%u", 100000 + (i * 7919 + 13) % MANY);
        ops[at] = roster_store_put(text(keys[at]), text(records[at]), 0);
        if (at == AT_ONCE - 1)
            cr_assert_eq(roster_store_txn(store, &txn, 10000, NULL), 0);
    }
}

static double cpu_ms(void)
{
    return (double)rst_clock_ns(CLOCK_THREAD_CPUTIME_ID) / 1e6;
}

STORE_TEST(the_oldest_of_a_thousand_servers_blocks_and_is_found_within_50_ms)
{
    struct roster_safe_point *safe_point = make(f->store);
    struct roster_safe_point_result result;
    char key[400];
    double before;

    put_many(f->store);
    before = cpu_ms();
    cr_assert_eq(advance_txn(safe_point, 200000, &result), 0);
    /* Everything but the round trip is done in this thread. */
    cr_assert_lt(cpu_ms() - before, MOST_MS);
    cr_assert_eq(result.after, 100000);
    snprintf(key, sizeof(key), "/roster/server/minstartts/%s", result.blocker.name);
    cr_assert_eq(stored_number(f->store, key), 100000);
    roster_safe_point_destroy(safe_point);
}

/* Several leaders at once, each with its own clock. */
struct racer {
    struct roster_store *store;
    uint64_t first;
    pthread_t thread;
    unsigned wrong;
};

static void *race(void *arg)
{
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct roster_safe_point *safe_point;
    struct racer *racer = arg;
    uint64_t seen = 0;
    int err;

    if (roster_safe_point_create(racer->store, NULL, &safe_point) != 0)
        return NULL;
    for (uint64_t i = 0; i < 60; i++) {
        err = roster_safe_point_advance_txn(safe_point, racer->first + i * 10, &result);
        if (err != 0 && err != -ERANGE && err != -ERESTART)
            racer->wrong++;
        if (result.after < seen || result.after < result.before)
            racer->wrong++;
        if (result.after > seen)
            seen = result.after;
    }
    roster_safe_point_destroy(safe_point);
    return NULL;
}

STORE_TEST(g3_leaders_that_race_with_clocks_that_differ_never_move_it_back)
{
    struct racer racers[4];

    for (size_t i = 0; i < 4; i++) {
        racers[i] = (struct racer){f->store, 1000 + i * 97, 0, 0};
        cr_assert_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(racers[i].thread, NULL);
        cr_assert_eq(racers[i].wrong, 0);
    }
    cr_assert_geq(stored_number(f->store, TXN), 1000 + 3 * 97);
    cr_assert_leq(stored_number(f->store, TXN), 1000 + 3 * 97 + 590);
}
