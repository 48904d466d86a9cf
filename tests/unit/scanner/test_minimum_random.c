/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Random pins, transactions and scans against a list that is searched by brute force: the minimum,
 * its holder, the next oldest, what has expired, the safe point, every check (G2, G3, G8).
 */

#include "../unit.h"
#include "core/scanner/lease.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SESSIONS 40
#define PINS 60

/* What pins something, as the reference knows it. */
struct pinned {
    uint64_t ts; /* 0: nothing */
    uint64_t since;
    uint64_t session_id;
    uint64_t pin_id;
};

struct world {
    uint64_t seed;
    unsigned steps;
    uint64_t clock;
    struct unit_oracle oracle;
    struct roster *roster;
    uint64_t life_time_ms;
    uint64_t stride; /* of the oracle, at most, from step to step */
    uint64_t floor;
    uint64_t safe_point;
    uint64_t protected_from;
    struct roster_session *sessions[SESSIONS];
    enum roster_txn_state states[SESSIONS];
    struct roster_pin *pins[PINS];
    struct pinned pinned[SESSIONS + PINS];
};

static uint64_t any(struct world *world)
{
    world->seed ^= world->seed << 13;
    world->seed ^= world->seed >> 7;
    world->seed ^= world->seed << 17;
    return world->seed;
}

#define agree(actual, wanted)                                                                      \
    cr_assert_eq((actual), (wanted), "step %u: %s is %llu, not %llu", world->steps, #actual,       \
                 (unsigned long long)(actual), (unsigned long long)(wanted))

/* Some timestamp, not always a protected one. */
static uint64_t some_ts(struct world *world)
{
    uint64_t span = world->oracle.next - world->protected_from + 20;
    uint64_t ts = world->protected_from + any(world) % span;

    return ts > 10 ? ts - 10 : 1;
}

static void note(struct world *world, unsigned n, uint64_t ts, uint64_t session_id, uint64_t pin_id)
{
    world->pinned[n] = (struct pinned){ts, world->clock, session_id, pin_id};
}

static void begin(struct world *world, unsigned n)
{
    struct roster_session *session = world->sessions[n];
    uint64_t ts = 0;

    switch (any(world) % 3) {
    case 0:
        unit_ok(roster_txn_begin(session, &ts));
        world->states[n] = ROSTER_TXN_VALID;
        break;
    case 1:
        unit_ok(roster_txn_prepare(session));
        ts = world->floor;
        world->states[n] = ROSTER_TXN_PENDING;
        break;
    default:
        ts = some_ts(world);
        if (ts < world->protected_from) {
            agree(roster_txn_begin_at(session, ts), -ESTALE);
            return;
        }
        unit_ok(roster_txn_begin_at(session, ts));
        world->states[n] = ROSTER_TXN_VALID;
    }
    note(world, n, ts, roster_session_id(session), 0);
}

static void step_session(struct world *world)
{
    unsigned n = (unsigned)(any(world) % SESSIONS);
    struct pinned *pinned = &world->pinned[n];
    uint64_t ts = 0;

    if (world->states[n] == ROSTER_TXN_INVALID) {
        begin(world, n);
    } else if (world->states[n] == ROSTER_TXN_PENDING && any(world) % 2) {
        unit_ok(unit_oracle_get(&world->oracle, &ts));
        unit_ok(roster_txn_activate(world->sessions[n], ts));
        world->states[n] = ROSTER_TXN_VALID;
        pinned->ts = ts;
    } else if (any(world) % 2) {
        unit_ok(roster_txn_finish(world->sessions[n]));
        world->states[n] = ROSTER_TXN_INVALID;
        pinned->ts = 0;
    }
}

static void step_pin(struct world *world)
{
    unsigned n = (unsigned)(any(world) % PINS);
    struct roster_session *session = any(world) % 2 ? world->sessions[any(world) % SESSIONS] : NULL;
    uint64_t ts = any(world) % 2 ? some_ts(world) : 0;
    int err;

    if (world->pins[n]) {
        unit_ok(roster_pin_release(world->pins[n]));
        world->pins[n] = NULL;
        world->pinned[SESSIONS + n].ts = 0;
        return;
    }
    err = roster_pin_acquire(world->roster, session, ts, ROSTER_PIN_CURSOR, &world->pins[n]);
    agree(err, ts && ts < world->protected_from ? -ESTALE : 0);
    if (!err)
        note(world, SESSIONS + n, roster_pin_ts(world->pins[n]), roster_session_id(session),
             roster_pin_id(world->pins[n]));
}

static bool together(const struct pinned *a, const struct pinned *b)
{
    return a->session_id ? a->session_id == b->session_id
                         : !b->session_id && a->pin_id == b->pin_id;
}

/* The oldest that counts and does not end together with `apart`; NULL when there is none. */
static const struct pinned *oldest(const struct world *world, uint64_t lower, uint64_t now,
                                   const struct pinned *apart)
{
    const struct pinned *found = NULL, *pinned;
    unsigned n;

    for (n = 0; n < SESSIONS + PINS; n++) {
        pinned = &world->pinned[n];
        if (pinned->ts > lower && pinned->ts <= now && !(apart && together(apart, pinned)) &&
            (!found || pinned->ts < found->ts))
            found = pinned;
    }
    return found;
}

static uint64_t count_expired(const struct world *world, uint64_t lower)
{
    uint64_t expired = 0;
    unsigned n;

    for (n = 0; n < SESSIONS + PINS; n++)
        expired += world->pinned[n].ts && world->pinned[n].ts <= lower;
    return expired;
}

/* Several may stand at the oldest timestamp: the one that is named must be one of them. */
static const struct pinned *named(const struct world *world, const struct roster_holder *holder)
{
    unsigned n;

    for (n = 0; n < SESSIONS + PINS; n++) {
        const struct pinned *pinned = &world->pinned[n];

        if (pinned->ts == holder->ts && pinned->session_id == holder->session_id &&
            pinned->pin_id == holder->pin_id && pinned->since == holder->since)
            return pinned;
    }
    return NULL;
}

static void check_holder(const struct world *world, const struct roster_holder *holder,
                         const struct pinned *wanted, uint64_t now)
{
    agree(holder->ts, wanted ? wanted->ts : now);
    if (wanted)
        cr_assert_not_null(named(world, holder), "step %u: nothing holds that", world->steps);
    else
        agree(holder->kind, ROSTER_HOLDER_NONE);
}

static uint64_t at_least(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void step_scan(struct world *world)
{
    struct roster_min min = {.size = sizeof(min)};
    uint64_t lower = any(world) % 4 ? 0 : some_ts(world), now = world->oracle.next, bound;
    const struct pinned *first;
    int err = rst_lease_scan(world->roster, 0, lower + 1, false, &min);

    agree(err, lower >= now ? -ERANGE : 0);
    if (err)
        return;
    agree(min.now, now);
    first = oldest(world, lower, now, NULL);
    agree(min.min_start_ts, first ? first->ts : now);
    check_holder(world, &min.holder, first, now);
    if (first)
        check_holder(world, &min.next, oldest(world, lower, now, named(world, &min.holder)), now);
    agree(min.expired, count_expired(world, lower));
    bound = roster_ts_before(now, world->life_time_ms);
    world->safe_point =
        at_least(world->safe_point, min.min_start_ts < bound ? min.min_start_ts : bound);
    agree(min.safe_point, world->safe_point);
    agree(roster_local_safe_point(world->roster), world->safe_point);
    world->protected_from = at_least(world->protected_from, world->safe_point);
    world->protected_from = at_least(world->protected_from, lower ? lower + 1 : 0);
    world->floor = now;
}

static void check_all(struct world *world)
{
    unsigned n;

    for (n = 0; n < SESSIONS; n++)
        if (world->states[n] == ROSTER_TXN_VALID)
            agree(roster_txn_check(world->sessions[n]),
                  world->pinned[n].ts < world->protected_from ? -ESTALE : 0);
    for (n = 0; n < PINS; n++)
        if (world->pins[n])
            agree(roster_pin_check(world->pins[n]),
                  world->pinned[SESSIONS + n].ts < world->protected_from ? -ESTALE : 0);
}

static void step(struct world *world)
{
    world->clock += 1000;
    unit_set_clock(world->roster, world->clock);
    world->oracle.next += any(world) % world->stride;
    switch (any(world) % 8) {
    case 0:
        step_scan(world);
        check_all(world);
        break;
    case 1:
    case 2:
    case 3:
        step_pin(world);
        break;
    default:
        step_session(world);
    }
}

static void run(uint64_t seed, uint64_t life_time_ms, uint64_t stride, unsigned steps)
{
    struct world *world = calloc(1, sizeof(*world));
    struct roster_options options = ROSTER_OPTIONS_INIT;
    unsigned n;

    printf("seed %llu\n", (unsigned long long)seed);
    world->seed = seed;
    world->oracle.next = roster_ts_compose(10000, 0);
    world->stride = stride;
    world->life_time_ms = options.life_time_ms = life_time_ms;
    options.oracle = unit_oracle_get;
    options.oracle_arg = &world->oracle;
    options.tick_ms = ROSTER_TICK_MANUAL;
    world->floor = world->oracle.next;
    world->roster = unit_roster_with(&options);
    for (n = 0; n < SESSIONS; n++)
        world->sessions[n] = unit_open(world->roster);
    for (world->steps = 0; world->steps < steps; world->steps++)
        step(world);
    for (n = 0; n < SESSIONS; n++)
        unit_close(world->sessions[n]);
    for (n = 0; n < PINS; n++)
        unit_ok(roster_pin_release(world->pins[n]));
    unit_destroy(world->roster);
    free(world);
}

/* ROSTER_TEST_SEED repeats a run. */
static uint64_t first_seed(void)
{
    const char *wanted = getenv("ROSTER_TEST_SEED");
    struct timespec now;

    if (wanted)
        return strtoull(wanted, NULL, 10);
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_nsec + 1;
}

Test(minimum_random, agrees_with_brute_force)
{
    uint64_t seed = first_seed();
    int round;

    for (round = 0; round < 10; round++)
        run(seed + (uint64_t)round, 0, 50, UNIT_SCALE(10000, 2000));
}

Test(minimum_random, agrees_with_brute_force_and_a_life_time)
{
    run(first_seed(), 20, UINT64_C(1) << 17, UNIT_SCALE(20000, 4000));
}
