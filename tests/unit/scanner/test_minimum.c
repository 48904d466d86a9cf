/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The minimum: that the culprit it names is the culprit, the next oldest, expiry, life time, and
 * that safe points never go back (G2, G3, G8). test_minimum_random.c compares with brute force.
 */

#include "../unit.h"
#include "core/roster/roster.h"
#include "core/scanner/lease.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

struct fixture {
    struct unit_oracle oracle;
    struct roster *roster;
};

static void fixture_init(struct fixture *fixture, uint64_t now, uint64_t life_time_ms)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    fixture->oracle = (struct unit_oracle){.next = now};
    options.oracle = unit_oracle_get;
    options.oracle_arg = &fixture->oracle;
    options.life_time_ms = life_time_ms;
    options.tick_ms = ROSTER_TICK_MANUAL;
    fixture->roster = unit_roster_with(&options);
}

static struct roster_session *open_at(struct fixture *f, uint64_t ts)
{
    struct roster_session *session = unit_open(f->roster);

    unit_ok(roster_txn_begin_at(session, ts));
    return session;
}

static void holder_is_session(const struct roster_holder *holder,
                              const struct roster_session *session, uint64_t ts)
{
    cr_assert_eq(holder->kind, ROSTER_HOLDER_TXN);
    cr_assert_eq(holder->ts, ts);
    cr_assert_eq(holder->session_id, roster_session_id(session));
    cr_assert_eq(holder->session_kind, roster_session_kind(session));
    cr_assert_eq(holder->pin_id, 0);
}

static void holder_is_pin(const struct roster_holder *holder, const struct roster_pin *pin,
                          uint64_t session_id)
{
    cr_assert_eq(holder->kind, ROSTER_HOLDER_PIN);
    cr_assert_eq(holder->ts, roster_pin_ts(pin));
    cr_assert_eq(holder->pin_id, roster_pin_id(pin));
    cr_assert_eq(holder->session_id, session_id);
}

static void holder_is_none(const struct roster_holder *holder, uint64_t now)
{
    cr_assert_eq(holder->kind, ROSTER_HOLDER_NONE);
    cr_assert_eq(holder->ts, now);
    cr_assert_eq(holder->session_id, 0);
    cr_assert_eq(holder->pin_id, 0);
    cr_assert_eq(holder->since, 0);
}

Test(minimum, of_nothing_is_now)
{
    struct fixture f;
    struct roster_min min;

    fixture_init(&f, 1000, 0);
    cr_assert_eq(roster_local_safe_point(f.roster), 0, "before the first scan");
    min = unit_min(f.roster);
    cr_assert_eq(min.now, 1001);
    cr_assert_eq(min.min_start_ts, 1001);
    cr_assert_eq(min.safe_point, 1001);
    cr_assert_eq(min.expired, 0);
    holder_is_none(&min.holder, 1001);
    holder_is_none(&min.next, 1001);
    cr_assert_eq(roster_local_safe_point(f.roster), 1001);
    cr_assert_eq(roster_local_safe_point(NULL), 0);
    unit_destroy(f.roster);
}

Test(minimum, names_the_culprit_and_since_when)
{
    struct fixture f;
    struct roster_session *old, *young;
    struct roster_min min;

    fixture_init(&f, 1000, 0);
    unit_set_clock(f.roster, 77);
    young = open_at(&f, 600);
    unit_set_clock(f.roster, 88);
    old = open_at(&f, 500);
    unit_set_clock(f.roster, 99);
    min = unit_min(f.roster);
    cr_assert_eq(min.min_start_ts, 500);
    holder_is_session(&min.holder, old, 500);
    cr_assert_eq(min.holder.since, 88);
    holder_is_session(&min.next, young, 600);
    cr_assert_eq(min.next.since, 77);
    unit_ok(roster_txn_finish(old));
    min = unit_min(f.roster);
    cr_assert_eq(min.min_start_ts, 600, "as next had promised");
    holder_is_session(&min.holder, young, 600);
    holder_is_none(&min.next, min.now);
    unit_close(old);
    unit_close(young);
    unit_destroy(f.roster);
}

Test(minimum, names_the_kind_of_the_session)
{
    struct fixture f;
    enum roster_session_kind kind;

    fixture_init(&f, 1000, 0);
    for (kind = ROSTER_SESSION_USER; kind <= ROSTER_SESSION_BACKGROUND; kind++) {
        struct roster_session *session = unit_open_as(f.roster, kind, 0);
        struct roster_min min;

        unit_ok(roster_txn_begin(session, NULL));
        min = unit_min(f.roster);
        cr_assert_eq(min.holder.session_kind, kind);
        unit_close(session);
    }
    unit_destroy(f.roster);
}

Test(minimum, names_a_pin)
{
    struct fixture f;
    struct roster_session *session;
    struct roster_pin *pin = NULL, *younger;
    struct roster_min min;

    fixture_init(&f, 1000, 0);
    session = open_at(&f, 700);
    unit_ok(roster_pin_acquire(f.roster, NULL, 600, ROSTER_PIN_BACKUP, &pin));
    younger = unit_pin(f.roster, NULL, 650);
    min = unit_min(f.roster);
    holder_is_pin(&min.holder, pin, 0);
    cr_assert_eq(min.holder.pin_kind, ROSTER_PIN_BACKUP);
    holder_is_pin(&min.next, younger, 0);
    cr_assert_eq(min.next.pin_kind, ROSTER_PIN_CURSOR);
    unit_ok(roster_pin_release(pin));
    min = unit_min(f.roster);
    holder_is_pin(&min.holder, younger, 0);
    holder_is_session(&min.next, session, 700);
    unit_ok(roster_pin_release(younger));
    unit_close(session);
    unit_destroy(f.roster);
}

/* What ending the culprit's session would gain: its other pins do not count as the next. */
Test(minimum, next_is_not_of_the_same_session)
{
    struct fixture f;
    struct roster_session *culprit, *other;
    struct roster_pin *pins[3];
    struct roster_min min;
    int i;

    fixture_init(&f, 1000, 0);
    other = open_at(&f, 560);
    culprit = open_at(&f, 550);
    pins[0] = unit_pin(f.roster, culprit, 500);
    pins[1] = unit_pin(f.roster, culprit, 555);
    pins[2] = unit_pin(f.roster, culprit, 520);
    min = unit_min(f.roster);
    holder_is_pin(&min.holder, pins[0], roster_session_id(culprit));
    holder_is_session(&min.next, other, 560);
    for (i = 0; i < 3; i++)
        unit_ok(roster_pin_release(pins[i]));
    unit_close(culprit);
    min = unit_min(f.roster);
    cr_assert_eq(min.min_start_ts, 560, "as next had promised");
    unit_close(other);
    unit_destroy(f.roster);
}

/* The same when the scan comes upon them in every order. */
static void in_order(const unsigned order[4])
{
    struct fixture f;
    struct roster_session *first, *second;
    struct roster_pin *pins[4] = {NULL};
    struct roster_min min;
    unsigned i;

    fixture_init(&f, 1000, 0);
    first = unit_open(f.roster);
    second = unit_open(f.roster);
    for (i = 0; i < 4; i++) {
        unsigned which = order[i];

        /* 510 and 520 of the first, 515 and 530 of the second */
        pins[which] = unit_pin(f.roster, which % 2 ? second : first,
                               (const uint64_t[]){510, 515, 520, 530}[which]);
    }
    min = unit_min(f.roster);
    holder_is_pin(&min.holder, pins[0], roster_session_id(first));
    holder_is_pin(&min.next, pins[1], roster_session_id(second));
    for (i = 0; i < 4; i++)
        unit_ok(roster_pin_release(pins[i]));
    unit_close(first);
    unit_close(second);
    unit_destroy(f.roster);
}

static void permute(unsigned order[4], unsigned n)
{
    unsigned i, kept;

    if (n == 4) {
        in_order(order);
        return;
    }
    for (i = n; i < 4; i++) {
        kept = order[n];
        order[n] = order[i];
        order[i] = kept;
        permute(order, n + 1);
        order[i] = order[n];
        order[n] = kept;
    }
}

Test(minimum, next_does_not_depend_on_the_order_of_slots)
{
    unsigned order[4] = {0, 1, 2, 3};

    permute(order, 0);
}

/* Pins without a session are each their own culprit, at one timestamp too. */
Test(minimum, two_pins_at_one_timestamp)
{
    struct fixture f;
    struct roster_pin *pins[2];
    struct roster_min min;

    fixture_init(&f, 1000, 0);
    pins[0] = unit_pin(f.roster, NULL, 500);
    pins[1] = unit_pin(f.roster, NULL, 500);
    min = unit_min(f.roster);
    cr_assert_eq(min.next.kind, ROSTER_HOLDER_PIN, "ending the holder gains nothing");
    cr_assert_eq(min.next.ts, 500);
    cr_assert_neq(min.next.pin_id, min.holder.pin_id);
    unit_ok(roster_pin_release(pins[0]));
    unit_ok(roster_pin_release(pins[1]));
    unit_destroy(f.roster);
}

/* G2: a pending transaction is never invisible; the floor stands for it. */
Test(minimum, a_pending_transaction_holds_it_back)
{
    struct fixture f;
    struct roster_session *session;
    struct roster_min min;
    uint64_t ts = 0;

    fixture_init(&f, 1000, 0);
    cr_assert_eq(unit_min(f.roster).now, 1001);
    session = unit_open(f.roster);
    unit_ok(roster_txn_prepare(session));
    unit_ok(unit_oracle_get(&f.oracle, &ts));
    min = unit_min(f.roster);
    cr_assert_eq(min.now, 1003);
    cr_assert_eq(min.min_start_ts, 1001, "the now of the scan before");
    holder_is_session(&min.holder, session, 1001);
    min = unit_min(f.roster);
    cr_assert_eq(min.min_start_ts, 1001);
    cr_assert_leq(min.safe_point, ts);
    unit_ok(roster_txn_activate(session, ts));
    min = unit_min(f.roster);
    holder_is_session(&min.holder, session, 1002);
    cr_assert_eq(min.safe_point, 1002);
    unit_close(session);
    unit_destroy(f.roster);
}

Test(minimum, a_non_pinning_session_does_not)
{
    struct fixture f;
    struct roster_session *session;
    struct roster_min min;

    fixture_init(&f, 1000, 0);
    session = unit_open_as(f.roster, ROSTER_SESSION_INTERNAL, ROSTER_SESSION_NON_PINNING);
    unit_ok(roster_txn_begin(session, NULL));
    unit_ok(roster_txn_check(session));
    min = unit_min(f.roster);
    holder_is_none(&min.holder, min.now);
    cr_assert_eq(roster_txn_check(session), -ESTALE, "it is told when its snapshot is gone (G8)");
    unit_ok(roster_txn_finish(session));
    unit_ok(roster_txn_prepare(session));
    min = unit_min(f.roster);
    holder_is_none(&min.holder, min.now);
    unit_close(session);
    unit_destroy(f.roster);
}

/* A millisecond more, and a pin has expired. */
Test(minimum, the_age_limit)
{
    struct fixture f;
    struct roster_session *old, *young;
    struct roster_min min = {.size = sizeof(min)};
    uint64_t began;

    fixture_init(&f, roster_ts_compose(10000, 0), 0);
    began = rst_ticker_now(&f.roster->ticker);
    old = open_at(&f, roster_ts_compose(9000, 0));
    unit_set_clock(f.roster, began + 1000000);
    young = open_at(&f, roster_ts_compose(9000, 1));
    unit_set_clock(f.roster, began + 1000 * UINT64_C(1000000));
    unit_ok(roster_min_advance(f.roster, 1001, &min));
    cr_assert_eq(min.expired, 0);
    holder_is_session(&min.holder, old, roster_ts_compose(9000, 0));
    unit_ok(roster_min_advance(f.roster, 1000, &min));
    cr_assert_eq(min.expired, 1);
    holder_is_session(&min.holder, young, roster_ts_compose(9000, 1));
    cr_assert_eq(roster_txn_check(old), -ESTALE);
    cr_assert_eq(roster_txn_check(young), 0);
    unit_ok(roster_min_advance(f.roster, UINT64_MAX, &min));
    cr_assert_eq(min.expired, 0, "the epoch is nearer");
    unit_close(old);
    unit_close(young);
    unit_destroy(f.roster);
}

/* The lower limit is strict on both sides: lower < ts < now counts. */
Test(minimum, the_lower_limit)
{
    struct fixture f;
    struct roster_session *at_limit, *above, *below;
    struct roster_min min = {.size = sizeof(min)};

    fixture_init(&f, 1000, 0);
    below = open_at(&f, 499);
    at_limit = open_at(&f, 500);
    above = open_at(&f, 501);
    unit_ok(rst_lease_scan(f.roster, 0, 500 + 1, false, &min));
    cr_assert_eq(min.expired, 2);
    cr_assert_eq(min.min_start_ts, 501);
    holder_is_session(&min.holder, above, 501);
    holder_is_none(&min.next, min.now);
    cr_assert_eq(min.safe_point, 501);
    cr_assert_eq(roster_txn_check(below), -ESTALE);
    cr_assert_eq(roster_txn_check(at_limit), -ESTALE);
    cr_assert_eq(roster_txn_check(above), 0);
    cr_assert_eq(unit_stats(f.roster).expired, 2);
    unit_ok(rst_lease_scan(f.roster, 0, 501 + 1, false, &min));
    cr_assert_eq(min.expired, 3);
    cr_assert_eq(roster_txn_check(above), -ESTALE);
    holder_is_none(&min.holder, min.now);
    cr_assert_eq(min.safe_point, min.now);
    unit_close(below);
    unit_close(at_limit);
    unit_close(above);
    unit_ok(rst_lease_scan(f.roster, 0, 501 + 1, false, &min));
    cr_assert_eq(min.expired, 0);
    cr_assert_eq(unit_stats(f.roster).expired, 0, "of the newest scan");
    unit_destroy(f.roster);
}

Test(minimum, the_upper_limit_is_now)
{
    struct fixture f;
    struct roster_session *at_now;
    struct roster_min min;

    fixture_init(&f, 1000, 0);
    at_now = open_at(&f, 1001);
    min = unit_min(f.roster);
    cr_assert_eq(min.now, 1001);
    holder_is_session(&min.holder, at_now, 1001);
    cr_assert_eq(min.safe_point, 1001, "inclusive: what can be seen at 1001 stays");
    cr_assert_eq(roster_txn_check(at_now), 0);
    min = unit_min(f.roster);
    holder_is_session(&min.holder, at_now, 1001);
    unit_close(at_now);
    unit_destroy(f.roster);
}

Test(minimum, a_lower_limit_that_is_not_below_now)
{
    struct fixture f;
    struct roster_min min = {.size = sizeof(min), .now = 4711};

    fixture_init(&f, 1000, 0);
    unit_refused(f.roster, NULL, rst_lease_scan(f.roster, 0, 1001 + 1, false, &min), -ERANGE);
    unit_refused(f.roster, NULL, rst_lease_scan(f.roster, 0, ROSTER_TS_MAX, false, &min), -ERANGE);
    cr_assert_eq(min.now, 4711, "filled after an error");
    unit_ok(rst_lease_scan(f.roster, 0, 1002 + 1, false, &min));
    cr_assert_eq(min.now, 1003);
    unit_destroy(f.roster);
}

Test(minimum, nothing_expires_without_a_limit)
{
    struct fixture f;
    struct roster_session *session;

    fixture_init(&f, 1000, 0);
    session = open_at(&f, 1);
    cr_assert_eq(unit_min(f.roster).expired, 0);
    cr_assert_eq(unit_min(f.roster).min_start_ts, 1);
    cr_assert_eq(roster_txn_check(session), 0);
    unit_close(session);
    unit_destroy(f.roster);
}

/* G8 outlasts the limit: what has expired once stays lost, and no transaction may begin there
 * again. */
Test(minimum, what_has_expired_stays_lost)
{
    struct fixture f;
    struct roster_session *session, *other;
    struct roster_min min;

    fixture_init(&f, 1000, 0);
    session = open_at(&f, 400);
    other = unit_open(f.roster);
    unit_ok(rst_lease_scan(f.roster, 0, 451, false, &min));
    unit_ok(roster_min_advance(f.roster, 0, NULL));
    cr_assert_eq(roster_txn_check(session), -ESTALE);
    unit_refused(f.roster, other, roster_txn_begin_at(other, 450), -ESTALE);
    unit_close(session);
    unit_close(other);
    unit_destroy(f.roster);
}

Test(minimum, the_life_time_keeps_the_safe_point_behind)
{
    struct fixture f;
    uint64_t now = roster_ts_compose(100000, 5);
    struct roster_session *session;
    struct roster_min min;

    fixture_init(&f, now, 600);
    min = unit_min(f.roster);
    cr_assert_eq(min.min_start_ts, now + 1);
    cr_assert_eq(min.safe_point, roster_ts_compose(100000 - 600, 6));
    session = open_at(&f, min.safe_point);
    cr_assert_eq(roster_txn_check(session), 0);
    f.oracle.next = roster_ts_compose(200000, 0);
    min = unit_min(f.roster);
    cr_assert_eq(min.safe_point, roster_ts_compose(100000 - 600, 6), "the older of the two");
    unit_close(session);
    min = unit_min(f.roster);
    cr_assert_eq(min.safe_point, roster_ts_compose(200000 - 600, 1));
    unit_destroy(f.roster);
}

Test(minimum, a_life_time_longer_than_history)
{
    struct fixture f;

    fixture_init(&f, roster_ts_compose(1000, 0), UINT64_MAX);
    cr_assert_eq(unit_min(f.roster).safe_point, 0);
    cr_assert_eq(roster_local_safe_point(f.roster), 0);
    unit_destroy(f.roster);
}

/* G3: the minimum goes back when someone begins where it is still protected, the safe point not. */
Test(minimum, the_safe_point_never_goes_back)
{
    struct fixture f;
    struct roster_session *session;
    struct roster_min min;

    fixture_init(&f, roster_ts_compose(100000, 0), 1000);
    min = unit_min(f.roster);
    session = open_at(&f, min.safe_point + 1);
    cr_assert_lt(unit_min(f.roster).min_start_ts, min.min_start_ts);
    cr_assert_geq(unit_min(f.roster).safe_point, min.safe_point);
    unit_close(session);
    /* An oracle that goes back does not take the safe point with it. */
    min = unit_min(f.roster);
    f.oracle.next = 5;
    cr_assert_eq(unit_min(f.roster).safe_point, min.safe_point);
    cr_assert_eq(roster_local_safe_point(f.roster), min.safe_point);
    cr_assert_eq(rst_load(&f.roster->horizon.floor), min.now, "nor the floor");
    unit_destroy(f.roster);
}

Test(minimum, an_oracle_that_fails)
{
    struct fixture f;
    struct roster_min min = {.size = sizeof(min), .now = 4711};

    fixture_init(&f, 1000, 0);
    f.oracle.err = -ETIMEDOUT;
    unit_refused(f.roster, NULL, roster_min_advance(f.roster, 0, &min), -ETIMEDOUT);
    unit_refused(f.roster, NULL, roster_min_peek(f.roster, &min), -ETIMEDOUT);
    f.oracle.err = 3;
    unit_refused(f.roster, NULL, roster_min_advance(f.roster, 0, &min), -ENODATA);
    unit_refused(f.roster, NULL, roster_min_peek(f.roster, &min), -ENODATA);
    unit_refused(f.roster, NULL, roster_min_of(f.roster, NULL, &min), -ENODATA);
    f.oracle.err = 0;
    f.oracle.next = 0;
    unit_refused(f.roster, NULL, roster_min_advance(f.roster, 0, &min), -ENODATA);
    f.oracle.next = ROSTER_TS_MAX;
    unit_refused(f.roster, NULL, roster_min_advance(f.roster, 0, &min), -ENODATA);
    cr_assert_eq(min.now, 4711, "filled after an error");
    unit_destroy(f.roster);
}

Test(minimum, null_and_results_of_another_version)
{
    struct fixture f;
    struct roster_min min = {.size = sizeof(min) - 1, .now = 4711};

    fixture_init(&f, 1000, 0);
    cr_assert_eq(roster_min_advance(NULL, 0, NULL), -EINVAL);
    unit_refused(f.roster, NULL, roster_min_advance(f.roster, 0, &min), -EINVAL);
    cr_assert_eq(min.now, 4711, "filled after an error");
    cr_assert_eq(f.oracle.calls, 1, "the oracle was not asked");
    unit_ok(roster_min_advance(f.roster, 0, NULL));
    cr_assert_eq(unit_stats(f.roster).scans, 1);
    unit_destroy(f.roster);
}

/* Of some sessions only: by database, kind and tag, with their pins, and nothing moves. */
Test(minimum, of_some_sessions)
{
    struct roster_min_filter filter = ROSTER_MIN_FILTER_INIT;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_min min = {.size = sizeof(min)};
    struct roster_session *shop, *internal;
    struct roster_pin *pin;
    uint64_t first, second;

    attr.database = "shop";
    attr.tag = 0x10;
    unit_ok(roster_session_open(roster, &attr, &shop));
    attr.database = "other";
    attr.kind = ROSTER_SESSION_INTERNAL;
    attr.tag = 0x21;
    unit_ok(roster_session_open(roster, &attr, &internal));
    unit_ok(roster_txn_begin(internal, &first));
    unit_ok(roster_txn_begin(shop, &second));
    unit_ok(roster_min_of(roster, &filter, &min));
    cr_assert_eq(min.min_start_ts, first);
    cr_assert_eq(min.next.ts, second);
    filter.database = "shop";
    unit_ok(roster_min_of(roster, &filter, &min));
    cr_assert_eq(min.min_start_ts, second);
    cr_assert_eq(min.holder.session_id, roster_session_id(shop));
    cr_assert_eq(min.next.kind, ROSTER_HOLDER_NONE);
    filter.database = "none";
    unit_ok(roster_min_of(roster, &filter, &min));
    cr_assert_eq(min.holder.kind, ROSTER_HOLDER_NONE);
    filter.database = NULL;
    filter.kinds = ROSTER_KIND_BIT(ROSTER_SESSION_USER);
    unit_ok(roster_min_of(roster, &filter, &min));
    cr_assert_eq(min.min_start_ts, second);
    filter.kinds = 0;
    filter.tag_mask = 0xf0;
    filter.tag = 0x20;
    unit_ok(roster_min_of(roster, &filter, &min));
    cr_assert_eq(min.min_start_ts, first);
    unit_ok(roster_txn_finish(internal));
    pin = unit_pin(roster, internal, first);
    unit_ok(roster_min_of(roster, &filter, &min));
    cr_assert_eq(min.min_start_ts, first, "its pins count");
    cr_assert_eq(unit_stats(roster).scans, 0, "nothing is advanced");
    filter.kinds = 8;
    cr_assert_eq(roster_min_of(roster, &filter, &min), -EINVAL);
    filter.kinds = 0;
    filter.size = 1;
    cr_assert_eq(roster_min_of(roster, &filter, &min), -EINVAL);
    cr_assert_eq(roster_min_of(NULL, NULL, &min), -EINVAL);
    cr_assert_eq(roster_min_of(roster, NULL, NULL), -EINVAL);
    unit_ok(roster_pin_release(pin));
    unit_close(shop);
    unit_end(roster, internal);
}

struct walked {
    struct roster_holder holders[8];
    unsigned count, most;
};

static int keep_holder(const struct roster_holder *holder, void *arg)
{
    struct walked *walked = arg;

    cr_assert_lt(walked->count, 8u);
    walked->holders[walked->count++] = *holder;
    return walked->count == walked->most ? 17 : 0;
}

static const struct roster_holder *find_holder(const struct walked *walked, uint64_t session_id,
                                               uint64_t pin_id)
{
    const struct roster_holder *found = NULL;
    unsigned n;

    for (n = 0; n < walked->count; n++)
        if (walked->holders[n].session_id == session_id && walked->holders[n].pin_id == pin_id) {
            cr_assert_null(found, "it was visited twice");
            found = &walked->holders[n];
        }
    cr_assert_not_null(found);
    return found;
}

/* Each once, whatever it is, and nothing moves. */
Test(minimum, all_holders)
{
    struct walked walked = {.count = 0}, first = {.most = 1};
    struct roster_session *old, *pending, *idle;
    struct roster_pin *pins[2];
    struct fixture f;

    fixture_init(&f, 1000, 0);
    unit_ok(roster_for_each_holder(f.roster, keep_holder, &walked));
    cr_assert_eq(walked.count, 0u);
    old = open_at(&f, 900);
    pending = unit_open(f.roster);
    idle = unit_open(f.roster);
    unit_ok(roster_txn_prepare(pending));
    unit_ok(roster_pin_acquire(f.roster, idle, 950, ROSTER_PIN_CURSOR, &pins[0]));
    unit_ok(roster_pin_acquire(f.roster, NULL, 960, ROSTER_PIN_BACKUP, &pins[1]));
    unit_ok(roster_for_each_holder(f.roster, keep_holder, &walked));
    cr_assert_eq(walked.count, 4u);
    holder_is_session(find_holder(&walked, roster_session_id(old), 0), old, 900);
    cr_expect_eq(find_holder(&walked, roster_session_id(pending), 0)->kind, ROSTER_HOLDER_TXN);
    holder_is_pin(find_holder(&walked, roster_session_id(idle), roster_pin_id(pins[0])), pins[0],
                  roster_session_id(idle));
    cr_expect_eq(find_holder(&walked, 0, roster_pin_id(pins[1]))->pin_kind, ROSTER_PIN_BACKUP);
    cr_assert_eq(unit_stats(f.roster).scans, 0u, "nothing is advanced");
    cr_expect_eq(roster_for_each_holder(f.roster, keep_holder, &first), 17);
    cr_expect_eq(roster_for_each_holder(NULL, keep_holder, &first), -EINVAL);
    cr_expect_eq(roster_for_each_holder(f.roster, NULL, &first), -EINVAL);
    unit_ok(roster_pin_release(pins[0]));
    unit_ok(roster_pin_release(pins[1]));
    unit_ok(roster_txn_finish(pending));
    unit_ok(roster_txn_finish(old));
    walked.count = 0;
    unit_ok(roster_for_each_holder(f.roster, keep_holder, &walked));
    cr_assert_eq(walked.count, 0u);
    unit_close(old);
    unit_close(pending);
    unit_close(idle);
    unit_destroy(f.roster);
}
