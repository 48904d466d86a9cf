/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The watchdog's times. Rows of the TiDB page: "Max execution time is strict: age > limit", "in a
 * transaction the idle-transaction timeout replaces the session's wait timeout", "Watchdog".
 */

#include "config.h"

#include "operate.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "core/watchdog.h"

static struct operate_oracle oracle;
static struct roster *roster;
static struct roster_session *user, *internal;
static struct roster_watchdog_options options;
static struct roster_watchdog *watchdog;

static void open_all(void)
{
    static const struct roster_watchdog_options fresh = ROSTER_WATCHDOG_OPTIONS_INIT;

    memset(&oracle, 0, sizeof(oracle));
    oracle.physical_ms = 1000000;
    roster = operate_roster(&oracle);
    user = operate_open(roster, ROSTER_SESSION_USER, "ann");
    internal = operate_open(roster, ROSTER_SESSION_INTERNAL, NULL);
    options = fresh;
    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    watchdog = NULL;
}

static void close_all(void)
{
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    operate_close(user);
    operate_close(internal);
    operate_destroy(roster);
}

TestSuite(watchdog, .init = open_all, .fini = close_all);

static void start(void)
{
    cr_assert_eq(roster_watchdog_start(roster, &options, &watchdog), 0);
}

/* Walks when the coarse clock stands at `now`; returns how many events there were. */
static size_t walk_at(uint64_t now)
{
    watchdog->n_events = 0;
    cr_assert_eq(rst_watchdog_walk(watchdog, now), 0);
    return watchdog->n_events;
}

static uint64_t clock_now(void)
{
    return rst_ticker_now(&roster->ticker);
}

/* The only event of the last walk. */
static const struct roster_event *only_event(enum roster_event_kind kind)
{
    cr_assert_eq(watchdog->n_events, 1, "%zu events", watchdog->n_events);
    cr_assert_eq(watchdog->events[0].kind, kind);
    return &watchdog->events[0];
}

static void is_kill(const struct roster_session *session, enum roster_kill_reason reason,
                    enum roster_kill_target target, uint64_t limit)
{
    const struct roster_event *event = only_event(ROSTER_EVENT_KILL);

    cr_assert_eq(event->session_id, roster_session_id(session));
    cr_assert_eq(event->session_kind, roster_session_kind(session));
    cr_assert_eq(event->reason, reason);
    cr_assert_eq(event->target, target);
    cr_assert_eq(event->limit, limit);
    cr_assert_eq(event->result, 0);
}

Test(watchdog, max_execution_time_is_strict_and_aimed)
{
    uint64_t began = clock_now();
    const struct roster_event *event;

    options.execution_ms = 1000;
    start();
    operate_begin(user, "select sleep(5)");
    cr_assert_eq(walk_at(began + 1000 * OPERATE_MS), 0, "age == limit stays");
    cr_assert_eq(roster_killed(user), 0);
    cr_assert_eq(walk_at(began + 1000 * OPERATE_MS + 1), 1);
    is_kill(user, ROSTER_KILL_MAX_EXECUTION_TIME, ROSTER_KILL_STATEMENT, 1000);
    event = &watchdog->events[0];
    cr_assert_eq(event->stmt_seq, roster_stmt_seq(user));
    cr_assert_eq(event->age_ms, 1000);
    cr_assert_str_eq(event->text, "select sleep(5)");
    cr_assert_str_eq(event->user, "ann");
    cr_assert_eq(roster_killed(user), ROSTER_KILL_MAX_EXECUTION_TIME);
    cr_assert_eq(walk_at(began + 2000 * OPERATE_MS), 0, "it is killed once");
    cr_assert_eq(roster_stmt_end(user), ROSTER_KILL_MAX_EXECUTION_TIME);
    operate_advance(roster, 2000);
    operate_begin(user, "select 2");
    cr_assert_eq(walk_at(clock_now() + 500 * OPERATE_MS), 0);
    cr_assert_eq(roster_killed(user), 0, "the next statement has its own time");
    cr_assert_eq(roster_stmt_end(user), 0);
}

Test(watchdog, a_clock_that_has_not_ticked_makes_nobody_old)
{
    options.execution_ms = 1;
    options.idle_ms = 1;
    start();
    operate_advance(roster, 100);
    operate_begin(user, "select 1");
    cr_assert_eq(walk_at(clock_now() - 50 * OPERATE_MS), 0, "ages never wrap");
}

Test(watchdog, defaults_are_for_users_and_own_limits_for_everyone)
{
    uint64_t began = clock_now();

    options.execution_ms = 1000;
    start();
    operate_begin(internal, "analyze table t");
    cr_assert_eq(walk_at(began + 5000 * OPERATE_MS), 0, "internal sessions have no defaults");
    cr_assert_eq(roster_session_set_limit(internal, ROSTER_LIMIT_EXECUTION, 5000), 0);
    cr_assert_eq(walk_at(began + 5000 * OPERATE_MS), 0);
    cr_assert_eq(walk_at(began + 5001 * OPERATE_MS), 1);
    is_kill(internal, ROSTER_KILL_MAX_EXECUTION_TIME, ROSTER_KILL_STATEMENT, 5000);

    operate_begin(user, "select 1");
    cr_assert_eq(roster_session_set_limit(user, ROSTER_LIMIT_EXECUTION, ROSTER_LIMIT_NONE), 0);
    cr_assert_eq(walk_at(began + 50000 * OPERATE_MS), 1, "but for the one that is stuck");
    only_event(ROSTER_EVENT_STUCK);
    cr_assert_eq(roster_killed(user), 0);
    cr_assert_eq(roster_session_set_limit(user, ROSTER_LIMIT_EXECUTION, 0), 0);
    cr_assert_eq(walk_at(began + 50000 * OPERATE_MS), 1);
    is_kill(user, ROSTER_KILL_MAX_EXECUTION_TIME, ROSTER_KILL_STATEMENT, 1000);
}

Test(watchdog, idle_sessions_lose_their_connection)
{
    uint64_t since;

    options.idle_ms = 100;
    start();
    operate_advance(roster, 1000);
    operate_begin(user, "select 1");
    cr_assert_eq(walk_at(clock_now() + 1000 * OPERATE_MS), 0, "it is not idle");
    cr_assert_eq(roster_stmt_end(user), 0);
    since = clock_now();
    cr_assert_eq(walk_at(since + 100 * OPERATE_MS), 0);
    cr_assert_eq(walk_at(since + 100 * OPERATE_MS + 1), 1);
    is_kill(user, ROSTER_KILL_IDLE, ROSTER_KILL_CONNECTION, 100);
    cr_assert_eq(watchdog->events[0].stmt_seq, 0);
    cr_assert_eq(roster_killed(user), ROSTER_KILL_IDLE | ROSTER_KILLED_CONNECTION);
    cr_assert_eq(roster_killed(internal), 0);
}

Test(watchdog, inside_a_transaction_its_own_timeout_replaces_the_idle_timeout)
{
    options.idle_ms = 100;
    options.txn_idle_ms = 1000;
    start();
    cr_assert_eq(roster_txn_begin(user, NULL), 0);
    cr_assert_eq(walk_at(clock_now() + 1000 * OPERATE_MS), 0);
    cr_assert_eq(roster_txn_set_state(user, ROSTER_RUN_COMMITTING), 0);
    cr_assert_eq(walk_at(clock_now() + 5000 * OPERATE_MS), 0, "committing is not idle");
    cr_assert_eq(roster_txn_set_state(user, ROSTER_RUN_IDLE), 0);
    cr_assert_eq(walk_at(clock_now() + 1001 * OPERATE_MS), 1);
    is_kill(user, ROSTER_KILL_TXN_IDLE, ROSTER_KILL_CONNECTION, 1000);
    cr_assert_eq(roster_killed(user), ROSTER_KILL_TXN_IDLE | ROSTER_KILLED_CONNECTION);
}

Test(watchdog, a_shorter_transaction_timeout_replaces_a_longer_one_too)
{
    options.idle_ms = 1000;
    options.txn_idle_ms = 100;
    start();
    cr_assert_eq(walk_at(clock_now() + 500 * OPERATE_MS), 0);
    cr_assert_eq(roster_txn_prepare(user), 0);
    cr_assert_eq(walk_at(clock_now() + 500 * OPERATE_MS), 1, "pending counts as inside");
    is_kill(user, ROSTER_KILL_TXN_IDLE, ROSTER_KILL_CONNECTION, 100);
}

Test(watchdog, without_a_transaction_timeout_the_idle_timeout_holds_inside_too)
{
    options.idle_ms = 100;
    start();
    cr_assert_eq(roster_txn_begin(user, NULL), 0);
    cr_assert_eq(roster_session_set_limit(user, ROSTER_LIMIT_TXN_IDLE, ROSTER_LIMIT_NONE), 0);
    cr_assert_eq(walk_at(clock_now() + 5000 * OPERATE_MS), 0, "none is none");
    cr_assert_eq(roster_session_set_limit(user, ROSTER_LIMIT_TXN_IDLE, 0), 0);
    cr_assert_eq(walk_at(clock_now() + 101 * OPERATE_MS), 1);
    is_kill(user, ROSTER_KILL_TXN_IDLE, ROSTER_KILL_CONNECTION, 100);
}

Test(watchdog, old_transactions_lose_their_connection)
{
    uint64_t ts;

    options.txn_age_ms = 1000;
    start();
    cr_assert_eq(roster_txn_begin(user, &ts), 0);
    operate_begin(user, "select 1");
    oracle.physical_ms += 1000;
    cr_assert_eq(walk_at(clock_now()), 0, "age == limit stays");
    oracle.physical_ms += 1;
    cr_assert_eq(walk_at(clock_now()), 1);
    is_kill(user, ROSTER_KILL_TXN_AGE, ROSTER_KILL_CONNECTION, 1000);
    cr_assert_eq(watchdog->events[0].start_ts, ts);
    cr_assert_eq(watchdog->events[0].age_ms, 1001);
    cr_assert_eq(roster_killed(user), ROSTER_KILL_TXN_AGE | ROSTER_KILLED_CONNECTION);
    cr_assert_eq(walk_at(clock_now()), 0);
}

Test(watchdog, an_oracle_that_fails_stops_the_ages_of_transactions_only)
{
    uint64_t began = clock_now();

    options.txn_age_ms = 1000;
    options.execution_ms = 1000;
    start();
    cr_assert_eq(roster_txn_begin(user, NULL), 0);
    operate_begin(user, "select 1");
    oracle.physical_ms += 100000;
    oracle.err = -EIO;
    cr_assert_eq(rst_watchdog_walk(watchdog, began + 2000 * OPERATE_MS), -EIO);
    is_kill(user, ROSTER_KILL_MAX_EXECUTION_TIME, ROSTER_KILL_STATEMENT, 1000);
}

Test(watchdog, expensive_statements_are_told_of_again_and_again)
{
    uint64_t began = clock_now();

    options.statement_ms = 1000;
    options.statement_repeat_ms = 300;
    start();
    operate_begin(user, "select 1");
    cr_assert_eq(walk_at(began + 1000 * OPERATE_MS), 0);
    cr_assert_eq(walk_at(began + 1001 * OPERATE_MS), 1);
    cr_assert_eq(only_event(ROSTER_EVENT_STATEMENT)->limit, 1000);
    cr_assert_eq(watchdog->events[0].age_ms, 1001);
    cr_assert_eq(walk_at(began + 1100 * OPERATE_MS), 0);
    cr_assert_eq(walk_at(began + 1301 * OPERATE_MS), 0);
    cr_assert_eq(walk_at(began + 1302 * OPERATE_MS), 1);
    cr_assert_eq(walk_at(began + 1303 * OPERATE_MS), 0);
    cr_assert_eq(roster_stmt_end(user), 0);
    cr_assert_eq(walk_at(began + 3000 * OPERATE_MS), 0);
    operate_begin(user, "select 2");
    cr_assert_eq(walk_at(began + 1400 * OPERATE_MS), 1, "another statement is told of anew");
    cr_assert_eq(only_event(ROSTER_EVENT_STATEMENT)->stmt_seq, 2);
    cr_assert_eq(roster_killed(user), 0, "telling is not killing");
}

Test(watchdog, internal_sessions_can_be_expensive_too)
{
    options.statement_ms = 1000;
    start();
    operate_begin(internal, "analyze table t");
    cr_assert_eq(walk_at(clock_now() + 1001 * OPERATE_MS), 1);
    cr_assert_eq(only_event(ROSTER_EVENT_STATEMENT)->session_kind, ROSTER_SESSION_INTERNAL);
}

Test(watchdog, expensive_transactions_are_told_of_again_and_again)
{
    uint64_t now = clock_now(), ts;

    options.txn_ms = 5000;
    options.txn_repeat_ms = 1000;
    start();
    cr_assert_eq(roster_txn_begin(user, &ts), 0);
    oracle.physical_ms += 5000;
    cr_assert_eq(walk_at(now), 0);
    oracle.physical_ms += 1;
    cr_assert_eq(walk_at(now), 1);
    cr_assert_eq(only_event(ROSTER_EVENT_TXN)->start_ts, ts);
    cr_assert_eq(watchdog->events[0].age_ms, 5001);
    cr_assert_eq(walk_at(now + 1000 * OPERATE_MS), 0);
    cr_assert_eq(walk_at(now + 1001 * OPERATE_MS), 1);
    cr_assert_eq(roster_txn_finish(user), 0);
    cr_assert_eq(walk_at(now + 9000 * OPERATE_MS), 0);
}

Test(watchdog, what_is_switched_off_is_not_told)
{
    options.statement_ms = ROSTER_LIMIT_NONE;
    options.txn_ms = ROSTER_LIMIT_NONE;
    options.stuck_ms = ROSTER_LIMIT_NONE;
    options.server_memory = ROSTER_LIMIT_NONE;
    options.execution_ms = ROSTER_LIMIT_NONE;
    start();
    cr_assert_eq(roster_txn_begin(user, NULL), 0);
    operate_begin(user, "select 1");
    oracle.physical_ms *= 100;
    cr_assert_eq(roster_kill(roster, roster_session_id(user), ROSTER_KILL_STATEMENT,
                             ROSTER_STMT_ANY, ROSTER_KILL_INTERRUPTED),
                 0);
    cr_assert_eq(walk_at(UINT64_MAX), 0);
    cr_assert_eq(walk_at(UINT64_MAX), 0);
}

Test(watchdog, a_statement_that_does_not_end_after_a_kill_is_told_of)
{
    uint64_t now = clock_now();
    const struct roster_event *event;

    options.stuck_ms = 500;
    start();
    operate_begin(user, "select 1");
    cr_assert_eq(walk_at(now), 0);
    cr_assert_eq(roster_kill(roster, roster_session_id(user), ROSTER_KILL_STATEMENT,
                             ROSTER_STMT_ANY, ROSTER_KILL_RUNAWAY),
                 0, "by whomever");
    cr_assert_eq(walk_at(now), 0);
    cr_assert_eq(walk_at(now + 500 * OPERATE_MS), 0);
    cr_assert_eq(walk_at(now + 501 * OPERATE_MS), 1);
    event = only_event(ROSTER_EVENT_STUCK);
    cr_assert_eq(event->reason, ROSTER_KILL_RUNAWAY);
    cr_assert_eq(event->target, ROSTER_KILL_STATEMENT);
    cr_assert_eq(event->limit, 500);
    cr_assert_eq(event->age_ms, 501);
    cr_assert_eq(walk_at(now + 5000 * OPERATE_MS), 0, "once");
    cr_assert_eq(roster_stmt_end(user), ROSTER_KILL_RUNAWAY);
    operate_begin(user, "select 2");
    cr_assert_eq(walk_at(now + 6000 * OPERATE_MS), 0, "the next statement is not dying");
    cr_assert_eq(roster_kill(roster, roster_session_id(user), ROSTER_KILL_CONNECTION, 0,
                             ROSTER_KILL_SHUTDOWN),
                 0);
    cr_assert_eq(walk_at(now + 7000 * OPERATE_MS), 0);
    cr_assert_eq(walk_at(now + 7501 * OPERATE_MS), 1);
    event = only_event(ROSTER_EVENT_STUCK);
    cr_assert_eq(event->reason, ROSTER_KILL_SHUTDOWN);
    cr_assert_eq(event->target, ROSTER_KILL_CONNECTION);
}

Test(watchdog, more_than_fits_into_one_walk_is_left_for_the_next)
{
    static struct roster_session *many[1500];
    unsigned killed = 0, left = 0;

    options.idle_ms = 100;
    start();
    for (int i = 0; i < 1500; i++)
        many[i] = operate_open(roster, ROSTER_SESSION_USER, NULL);
    cr_assert_eq(walk_at(clock_now() + 101 * OPERATE_MS), RST_EVENTS_MOST);
    for (int i = 0; i < 1500; i++)
        killed += roster_killed(many[i]) != 0;
    cr_assert(killed == RST_EVENTS_MOST || killed == RST_EVENTS_MOST - 1,
              "nobody is killed without being told of");
    cr_assert_eq(walk_at(clock_now() + 101 * OPERATE_MS), 1501 - RST_EVENTS_MOST);
    for (int i = 0; i < 1500; i++) {
        left += roster_killed(many[i]) == 0;
        operate_close(many[i]);
    }
    cr_assert_eq(left, 0);
}

Test(watchdog, texts_are_cut_between_characters)
{
    char text[400];
    const struct roster_event *event;

    memset(text, 'x', sizeof(text));
    memcpy(text + 254, "\xc3\xa4", 2); /* the 255th and 256th byte */
    options.statement_ms = 1000;
    start();
    cr_assert_eq(
        roster_stmt_begin(user, ROSTER_COMMAND_QUERY, text, sizeof(text), "0123456789abcdef", 16),
        0);
    cr_assert_eq(walk_at(clock_now() + 1001 * OPERATE_MS), 1);
    event = only_event(ROSTER_EVENT_STATEMENT);
    cr_assert_eq(strlen(event->text), 254);
    cr_assert_str_eq(event->digest, "0123456789abcdef");
}

static unsigned told;
static int told_error;

static void count_event(const struct roster_event *event, void *arg)
{
    if (event->kind == ROSTER_EVENT_ERROR) {
        __atomic_store_n(&told_error, event->result, __ATOMIC_RELAXED);
        return;
    }
    cr_expect_eq(event->kind, ROSTER_EVENT_KILL);
    cr_expect_eq(arg, &told);
    __atomic_fetch_add(&told, 1, __ATOMIC_RELAXED);
}

Test(watchdog, its_thread_walks_by_itself)
{
    options.interval_ms = 1;
    options.execution_ms = 5;
    options.event = count_event;
    options.event_arg = &told;
    start();
    cr_assert_eq(roster_tick(roster), 0);
    operate_begin(user, "select 1");
    for (int i = 0; i < 5000 && !roster_killed(user); i++)
        usleep(1000);
    cr_assert_eq(roster_killed(user), ROSTER_KILL_MAX_EXECUTION_TIME);
    for (int i = 0; i < 5000 && !__atomic_load_n(&told, __ATOMIC_RELAXED); i++)
        usleep(1000);
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    watchdog = NULL;
    cr_assert_eq(told, 1);
}

Test(watchdog, run_once_walks_at_the_present_and_tells_an_error_once)
{
    options.event = count_event;
    options.event_arg = &told;
    options.execution_ms = 1;
    start();
    cr_assert_eq(roster_tick(roster), 0);
    operate_begin(user, "select 1");
    cr_assert_eq(roster_watchdog_run_once(watchdog), 0);
    usleep(3000);
    cr_assert_eq(roster_watchdog_run_once(watchdog), 0);
    cr_assert_eq(told, 1);
    oracle.err = -EIO;
    cr_assert_eq(roster_watchdog_run_once(watchdog), -EIO);
    cr_assert_eq(told_error, -EIO);
    told_error = 0;
    cr_assert_eq(roster_watchdog_run_once(watchdog), -EIO);
    cr_assert_eq(told_error, 0);
}

Test(watchdog, arguments_are_checked)
{
    struct {
        struct roster_watchdog_options known;
        uint64_t unknown;
    } larger = {ROSTER_WATCHDOG_OPTIONS_INIT, 1};
    struct roster_watchdog *other = NULL;
    int status = 1;
    pid_t child;

    cr_assert_eq(roster_watchdog_start(NULL, &options, &other), -EINVAL);
    cr_assert_eq(roster_watchdog_start(roster, &options, NULL), -EINVAL);
    options.interval_ms = -2;
    cr_assert_eq(roster_watchdog_start(roster, &options, &other), -EINVAL);
    options.interval_ms = 60001;
    cr_assert_eq(roster_watchdog_start(roster, &options, &other), -EINVAL);
    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.reserved = 1;
    cr_assert_eq(roster_watchdog_start(roster, &options, &other), -EINVAL);
    options.reserved = 0;
    options.size--;
    cr_assert_eq(roster_watchdog_start(roster, &options, &other), -EINVAL);
    options.size++;
    larger.known.size = sizeof(larger);
    cr_assert_eq(roster_watchdog_start(roster, &larger.known, &other), -E2BIG);
    cr_assert_eq(roster_watchdog_run_once(NULL), -EINVAL);
    cr_assert_null(other);
    start();
    child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        _exit(roster_watchdog_run_once(watchdog) == -ECHILD &&
                      roster_watchdog_stop(watchdog) == -ECHILD &&
                      roster_watchdog_start(roster, NULL, &other) == -ECHILD
                  ? 0
                  : 1);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(roster_watchdog_start(roster, NULL, &other), 0,
                 "two watchdogs, one with a thread");
    cr_assert_eq(roster_watchdog_stop(other), 0);
}

Test(watchdog, a_roster_is_not_destroyed_under_it)
{
    struct roster *other = operate_roster(NULL);
    struct roster_watchdog *its = NULL;

    cr_assert_eq(roster_watchdog_start(other, &options, &its), 0);
    cr_assert_eq(roster_destroy(other), -EBUSY);
    cr_assert_eq(roster_watchdog_stop(its), 0);
    operate_destroy(other);
}

#define STORM_SESSIONS 4

static uint32_t storm_stop;
static uint64_t storm_ended;
static uint64_t storm_delivered;

static void *run_statements(void *arg)
{
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "storm");

    (void)arg;
    while (!__atomic_load_n(&storm_stop, __ATOMIC_RELAXED)) {
        cr_expect_eq(roster_txn_begin(session, NULL), 0);
        operate_begin(session, "select 1");
        cr_expect_eq(roster_session_set_memory(session, 100), 0);
        for (int i = 0; i < 100 && !roster_killed(session); i++)
            ;
        if (roster_stmt_end(session) > 0)
            __atomic_fetch_add(&storm_ended, 1, __ATOMIC_RELAXED);
        cr_expect_eq(roster_session_set_memory(session, 0), 0);
        cr_expect_eq(roster_txn_finish(session), 0);
    }
    operate_close(session);
    return NULL;
}

static void count_delivered(const struct roster_event *event, void *arg)
{
    (void)arg;
    if (event->kind != ROSTER_EVENT_KILL)
        return;
    cr_expect_eq(event->reason, ROSTER_KILL_QUERY_MEMORY);
    storm_delivered += event->result == 0;
}

/* Each kill that the watchdog told of as delivered ended one statement; no other did (G5). */
Test(watchdog, its_kills_end_the_statements_they_were_aimed_at)
{
    struct roster_options with_clock = ROSTER_OPTIONS_INIT;
    struct roster *mine = roster;
    pthread_t threads[STORM_SESSIONS];

    cr_assert_eq(roster_create(&with_clock, &roster), 0);
    options.memory = 50;
    options.event = count_delivered;
    start();
    for (int i = 0; i < STORM_SESSIONS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_statements, NULL), 0);
    for (int i = 0; i < 500 || (storm_delivered == 0 && i < 100000); i++)
        cr_assert_eq(roster_watchdog_run_once(watchdog), 0);
    __atomic_store_n(&storm_stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < STORM_SESSIONS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    watchdog = NULL;
    cr_assert_gt(storm_delivered, 0);
    cr_assert_eq(storm_delivered, storm_ended, "%lu delivered, %lu ended",
                 (unsigned long)storm_delivered, (unsigned long)storm_ended);
    operate_destroy(roster);
    roster = mine;
}
