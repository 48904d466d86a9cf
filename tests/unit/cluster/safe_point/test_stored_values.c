/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What a store holds is input: a bad value for each row of doc/stored-values.md, in every kind of
 * store. A server has a transaction open, is live and has acknowledged when another writer changes
 * over one key; whatever that does, at no moment may a check succeed while a safe point above the
 * transaction is published or acknowledged.
 */

#include "../server.h"
#include "store/base/clock.h"
#include "store/base/kind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <roster/barrier.h>
#include <roster/oracle_store.h>
#include <roster/timestamp.h>

#define ABSURD "18446744073709551614"

/* What is planted in place of a text. */
static const char ABOVE_OPEN[] = "above the open transaction";
static const char ABOVE_TXN[] = "above the txn safe point";

/* How a server comes out of it. */
enum ending {
    LOST,    /* rejected, fenced, live again above the value; the transaction is lost */
    KEPT,    /* rejected, fenced and live again, the transaction goes on */
    OUT,     /* rejected, and it stays out until the value is put right; nothing is lost */
    REFUSED, /* fenced and refused until the key is gone; nothing is rejected */
    LEADER,  /* the leader names the key and moves nothing; a server need not be fenced */
    BLOCKED  /* no error: the value holds the safe point and is named as what blocks */
};

struct row {
    const char *key; /* below the prefix */
    const char *value;
    bool ours; /* under the server's lease, as if it had written it */
    enum ending ending;
};

static const struct row rows[] = {
    {"safepoint/txn", ABOVE_OPEN, false, LOST},
    {"safepoint/gc", ABOVE_OPEN, false, LOST},
    {"safepoint/txn", ABSURD, false, OUT},
    {"safepoint/gc", ABSURD, false, OUT},
    {"server/minstartts/a", ABOVE_OPEN, true, KEPT},
    {"server/minstartts/a", ABSURD, true, KEPT},
    {"server/minstartts/a", "garbage", true, KEPT},
    {"server/minstartts/a", ABOVE_OPEN, false, REFUSED},
    {"server/minstartts/a", "garbage", false, REFUSED},
    {"server/ack/a", ABSURD, true, KEPT},
    {"server/ack/a", ABOVE_OPEN, true, KEPT},
    {"server/ack/b", ABOVE_TXN, false, LEADER},
    {"server/ack/b", "garbage", false, LEADER},
    {"server/minstartts/b", "garbage", false, LEADER},
    {"safepoint/txn", "garbage", false, LEADER},
    {"safepoint/gc", "garbage", false, LEADER},
    {"safepoint/gc", ABOVE_TXN, false, LEADER},
    {"safepoint/txn", "1", false, LEADER},
    {"safepoint/gc", "1", false, LEADER},
    {"safepoint/barrier/x", "garbage", false, LEADER},
    {"safepoint/barrier/x", "1", false, BLOCKED},
};

/* A server under a prefix of its own, driven by the test, with a transaction open. */
struct subject {
    struct roster_store *store;
    const struct row *row;
    char prefix[32], key[96], txn[96], gc[96], ack[96];
    struct server server;
    struct roster_safe_point *safe_point;
    struct roster_oracle_local *clock;
    uint64_t start;
};

static bool settled(struct subject *s)
{
    uint64_t txn = stored_number(s->store, s->txn);

    return roster_txn_safe_point(s->safe_point) == txn && stored_number(s->store, s->ack) == txn &&
           stored_number(s->store, s->gc) == txn;
}

/* No check may succeed below what is published or acknowledged here. */
static void expect_told(struct subject *s)
{
    uint64_t ack = stored_number(s->store, s->ack), txn = roster_txn_safe_point(s->safe_point);
    uint64_t gc = roster_gc_safe_point(s->safe_point);
    bool planted = strcmp(s->key, s->ack) == 0;

    if (txn > s->start || gc > s->start || (ack > s->start && !planted))
        cr_assert_eq(roster_txn_check(s->server.session), -ESTALE,
                     "%s = %s: a transaction at %" PRIu64
                     " is vouched for, and published is %" PRIu64 "/%" PRIu64
                     ", acknowledged %" PRIu64,
                     s->key, s->row->value, s->start, txn, gc, ack);
}

static void step(struct subject *s)
{
    cr_assert_eq(roster_safe_point_run_once(s->safe_point, NULL), 0);
    expect_told(s);
    cr_assert_eq(roster_syncer_run_once(s->server.syncer, NULL), 0);
    expect_told(s);
    sleep_ms(1);
}

#define STEP_UNTIL(s, condition)                                                                   \
    for (int64_t end = now_ms() + 20000; !(condition); step(s))                                    \
    cr_assert_lt(now_ms(), end, "%s = %s (%s): not until \"%s\", it is %s with %d, rejected %s",   \
                 (s)->key, (s)->row->value, (s)->row->ours ? "ours" : "foreign", #condition,       \
                 roster_syncer_state_name(server_stats(&(s)->server).state),                       \
                 server_stats(&(s)->server).last_error, server_stats(&(s)->server).rejected_key)

static void subject_start(struct subject *s, struct store_fixture *f, const struct row *row)
{
    struct roster_safe_point_options options = {
        .size = sizeof(options), .any_life_time = true, .interval_ms = 10};
    struct roster_syncer_options syncer = server_options("a");

    memset(s, 0, sizeof(*s));
    s->store = f->store;
    s->row = row;
    snprintf(s->prefix, sizeof(s->prefix), "/r%td", row - rows);
    snprintf(s->key, sizeof(s->key), "%s/%s", s->prefix, row->key);
    snprintf(s->txn, sizeof(s->txn), "%s/safepoint/txn", s->prefix);
    snprintf(s->gc, sizeof(s->gc), "%s/safepoint/gc", s->prefix);
    snprintf(s->ack, sizeof(s->ack), "%s/server/ack/a", s->prefix);
    syncer.prefix = options.prefix = s->prefix;
    server_create(&s->server, f->store, &syncer, 0);
    server_run_until(&s->server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_oracle_local_create(&s->clock), 0);
    options.syncer = s->server.syncer;
    options.oracle = roster_oracle_local_allocate;
    options.oracle_arg = s->clock;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &s->safe_point), 0);
    cr_assert_eq(roster_txn_begin(s->server.session, &s->start), 0);
    sleep_ms(3);
    cr_assert_eq(roster_syncer_report(s->server.syncer), 0);
    STEP_UNTIL(s, stored_number(f->store, s->txn) == s->start && settled(s));
}

static void subject_stop(struct subject *s)
{
    (void)roster_txn_finish(s->server.session);
    roster_safe_point_destroy(s->safe_point);
    server_destroy(&s->server);
    roster_oracle_local_destroy(s->clock);
}

/* Writes the row's value over the key, and returns what stood there; 0 for none. */
static uint64_t plant(struct subject *s)
{
    const struct row *row = s->row;
    char number[32], other[96];
    const char *value = row->value;
    uint64_t before = stored_number(s->store, s->key);

    snprintf(other, sizeof(other), "%s/server/minstartts/b", s->prefix);
    if (strcmp(row->key, "server/ack/b") == 0)
        put_number(s->store, other, s->start);
    if (value == ABOVE_OPEN || value == ABOVE_TXN) {
        snprintf(number, sizeof(number), "%" PRIu64,
                 value == ABOVE_OPEN ? s->start + roster_ts_compose(1, 0)
                                     : stored_number(s->store, s->txn) + 1);
        value = number;
    }
    put_leased(s->store, s->key, value, row->ours ? server_stats(&s->server).lease : 0);
    return before;
}

static void expect_rejected(struct subject *s)
{
    struct roster_syncer_stats stats = server_stats(&s->server);

    cr_expect_geq(stats.rejected, 1);
    cr_expect_str_eq(stats.rejected_key, s->key);
    cr_expect_geq(stats.fences, 1, "%s = %s", s->key, s->row->value);
}

static void put_right(struct subject *s, uint64_t before)
{
    if (before != 0)
        put_number(s->store, s->key, before);
    else
        delete_key(s->store, s->key);
}

static void expect_named(struct subject *s)
{
    struct roster_safe_point_result txn = {.size = sizeof(txn)}, gc = {.size = sizeof(gc)};
    uint64_t txn_before = stored_number(s->store, s->txn),
             gc_before = stored_number(s->store, s->gc);
    char text[1200];
    int err = roster_safe_point_round(s->safe_point, &txn, &gc);

    if (s->row->ending == LEADER)
        cr_expect(err == -EBADMSG || err == -EREMCHG, "%s = %s: %d", s->key, s->row->value, err);
    else
        cr_expect_eq(err, 0);
    roster_blocker_describe(&txn.blocker, text, sizeof(text) / 2);
    strcat(text, "; ");
    roster_blocker_describe(&gc.blocker, text + strlen(text), sizeof(text) / 2);
    cr_expect(strstr(text, s->row->ending == LEADER ? s->key : "barrier x") != NULL, "%s = %s: %s",
              s->key, s->row->value, text);
    cr_expect_eq(stored_number(s->store, s->txn), txn_before, "%s = %s", s->key, s->row->value);
    cr_expect_eq(stored_number(s->store, s->gc), gc_before, "%s = %s", s->key, s->row->value);
}

static void run_row(struct subject *s)
{
    uint64_t before = plant(s);

    switch (s->row->ending) {
    case LOST:
        STEP_UNTIL(s, server_stats(&s->server).rejected != 0 &&
                          server_stats(&s->server).state == ROSTER_SYNCER_LIVE &&
                          roster_txn_safe_point(s->safe_point) > s->start);
        cr_expect_eq(roster_txn_check(s->server.session), -ESTALE);
        expect_rejected(s);
        break;
    case KEPT:
        STEP_UNTIL(s, server_stats(&s->server).rejected != 0 &&
                          server_stats(&s->server).state == ROSTER_SYNCER_LIVE);
        cr_expect_eq(roster_txn_check(s->server.session), 0, "%s = %s", s->key, s->row->value);
        expect_rejected(s);
        break;
    case OUT:
        STEP_UNTIL(s, server_stats(&s->server).state == ROSTER_SYNCER_BEHIND);
        for (int i = 0; i < 20; i++)
            step(s);
        cr_expect_eq(roster_txn_check(s->server.session), -ESTALE);
        expect_rejected(s);
        cr_expect_eq(roster_txn_safe_point(s->safe_point), s->start, "it is not published");
        put_right(s, before);
        STEP_UNTIL(s, server_stats(&s->server).state == ROSTER_SYNCER_LIVE);
        cr_expect_eq(roster_txn_check(s->server.session), 0, "nothing was collected");
        break;
    case REFUSED:
        STEP_UNTIL(s, server_stats(&s->server).fences != 0);
        cr_expect_eq(roster_txn_check(s->server.session), -ESTALE);
        delete_key(s->store, s->key);
        STEP_UNTIL(s, server_stats(&s->server).state == ROSTER_SYNCER_LIVE);
        break;
    case LEADER:
    case BLOCKED:
        expect_named(s);
        break;
    }
}

STORE_TEST(g8_a_bad_value_in_any_key_is_never_published_or_acknowledged_below_a_check)
{
    struct subject s;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        subject_start(&s, f, &rows[i]);
        run_row(&s);
        subject_stop(&s);
    }
}

/* ------------------------------------------------------------ what a store says of a lease */

/* A store whose answers about leases are changed on their way. */
static struct {
    struct store_kind kind;
    const struct store_kind *real;
    int64_t ttl_ms; /* in place of the true one; 0: as it is */
    bool nothing;   /* no time to live at all */
    int64_t asked_in_ns;
} lie;

static int lying_lease(struct roster_store *store, const struct store_lease_call *call,
                       int64_t deadline, struct roster_store_lease *lease)
{
    int err = lie.real->lease(store, call, deadline, lease);

    if (lie.ttl_ms != 0)
        lease->ttl_ms = lease->granted_ms = lie.ttl_ms;
    if (lie.nothing)
        lease->ttl_ms = 0;
    lease->asked_at_ns += lie.asked_in_ns;
    return err;
}

static void begin_to_lie(struct roster_store *store)
{
    lie.kind = *store->kind;
    lie.real = store->kind;
    lie.kind.lease = lying_lease;
    store->kind = &lie.kind;
}

/* The deadline after keep-alives that say so. */
static int64_t deadline_after_lies(struct server *server)
{
    uint64_t before = server_stats(server).keep_alives;

    for (int64_t end = now_ms() + 20000; server_stats(server).keep_alives < before + 2;) {
        cr_assert_lt(now_ms(), end);
        cr_assert_eq(roster_syncer_run_once(server->syncer, NULL), 0);
        sleep_ms(1);
    }
    return server_stats(server).deadline_ns;
}

STORE_TEST(g8_no_lease_is_relied_upon_for_longer_than_was_asked_for)
{
    static const int64_t ttls[] = {60001, INT64_C(9000000000) * 1000, INT64_MAX / 1000000,
                                   INT64_MAX};
    struct roster_syncer_options options = server_options("a");
    struct server server;

    options.keep_alive_ms = 10;
    server_create(&server, f->store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    begin_to_lie(f->store);
    for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]); i++) {
        lie.ttl_ms = ttls[i];
        cr_expect_leq(deadline_after_lies(&server),
                      rst_store_boottime_ns() + 60000 * STORE_NS_PER_MS, "%" PRId64, ttls[i]);
        cr_expect_eq(roster_txn_begin(server.session, NULL), 0);
        cr_expect_eq(roster_txn_check(server.session), 0);
        roster_txn_finish(server.session);
    }
    lie.ttl_ms = 0;
    lie.asked_in_ns = 3600 * STORE_NS_PER_S;
    cr_expect_leq(deadline_after_lies(&server), rst_store_boottime_ns() + 60000 * STORE_NS_PER_MS,
                  "it was not asked in the future");
    server_destroy(&server);
}

/* The store keeps a lease alive for less than it did: that is when it ends. */
STORE_TEST(g8_a_lease_that_lives_for_less_than_before_ends_earlier)
{
    struct roster_syncer_options options = server_options("a");
    struct server server;
    int64_t before;

    options.keep_alive_ms = 10;
    server_create(&server, f->store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    begin_to_lie(f->store);
    before = server_stats(&server).deadline_ns;
    lie.ttl_ms = options.margin_ms + 20000;
    cr_expect_leq(deadline_after_lies(&server), rst_store_boottime_ns() + 20000 * STORE_NS_PER_MS);
    cr_expect_lt(server_stats(&server).deadline_ns, before);
    cr_expect_eq(roster_txn_begin(server.session, NULL), 0);
    cr_expect_eq(roster_txn_check(server.session), 0);
    /* It would have ended before the answer came. */
    lie.ttl_ms = options.margin_ms + 1;
    lie.asked_in_ns = -1000 * STORE_NS_PER_S;
    for (int64_t end = now_ms() + 20000; server_stats(&server).fences == 0;) {
        cr_assert_lt(now_ms(), end);
        cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
    }
    cr_expect_eq(roster_txn_check(server.session), -ESTALE);
    lie.ttl_ms = lie.asked_in_ns = 0;
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    cr_expect_gt(server_stats(&server).deadline_ns,
                 rst_store_boottime_ns() + 20000 * STORE_NS_PER_MS);
    (void)roster_txn_finish(server.session);
    server_destroy(&server);
}

STORE_TEST(g8_a_lease_without_a_time_to_live_keeps_nothing_alive)
{
    static const int64_t ttls[] = {INT64_MIN, -1, 0, 1};
    struct roster_syncer_options options = server_options("a");
    struct server server;
    int64_t deadline;

    options.keep_alive_ms = 10;
    server_create(&server, f->store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    begin_to_lie(f->store);
    deadline = server_stats(&server).deadline_ns;
    for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]); i++) {
        uint64_t failures = server_stats(&server).keep_alive_failures;

        lie.ttl_ms = ttls[i];
        lie.nothing = ttls[i] == 0;
        for (int64_t end = now_ms() + 20000;
             server_stats(&server).keep_alive_failures < failures + 2;) {
            cr_assert_lt(now_ms(), end, "a keep-alive of %" PRId64 " ms is a success", ttls[i]);
            (void)roster_syncer_run_once(server.syncer, NULL);
        }
        cr_expect_leq(server_stats(&server).deadline_ns, deadline + 60000 * STORE_NS_PER_MS);
        cr_expect_eq(server_stats(&server).last_error, -EBADMSG);
        cr_expect_eq(strncmp(server_stats(&server).rejected_key, "lease ", 6), 0);
    }
    lie.ttl_ms = 0;
    lie.nothing = false;
    (void)deadline_after_lies(&server);
    cr_expect_eq(server_stats(&server).state, ROSTER_SYNCER_LIVE, "it was never fenced for it");
    server_destroy(&server);
}

STORE_TEST(a_grant_that_is_worth_nothing_is_given_back)
{
    struct roster_syncer_options options = server_options("a");
    struct server server;

    begin_to_lie(f->store);
    lie.ttl_ms = 1;
    server_create(&server, f->store, &options, 0);
    for (int i = 0; i < 20; i++) {
        (void)roster_syncer_run_once(server.syncer, NULL);
        sleep_ms(5);
    }
    cr_expect_eq(server_stats(&server).state, ROSTER_SYNCER_JOINING);
    cr_expect_eq(server_stats(&server).last_error, -EBADMSG);
    cr_expect_geq(server_stats(&server).rejected, 2);
    cr_expect_eq(server_stats(&server).lease, 0);
    lie.ttl_ms = 0;
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    server_destroy(&server);
}

/* ------------------------------------------------------------ who has no record to compare with */

static uint64_t wall_ms(void *arg)
{
    (void)arg;
    return 1700000000000;
}

static int wall_ts(void *arg, uint64_t *ts)
{
    *ts = arg == NULL ? roster_ts_compose(1700000000000, 0) : 0;
    return 0;
}

STORE_TEST(an_oracle_jumps_over_no_centuries)
{
    struct roster_oracle_store_options options = {
        .size = sizeof(options), .key = "/t/oracle", .wall_clock = wall_ms};
    struct roster_oracle_persistent_options mark = {
        .size = sizeof(mark), .key = "/t/clock", .wall_clock = wall_ms};
    uint64_t ts = 1, far = roster_ts_compose(1700000000000 + 86400001, 0);
    struct roster_oracle_persistent *clock;
    struct roster_oracle_store *oracle;
    char value[64];

    put_number(f->store, "/t/oracle", far);
    snprintf(value, sizeof(value), "%" PRIu64 " 0123456789abcdef", far);
    put_text(f->store, "/t/clock", value);
    cr_assert_eq(roster_oracle_store_create(f->store, &options, &oracle), 0);
    cr_expect_eq(roster_oracle_store_allocate(oracle, &ts), -EOVERFLOW);
    cr_expect_eq(ts, 1);
    cr_expect_eq(stored_number(f->store, "/t/oracle"), far, "it is left as it was");
    cr_expect_eq(roster_oracle_persistent_create(f->store, &mark, &clock), -EOVERFLOW);
    put_number(f->store, "/t/oracle", roster_ts_compose(1700000000000, 7));
    cr_expect_eq(roster_oracle_store_allocate(oracle, &ts), 0);
    cr_expect_eq(ts, roster_ts_compose(1700000000000, 7));
    roster_oracle_store_destroy(oracle);
    options.max_ahead_ms = mark.max_ahead_ms = UINT64_C(172800000);
    put_number(f->store, "/t/oracle", far);
    cr_assert_eq(roster_oracle_store_create(f->store, &options, &oracle), 0);
    cr_expect_eq(roster_oracle_store_allocate(oracle, &ts), 0, "an operator may know better");
    cr_expect_eq(ts, far);
    cr_assert_eq(roster_oracle_persistent_create(f->store, &mark, &clock), 0);
    roster_oracle_persistent_destroy(clock);
    roster_oracle_store_destroy(oracle);
}

STORE_TEST(a_server_that_only_looks_believes_nothing_that_is_ahead_of_its_oracle)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .oracle = wall_ts};
    struct roster_safe_point_state state = {.size = sizeof(state)};
    uint64_t now = roster_ts_compose(1700000000000, 0);
    struct roster_safe_point *safe_point;
    int broken = 0;

    cr_assert_eq(roster_safe_point_create(f->store, &options, &safe_point), 0);
    cr_expect_eq(roster_safe_point_advance_txn(safe_point, now + 1, NULL), -ERANGE,
                 "not by its own hand");
    cr_expect_eq(roster_safe_point_advance_txn(safe_point, now - 5, NULL), 0);
    put_number(f->store, "/roster/safepoint/txn", now + 1);
    cr_expect_eq(roster_safe_point_refresh(safe_point), -EBADMSG);
    cr_expect_eq(roster_safe_point_advance_txn(safe_point, now, NULL), -EBADMSG);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(roster_safe_point_run_once(safe_point, NULL), 0);
    cr_expect_eq(roster_txn_safe_point(safe_point), now - 5);
    cr_assert_eq(roster_safe_point_state(safe_point, &state), 0);
    cr_expect_geq(state.rejected, 2);
    cr_expect_eq(state.rejected_value, now + 1);
    cr_expect_str_eq(state.rejected_key, "/roster/safepoint/txn");
    roster_safe_point_destroy(safe_point);
    options.oracle_arg = &broken;
    cr_assert_eq(roster_safe_point_create(f->store, &options, &safe_point), 0);
    cr_expect_eq(roster_safe_point_advance_txn(safe_point, 1, NULL), -ENODATA,
                 "the oracle gives no time");
    cr_expect_eq(roster_safe_point_advance_gc(safe_point, 1, NULL), -ENODATA);
    cr_expect_eq(roster_safe_point_refresh(safe_point), -ENODATA);
    cr_expect_eq(roster_txn_safe_point(safe_point), 0);
    roster_safe_point_destroy(safe_point);
}

/* Other servers go on while it does not tick, and their safe points are above its clock's last. */
STORE_TEST(a_server_that_was_stopped_accuses_no_other_one)
{
    struct roster_safe_point_options looking = {.size = sizeof(looking)};
    struct roster_syncer_options options = server_options("a");
    struct roster_safe_point_state state = {.size = sizeof(state)};
    struct roster_options how = ROSTER_OPTIONS_INIT;
    struct roster_safe_point *safe_point;
    struct roster_oracle_local *clock;
    struct server server = {0};
    uint64_t ts;

    cr_assert_eq(roster_oracle_local_create(&clock), 0);
    how.oracle = looking.oracle = roster_oracle_local_read;
    how.oracle_arg = looking.oracle_arg = clock;
    how.tick_ms = ROSTER_TICK_MANUAL;
    cr_assert_eq(roster_create(&how, &server.roster), 0);
    cr_assert_eq(roster_session_open(server.roster, NULL, &server.session), 0);
    cr_assert_eq(roster_syncer_create(server.roster, f->store, &options, &server.syncer), 0);
    cr_assert_eq(roster_safe_point_create(f->store, &looking, &safe_point), 0);
    cr_assert_eq(roster_oracle_local_read(clock, &ts), 0);
    sleep_ms(60);
    put_number(f->store, "/roster/safepoint/txn", ts + roster_ts_compose(20, 0));
    cr_expect_eq(roster_safe_point_refresh(safe_point), 0);
    cr_assert_eq(roster_safe_point_state(safe_point, &state), 0);
    cr_expect_eq(state.rejected, 0);
    sleep_ms(60);
    put_number(f->store, "/roster/safepoint/txn", ts + roster_ts_compose(80, 0));
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    cr_expect_eq(server_stats(&server).rejected, 0);
    roster_safe_point_destroy(safe_point);
    server_destroy(&server);
    roster_oracle_local_destroy(clock);
}

STORE_TEST(g8_beginning_below_the_record_notices_a_safe_point_that_is_a_lie)
{
    struct server server;
    uint64_t record;

    server_join(&server, f, "a");
    record = stored_number(f->store, "/roster/server/minstartts/a");
    put_number(f->store, "/roster/safepoint/txn", record + roster_ts_compose(1, 0));
    cr_expect_eq(roster_txn_begin_at(server.session, record - 1), -EBADMSG);
    cr_expect_eq(roster_txn_begin(server.session, NULL), 0);
    cr_expect_eq(roster_txn_check(server.session), -ESTALE, "fenced");
    cr_expect_eq(server_stats(&server).rejected, 1);
    roster_txn_finish(server.session);
    server_until_live(&server, 2);
    server_destroy(&server);
}
