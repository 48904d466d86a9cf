/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Hints: they lead to sessions that are open, to nearly all of them, and to nothing else. */

#include "../unit.h"
#include "core/base/reclaim.h"
#include "core/roster/roster.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MANY 4000

static const struct rst_hints *hints_of(const struct roster *roster)
{
    return roster->registry.hints.current;
}

/* How many there are, each of which leads to a session that is open. */
static uint64_t count_hints(const struct roster *roster)
{
    const struct rst_hints *hints = hints_of(roster);
    size_t n, places = (size_t)(UINT64_MAX >> hints->shift) + 1;
    uint64_t count = 0;

    cr_assert_eq(places, roster->registry.hints.sessions);
    for (n = 0; n < places; n++) {
        const struct roster_session *session =
            (const struct roster_session *)(hints->places[n] & ~RST_HINT_TAG);

        if (!session)
            continue;
        cr_assert(rst_registry_has(&roster->registry, session), "place %zu", n);
        cr_assert_eq(rst_hints_find(hints, session->id), session, "place %zu", n);
        count++;
    }
    return count;
}

/* Most have one, also where nearly all places are taken; none has two. */
static void check_hints(struct roster *roster, uint64_t open)
{
    uint64_t count = count_hints(roster);

    cr_assert_leq(count, open);
    cr_assert_geq(count * 10, open * 6, "%lu hints of %lu sessions", (unsigned long)count,
                  (unsigned long)open);
    cr_assert_geq(roster->registry.hints.sessions, open);
    cr_assert(open < 512 || roster->registry.hints.sessions <= 16 * open);
}

/* The ids are `step` apart, as those are that say in their bits where they come from. */
static void come_and_go(struct roster *roster, uint64_t step)
{
    static struct roster_session *sessions[MANY];
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    uint64_t n;

    for (n = 0; n < MANY; n++) {
        attr.id = (n + 1) * step;
        unit_ok(roster_session_open(roster, &attr, &sessions[n]));
    }
    unit_ok(rst_rcu_barrier());
    check_hints(roster, MANY);
    for (n = 0; n < MANY; n += 2)
        unit_close(sessions[n]);
    check_hints(roster, MANY / 2);
    for (n = 0; n < MANY; n += 2) {
        attr.id = (MANY + n + 1) * step;
        unit_ok(roster_session_open(roster, &attr, &sessions[n]));
    }
    check_hints(roster, MANY);
    for (n = 0; n < MANY; n++)
        unit_close(sessions[n]);
    unit_ok(rst_rcu_barrier());
    check_hints(roster, 0);
}

Test(hints, lead_to_open_sessions)
{
    static const uint64_t steps[] = {1, 2, 1000, UINT64_C(1) << 20, UINT64_C(1) << 41};
    struct roster *roster = unit_roster(NULL);
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        come_and_go(roster, steps[i]);
    unit_destroy(roster);
}

/* Ids at which the hash is at its worst cost hints, and no session. */
Test(hints, a_bad_choice_of_ids_costs_speed_alone)
{
    struct roster *roster = unit_roster(NULL);
    static struct roster_session *sessions[100];
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    uint64_t inverse = 1, n;

    while (rst_hint_hash(inverse) != 1) /* Newton: the inverse of an odd factor */
        inverse *= 2 - rst_hint_hash(inverse);
    for (n = 0; n < 100; n++) {
        attr.id = inverse * (n + 1); /* the hash of this is n + 1: all have the same places */
        unit_ok(roster_session_open(roster, &attr, &sessions[n]));
    }
    cr_assert_eq(count_hints(roster), RST_HINT_PLACES);
    unit_ok(roster_read_lock(roster));
    for (n = 0; n < 100; n++)
        cr_assert_eq(roster_lookup(roster, inverse * (n + 1)), sessions[n]);
    roster_read_unlock(roster);
    for (n = 0; n < 100; n++)
        unit_close(sessions[n]);
    cr_assert_eq(count_hints(roster), 0);
    unit_destroy(roster);
}

static bool leads_to(const struct rst_hints *hints, const struct roster_session *session)
{
    return rst_hints_find(hints, session->id) == session;
}

/* While one array is filled that takes the place of the other. */
Test(hints, owners_know_both_arrays)
{
    struct roster *roster = unit_roster(NULL);
    size_t bytes = rst_hints_bytes(roster->registry.hints.sessions);
    struct roster_session *session = unit_open(roster), *other;
    struct rst_hints *next = aligned_alloc(RST_CACHE_LINE, bytes);

    cr_assert_not_null(next);
    memcpy(next, hints_of(roster), bytes);
    rst_store_release(&roster->registry.hints.next, next);
    other = unit_open(roster);
    cr_assert(leads_to(next, session) && leads_to(hints_of(roster), session));
    cr_assert(leads_to(next, other) && leads_to(hints_of(roster), other));
    unit_ok(roster_read_lock(roster)); /* so that the records stay */
    unit_close(session);
    unit_close(other);
    cr_assert(!leads_to(next, session) && !leads_to(hints_of(roster), session));
    cr_assert(!leads_to(next, other) && !leads_to(hints_of(roster), other));
    roster_read_unlock(roster);
    rst_store_release(&roster->registry.hints.next, NULL);
    free(next);
    unit_destroy(roster);
}

/* From when one is there until the other one has gone. */
static void replace_array(struct roster *roster, uint64_t sessions)
{
    struct rst_hint_arrays *hints = &roster->registry.hints;
    uint64_t before = unit_stats(roster).memory, old = hints->sessions;

    cr_assert_not_null(rst_hints_begin(hints, sessions));
    cr_assert_eq(unit_stats(roster).memory, before + rst_hints_bytes(sessions));
    rst_hints_end(hints, sessions);
    cr_assert_eq(unit_stats(roster).memory,
                 before + rst_hints_bytes(sessions) - rst_hints_bytes(old));
}

Test(hints, both_arrays_are_counted_while_one_takes_the_place_of_the_other)
{
    struct roster *roster = unit_roster(NULL);
    uint64_t sessions = roster->registry.hints.sessions;

    replace_array(roster, 16 * sessions);
    replace_array(roster, sessions);
    unit_destroy(roster);
}

struct crowd {
    struct roster *roster;
    uint64_t first_id;
    rst_word *left; /* threads that still open and close */
};

#define WAVE UNIT_SCALE(1200, 300)

/* Waves, so that arrays are replaced beside them. */
static void *make_waves(void *arg)
{
    struct crowd *crowd = arg;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *sessions[1200];
    int round, n;

    for (round = 0; round < UNIT_SCALE(40, 10); round++) {
        for (n = 0; n < WAVE; n++) {
            attr.id = crowd->first_id + (uint64_t)n;
            cr_expect_eq(roster_session_open(crowd->roster, &attr, &sessions[n]), 0);
        }
        for (n = 0; n < WAVE; n++)
            cr_expect_eq(roster_session_close(sessions[n]), 0);
    }
    rst_fetch_sub(crowd->left, 1);
    return NULL;
}

static void *look_up(void *arg)
{
    struct crowd *crowd = arg;
    const struct roster_session *session;
    uint64_t id = crowd->first_id;

    while (rst_load(crowd->left)) {
        id = id == crowd->first_id + 2400 ? crowd->first_id : id + 1;
        cr_expect_eq(roster_read_lock(crowd->roster), 0);
        session = roster_lookup(crowd->roster, id);
        cr_expect(!session || roster_session_id(session) == id);
        roster_read_unlock(crowd->roster);
    }
    return NULL;
}

Test(hints, arrays_are_replaced_beside_owners_and_readers)
{
    struct roster *roster = unit_roster(NULL);
    rst_word left = 2;
    struct crowd crowd[3] = {{roster, 1, &left}, {roster, 1201, &left}, {roster, 1, &left}};
    void *(*const jobs[3])(void *) = {make_waves, make_waves, look_up};
    pthread_t threads[3];
    int i;

    for (i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, jobs[i], &crowd[i]), 0);
    for (i = 0; i < 3; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_assert_eq(count_hints(roster), 0);
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(count_hints(roster), 0);
    unit_destroy(roster);
}
