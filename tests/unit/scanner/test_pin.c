/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Stand-alone pins. */

#include "../unit.h"
#include "core/base/reclaim.h"
#include "core/scanner/lease.h"

#include <criterion/criterion.h>

#include <errno.h>

static void acquire_refused(struct roster *roster, struct roster_session *session, uint64_t ts,
                            enum roster_pin_kind kind, int error)
{
    struct roster_pin *pin = (struct roster_pin *)&pin;

    unit_refused(roster, session, roster_pin_acquire(roster, session, ts, kind, &pin), error);
    cr_assert_eq((void *)pin, (void *)&pin, "the result was written after an error");
}

Test(pin, at_the_present)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_pin *pin = unit_pin(roster, NULL, 0);

    cr_assert_eq(roster_pin_ts(pin), 1001);
    cr_assert_eq(roster_pin_id(pin), 1);
    unit_ok(roster_pin_check(pin));
    cr_assert_eq(unit_min(roster).min_start_ts, 1001);
    cr_assert_eq(unit_stats(roster).pins, 1);
    unit_ok(roster_pin_release(pin));
    cr_assert_eq(unit_stats(roster).pins, 0);
    cr_assert_eq(unit_min(roster).min_start_ts, 1003);
    unit_destroy(roster);
}

Test(pin, at_a_chosen_timestamp)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_pin *pin;

    cr_assert_eq(unit_min(roster).safe_point, 1001);
    acquire_refused(roster, NULL, 1000, ROSTER_PIN_BACKUP, -ESTALE);
    acquire_refused(roster, NULL, 1, ROSTER_PIN_BACKUP, -ESTALE);
    pin = unit_pin(roster, NULL, 1001);
    cr_assert_eq(roster_pin_ts(pin), 1001);
    cr_assert_eq(unit_min(roster).safe_point, 1001);
    unit_ok(roster_pin_release(pin));
    unit_destroy(roster);
}

Test(pin, null)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_pin *pin = NULL;

    cr_assert_eq(roster_pin_acquire(NULL, NULL, 0, ROSTER_PIN_CURSOR, &pin), -EINVAL);
    cr_assert_eq(roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, NULL), -EINVAL);
    cr_assert_eq(roster_pin_release(NULL), 0);
    cr_assert_eq(roster_pin_id(NULL), 0);
    cr_assert_eq(roster_pin_ts(NULL), 0);
    cr_assert_eq(roster_pin_check(NULL), -EINVAL);
    unit_destroy(roster);
}

Test(pin, arguments_out_of_range)
{
    struct roster *roster = unit_roster(NULL), *other = unit_roster(NULL);
    struct roster_session *session = unit_open(other);

    acquire_refused(roster, NULL, ROSTER_TS_MAX, ROSTER_PIN_CURSOR, -EINVAL);
    acquire_refused(roster, NULL, 0, (enum roster_pin_kind)0, -EINVAL);
    acquire_refused(roster, NULL, 0, (enum roster_pin_kind)6, -EINVAL);
    acquire_refused(roster, NULL, 0, (enum roster_pin_kind) - 1, -EINVAL);
    acquire_refused(roster, session, 0, ROSTER_PIN_CURSOR, -EINVAL);
    unit_close(session);
    acquire_refused(roster, session, 0, ROSTER_PIN_CURSOR, -EBADF);
    unit_destroy(other);
    unit_destroy(roster);
}

Test(pin, an_oracle_that_fails)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);

    oracle.err = -ETIMEDOUT;
    acquire_refused(roster, NULL, 0, ROSTER_PIN_CURSOR, -ETIMEDOUT);
    oracle.err = 2;
    acquire_refused(roster, NULL, 0, ROSTER_PIN_CURSOR, -ENODATA);
    oracle.err = 0;
    oracle.next = 0;
    acquire_refused(roster, NULL, 0, ROSTER_PIN_CURSOR, -ENODATA);
    oracle.next = ROSTER_TS_MAX;
    acquire_refused(roster, NULL, 0, ROSTER_PIN_CURSOR, -ENODATA);
    oracle.next = 1;
    acquire_refused(roster, NULL, 2, (enum roster_pin_kind)9, -EINVAL);
    unit_destroy(roster);
}

/* Each is one of its own, also when several stand at one timestamp. */
Test(pin, several_at_one_timestamp)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_pin *pins[4];
    struct roster_min min;
    int i;

    for (i = 0; i < 4; i++) {
        pins[i] = unit_pin(roster, NULL, 500);
        cr_assert_eq(roster_pin_id(pins[i]), (uint64_t)i + 1);
    }
    for (i = 0; i < 4; i++) {
        min = unit_min(roster);
        cr_assert_eq(min.min_start_ts, 500);
        cr_assert_eq(min.holder.kind, ROSTER_HOLDER_PIN);
        unit_ok(roster_pin_release(pins[i]));
    }
    cr_assert_eq(unit_min(roster).holder.kind, ROSTER_HOLDER_NONE);
    unit_destroy(roster);
}

Test(pin, outlives_its_session)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_session *session = unit_open_as(roster, ROSTER_SESSION_BACKGROUND, 0);
    uint64_t id = roster_session_id(session);
    struct roster_pin *pin = unit_pin(roster, session, 700);
    struct roster_min min;

    unit_close(session);
    min = unit_min(roster);
    cr_assert_eq(min.min_start_ts, 700);
    cr_assert_eq(min.holder.session_id, id);
    cr_assert_eq(min.holder.pin_id, roster_pin_id(pin));
    cr_assert_eq(min.holder.pin_kind, ROSTER_PIN_CURSOR);
    unit_ok(roster_pin_release(pin));
    unit_destroy(roster);
}

static struct roster_session *open_with(struct roster *roster, uint64_t id,
                                        enum roster_session_kind kind)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;

    attr.id = id;
    attr.kind = kind;
    unit_ok(roster_session_open(roster, &attr, &session));
    return session;
}

static int see(const struct roster_holder *holder, void *arg)
{
    struct roster_holder *pin = arg;

    if (holder->kind == ROSTER_HOLDER_PIN)
        *pin = *holder;
    return 0;
}

/* The holder of the oldest pin, which every way to ask names alike. */
static struct roster_holder holder_of(struct roster *roster)
{
    struct roster_min min = unit_min(roster), peeked = {.size = sizeof(peeked)};
    struct roster_holder seen;

    unit_ok(roster_min_peek(roster, &peeked));
    unit_ok(roster_for_each_holder(roster, see, &seen));
    cr_assert_eq(min.holder.kind, ROSTER_HOLDER_PIN);
    cr_assert_eq(seen.pin_id, min.holder.pin_id);
    cr_assert_eq(peeked.holder.session_id, min.holder.session_id);
    cr_assert_eq(seen.session_id, min.holder.session_id);
    cr_assert_eq(seen.session_kind, min.holder.session_kind);
    return min.holder;
}

/* A server that uses ids again: the id's next session has nothing to do with the pin. */
Test(pin, is_not_taken_for_the_next_session_of_the_id)
{
    struct roster_min_filter filter = ROSTER_MIN_FILTER_INIT;
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_session *session = open_with(roster, 7, ROSTER_SESSION_BACKGROUND);
    struct roster_pin *pin = unit_pin(roster, session, 700), *own;
    struct roster_min min = {.size = sizeof(min)};

    cr_assert_eq(holder_of(roster).session_id, 7);
    cr_assert_eq(holder_of(roster).session_kind, ROSTER_SESSION_BACKGROUND);
    unit_close(session);
    cr_assert_eq(holder_of(roster).session_id, 7, "it is no other session's so far");
    session = open_with(roster, 7, ROSTER_SESSION_INTERNAL);
    cr_assert_eq(holder_of(roster).session_id, 0);
    cr_assert_eq(holder_of(roster).session_kind, ROSTER_SESSION_USER);
    unit_ok(roster_txn_begin_at(session, 800));
    min = unit_min(roster);
    cr_assert_eq(min.holder.pin_id, roster_pin_id(pin));
    cr_assert_eq(min.next.ts, 800, "that the session ends does not end the pin");
    cr_assert_eq(min.next.session_id, 7);
    filter.kinds = ROSTER_KIND_BIT(ROSTER_SESSION_INTERNAL);
    unit_ok(roster_min_of(roster, &filter, &min));
    cr_assert_eq(min.min_start_ts, 800, "the pin is not for a session of this kind");
    own = unit_pin(roster, session, 750);
    unit_ok(roster_min_of(roster, &filter, &min));
    cr_assert_eq(min.holder.session_id, 7);
    cr_assert_eq(min.holder.pin_id, roster_pin_id(own));
    cr_assert_eq(min.next.kind, ROSTER_HOLDER_NONE, "its own pin ends with the transaction");
    cr_assert_eq(unit_min(roster).next.pin_id, roster_pin_id(own));
    unit_ok(roster_pin_release(own));
    unit_ok(roster_pin_release(pin));
    unit_close(session);
    unit_destroy(roster);
}

/* With their session pins would end together; without it each is one of its own. */
Test(pin, ends_by_itself_when_its_session_has_closed)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_session *session = unit_open(roster);
    struct roster_pin *old = unit_pin(roster, session, 700),
                      *young = unit_pin(roster, session, 800);
    struct roster_min min = unit_min(roster);

    cr_assert_eq(min.next.kind, ROSTER_HOLDER_NONE);
    unit_close(session);
    min = unit_min(roster);
    cr_assert_eq(min.holder.pin_id, roster_pin_id(old));
    cr_assert_eq(min.next.pin_id, roster_pin_id(young));
    unit_ok(roster_pin_release(old));
    unit_ok(roster_pin_release(young));
    unit_destroy(roster);
}

/* What it would have the session keep is not kept when it is refused. */
Test(pin, a_refused_one_leaves_its_session_as_it_was)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_session *session = unit_open(roster);

    cr_assert_eq(unit_min(roster).safe_point, 1001);
    acquire_refused(roster, session, 5, ROSTER_PIN_CURSOR, -ESTALE);
    unit_close(session);
    unit_destroy(roster);
}

/* An oracle whose callback does something with the session that the pin is for. */
struct using_oracle {
    struct unit_oracle oracle;
    struct roster_session *session;
    void (*use)(struct roster_session *session);
};

static int get_and_use(void *arg, uint64_t *ts)
{
    struct using_oracle *using = arg;

    if (using->session)
        using->use(using->session);
    return unit_oracle_get(&using->oracle, ts);
}

static void use_side(struct roster_session *session)
{
    unit_ok(roster_session_set_tag(session, 5));
}

static void use_generation(struct roster_session *session)
{
    uint64_t generation;

    unit_ok(roster_session_generation(session, &generation));
}

static void use_pin(struct roster_session *session)
{
    struct roster_pin *pin;

    unit_ok(
        roster_pin_acquire(rst_session_roster(session), session, 1000000, ROSTER_PIN_OTHER, &pin));
    unit_ok(roster_pin_release(pin));
}

Test(pin, is_of_a_session_that_its_oracle_has_used)
{
    static void (*const uses[])(struct roster_session *) = {use_side, use_generation, use_pin};
    struct using_oracle using = {.oracle = {.next = 1000}};
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *session;
    struct roster *roster;
    struct roster_pin *pin;
    size_t n;

    options.tick_ms = ROSTER_TICK_MANUAL;
    options.oracle = get_and_use;
    options.oracle_arg = &using;
    roster = unit_roster_with(&options);
    for (n = 0; n < sizeof(uses) / sizeof(*uses); n++) {
        session = open_with(roster, 7, ROSTER_SESSION_BACKGROUND);
        using.use = uses[n];
        using.session = session;
        pin = unit_pin(roster, session, 0);
        using.session = NULL;
        cr_expect_eq(holder_of(roster).session_id, 7, "use %zu: its session is not named", n);
        unit_ok(roster_pin_release(pin));
        unit_close(session);
    }
    unit_destroy(roster);
}

/* An oracle that answers so slowly that a scan gives up what it answers. */
struct slow_oracle {
    struct roster *roster;
    uint64_t now;
    bool slow;
};

static int get_slowly(void *arg, uint64_t *ts)
{
    struct roster_min min = {.size = sizeof(min)};
    struct slow_oracle *oracle = arg;

    *ts = oracle->now;
    if (oracle->slow) {
        oracle->slow = false;
        oracle->now += 1000;
        unit_ok(rst_lease_scan(oracle->roster, 0, oracle->now, false, &min));
    }
    return 0;
}

Test(pin, of_a_present_that_a_scan_gave_up_is_refused)
{
    struct slow_oracle oracle = {.now = 1000};
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_pin *pin = NULL;
    struct roster *roster;

    options.tick_ms = ROSTER_TICK_MANUAL;
    options.oracle = get_slowly;
    options.oracle_arg = &oracle;
    roster = unit_roster_with(&options);
    oracle.roster = roster;
    oracle.slow = true;
    cr_assert_eq(roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_BACKUP, &pin), -ESTALE);
    cr_assert_null(pin);
    unit_ok(roster_pin_release(unit_pin(roster, NULL, 0)));
    unit_destroy(roster);
}

static void release(void *pin)
{
    cr_expect_eq(roster_pin_release(pin), 0);
}

Test(pin, may_be_released_by_another_thread)
{
    struct roster *roster = unit_roster(NULL);
    uint64_t memory;
    int i;

    unit_in_thread(release, unit_pin(roster, NULL, 0));
    unit_ok(rst_rcu_barrier());
    memory = unit_stats(roster).memory;
    for (i = 0; i < 300; i++) {
        unit_in_thread(release, unit_pin(roster, NULL, 0));
        unit_ok(rst_rcu_barrier()); /* what waits at once is held at once */
    }
    cr_assert_eq(unit_stats(roster).memory, memory);
    unit_destroy(roster);
}

/* G8 */
Test(pin, check_tells_when_it_has_expired)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_pin *old = unit_pin(roster, NULL, 300), *young = unit_pin(roster, NULL, 301);
    struct roster_min min;

    unit_ok(rst_lease_scan(roster, 0, 301, false, &min));
    cr_assert_eq(roster_pin_check(old), -ESTALE);
    cr_assert_eq(roster_pin_check(young), 0);
    cr_assert_eq(unit_stats(roster).expired, 1);
    unit_ok(roster_pin_release(old));
    unit_ok(roster_pin_release(young));
    unit_destroy(roster);
}
