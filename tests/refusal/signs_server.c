/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Signs of one server, without a store.
 */
#include "refuse.h"
#include "signs.h"

#ifdef SIGNS_OF_THE_ENDPOINT
#include "status/verdict.h"
#include <roster/status.h>
#endif

#include <roster/roster.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static struct roster *roster;
static struct roster_session *session;

static void start(const struct roster_options *options)
{
    cr_assert_eq(roster_create(options, &roster), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
}

static void stop(void)
{
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

static struct roster_min advance(void)
{
    struct roster_min min = {.size = sizeof(min)};

    cr_assert_eq(roster_min_advance(roster, 0, &min), 0);
    return min;
}

static void old_versions(void)
{
    struct roster_session *other;
    uint64_t first, second;

    start(NULL);
    cr_assert_eq(roster_session_open(roster, NULL, &other), 0);
    cr_assert_eq(roster_txn_begin(other, &first), 0);
    cr_assert_eq(roster_txn_begin(session, &second), 0);
    while (second == first) { /* until the ticker has moved the clock */
        cr_assert_eq(roster_txn_finish(session), 0);
        usleep(1000);
        cr_assert_eq(roster_txn_begin(session, &second), 0);
    }
    shown("roster_min_advance()");
    cr_expect_eq(advance().min_start_ts, first);
    cr_expect_eq(advance().holder.session_id, roster_session_id(other));
    cr_expect_gt(advance().holder.since, 0u);
    shown("next.ts");
    cr_expect_eq(advance().next.ts, second);
    cr_assert_eq(roster_kill(roster, roster_session_id(other), ROSTER_KILL_TARGET_CONNECTION, 0,
                             ROSTER_KILL_REASON_INTERRUPTED),
                 0);
    cr_expect_neq(roster_killed(other), 0);
    cr_assert_eq(roster_session_close(other), 0);
    cr_expect_eq(advance().min_start_ts, second);
    stop();
}

static void keep_event(const struct roster_event *event, void *arg)
{
    if (event->kind == ROSTER_EVENT_STUCK)
        *(uint64_t *)arg = event->session_id;
}

#ifdef SIGNS_OF_THE_ENDPOINT
/* The verdict finds it, too, and nothing when it has ended. */
static bool is_in_verdict(struct roster_status *status)
{
    const char *address = roster_status_address(status);
    struct verdict verdict;
    size_t n;

    rst_verdict(status, &verdict);
    for (n = 0; n < verdict.count; n++)
        if (verdict.found[n].problem == PROBLEM_STUCK) {
            shown("%s", rst_problem_name(PROBLEM_STUCK));
            shown("%s", verdict.found[n].command + strlen("rosterctl -s ") + strlen(address) + 1);
            return true;
        }
    return false;
}

static struct roster_status *watch(void)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_status *status;

    options.manual = true;
    options.stuck_ms = 20;
    cr_assert_eq(roster_status_start(roster, &options, &status), 0);
    return status;
}
#endif

static void stuck(void)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_watchdog *watchdog;
    uint64_t named = 0;
#ifdef SIGNS_OF_THE_ENDPOINT
    struct roster_status *status;
#endif

    start(NULL);
    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.stuck_ms = 20;
    options.event = keep_event;
    options.event_arg = &named;
    cr_assert_eq(roster_watchdog_start(roster, &options, &watchdog), 0);
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
    shown("roster_kill()");
    cr_assert_eq(roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_STATEMENT, 1,
                             ROSTER_KILL_REASON_INTERRUPTED),
                 0);
    for (int i = 0; i < 1000 && !named; i++) {
        cr_assert_eq(roster_watchdog_run_once(watchdog), 0);
        usleep(5000);
    }
    cr_expect_eq(named, roster_session_id(session));
#ifdef SIGNS_OF_THE_ENDPOINT
    status = watch();
    cr_expect(is_in_verdict(status));
#endif
    cr_expect_neq(roster_killed(session), 0, "as soon as it looks");
    (void)roster_stmt_end(session);
#ifdef SIGNS_OF_THE_ENDPOINT
    cr_expect(!is_in_verdict(status));
    roster_status_stop(status);
#endif
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    stop();
}

static void enobufs(void)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *more;
    struct roster_pin *pin;
    int err = 0;

    options.backlog_limit = 1 << 16;
    start(&options);
    cr_assert_eq(roster_read_lock(roster), 0);
    for (int i = 0; i < 100000 && !err; i++)
        err = roster_session_update(session, &attr);
    cr_expect_eq(err, -ENOBUFS);
    for (int i = 0; i < 100000 && !roster_session_open(roster, NULL, &more); i++)
        cr_assert_eq(roster_session_close(more), 0); /* what is left of memory may be used */
    cr_expect_eq(roster_session_open(roster, NULL, &more), -ENOBUFS);
    cr_expect_eq(roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &pin), -ENOBUFS);
    cr_expect_eq(roster_txn_begin(session, NULL), 0, "all else goes on");
    cr_expect_eq(roster_txn_finish(session), 0);
    roster_read_unlock(roster);
    for (int i = 0; i < 4000 && err; i++) {
        usleep(5000);
        err = roster_session_update(session, &attr);
    }
    cr_expect_eq(err, 0, "it goes on when the reader has left");
    stop();
}

static void eperm(void)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    struct roster_min min = {.size = sizeof(min)};

    start(NULL);
    refuse_membarrier(EPERM, REFUSE_FOR_EVER);
    cr_expect_eq(roster_min_advance(roster, 0, &min), -EPERM);
    cr_expect_eq(roster_txn_begin(session, NULL), 0, "transactions go on");
    cr_expect_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_expect_eq(stats.membarrier_refused, 1u);
    refuse_membarrier(0, 0);
    cr_expect_eq(roster_min_advance(roster, 0, &min), 0);
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_expect_eq(stats.membarrier_refused, 0u);
    stop();
}

static void eusers(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *more;

    options.max_sessions = 1;
    start(&options);
    shown("max_sessions");
    cr_expect_eq(roster_session_open(roster, NULL, &more), -EUSERS);
    stop();
}

/* The age limit has passed the snapshot. */
static void estale(void)
{
    struct roster_min min = {.size = sizeof(min)};
    int tries;

    start(NULL);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    for (tries = 0; !min.expired && tries < 1000; tries++) { /* the ticker may be kept waiting */
        usleep(20000);
        cr_assert_eq(roster_min_advance(roster, 1, &min), 0);
    }
    cr_expect_eq(min.expired, 1u);
    cr_expect_eq(roster_txn_check(session), -ESTALE);
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_expect_eq(roster_txn_check(session), 0);
    stop();
}

static void clock_ahead(void)
{
    struct roster_oracle_local *clock;
    uint64_t before, after;

    cr_assert_eq(roster_oracle_local_create(&clock), 0);
    cr_assert_eq(roster_oracle_local_allocate(clock, &before), 0);
    cr_expect_eq(roster_oracle_local_ahead_ms(clock), 0u);
    refuse_step_wall_clock(INT64_C(-7200) * 1000000000);
    cr_assert_eq(roster_oracle_local_allocate(clock, &after), 0);
    cr_expect_gt(after, before, "timestamps stay in order");
    cr_expect_gt(roster_oracle_local_ahead_ms(clock), 7100000u);
    refuse_step_wall_clock(0);
    usleep(2000);
    cr_assert_eq(roster_oracle_local_allocate(clock, &after), 0);
    cr_expect_eq(roster_oracle_local_ahead_ms(clock), 0u, "they follow the wall clock again");
    roster_oracle_local_destroy(clock);
}

const struct sign signs_of_a_server[] = {
    {"old-versions", old_versions},
    {"stuck", stuck},
    {"enobufs", enobufs},
    {"eperm", eperm},
    {"eusers", eusers},
    {"estale", estale},
    {"clock-ahead", clock_ahead},
    {NULL, NULL},
};
