/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A scan that stands still, in its oracle or at any step, delays no begin at a chosen timestamp, no
 * pin, no peek and no other scan, and what they return is exact. A call that waits hangs the test.
 */

#include "steps.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/roster.h>

#define LIFE_MS 1000
#define NOW roster_ts_compose(UINT64_C(1700000000000), 0)
/* Protected until the next scan, whose life time ends in between. */
#define OLD roster_ts_before(NOW, LIFE_MS)
#define LATER roster_ts_compose(UINT64_C(1700000000000) + 100, 0)

/* More than scanned at once before. */
#define MANY 40

void rst_test_point_reached(const char *name);

static struct roster *roster;
static struct roster_session *session;
static uint64_t next_ts;

/* Only threads of steps stand still there. */
static int count_up(void *arg, uint64_t *ts)
{
    (void)arg;
    rst_test_point_reached("oracle");
    *ts = __atomic_add_fetch(&next_ts, 1, __ATOMIC_RELAXED);
    return 0;
}

static int advance(struct roster_min *min)
{
    *min = (struct roster_min){.size = sizeof(*min)};
    return roster_min_advance(roster, 0, min);
}

/* The safe point is OLD, and the next scan's will be above it. */
static void make(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_min min;

    next_ts = NOW - 1;
    options.oracle = count_up;
    options.life_time_ms = LIFE_MS;
    cr_assert_eq(roster_create(&options, &roster), 0);
    next_ts = NOW - 1;
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    cr_assert_eq(advance(&min), 0);
    cr_assert_eq(min.safe_point, OLD);
    next_ts = LATER;
}

static void destroy(void)
{
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

struct scanning {
    struct steps steps;
    struct roster_min min;
    int err;
};

static void scan(void *arg)
{
    struct scanning *scanning = arg;

    scanning->err = advance(&scanning->min);
}

static void stands_at(struct scanning *scanning, const char *point)
{
    scanning->steps = (struct steps){.fn = scan, .arg = scanning, .point = point};
    cr_assert(steps_start(&scanning->steps), "no scan reaches \"%s\"", point);
}

static void goes_on(struct scanning *scanning)
{
    steps_finish(&scanning->steps);
    cr_assert_eq(scanning->err, 0);
    cr_assert_leq(scanning->min.min_start_ts, scanning->min.now);
    cr_assert_leq(scanning->min.safe_point, scanning->min.now);
    cr_assert_leq(scanning->min.safe_point, roster_local_safe_point(roster));
}

/* All that may run beside a scan returns; begins and pins at `ts`, which is protected. */
static void all_return(uint64_t ts)
{
    struct roster_min min = {.size = sizeof(min)};
    struct roster_pin *pin;
    uint64_t asked = next_ts;

    cr_assert_eq(roster_txn_begin_at(session, ts), 0);
    cr_assert_eq(roster_pin_acquire(roster, NULL, ts, ROSTER_PIN_CURSOR, &pin), 0);
    cr_assert_eq(next_ts, asked, "the oracle was asked");
    cr_assert_eq(roster_pin_release(pin), 0);
    cr_assert_eq(roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &pin), 0);
    cr_assert_eq(roster_pin_release(pin), 0);
    cr_assert_eq(roster_min_peek(roster, &min), 0);
    cr_assert_eq(min.min_start_ts, ts);
    cr_assert_leq(min.safe_point, ts);
    cr_assert_eq(advance(&min), 0);
    cr_assert_eq(min.min_start_ts, ts);
    cr_assert_leq(min.safe_point, ts);
}

/* The transaction at OLD began while the scan stood still, and is open: the scan counts it. */
static void is_counted(const struct scanning *scanning)
{
    cr_assert_eq(scanning->min.min_start_ts, OLD);
    cr_assert_eq(scanning->min.safe_point, OLD);
    cr_assert_eq(scanning->min.holder.session_id, roster_session_id(session));
    cr_assert_eq(scanning->min.holder.ts, OLD);
    cr_assert_eq(roster_local_safe_point(roster), OLD);
    cr_assert_eq(roster_txn_check(session), 0);
}

static void counts_what_began_at(const char *point)
{
    struct scanning scanning;

    make();
    stands_at(&scanning, point);
    all_return(OLD);
    goes_on(&scanning);
    is_counted(&scanning);
    destroy();
}

Test(scan_step, one_that_waits_for_its_oracle)
{
    counts_what_began_at("oracle");
}

Test(scan_step, one_that_has_asked_its_oracle)
{
    counts_what_began_at("scan: now known");
}

Test(scan_step, one_that_is_about_to_walk)
{
    counts_what_began_at("scan: owners fenced");
}

Test(scan_step, one_that_has_walked)
{
    counts_what_began_at("scan: slots read");
}

Test(scan_step, one_that_is_about_to_decide)
{
    counts_what_began_at("scan: safe point computed");
}

/* OLD is given up, and the first call that is refused publishes why. */
static void refuses_what_begins_at(const char *point)
{
    struct scanning scanning;
    struct roster_pin *pin;
    uint64_t safe_point;

    make();
    stands_at(&scanning, point);
    cr_assert_eq(roster_txn_begin_at(session, OLD), -ESTALE);
    safe_point = roster_local_safe_point(roster);
    cr_assert_gt(safe_point, OLD, "refused, and the safe point is below");
    cr_assert_eq(roster_pin_acquire(roster, NULL, OLD, ROSTER_PIN_CURSOR, &pin), -ESTALE);
    all_return(safe_point);
    goes_on(&scanning);
    cr_assert_eq(scanning.min.safe_point, safe_point);
    cr_assert_eq(roster_local_safe_point(roster), safe_point);
    cr_assert_eq(roster_txn_check(session), 0);
    destroy();
}

Test(scan_step, one_that_has_decided)
{
    refuses_what_begins_at("scan: decided");
}

Test(scan_step, one_that_has_given_up_what_it_decided)
{
    refuses_what_begins_at("scan: given up");
}

/* A session that pins nothing is refused for the same reasons. */
Test(scan_step, one_that_has_decided_refuses_what_pins_nothing)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *idle;
    struct scanning scanning;

    make();
    attr.flags = ROSTER_SESSION_NON_PINNING;
    cr_assert_eq(roster_session_open(roster, &attr, &idle), 0);
    stands_at(&scanning, "scan: given up");
    cr_assert_eq(roster_txn_begin_at(idle, OLD), -ESTALE);
    cr_assert_gt(roster_local_safe_point(roster), OLD);
    cr_assert_eq(roster_txn_begin_at(idle, roster_local_safe_point(roster)), 0);
    goes_on(&scanning);
    cr_assert_eq(roster_session_close(idle), 0);
    destroy();
}

/* It was open when the scan decided or before, so it counts; no one is named for it. */
Test(scan_step, what_has_begun_and_ended_during_the_scan)
{
    struct roster_session *other;
    struct scanning scanning;
    uint64_t ts;

    make();
    cr_assert_eq(roster_session_open(roster, NULL, &other), 0);
    cr_assert_eq(roster_txn_begin(other, &ts), 0);
    stands_at(&scanning, "scan: slots read");
    cr_assert_eq(roster_txn_begin_at(session, OLD), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
    goes_on(&scanning);
    cr_assert_eq(scanning.min.min_start_ts, OLD);
    cr_assert_eq(scanning.min.safe_point, OLD);
    cr_assert_eq(scanning.min.holder.ts, OLD);
    cr_assert_eq(scanning.min.holder.kind, ROSTER_HOLDER_NONE);
    cr_assert_eq(scanning.min.next.ts, ts);
    cr_assert_eq(scanning.min.next.session_id, roster_session_id(other));
    cr_assert_eq(roster_session_close(other), 0);
    destroy();
}

/* The safe point of a scan that stood still is not that of one which asked its oracle later. */
Test(scan_step, one_that_is_overtaken)
{
    struct scanning scanning;
    struct roster_min min;

    make();
    stands_at(&scanning, "scan: owners fenced");
    next_ts = roster_ts_compose(UINT64_C(1700000000000) + 100 * LIFE_MS, 0);
    cr_assert_eq(advance(&min), 0);
    cr_assert_gt(min.safe_point, LATER + 2);
    goes_on(&scanning);
    cr_assert_lt(scanning.min.safe_point, min.safe_point);
    cr_assert_eq(roster_local_safe_point(roster), min.safe_point);
    destroy();
}

static uint64_t scans(void)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_stats(roster, &stats), 0);
    return stats.scans;
}

/* One that began later and is complete serves it. */
Test(scan_step, shares_the_result_of_a_later_one)
{
    struct scanning scanning;
    struct roster_min min;
    uint64_t before;

    make();
    before = scans();
    stands_at(&scanning, "oracle");
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(advance(&min), 0);
    goes_on(&scanning);
    cr_assert_eq(scans(), before + 1, "it has scanned itself");
    cr_assert_eq(scanning.min.now, min.now);
    cr_assert_eq(scanning.min.min_start_ts, min.min_start_ts);
    cr_assert_eq(scanning.min.holder.session_id, roster_session_id(session));
    destroy();
}

/* One that began earlier may have missed what is complete by now, another age limit is another
 * question. */
Test(scan_step, shares_no_other_result)
{
    struct roster_min min = {.size = sizeof(min)};
    struct scanning scanning;
    uint64_t before;

    make();
    before = scans();
    cr_assert_eq(advance(&min), 0);
    cr_assert_eq(advance(&min), 0);
    cr_assert_eq(scans(), before + 2);
    stands_at(&scanning, "oracle");
    cr_assert_eq(roster_min_advance(roster, 1000000, &min), 0);
    goes_on(&scanning);
    cr_assert_eq(scans(), before + 4);
    destroy();
}

/* None of many waits for another, and each counts the transaction. */
Test(scan_step, many_at_once)
{
    static struct scanning scanning[MANY];
    struct roster_stats before = {.size = sizeof(before)}, after = before;
    unsigned n;

    make();
    cr_assert_eq(roster_stats(roster, &before), 0);
    for (n = 0; n < MANY; n++)
        stands_at(&scanning[n], "scan: slots read");
    cr_assert_eq(roster_stats(roster, &after), 0);
    cr_assert_gt(after.memory, before.memory, "what they use is not counted");
    all_return(OLD);
    for (n = 0; n < MANY; n++) {
        goes_on(&scanning[n]);
        is_counted(&scanning[n]);
    }
    destroy();
}
