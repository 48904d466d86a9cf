/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Draining a server (G6). Row of the TiDB page: "Shutdown: idle sessions without a transaction
 * leave at once; open transactions may finish until the deadline; then kill all; then wait again".
 */

#include "operate.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define SHUTDOWN_CONNECTION (ROSTER_KILL_REASON_SHUTDOWN | ROSTER_KILLED_CONNECTION)

static struct roster *roster;
static struct roster_drain_options options;
static struct roster_drain_report report;

static void open_all(void)
{
    static const struct roster_drain_options fresh = ROSTER_DRAIN_OPTIONS_INIT;

    roster = operate_roster(NULL);
    options = fresh;
    options.finish_ms = 50;
    options.kill_ms = 50;
    memset(&report, 0, sizeof(report));
    report.size = sizeof(report);
}

static void close_all(void)
{
    unit_destroy(roster);
}

TestSuite(drain, .init = open_all, .fini = close_all);

Test(drain, an_empty_server_is_drained_at_once)
{
    cr_assert_eq(roster_drain(roster, &options, &report), 0);
    cr_assert(report.sessions == 0 && report.idle == 0 && report.killed == 0 &&
              report.remaining == 0);
    cr_assert_eq(roster_drain(roster, NULL, NULL), 0, "and may be drained again");
}

Test(drain, new_sessions_are_refused_from_then_on)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *internal, *session = NULL;
    struct roster_stats before = {.size = sizeof(before)}, after = {.size = sizeof(after)};

    cr_assert_eq(roster_drain(roster, &options, NULL), 0);
    cr_assert_eq(roster_stats(roster, &before), 0);
    cr_assert_eq(roster_session_open(roster, &attr, &session), -ESHUTDOWN);
    cr_assert_null(session);
    cr_assert_eq(roster_stats(roster, &after), 0);
    cr_assert_eq(before.sessions, after.sessions);
    cr_assert_eq(before.sessions_opened, after.sessions_opened);
    internal = operate_open(roster, ROSTER_SESSION_INTERNAL, NULL);
    unit_close(internal);
    cr_assert_eq(roster_drain_undo(roster), 0);
    unit_close(operate_open(roster, ROSTER_SESSION_USER, NULL));
    cr_assert_eq(roster_drain_undo(NULL), -EINVAL);
}

/* One kind after the other, as where users go before what serves them. */
Test(drain, what_was_drained_stays_refused_while_other_kinds_go)
{
    struct roster_session *session = NULL;

    cr_assert_eq(roster_drain(roster, &options, NULL), 0);
    options.kinds = ROSTER_KIND_BIT(ROSTER_SESSION_INTERNAL);
    cr_assert_eq(roster_drain(roster, &options, NULL), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), -ESHUTDOWN);
    unit_close(operate_open(roster, ROSTER_SESSION_BACKGROUND, NULL));
    cr_assert_eq(roster_drain_undo(roster), 0);
    unit_close(operate_open(roster, ROSTER_SESSION_USER, NULL));
    unit_close(operate_open(roster, ROSTER_SESSION_INTERNAL, NULL));
}

Test(drain, what_does_not_leave_is_killed_and_reported)
{
    struct roster_session *idle = operate_open(roster, ROSTER_SESSION_USER, "idle");
    struct roster_session *running = operate_open(roster, ROSTER_SESSION_USER, "running");
    struct roster_session *in_txn = operate_open(roster, ROSTER_SESSION_USER, "in_txn");
    struct roster_session *internal = operate_open(roster, ROSTER_SESSION_INTERNAL, NULL);
    uint64_t ts;
    unsigned seen = 0;

    operate_begin(running, "select 1");
    cr_assert_eq(roster_txn_begin(in_txn, &ts), 0);
    cr_assert_eq(roster_drain(roster, &options, &report), -ETIMEDOUT);
    cr_assert_eq(report.sessions, 3);
    cr_assert_eq(report.idle, 1);
    cr_assert_eq(report.killed, 2);
    cr_assert_eq(report.remaining, 3);
    cr_assert_geq(report.elapsed_ms, 100, "both deadlines have passed");
    cr_assert_eq(roster_killed(idle), SHUTDOWN_CONNECTION);
    cr_assert_eq(roster_killed(running), SHUTDOWN_CONNECTION);
    cr_assert_eq(roster_killed(in_txn), SHUTDOWN_CONNECTION);
    cr_assert_eq(roster_killed(internal), 0, "internal sessions are the server's own");
    for (int i = 0; i < 3; i++) {
        const struct roster_drain_left *left = &report.left[i];

        if (left->session_id == roster_session_id(idle)) {
            seen |= 1;
            cr_assert(left->stmt_seq == 0 && left->start_ts == 0);
            cr_assert_eq(left->run_state, ROSTER_RUN_IDLE);
        } else if (left->session_id == roster_session_id(running)) {
            seen |= 2;
            cr_assert(left->stmt_seq == 1 && left->start_ts == 0);
            cr_assert_eq(left->run_state, ROSTER_RUN_RUNNING);
        } else if (left->session_id == roster_session_id(in_txn)) {
            seen |= 4;
            cr_assert(left->stmt_seq == 0 && left->start_ts == ts);
        }
    }
    cr_assert_eq(seen, 7, "all three are named");
    cr_assert_eq(report.left[3].session_id, 0);
    unit_close(idle);
    unit_close(running);
    unit_close(in_txn);
    options.kinds = ROSTER_KIND_BIT(ROSTER_SESSION_INTERNAL);
    cr_assert_eq(roster_drain(roster, &options, &report), -ETIMEDOUT);
    cr_assert_eq(report.sessions, 1);
    cr_assert_eq(roster_killed(internal), SHUTDOWN_CONNECTION);
    unit_close(internal);
}

static void count_wake(uint64_t session_id, void *arg)
{
    (void)session_id;
    ++*(unsigned *)arg;
}

/* Whatever they sleep in, and whether they are told at first or after they had time. */
Test(drain, each_owner_is_woken_once)
{
    struct roster_session *sessions[9];
    unsigned wakes[9] = {0};

    for (int i = 0; i < 9; i++) {
        struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

        attr.wake = count_wake;
        attr.wake_arg = &wakes[i];
        cr_assert_eq(roster_session_open(roster, &attr, &sessions[i]), 0);
        if (i % 3 == 1)
            operate_begin(sessions[i], "select 1");
        else if (i % 3 == 2)
            cr_assert_eq(roster_txn_begin(sessions[i], NULL), 0);
    }
    options.finish_ms = 1;
    options.kill_ms = 1;
    cr_assert_eq(roster_drain(roster, &options, &report), -ETIMEDOUT);
    for (int i = 0; i < 9; i++) {
        cr_assert_eq(wakes[i], 1, "session %d was woken %u times", i, wakes[i]);
        unit_close(sessions[i]);
    }
}

Test(drain, names_as_many_as_there_is_room_for)
{
    struct roster_session *sessions[ROSTER_DRAIN_NAMED + 5];

    for (int i = 0; i < ROSTER_DRAIN_NAMED + 5; i++)
        sessions[i] = operate_open(roster, ROSTER_SESSION_USER, NULL);
    options.finish_ms = 1;
    options.kill_ms = 1;
    cr_assert_eq(roster_drain(roster, &options, &report), -ETIMEDOUT);
    cr_assert_eq(report.remaining, ROSTER_DRAIN_NAMED + 5);
    for (int i = 0; i < ROSTER_DRAIN_NAMED; i++)
        cr_assert_neq(report.left[i].session_id, 0);
    for (int i = 0; i < ROSTER_DRAIN_NAMED + 5; i++)
        unit_close(sessions[i]);
}

/* An owner: leaves when it is told to, some time after its transaction has ended. */
struct owner {
    pthread_t thread;
    struct roster_session *session;
    uint64_t txns; /* transactions to go through before looking */
    bool heeds;    /* asks whether it was killed inside a transaction too */
    bool done;     /* all of its transactions were finished */
    uint32_t *started;
};

static void *own(void *arg)
{
    struct owner *owner = arg;

    owner->session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    if (owner->txns)
        cr_expect_eq(roster_txn_begin(owner->session, NULL), 0);
    __atomic_fetch_add(owner->started, 1, __ATOMIC_RELEASE);
    while (owner->txns && !(owner->heeds && roster_killed(owner->session))) {
        usleep(1000);
        owner->done = --owner->txns == 0;
    }
    if (owner->done)
        cr_expect_eq(roster_txn_finish(owner->session), 0);
    while (!roster_killed(owner->session))
        usleep(1000);
    cr_expect_eq(roster_killed(owner->session), SHUTDOWN_CONNECTION);
    unit_close(owner->session);
    return NULL;
}

static void start_owners(struct owner *owners, int n, uint32_t *started)
{
    for (int i = 0; i < n; i++) {
        owners[i].started = started;
        cr_assert_eq(pthread_create(&owners[i].thread, NULL, own, &owners[i]), 0);
    }
    while (__atomic_load_n(started, __ATOMIC_ACQUIRE) < (uint32_t)n)
        usleep(1000);
}

static unsigned looks;

static int count_looks(const struct roster_drain_progress *progress, void *arg)
{
    cr_expect_eq(arg, &looks);
    cr_expect_eq(progress->sessions, progress->leaving + progress->in_txn + progress->running);
    looks++;
    return 0;
}

Test(drain, open_transactions_finish_and_idle_sessions_leave)
{
    struct owner owners[4];
    uint32_t started = 0;

    memset(owners, 0, sizeof(owners));
    owners[0].txns = 100;
    owners[1].txns = 50;
    start_owners(owners, 4, &started);
    options.finish_ms = 60000;
    options.progress = count_looks;
    options.progress_arg = &looks;
    cr_assert_eq(roster_drain(roster, &options, &report), 0);
    cr_assert_eq(report.sessions, 4);
    cr_assert_eq(report.idle, 4, "two at once and two when their transactions had ended");
    cr_assert_eq(report.killed, 0);
    cr_assert_eq(report.remaining, 0);
    cr_assert_gt(looks, 1);
    for (int i = 0; i < 4; i++) {
        pthread_join(owners[i].thread, NULL);
        cr_assert(owners[i].txns == 0);
    }
}

Test(drain, after_the_deadline_transactions_are_killed)
{
    struct owner owner;
    uint32_t started = 0;

    memset(&owner, 0, sizeof(owner));
    owner.txns = 1000000;
    owner.heeds = true;
    start_owners(&owner, 1, &started);
    options.kill_ms = ROSTER_DRAIN_FOR_EVER;
    cr_assert_eq(roster_drain(roster, &options, &report), 0);
    cr_assert(report.sessions == 1 && report.idle == 0 && report.killed == 1);
    cr_assert_geq(report.elapsed_ms, 50);
    pthread_join(owner.thread, NULL);
    cr_assert_not(owner.done);
}

static int stop_waiting(const struct roster_drain_progress *progress, void *arg)
{
    unsigned *phases = arg;

    *phases |= 1U << progress->phase;
    return 1;
}

Test(drain, the_caller_may_cut_both_phases_short)
{
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    unsigned phases = 0;

    operate_begin(session, "select 1");
    options.finish_ms = ROSTER_DRAIN_FOR_EVER;
    options.kill_ms = ROSTER_DRAIN_FOR_EVER;
    options.progress = stop_waiting;
    options.progress_arg = &phases;
    cr_assert_eq(roster_drain(roster, &options, &report), -ETIMEDOUT);
    cr_assert_eq(phases, 1U << ROSTER_DRAIN_FINISHING | 1U << ROSTER_DRAIN_KILLING);
    cr_assert_eq(report.killed, 1);
    unit_close(session);
}

static int drain_inside(const struct roster_drain_progress *progress, void *arg)
{
    (void)progress;
    (void)arg;
    cr_expect_eq(roster_drain(roster, NULL, NULL), -EALREADY);
    cr_expect_eq(roster_drain_undo(roster), -EALREADY);
    cr_expect_eq(roster_destroy(roster), -EBUSY);
    return 0;
}

Test(drain, arguments_are_checked)
{
    struct {
        struct roster_drain_options known;
        uint64_t unknown;
    } larger = {ROSTER_DRAIN_OPTIONS_INIT, 1};
    struct roster_session *session;

    cr_assert_eq(roster_drain(NULL, &options, &report), -EINVAL);
    options.kinds = 8;
    cr_assert_eq(roster_drain(roster, &options, &report), -EINVAL);
    options.kinds = 0;
    options.poll_ms = 1001;
    cr_assert_eq(roster_drain(roster, &options, &report), -EINVAL);
    options.poll_ms = 0;
    options.size--;
    cr_assert_eq(roster_drain(roster, &options, &report), -EINVAL);
    options.size++;
    report.size--;
    cr_assert_eq(roster_drain(roster, &options, &report), -EINVAL);
    report.size++;
    larger.known.size = sizeof(larger);
    cr_assert_eq(roster_drain(roster, &larger.known, &report), -E2BIG);
    unit_in_child(roster_drain(roster, NULL, NULL) == -ECHILD);
    session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    cr_assert_eq(roster_killed(session), 0, "a drain that did not begin refuses no session");
    unit_close(session);
    options.progress = drain_inside;
    cr_assert_eq(roster_drain(roster, &options, NULL), 0);
}

static uint32_t stop_opening;
static uint32_t held; /* sessions whose opening succeeded and that are not being closed */

static void *open_and_close(void *arg)
{
    uint64_t *opened = arg;
    bool refused = false;

    while (!refused || !__atomic_load_n(&stop_opening, __ATOMIC_RELAXED)) {
        struct roster_session *session;
        int err = roster_session_open(roster, NULL, &session);

        cr_expect(err == 0 || err == -ESHUTDOWN, "%d", err);
        refused = err != 0;
        if (refused) {
            sched_yield(); /* the draining thread needs a processor too */
        } else {
            ++*opened;
            __atomic_fetch_add(&held, 1, __ATOMIC_RELEASE);
            while (!roster_killed(session))
                usleep(100);
            __atomic_fetch_sub(&held, 1, __ATOMIC_RELEASE);
            cr_expect_eq(roster_session_close(session), 0);
        }
    }
    return NULL;
}

/* So that each drain has somebody to wait for. */
static void until_held(void)
{
    for (int i = 0; i < 100000 && __atomic_load_n(&held, __ATOMIC_ACQUIRE) == 0; i++)
        usleep(100);
    cr_assert_gt(__atomic_load_n(&held, __ATOMIC_ACQUIRE), 0);
}

/* After a drain that returned 0 no thread holds a session, and none gets one. */
Test(drain, no_session_slips_in)
{
    pthread_t threads[3];
    uint64_t opened[3] = {0, 0, 0};
    struct roster_stats stats = {.size = sizeof(stats)};

    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, open_and_close, &opened[i]), 0);
    options.finish_ms = ROSTER_DRAIN_FOR_EVER;
    options.poll_ms = 1;
    for (int round = 0; round < 50; round++) {
        until_held();
        cr_assert_eq(roster_drain(roster, &options, &report), 0);
        for (int i = 0; i < 20; i++) {
            cr_assert_eq(__atomic_load_n(&held, __ATOMIC_ACQUIRE), 0);
            sched_yield();
        }
        cr_assert_eq(roster_drain_undo(roster), 0);
    }
    cr_assert_eq(roster_drain(roster, &options, &report), 0);
    cr_assert_eq(roster_stats(roster, &stats), 0);
    __atomic_store_n(&stop_opening, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    cr_assert_gt(opened[0] + opened[1] + opened[2], 0);
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_assert_eq(stats.sessions, 0);
}
