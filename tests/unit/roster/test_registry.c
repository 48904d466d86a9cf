/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The registry: sessions are found by id and walked slab by slab, whatever comes and goes. */

#include "../unit.h"
#include "core/roster/roster.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define MANY 2000

static int count_one(struct roster_session *const *batch, unsigned n, void *arg)
{
    unsigned *seen = arg;
    unsigned i;

    for (i = 0; i < n; i++)
        seen[roster_session_id(batch[i])]++;
    return 0;
}

static void check_all(struct roster *roster, const bool *open, unsigned n)
{
    unsigned *seen = calloc(n, sizeof(*seen)), id;

    unit_ok(roster_read_lock(roster));
    unit_ok(rst_registry_walk(&roster->registry, count_one, seen));
    for (id = 1; id < n; id++) {
        cr_assert_eq(seen[id], open[id], "session %u was visited %u times", id, seen[id]);
        cr_assert_eq(roster_lookup(roster, id) != NULL, open[id], "session %u", id);
    }
    cr_assert_null(roster_lookup(roster, n + 5));
    cr_assert_null(roster_lookup(roster, 0));
    cr_assert_null(roster_lookup(roster, UINT64_MAX));
    roster_read_unlock(roster);
    free(seen);
}

Test(registry, sessions_come_and_go)
{
    struct roster *roster = unit_roster(NULL);
    static struct roster_session *sessions[MANY];
    static bool open[MANY];
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    unsigned round, id;

    srand(1);
    for (round = 0; round < 5; round++) {
        for (id = 1; id < MANY; id++) {
            if (rand() % 2)
                continue;
            if (open[id]) {
                unit_close(sessions[id]);
            } else {
                attr.id = id;
                unit_ok(roster_session_open(roster, &attr, &sessions[id]));
            }
            open[id] = !open[id];
        }
        check_all(roster, open, MANY);
    }
    for (id = 1; id < MANY; id++)
        if (open[id])
            unit_close(sessions[id]);
    unit_destroy(roster);
}

static int stop_at_third(struct roster_session *const *batch, unsigned n, void *arg)
{
    unsigned *batches = arg;

    (void)batch;
    cr_assert_gt(n, 0);
    cr_assert_leq(n, 64);
    return ++*batches == 3 ? 77 : 0;
}

Test(registry, a_walk_can_be_stopped)
{
    struct roster *roster = unit_roster(NULL);
    static struct roster_session *sessions[MANY];
    unsigned batches = 0, i;

    for (i = 0; i < MANY; i++)
        sessions[i] = unit_open(roster);
    unit_ok(roster_read_lock(roster));
    cr_assert_eq(rst_registry_walk(&roster->registry, stop_at_third, &batches), 77);
    roster_read_unlock(roster);
    cr_assert_eq(batches, 3);
    for (i = 0; i < MANY; i++)
        unit_close(sessions[i]);
    unit_destroy(roster);
}

struct crowd {
    struct roster *roster;
    rst_word refused;
    rst_word most;
    rst_word first_id;
};

static void *come_and_go(void *arg)
{
    struct crowd *crowd = arg;
    uint64_t open;
    int i, err;

    for (i = 0; i < UNIT_SCALE(20000, 2000); i++) {
        struct roster_session *session = NULL;

        err = roster_session_open(crowd->roster, NULL, &session);
        if (err) {
            cr_expect_eq(err, -EUSERS);
            __atomic_fetch_add(&crowd->refused, 1, __ATOMIC_RELAXED);
            continue;
        }
        open = rst_load(&crowd->roster->registry.open);
        if (open > rst_load(&crowd->most))
            rst_store(&crowd->most, open);
        cr_expect_eq(roster_session_close(session), 0);
    }
    return NULL;
}

Test(registry, the_limit_is_never_overshot)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct crowd crowd = {NULL, 0, 0, 0};
    pthread_t threads[4];
    struct roster_stats stats;
    int i;

    options.max_sessions = 2;
    options.tick_ms = ROSTER_TICK_MANUAL;
    crowd.roster = unit_roster_with(&options);
    for (i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, come_and_go, &crowd), 0);
    for (i = 0; i < 4; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    stats = unit_stats(crowd.roster);
    cr_assert_leq(crowd.most, 2);
    cr_assert_leq(stats.sessions_peak, 2);
    cr_assert_eq(stats.sessions, 0);
    cr_assert_eq(stats.sessions_refused, crowd.refused);
    unit_destroy(crowd.roster);
}

/* One winner for each id, however many threads ask for it at once. */
static void *race_for_ids(void *arg)
{
    struct crowd *crowd = arg;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    int i;

    for (i = 0; i < 500; i++) {
        struct roster_session *session = NULL;

        attr.id = (uint64_t)(1 + i);
        if (roster_session_open(crowd->roster, &attr, &session) == -EEXIST)
            __atomic_fetch_add(&crowd->refused, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static int close_it(const struct roster_session *session, const struct roster_shown *view,
                    void *arg)
{
    (void)view;
    (void)arg;
    return roster_session_close((struct roster_session *)(uintptr_t)session);
}

Test(registry, an_id_is_given_once)
{
    struct crowd crowd = {unit_roster(NULL), 0, 0, 0};
    pthread_t threads[4];
    int i;

    for (i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, race_for_ids, &crowd), 0);
    for (i = 0; i < 4; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_assert_eq(crowd.refused, 3 * 500);
    cr_assert_eq(unit_stats(crowd.roster).sessions, 500);
    cr_assert_eq(unit_stats(crowd.roster).sessions_opened, 500);
    unit_ok(roster_read_lock(crowd.roster));
    unit_ok(roster_for_each(crowd.roster, close_it, NULL));
    roster_read_unlock(crowd.roster);
    unit_destroy(crowd.roster);
}
