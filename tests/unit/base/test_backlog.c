/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A reader that does not leave: what it holds up is counted and bounded, what would add to it is
 * refused without a trace, and all goes on when it has left.
 */

#include "config.h"

#include "../unit.h"
#include "core/base/clock.h"
#include "core/base/reclaim.h"
#include "core/roster/roster.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define LIMIT ((uint64_t)128 * 1024)

static struct roster *roster_with_limit(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.backlog_limit = LIMIT;
    options.tick_ms = ROSTER_TICK_MANUAL;
    return unit_roster_with(&options);
}

static struct roster *roster_by_hand(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.backlog_limit = LIMIT;
    options.tick_ms = ROSTER_TICK_MANUAL;
    options.flags = ROSTER_RECLAIM_MANUAL;
    return unit_roster_with(&options);
}

static unsigned threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    unsigned n = 0;

    cr_assert_not_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* A thread that has been joined leaves /proc a moment later. */
static void expect_threads(unsigned wanted)
{
    unsigned tries = 0;

    while (threads() != wanted && tries++ < 10000)
        sched_yield();
    cr_assert_eq(threads(), wanted);
}

/* Replaces identities until that is refused. */
static int use_up(struct roster *roster, struct roster_session *session)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    uint64_t calls;
    int err = 0;

    for (calls = 0; !err; calls++) {
        cr_assert_lt(calls, 1000000, "the limit does not hold");
        err = roster_session_update(session, &attr);
        cr_assert_leq(unit_stats(roster).backlog, LIMIT + LIMIT / 4);
    }
    return err;
}

static void recovers(struct roster_session *session)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    unit_ok(rst_rcu_barrier());
    unit_ok(roster_session_update(session, &attr));
}

Test(backlog, is_bounded)
{
    struct roster *roster = roster_with_limit();
    struct roster_session *session = unit_open(roster);
    uint64_t memory;
    int round;

    unit_ok(roster_read_lock(roster));
    cr_assert_eq(use_up(roster, session), -ENOBUFS);
    cr_assert_gt(unit_stats(roster).backlog, LIMIT);
    cr_assert_eq(unit_stats(roster).backlog_refused, 1);
    roster_read_unlock(roster);
    recovers(session);
    unit_ok(rst_rcu_barrier());
    memory = unit_stats(roster).memory;
    for (round = 0; round < 3; round++) {
        unit_ok(roster_read_lock(roster));
        cr_assert_eq(use_up(roster, session), -ENOBUFS);
        roster_read_unlock(roster);
        recovers(session);
    }
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(unit_stats(roster).memory, memory, "what came back was not used");
    unit_end(roster, session);
}

/* Opening and updating sessions, and pins, are refused without a trace; nothing else is. */
Test(backlog, refuses_none_that_begins)
{
    struct roster *roster = roster_with_limit();
    struct roster_session *session = unit_open(roster), *idle = unit_open(roster);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_pin *pin = NULL;
    int i;

    unit_ok(roster_txn_prepare(idle));
    unit_ok(roster_txn_begin(session, NULL));
    unit_ok(roster_read_lock(roster));
    cr_assert_eq(use_up(roster, session), -ENOBUFS);
    unit_refused(roster, session, roster_session_update(session, &attr), -ENOBUFS);
    unit_refused(roster, NULL, roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &pin),
                 -ENOBUFS);
    unit_ok(roster_txn_activate(idle, ROSTER_TS_MAX - 1));
    unit_ok(roster_txn_finish(idle));
    unit_ok(roster_txn_finish(session));
    for (i = 0; i < 1000; i++) {
        unit_ok(roster_txn_begin(session, NULL));
        unit_ok(roster_txn_set_progress(session, 1, 2, 3));
        unit_ok(roster_txn_set_state(session, ROSTER_RUN_COMMITTING));
        unit_ok(roster_stmt_begin(session, 0, "x", 1, "d", 1));
        unit_ok(roster_stmt_end(session));
        unit_ok(roster_txn_finish(session));
        unit_ok(roster_txn_prepare(idle));
        unit_ok(roster_txn_finish(idle));
    }
    unit_close(session);
    unit_close(idle);
    roster_read_unlock(roster);
    unit_destroy(roster);
}

/* Identities and pins await a grace period too, and are no less. */
Test(backlog, of_identities)
{
    struct roster *roster = roster_with_limit();
    struct roster_session *session = unit_open(roster);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    static char text[ROSTER_IDENTITY_MAX + 1];
    uint64_t updates = 0;
    int err = 0;

    memset(text, 'x', ROSTER_IDENTITY_MAX);
    attr.attributes = text;
    unit_ok(roster_read_lock(roster));
    for (; !err; updates++)
        err = roster_session_update(session, &attr);
    cr_assert_eq(err, -ENOBUFS);
    cr_assert_leq(updates, LIMIT / ROSTER_IDENTITY_MAX + 3, "%llu", (unsigned long long)updates);
    unit_refused(roster, session, roster_session_update(session, &attr), -ENOBUFS);
    roster_read_unlock(roster);
    unit_ok(rst_rcu_barrier());
    unit_ok(roster_session_update(session, &attr));
    unit_end(roster, session);
}

Test(backlog, of_pins)
{
    struct roster *roster = roster_with_limit();
    struct roster_pin *pin = NULL;
    int err = 0, acquired = 0;

    unit_ok(roster_read_lock(roster));
    for (; !err; acquired++) {
        err = roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &pin);
        if (!err)
            unit_ok(roster_pin_release(pin));
        cr_assert_lt(acquired, 10000, "the limit does not hold");
    }
    cr_assert_eq(err, -ENOBUFS);
    unit_refused(roster, NULL, roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &pin),
                 -ENOBUFS);
    roster_read_unlock(roster);
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(unit_stats(roster).backlog, 0);
    unit_ok(roster_pin_release(unit_pin(roster, NULL, 0)));
    unit_destroy(roster);
}

/* The list of tables of a transaction that has ended awaits one when the next uses a table. */
Test(backlog, of_tables)
{
    struct roster *roster = roster_with_limit();
    struct roster_session *session = unit_open(roster);
    int err = 0, used = 0;

    unit_ok(roster_read_lock(roster));
    for (; !err; used++) {
        unit_ok(roster_txn_begin(session, NULL));
        err = roster_txn_use_table(session, 5, 1);
        if (!err)
            unit_ok(roster_txn_use_table(session, 5, 1));
        if (!err)
            unit_ok(roster_txn_finish(session));
        cr_assert_lt(used, 10000, "the limit does not hold");
    }
    cr_assert_eq(err, -ENOBUFS);
    unit_refused(roster, session, roster_txn_use_table(session, 5, 1), -ENOBUFS);
    roster_read_unlock(roster);
    unit_ok(rst_rcu_barrier());
    unit_ok(roster_txn_use_table(session, 5, 1));
    unit_end(roster, session);
}

/* Slots of transactions cannot be refused: memory that has no more in use is used again. */
Test(backlog, of_slots)
{
    enum { SESSIONS = 4000, ROUNDS = 30 };
    static struct roster_session *sessions[SESSIONS];
    struct roster *roster = roster_with_limit();
    uint64_t most = 0;
    int round, n;

    for (n = 0; n < SESSIONS; n++)
        sessions[n] = unit_open(roster);
    unit_ok(rst_rcu_barrier());
    unit_ok(roster_read_lock(roster));
    for (round = 0; round < ROUNDS; round++) {
        for (n = 0; n < SESSIONS; n++)
            unit_ok(roster_txn_begin(sessions[n], NULL));
        for (n = 0; n < SESSIONS; n++)
            unit_ok(roster_txn_finish(sessions[n]));
        if (round == 0)
            most = rst_load(&roster->horizon.memory) + LIMIT + RST_BLOCK_SIZE;
        cr_assert_leq(rst_load(&roster->horizon.memory), most, "round %d", round);
    }
    cr_assert_leq(unit_stats(roster).backlog, LIMIT + RST_BLOCK_SIZE);
    roster_read_unlock(roster);
    unit_ok(rst_rcu_barrier());
    rst_horizon_trim(&roster->horizon);
    unit_ok(rst_rcu_barrier());
    rst_horizon_trim(&roster->horizon);
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(unit_stats(roster).backlog, 0);
    cr_assert_leq(rst_load(&roster->horizon.memory), 4 * RST_BLOCK_SIZE);
    for (n = 0; n < SESSIONS; n++)
        unit_close(sessions[n]);
    unit_destroy(roster);
}

static void await_identity(struct roster *roster, struct roster_session *session)
{
    static char text[ROSTER_IDENTITY_MAX + 1];
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    (void)roster;
    memset(text, 'x', ROSTER_IDENTITY_MAX);
    attr.attributes = text;
    unit_ok(roster_session_update(session, &attr));
}

static void await_pin(struct roster *roster, struct roster_session *session)
{
    (void)session;
    unit_ok(roster_pin_release(unit_pin(roster, NULL, 0)));
}

static void await_tables(struct roster *roster, struct roster_session *session)
{
    (void)roster;
    unit_ok(roster_txn_begin(session, NULL));
    unit_ok(roster_txn_use_table(session, 5, 1));
    unit_ok(roster_txn_finish(session));
}

static void await_session(struct roster *roster, struct roster_session *session)
{
    (void)session;
    unit_close(unit_open(roster));
}

/* No barrier, which would end the next pause. */
static void at_rest(struct roster *roster)
{
    while (unit_stats(roster).backlog)
        sched_yield();
}

/* How long the fastest of some rounds took to queue more than is urgent, until most had gone. */
static uint64_t fastest_ns(void (*await)(struct roster *, struct roster_session *))
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    uint64_t begun, took, each, n, fastest = UINT64_MAX;
    struct roster_session *session;
    struct roster *roster;
    int round;

    options.tick_ms = ROSTER_TICK_MANUAL; /* no trim begins the pause before */
    roster = unit_roster_with(&options);
    session = unit_open(roster);
    await(roster, session);
    at_rest(roster);
    unit_ok(roster_read_lock(roster));
    await(roster, session);
    each = unit_stats(roster).backlog;
    roster_read_unlock(roster);
    for (round = 0; round < 40; round++) {
        at_rest(roster);
        begun = rst_monotonic_ns();
        for (n = 0; n < RST_URGENT_BYTES * 5 / 4 / each; n++)
            await(roster, session);
        while (unit_stats(roster).backlog >= RST_URGENT_BYTES / 2)
            sched_yield();
        took = rst_monotonic_ns() - begun;
        fastest = took < fastest ? took : fastest;
    }
    unit_end(roster, session);
    return fastest;
}

/* The usual pause is of 10 ms: where much awaits a grace period, that does not wait for it. */
Test(backlog, goes_soon_where_it_is_much)
{
    const uint64_t pause = UINT64_C(9000000);

    if (unit_slow())
        return;
    cr_expect_lt(fastest_ns(await_session), pause);
    cr_expect_lt(fastest_ns(await_identity), pause);
    cr_expect_lt(fastest_ns(await_pin), pause);
    cr_expect_lt(fastest_ns(await_tables), pause);
}

Test(backlog, refuses_new_sessions_too)
{
    struct roster *roster = roster_with_limit();
    struct roster_session *session = unit_open(roster), *more = NULL;
    int err = 0, opened = 0;

    unit_ok(roster_read_lock(roster));
    cr_assert_eq(use_up(roster, session), -ENOBUFS);
    /* What the thread has of records may still be used. */
    while (!err) {
        err = roster_session_open(roster, NULL, &more);
        cr_assert_lt(opened++, 100000);
        if (!err)
            unit_close(more);
    }
    unit_refused(roster, session, roster_session_open(roster, NULL, &more), -ENOBUFS);
    roster_read_unlock(roster);
    unit_end(roster, session);
}

/* Also where there are records of closed sessions for all of them. */
Test(backlog, of_sessions_whose_records_were_used_before)
{
    enum { N = 1000 };
    static struct roster_session *sessions[N];
    struct roster *roster = roster_with_limit();
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    static char text[4000];
    struct roster_session *session;
    int err, opened, i;

    memset(text, 'x', sizeof(text) - 1);
    for (i = 0; i < N; i++)
        sessions[i] = unit_open(roster);
    for (i = 0; i < N; i++)
        unit_close(sessions[i]);
    unit_ok(rst_rcu_barrier());
    for (i = 0; i < 2; i++) {
        attr.attributes = i ? NULL : text;
        attr.flags = i ? ROSTER_SESSION_DIGESTS : 0;
        unit_ok(roster_read_lock(roster));
        for (err = opened = 0; !err; opened++) {
            err = roster_session_open(roster, &attr, &session);
            if (!err)
                unit_close(session);
            cr_assert_leq(unit_stats(roster).backlog, LIMIT + LIMIT / 4, "%d", opened);
        }
        cr_assert_eq(err, -ENOBUFS);
        unit_refused(roster, NULL, roster_session_open(roster, &attr, &session), -ENOBUFS);
        roster_read_unlock(roster);
        unit_ok(rst_rcu_barrier());
        unit_ok(roster_session_open(roster, &attr, &session));
        unit_close(session);
        unit_ok(rst_rcu_barrier());
    }
    unit_destroy(roster);
}

/* A reader that stays costs owners no memory, whatever they do. */
Test(backlog, is_empty_beside_a_reader_that_stays)
{
    struct roster *roster = roster_with_limit();
    struct roster_session *session = unit_open(roster);
    uint64_t memory = 0;
    int i;

    unit_ok(roster_read_lock(roster));
    for (i = 0; i < 100000; i++) {
        unit_ok(roster_txn_begin(session, NULL));
        unit_ok(roster_txn_set_progress(session, 1, 2, 3));
        unit_ok(roster_stmt_begin(session, 0, "x", 1, "d", 1));
        unit_ok(roster_stmt_end(session));
        unit_ok(roster_txn_finish(session));
        if (i == 0)
            memory = unit_stats(roster).memory;
    }
    cr_assert_eq(unit_stats(roster).backlog, 0);
    cr_assert_eq(unit_stats(roster).backlog_refused, 0);
    cr_assert_eq(unit_stats(roster).memory, memory);
    roster_read_unlock(roster);
    unit_end(roster, session);
}

/* A roster without threads: what is closed is used again as its callers reclaim it, and not before.
 */
Test(backlog, by_hand)
{
    unsigned before = threads(), n;
    struct roster *roster = roster_by_hand();
    struct roster_session *session;
    uint64_t memory;

    for (n = 0; n < 100; n++) {
        unit_close(unit_open(roster));
        unit_ok(roster_reclaim(roster));
        cr_assert_eq(unit_stats(roster).backlog, 0);
    }
    memory = unit_stats(roster).memory;
    for (n = 0; n < UNIT_SCALE(20000, 2000); n++) {
        unit_close(unit_open(roster));
        unit_ok(roster_reclaim(roster));
    }
    cr_assert_eq(unit_stats(roster).memory, memory, "memory is not used again");
    session = unit_open(roster);
    cr_assert_eq(use_up(roster, session), -ENOBUFS);
    unit_ok(roster_read_lock(roster));
    cr_assert_eq(roster_reclaim(roster), -EBUSY);
    roster_read_unlock(roster);
    unit_ok(roster_reclaim(roster));
    cr_assert_eq(unit_stats(roster).backlog, 0);
    expect_threads(before);
    unit_end(roster, session);
}

/* AddressSanitizer and ThreadSanitizer have a pthread_create() of their own. */
#if !defined(ROSTER_SANITIZER_THREAD) && !defined(ROSTER_SANITIZER_ADDRESS)
static unsigned threads_started;

/* For all of the process, also liburcu, which has its tables made larger by threads that end when
 * they are. */
__attribute__((visibility("default"))) int
pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    rst_fetch_add(&threads_started, 1);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attr, run, arg);
}

Test(backlog, by_hand_starts_no_threads_for_many_sessions)
{
    static struct roster_session *sessions[40000];
    struct roster *roster = roster_by_hand();
    const struct roster_session *found;
    unsigned before = rst_load(&threads_started); /* by the test's framework */
    size_t n, count = sizeof(sessions) / sizeof(sessions[0]);

    for (n = 0; n < count; n++) {
        sessions[n] = unit_open(roster);
        if (n % 500 == 0)
            unit_ok(roster_reclaim(roster));
    }
    unit_ok(roster_read_lock(roster));
    for (n = 0; n < count; n++) {
        found = roster_lookup(roster, roster_session_id(sessions[n]));
        cr_assert(found == sessions[n]);
    }
    roster_read_unlock(roster);
    for (n = 0; n < count; n++) {
        unit_close(sessions[n]);
        if (n % 500 == 0)
            unit_ok(roster_reclaim(roster));
    }
    unit_ok(roster_reclaim(roster));
    cr_assert_eq(rst_load(&threads_started), before);
    cr_assert_eq(rst_load(&roster->registry.buckets), 256u);
    unit_destroy(roster);
}
#endif

/* Beside a roster that has the thread, it works for both; what is left then is done by hand. */
Test(backlog, by_hand_beside_the_thread)
{
    struct roster *roster = roster_by_hand(), *other;
    unsigned n, without = threads();

    for (n = 0; n < 5; n++) {
        unit_close(unit_open(roster)); /* queued before the thread is there */
        other = unit_roster_with(NULL);
        cr_assert_gt(threads(), without);
        while (unit_stats(roster).backlog)
            unit_ok(roster_reclaim(roster));
        unit_close(unit_open(roster));
        unit_destroy(other);
        expect_threads(without);
        unit_close(unit_open(roster));
        unit_ok(roster_reclaim(roster));
        cr_assert_eq(unit_stats(roster).backlog, 0);
    }
    unit_close(unit_open(roster));
    unit_destroy(roster);
}

struct waiting {
    struct roster *roster;
    uint64_t waits;
    bool stop;
};

static void *wait_again_and_again(void *arg)
{
    struct waiting *waiting = arg;

    while (!rst_load(&waiting->stop)) {
        unit_ok(roster_release_wait(waiting->roster));
        rst_fetch_add(&waiting->waits, 1);
    }
    return NULL;
}

/* The thread that one waits for ends, and the next one has begun before the waiting one runs. */
Test(backlog, by_hand_while_threads_come_and_go)
{
    struct waiting waiting = {.roster = roster_by_hand()};
    struct roster *other;
    uint64_t before;
    pthread_t thread;
    unsigned n;

    alarm(60); /* instead of waiting for ever */
    cr_assert_eq(pthread_create(&thread, NULL, wait_again_and_again, &waiting), 0);
    for (n = 0; n < UNIT_SCALE(300, 50); n++) {
        other = roster_with_limit();
        unit_destroy(other);
        other = roster_with_limit();
        before = rst_load(&waiting.waits);
        while (rst_load(&waiting.waits) == before)
            usleep(100);
        unit_destroy(other);
    }
    rst_store(&waiting.stop, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    alarm(0);
    unit_destroy(waiting.roster);
}

struct closed {
    struct roster *roster;
    int reclaim, destroy;
    bool called;
};

static void destroy_inside(void *arg)
{
    struct closed *closed = arg;

    closed->called = true;
    closed->reclaim = roster_reclaim(closed->roster);
    closed->destroy = roster_destroy(closed->roster);
}

/* What a round by hand calls back may not wait for that round. */
Test(backlog, by_hand_inside_a_callback)
{
    struct closed closed = {.roster = roster_by_hand()};
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;

    attr.release = destroy_inside;
    attr.wake_arg = &closed;
    unit_ok(roster_session_open(closed.roster, &attr, &session));
    unit_close(session);
    unit_ok(roster_reclaim(closed.roster));
    cr_assert(closed.called);
    cr_assert_eq(closed.reclaim, 0);
    cr_assert_eq(closed.destroy, -EBUSY);
    unit_destroy(closed.roster);
}
