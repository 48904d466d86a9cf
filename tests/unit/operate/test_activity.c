/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The activity history, with a clock of the test's: what was recorded is what ran. */

#include "operate.h"

#include "core/base/clock.h"
#include "core/operate/activity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <roster/wait.h>

#define MOST 512
#define SECOND UINT64_C(1000)
#define MINUTE UINT64_C(60000)
#define HOUR UINT64_C(3600000)

static struct roster *roster;
static struct roster_activity *activity;
static struct roster_session *sessions[MOST];
static unsigned n_sessions;
static struct roster_activity_row rows[MOST];
static size_t n_rows;
static struct roster_activity_sum sum;

static void start_with(uint64_t memory)
{
    struct roster_activity_options options = ROSTER_ACTIVITY_OPTIONS_INIT;

    n_sessions = 0;
    options.interval_ms = ROSTER_ACTIVITY_MANUAL;
    options.memory = memory;
    roster = operate_roster(NULL);
    cr_assert_eq(roster_activity_start(roster, &options, &activity), 0);
}

static void start(void)
{
    start_with(0);
}

static void stop(void)
{
    while (n_sessions)
        unit_close(sessions[--n_sessions]);
    cr_assert_eq(roster_destroy(roster), -EBUSY);
    cr_assert_eq(roster_activity_stop(activity), 0);
    unit_destroy(roster);
}

TestSuite(activity, .init = start, .fini = stop);

static struct roster_session *open_as(const char *user, const char *database)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = user;
    attr.database = database;
    cr_assert_eq(roster_session_open(roster, &attr, &sessions[n_sessions]), 0);
    return sessions[n_sessions++];
}

static void begin(struct roster_session *session, const char *digest)
{
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "a text that is longer than all",
                                   30, digest, (uint32_t)strlen(digest)),
                 0);
}

static void sample(uint64_t now_ms)
{
    cr_assert_eq(rst_activity_sample(activity, now_ms), 0);
}

static void top(uint64_t now_ms, uint64_t from_ms, uint64_t to_ms, uint32_t by,
                const struct roster_activity_filter *filter)
{
    sum.size = sizeof(sum);
    n_rows = MOST;
    cr_assert_eq(
        rst_activity_top(activity, now_ms, from_ms, to_ms, by, filter, rows, &n_rows, &sum), 0);
    cr_assert_eq(sum.active, sum.kept + sum.dropped);
}

/* Two threads sample: the one that has read the clock first gets its turn last. */
Test(activity, a_sample_that_was_overtaken_forgets_nothing)
{
    uint64_t now;

    begin(open_as("ann", NULL), "d1");
    for (now = 10 * MINUTE; now < 13 * MINUTE; now += SECOND)
        sample(now);
    sample(now);
    sample(now - 1);
    sample(now + SECOND);
    sample(now + MINUTE);
    top(now + MINUTE, 10 * MINUTE, now + MINUTE, ROSTER_ACTIVITY_USER, NULL);
    cr_expect_eq(sum.step_ms, 1000);
    cr_expect_eq(sum.times, 3 * 60 + 3);
    cr_expect_eq(sum.dropped, 0);
    cr_assert_eq(n_rows, 1);
    cr_expect_eq(rows[0].samples, 3 * 60 + 3);
    top(now + 2 * HOUR, 10 * MINUTE, 13 * MINUTE, 0, NULL);
    cr_expect_eq(sum.step_ms, 60000);
    cr_expect_eq(sum.times, 3 * 60);
    cr_assert_eq(roster_stmt_end(sessions[0]), 0);
}

/* Three seconds: of two sessions, one waits in the second of them. */
Test(activity, what_was_recorded_is_what_ran)
{
    struct roster_session *ann = open_as("ann", "shop"), *bob = open_as("bob", NULL);
    struct roster_activity_filter filter = ROSTER_ACTIVITY_FILTER_INIT;
    uint32_t event;

    (void)open_as("idle", NULL);
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_IO, "ActivityRead", &event), 0);
    begin(ann, "d1");
    sample(10000);
    sample(10500);
    begin(bob, "d2");
    cr_assert_eq(roster_wait_begin(ann, event), 0);
    sample(11000);
    roster_wait_end(ann);
    sample(12000);
    cr_assert_eq(roster_stmt_end(ann), 0);
    cr_assert_eq(roster_stmt_end(bob), 0);
    sample(13000);
    sample(14000);
    top(14000, 10000, 14000, 0, NULL);
    cr_expect_eq(sum.step_ms, 1000);
    cr_expect_eq(sum.times, 5);
    cr_expect_eq(sum.active, 6);
    cr_expect_eq(sum.dropped, 0);
    cr_assert_eq(n_rows, 1);
    cr_expect_eq(rows[0].samples, 6);
    cr_expect_eq(rows[0].wait, 0);
    cr_expect_str_eq(rows[0].user, "");
    top(14000, 10000, 14000, ROSTER_ACTIVITY_USER | ROSTER_ACTIVITY_DATABASE, NULL);
    cr_assert_eq(n_rows, 2);
    cr_expect_str_eq(rows[0].user, "ann");
    cr_expect_str_eq(rows[0].database, "shop");
    cr_expect_eq(rows[0].samples, 4);
    cr_expect_str_eq(rows[1].user, "bob");
    cr_expect_eq(rows[1].samples, 2);
    top(14000, 10000, 14000, ROSTER_ACTIVITY_WAIT | ROSTER_ACTIVITY_DIGEST, NULL);
    cr_assert_eq(n_rows, 3);
    cr_expect_eq(rows[0].samples, 3);
    cr_expect_str_eq(rows[0].digest, "d1");
    cr_expect_eq(rows[2].samples, 1);
    cr_expect_eq(rows[2].wait, event);
    filter.which = ROSTER_ACTIVITY_USER | ROSTER_ACTIVITY_WAIT;
    filter.user = "ann";
    filter.wait = event;
    top(14000, 10000, 14000, ROSTER_ACTIVITY_STATE | ROSTER_ACTIVITY_KIND, &filter);
    cr_assert_eq(n_rows, 1);
    cr_expect_eq(rows[0].samples, 1);
    cr_expect_eq(rows[0].state, ROSTER_RUN_RUNNING);
    cr_expect_eq(rows[0].kind, ROSTER_SESSION_USER);
    cr_expect_eq(sum.samples, 1);
    /* The end is not part of it, and the second under way is not known yet. */
    top(14000, 10000, 11000, 0, NULL);
    cr_expect_eq(sum.times, 2);
    cr_expect_eq(sum.active, 2);
    top(14000, 14000, 20000, 0, NULL);
    cr_expect_eq(sum.times, 0);
    cr_expect_eq(n_rows, 0);
}

/* Seconds for an hour, minutes for a day; nothing of what is older. */
Test(activity, an_hour_of_seconds_and_a_day_of_minutes)
{
    const uint64_t base = 100 * HOUR, end = base + 25 * HOUR;
    uint64_t now;

    begin(open_as("ann", NULL), "d1");
    for (now = base; now <= end; now += 20 * SECOND)
        sample(now);
    now = end;
    top(now, now - HOUR, now, 0, NULL);
    cr_expect_eq(sum.step_ms, 1000);
    cr_expect_eq(sum.times, HOUR / (20 * SECOND));
    cr_expect_eq(sum.active, sum.times);
    top(now, now - 24 * HOUR, now, 0, NULL);
    cr_expect_eq(sum.step_ms, 60000);
    cr_expect_eq(sum.times, 24 * HOUR / (20 * SECOND));
    cr_expect_eq(sum.active, sum.times);
    top(now, 0, now, 0, NULL);
    cr_expect_eq(sum.times, 24 * HOUR / (20 * SECOND));
}

static uint32_t free_keys(void)
{
    uint32_t count = 0, n;

    for (n = activity->free_key; n != RST_ACTIVITY_NONE; n = activity->keys[n].next)
        count++;
    return count;
}

/* With the least memory: what is seen most stays, and what does not is counted. */
Test(activity, what_has_no_room_is_counted)
{
    char digest[32];
    unsigned n, round;
    uint64_t now = HOUR, keys;

    stop();
    start_with(UINT64_C(1) << 20);
    for (n = 0; n < 300; n++)
        (void)open_as(n < 5 ? "busy" : "rare", NULL);
    for (round = 0; round < 60; round++) {
        for (n = 0; n < 300; n++) {
            snprintf(digest, sizeof(digest), "%u of %u", n, n < 5 ? 0 : round);
            begin(sessions[n], digest);
        }
        sample(now);
        for (n = 5; n < 300; n++)
            cr_assert_eq(roster_stmt_end(sessions[n]), 0);
        sample(now + 500);
        for (n = 0; n < 5; n++)
            cr_assert_eq(roster_stmt_end(sessions[n]), 0);
        now += SECOND;
    }
    sample(now);
    keys = activity->per_bucket;
    cr_assert_lt(keys, 300);
    top(now, HOUR, now, ROSTER_ACTIVITY_USER, NULL);
    cr_expect_eq(sum.times, 120);
    cr_expect_eq(sum.active, 60 * (2 * 5 + 295));
    cr_assert_eq(n_rows, 2);
    for (n = 0; n < 2; n++)
        cr_expect_eq(rows[n].samples, rows[n].user[0] == 'b' ? 600 : 60 * (keys - 5));
    cr_expect_eq(sum.kept, 60 * (2 * 5 + keys - 5));
    top(now, HOUR, now, ROSTER_ACTIVITY_DIGEST, NULL);
    cr_expect_eq(rows[4].samples, 120, "%d", (int)rows[4].samples);
    cr_expect_str_eq(rows[0].digest, "0 of 0");
    /* Days later all of the keys are free for others, and none was lost. */
    for (n = 0; n < 5; n++)
        begin(sessions[n], "later");
    for (round = 0; round < 25 * 60; round++)
        sample(now += MINUTE);
    top(now, now - 24 * HOUR, now, ROSTER_ACTIVITY_DIGEST, NULL);
    cr_expect_eq(n_rows, 1);
    cr_expect_eq(sum.dropped, 0);
    cr_expect_eq(free_keys() + 1, activity->used_keys);
}

/*
 * What a session does is read again only when it may have changed: statements, waits inside of
 * them, identities and sessions come and go by chance, against counts that are kept beside them.
 */
enum { USERS = 7, DIGESTS = 11, ACTORS = 64 };

static struct actor {
    int running; /* the digest; negative: nothing */
    unsigned user;
    bool waits;
} actors[ACTORS];
static uint64_t expected[USERS][DIGESTS][2];
static uint64_t seed;
static uint32_t chance_event;

static unsigned chance(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(seed >> 33) % below;
}

static struct roster_session_attr named(unsigned user)
{
    static const char *const users[USERS] = {"u0", "u1", "u2", "u3", "u4", "u5", "u6"};
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = users[user];
    return attr;
}

static void act(unsigned n)
{
    struct actor *actor = &actors[n];
    struct roster_session_attr attr;
    char digest[16];

    switch (chance(16)) {
    case 0: /* another statement, or none */
    case 1:
        if (actor->running >= 0)
            cr_assert_eq(roster_stmt_end(sessions[n]), 0);
        actor->running = (int)chance(2 * DIGESTS) - DIGESTS;
        snprintf(digest, sizeof(digest), "d%d", actor->running);
        if (actor->running >= 0)
            begin(sessions[n], digest);
        break;
    case 2: /* no view is published for this */
        actor->waits = !actor->waits;
        if (actor->waits)
            cr_assert_eq(roster_wait_begin(sessions[n], chance_event), 0);
        else
            roster_wait_end(sessions[n]);
        break;
    case 3: /* its record, and what it shows, may be used again */
        if (chance(4))
            break;
        unit_close(sessions[n]);
        actor->running = -1;
        actor->waits = false;
        attr = named(actor->user = chance(USERS));
        cr_assert_eq(roster_session_open(roster, &attr, &sessions[n]), 0);
        break;
    case 4:
        attr = named(actor->user = chance(USERS));
        cr_assert_eq(roster_session_update(sessions[n], &attr), 0);
        break;
    default:
        break;
    }
}

Test(activity, what_was_recorded_is_what_ran_by_chance)
{
    uint64_t now = HOUR, *of;
    unsigned n, t;
    size_t r;

    seed = 1;
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_IO, "ByChance", &chance_event), 0);
    for (n = 0; n < ACTORS; n++) {
        (void)open_as("u0", NULL);
        actors[n] = (struct actor){.running = -1};
    }
    for (t = 0; t < 3000; t++) {
        for (n = 0; n < ACTORS; n++)
            act(n);
        sample(now);
        for (n = 0; n < ACTORS; n++)
            if (actors[n].running >= 0)
                expected[actors[n].user][actors[n].running][actors[n].waits]++;
        now += 1 + chance(400);
    }
    for (n = 0; n < ACTORS; n++)
        if (actors[n].running >= 0)
            cr_assert_eq(roster_stmt_end(sessions[n]), 0);
    now += SECOND;
    sample(now);
    top(now, HOUR, now, ROSTER_ACTIVITY_USER | ROSTER_ACTIVITY_DIGEST | ROSTER_ACTIVITY_WAIT, NULL);
    cr_expect_eq(sum.times, 3000);
    cr_expect_eq(sum.dropped, 0);
    for (r = 0; r < n_rows; r++) {
        of = &expected[rows[r].user[1] - '0'][strtoul(rows[r].digest + 1, NULL, 10)]
                      [rows[r].wait == chance_event];
        cr_expect_eq(rows[r].samples, *of, "%s %s", rows[r].user, rows[r].digest);
        *of = 0;
    }
    for (n = 0; n < USERS * DIGESTS * 2; n++)
        cr_expect_eq((&expected[0][0][0])[n], 0, "%u is missing", n);
}

/* More than there are keys for, and none of it changes: what was forgotten is not counted. */
Test(activity, what_is_forgotten_may_go_on)
{
    uint64_t now = HOUR;
    char digest[16];
    unsigned n;

    stop();
    start_with(1 << 20);
    for (n = 0; n < MOST; n++) {
        snprintf(digest, sizeof(digest), "d%u", n);
        begin(open_as("all", NULL), digest);
    }
    for (n = 0; n < 900; n++)
        sample(now += 100);
    for (n = 0; n < MOST; n++)
        cr_assert_eq(roster_stmt_end(sessions[n]), 0);
    sample(now += SECOND);
    top(now, HOUR, now, 0, NULL);
    cr_expect_eq(sum.active, (uint64_t)MOST * 900);
    cr_expect_eq(sum.kept, (uint64_t)activity->per_bucket * 900);
    for (n = 0; n < 25 * 60; n++)
        sample(now += MINUTE);
    cr_expect_eq(free_keys(), activity->used_keys);
}

Test(activity, what_is_refused)
{
    struct roster_activity_options options = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct roster_activity *other;
    static const int32_t intervals[] = {-2, 9, 10001};
    size_t n;

    for (n = 0; n < 3; n++) {
        options.interval_ms = intervals[n];
        cr_expect_eq(roster_activity_start(roster, &options, &other), -EINVAL);
    }
    options.interval_ms = 10;
    options.memory = (UINT64_C(1) << 20) - 1;
    cr_expect_eq(roster_activity_start(roster, &options, &other), -EINVAL);
    options.memory = (UINT64_C(1) << 30) + 1;
    cr_expect_eq(roster_activity_start(roster, &options, &other), -EINVAL);
    cr_expect_eq(roster_activity_start(NULL, NULL, &other), -EINVAL);
    cr_expect_eq(roster_activity_start(roster, NULL, NULL), -EINVAL);
    cr_expect_eq(roster_activity_run_once(NULL), -EINVAL);
    cr_expect_eq(roster_activity_stop(NULL), 0);
    sum.size = sizeof(sum);
    cr_expect_eq(roster_activity_top(NULL, 0, 1, 0, NULL, rows, &n, &sum), -EINVAL);
    cr_expect_eq(roster_activity_top(activity, 0, 1, 0, NULL, NULL, &n, &sum), -EINVAL);
    cr_expect_eq(roster_activity_top(activity, 0, 1, 128, NULL, rows, &n, &sum), -EINVAL);
}

/* The thread samples by itself, and the wall clock is what one asks by. */
Test(activity, a_thread_samples)
{
    struct roster_activity_options options = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct roster_activity *own, *by_hand = activity;
    int n;

    options.interval_ms = 10;
    begin(open_as("ann", NULL), "d1");
    cr_assert_eq(roster_activity_start(roster, &options, &own), 0);
    for (n = 0, sum.active = 0; n < 1000 && !sum.active; n++) {
        usleep(10000);
        sum.size = sizeof(sum);
        n_rows = MOST;
        cr_assert_eq(roster_activity_top(own, rst_wall_ms() - HOUR, UINT64_MAX,
                                         ROSTER_ACTIVITY_USER, NULL, rows, &n_rows, &sum),
                     0);
    }
    cr_assert_eq(n_rows, 1);
    cr_expect_eq(sum.interval_ms, 10);
    cr_expect_eq(sum.times, sum.active);
    cr_expect_eq(rows[0].samples, sum.active);
    cr_expect_str_eq(rows[0].user, "ann");
    cr_assert_eq(roster_activity_run_once(own), 0);
    cr_assert_eq(roster_activity_stop(own), 0);
    cr_assert_eq(roster_activity_run_once(by_hand), 0);
}
