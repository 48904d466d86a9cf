/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The roster's side of a leased store: the one word for G8, and pins below the record. */

#include "core/base/clock.h"
#include "core/scanner/lease.h"
#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <time.h>

#include <roster/roster.h>

#define MS UINT64_C(1000000)
#define AGE_MS (UINT64_C(86400) * 1000)

static uint64_t boottime_in(uint64_t ms)
{
    return rst_clock_ns(CLOCK_BOOTTIME) + ms * MS;
}

/* An oracle that the test moves. */
static int told(void *arg, uint64_t *ts)
{
    *ts = *(uint64_t *)arg;
    return 0;
}

struct store {
    struct roster *roster;
    int result;
    unsigned calls;
    uint64_t asked;
    uint64_t minimum_meanwhile; /* what a scan saw while the store was asked */
};

static int lower(void *arg, uint64_t ts)
{
    struct store *store = arg;
    struct roster_min min = {.size = sizeof(min)};

    store->calls++;
    store->asked = ts;
    cr_assert_eq(roster_min_advance(store->roster, 0, &min), 0);
    store->minimum_meanwhile = min.min_start_ts;
    if (!store->result)
        rst_lease_lowered(store->roster, ts);
    return store->result;
}

static const struct rst_lease_ops ops = {lower};

static uint64_t now;
static struct roster *roster;
static struct roster_session *session;
static struct store store;

static void start(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    now = roster_ts_compose(UINT64_C(1700000000000), 5);
    options.oracle = told;
    options.oracle_arg = &now;
    options.life_time_ms = 1000000;
    cr_assert_eq(roster_create(&options, &roster), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    store = (struct store){.roster = roster};
}

static void stop(void)
{
    roster_txn_finish(session);
    cr_assert_eq(roster_session_close(session), 0);
    rst_lease_detach(roster);
    if (roster_destroy(roster) == 0)
        return; /* it was under no store */
    rst_lease_leave(roster);
    cr_assert_eq(roster_destroy(roster), 0);
}

static void attach(uint64_t record)
{
    cr_assert_eq(rst_lease_attach(roster, &ops, &store), 0);
    rst_lease_grant(roster, record, boottime_in(60000));
}

TestSuite(lease, .init = start, .fini = stop);

Test(lease, g8_a_roster_is_fenced_until_the_lease_is_granted)
{
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_txn_check(session), 0, "no leased store, no fence");
    cr_assert_eq(rst_lease_attach(roster, &ops, &store), 0);
    cr_assert_eq(rst_lease_attach(roster, &ops, &store), -EBUSY);
    cr_assert_eq(roster_txn_check(session), -ESTALE);
    rst_lease_grant(roster, now, boottime_in(60000));
    cr_assert_eq(roster_txn_check(session), 0, "start_ts is the record itself: inclusive");
    rst_lease_grant(roster, now + 1, boottime_in(60000));
    cr_assert_eq(roster_txn_check(session), -ESTALE, "start_ts is below the new record");
}

Test(lease, g8_a_check_after_the_deadline_fails_without_anybody_fencing)
{
    uint64_t deadline;

    attach(now);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    deadline = boottime_in(50);
    rst_lease_extend(roster, deadline);
    while (roster_txn_check(session) == 0)
        cr_assert_lt(boottime_in(0), deadline + 2000 * MS, "the deadline is never noticed");
    cr_assert_geq(boottime_in(0), deadline, "the check failed before the deadline");
    rst_lease_extend(roster, boottime_in(60000));
    cr_assert_eq(roster_txn_check(session), 0, "the lease never ended, so nothing was lost");
}

Test(lease, g8_fencing_fails_transactions_and_pins)
{
    struct roster_pin *pin, *refused;

    attach(now);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &pin), 0);
    cr_assert_eq(roster_pin_check(pin), 0);
    rst_lease_fence(roster);
    cr_assert_eq(roster_txn_check(session), -ESTALE);
    cr_assert_eq(roster_pin_check(pin), -ESTALE);
    cr_assert_eq(roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &refused), -ESTALE);
    cr_assert_eq(roster_pin_acquire(roster, NULL, now, ROSTER_PIN_CURSOR, &refused), -ESTALE);
    cr_assert_eq(store.calls, 0, "a fenced server has no record to lower");
    cr_assert_eq(roster_pin_release(pin), 0);
}

Test(lease, a_report_raises_the_record_with_the_scan)
{
    struct roster_min min = {.size = sizeof(min)};

    attach(now - 1000);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, 0, false, &min), 0);
    cr_assert_eq(rst_lease_record(roster), now - 1000);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, 0, true, &min), 0);
    cr_assert_eq(min.min_start_ts, now, "an idle server reports about now");
    cr_assert_eq(rst_lease_record(roster), now);
}

Test(lease, beginning_at_the_record_needs_no_store_and_below_it_does)
{
    attach(now - 10);
    cr_assert_eq(roster_txn_begin_at(session, now - 10), 0);
    cr_assert_eq(store.calls, 0);
    cr_assert_eq(roster_txn_finish(session), 0);

    cr_assert_eq(roster_txn_begin_at(session, now - 11), 0);
    cr_assert_eq(store.calls, 1);
    cr_assert_eq(store.asked, now - 11);
    cr_assert_eq(store.minimum_meanwhile, now - 11, "it is pinned before the store is asked");
    cr_assert_eq(roster_txn_check(session), 0);
}

Test(lease, a_pin_below_the_record_lowers_it_too)
{
    struct roster_pin *pin;

    attach(now);
    cr_assert_eq(roster_pin_acquire(roster, session, now - 7, ROSTER_PIN_BACKUP, &pin), 0);
    cr_assert_eq(store.asked, now - 7);
    cr_assert_eq(roster_pin_check(pin), 0);
    cr_assert_eq(roster_pin_release(pin), 0);
}

Test(lease, when_the_store_refuses_nothing_stays_pinned)
{
    struct roster_min min = {.size = sizeof(min)};

    attach(now);
    store.result = -ESTALE;
    cr_assert_eq(roster_txn_begin_at(session, now - 7), -ESTALE);
    store.result = -EHOSTUNREACH;
    cr_assert_eq(roster_txn_begin_at(session, now - 7), -EHOSTUNREACH);
    cr_assert_eq(store.calls, 2);
    cr_assert_eq(roster_min_advance(roster, 0, &min), 0);
    cr_assert_eq(min.min_start_ts, now);
    cr_assert_eq(roster_txn_begin(session, NULL), 0, "the session is as before");
}

Test(lease, below_the_local_safe_point_the_store_is_not_asked)
{
    struct roster_min min = {.size = sizeof(min)};

    attach(now);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, now - 5, false, &min), 0);
    cr_assert_eq(roster_txn_begin_at(session, now - 6), -ESTALE);
    cr_assert_eq(store.calls, 0);
    cr_assert_eq(roster_txn_begin_at(session, now - 5), 0);
}

Test(lease, reporter_filter_is_strict_and_what_it_drops_is_told)
{
    struct roster_min min = {.size = sizeof(min)};

    attach(now - 100);
    cr_assert_eq(roster_txn_begin_at(session, now - 50), 0);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, now - 50, true, &min), 0);
    cr_assert_eq(min.min_start_ts, now - 50, "just above the limit counts");
    cr_assert_eq(roster_txn_check(session), 0);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, now - 49, true, &min), 0);
    cr_assert_eq(min.min_start_ts, now, "at the limit does not count");
    cr_assert_eq(min.expired, 1);
    cr_assert_eq(roster_txn_check(session), -ESTALE);
}

Test(lease, reporter_lower_limit_is_now_less_the_greatest_age)
{
    struct roster_min min = {.size = sizeof(min)};
    uint64_t limit = roster_ts_lower_limit(now, AGE_MS);

    attach(limit);
    cr_assert_eq(roster_txn_begin_at(session, limit + 1), 0);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, 0, true, &min), 0);
    cr_assert_eq(min.min_start_ts, limit + 1);
    now += UINT64_C(1) << ROSTER_TS_LOGICAL_BITS;
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, 0, true, &min), 0);
    cr_assert_eq(min.min_start_ts, limit + 1, "it has not been held for so long");
    unit_set_clock(roster, rst_ticker_now(&roster->ticker) + AGE_MS * MS);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, 0, true, &min), 0);
    cr_assert_eq(min.min_start_ts, now);
    cr_assert_eq(roster_txn_check(session), -ESTALE, "too old is told so (G8)");
}

/* The wall clock goes where it likes: what counts is for how long something is held. */
Test(lease, reporter_no_step_of_the_clock_expires_what_has_just_begun)
{
    struct roster_min min = {.size = sizeof(min)};
    uint64_t began = now, before;

    attach(now);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    now += 2 * AGE_MS << ROSTER_TS_LOGICAL_BITS;
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, 0, true, &min), 0);
    cr_assert_eq(min.min_start_ts, began);
    cr_assert_eq(min.expired, 0);
    cr_assert_eq(roster_txn_check(session), 0);
    before = now; /* a clock that was set back stands still */
    unit_set_clock(roster, rst_ticker_now(&roster->ticker) + AGE_MS * MS);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, 0, true, &min), 0);
    cr_assert_eq(min.min_start_ts, before);
    cr_assert_eq(min.expired, 1);
    cr_assert_eq(roster_txn_check(session), -ESTALE);
}

Test(lease, reporter_a_clock_that_stands_still_keeps_nothing_for_ever)
{
    struct roster_min min = {.size = sizeof(min)};

    attach(now);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    now++;
    unit_set_clock(roster, rst_ticker_now(&roster->ticker) + AGE_MS * MS);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, 0, true, &min), 0);
    cr_assert_eq(min.expired, 1);
    cr_assert_eq(roster_txn_check(session), -ESTALE);
}

Test(lease, an_oracle_behind_what_is_lost_is_an_error)
{
    struct roster_min min = {.size = sizeof(min)};

    attach(now);
    cr_assert_eq(rst_lease_scan(roster, AGE_MS, now + 1, true, &min), -ERANGE);
    cr_assert_eq(rst_lease_record(roster), now, "after an error nothing has changed");
}

Test(lease, a_roster_with_a_syncer_is_not_destroyed)
{
    struct roster *other;

    cr_assert_eq(roster_create(NULL, &other), 0);
    cr_assert_eq(rst_lease_attach(other, &ops, &store), 0);
    cr_assert_eq(roster_destroy(other), -EBUSY);
    rst_lease_detach(other);
    rst_lease_leave(other);
    cr_assert_eq(roster_destroy(other), 0);
}

Test(lease, g8_a_safe_point_is_passed_only_when_nothing_below_it_is_protected)
{
    attach(now - 10);
    cr_assert_eq(roster_txn_begin_at(session, now - 10), 0);
    cr_assert(rst_lease_pass(roster, now - 10), "inclusive");
    cr_assert_eq(roster_txn_check(session), 0);
    cr_assert(rst_lease_protects_below(roster, now - 9));
    cr_assert_not(rst_lease_pass(roster, now - 9));
    cr_assert_eq(roster_txn_check(session), 0, "nothing has changed");
    rst_lease_fence(roster);
    cr_assert_not(rst_lease_protects_below(roster, now - 9));
    cr_assert(rst_lease_pass(roster, now - 9));
    rst_lease_extend(roster, boottime_in(60000));
    cr_assert_eq(roster_txn_check(session), -ESTALE, "the old record does not bring it back");
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_txn_begin_at(session, now - 9), 0);
    cr_assert_eq(roster_txn_check(session), 0);
}
