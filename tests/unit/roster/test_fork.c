/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A forked child may exec or exit at once; whatever else it tries is refused (-ECHILD). */

#include "config.h"

#include "core/base/reclaim.h"
#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct parent {
    struct roster *roster;
    struct roster_session *session;
    struct roster_pin *pin;
    struct roster_snapshot *snapshot;
};

static void parent_init(struct parent *parent)
{
    parent->roster = unit_roster_with(NULL);
    parent->session = unit_open(parent->roster);
    parent->pin = unit_pin(parent->roster, parent->session, 0);
    unit_ok(roster_txn_begin(parent->session, NULL));
    unit_ok(roster_stmt_begin(parent->session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    unit_ok(roster_snapshot(parent->roster, &parent->snapshot));
}

/* The parent goes on as if nothing had happened. */
static void parent_destroy(struct parent *parent)
{
    cr_assert_eq(parent->snapshot->count, 1);
    roster_snapshot_free(parent->snapshot);
    unit_ok(roster_txn_check(parent->session));
    cr_assert_eq(unit_min(parent->roster).holder.session_id, roster_session_id(parent->session));
    unit_ok(roster_stmt_end(parent->session));
    unit_ok(roster_txn_finish(parent->session));
    unit_ok(roster_pin_release(parent->pin));
    unit_close(parent->session);
    unit_destroy(parent->roster);
}

static int refused;
static int calls;

#define expect_refusal(call)                                                                       \
    do {                                                                                           \
        int result = (call);                                                                       \
                                                                                                   \
        calls++;                                                                                   \
        refused += result == -ECHILD;                                                              \
        if (result != -ECHILD)                                                                     \
            dprintf(STDERR_FILENO, "%s: %d\n", #call, result);                                     \
    } while (0)

static void call_owners(struct roster_session *session)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    expect_refusal(roster_session_update(session, &attr));
    expect_refusal(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    expect_refusal(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, "d", 1));
    expect_refusal(roster_stmt_end(session));
    expect_refusal(roster_txn_prepare(session));
    expect_refusal(roster_txn_activate(session, 1));
    expect_refusal(roster_txn_begin(session, NULL));
    expect_refusal(roster_txn_begin_at(session, 1));
    expect_refusal(roster_txn_set_state(session, ROSTER_RUN_IDLE));
    expect_refusal(roster_txn_set_flags(session, 0));
    expect_refusal(roster_session_set_tag(session, 1));
    expect_refusal(roster_stmt_begin_cleanup(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    expect_refusal(roster_killed(session));
    expect_refusal(roster_txn_set_progress(session, 1, 2, 3));
    expect_refusal(roster_txn_check(session));
    expect_refusal(roster_txn_finish(session));
    expect_refusal(roster_session_close(session));
}

static int pass_holder(const struct roster_holder *holder, void *arg)
{
    (void)holder;
    (void)arg;
    return 0;
}

static void call_all(const struct parent *parent)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct roster_min min = {.size = sizeof(min)};
    struct roster_session *session = NULL;
    struct roster_snapshot *snapshot = NULL;
    struct roster_pin *pin = NULL;
    struct roster_groups groups = {.size = sizeof(groups)};
    struct roster_group group;
    size_t count = 1;

    call_owners(parent->session);
    expect_refusal(roster_quota_set(parent->roster, NULL, 0));
    expect_refusal(roster_quota_set_text(parent->roster, "user:1", NULL, 0));
    expect_refusal(roster_groups_top(parent->roster, ROSTER_GROUP_USER, &group, &count, &groups));
    expect_refusal(roster_groups_full(parent->roster, &group, &count));
    expect_refusal(roster_stats(parent->roster, &stats));
    expect_refusal(roster_metrics(parent->roster, &metrics));
    expect_refusal(roster_tick(parent->roster));
    expect_refusal(roster_reclaim(parent->roster));
    expect_refusal(roster_session_open(parent->roster, NULL, &session));
    expect_refusal(roster_pin_acquire(parent->roster, NULL, 0, ROSTER_PIN_CURSOR, &pin));
    expect_refusal(roster_pin_acquire(parent->roster, parent->session, 0, ROSTER_PIN_CURSOR, &pin));
    expect_refusal(roster_pin_check(parent->pin));
    expect_refusal(roster_pin_release(parent->pin));
    expect_refusal(roster_min_advance(parent->roster, 0, NULL));
    expect_refusal(roster_min_peek(parent->roster, &min));
    expect_refusal(roster_for_each_holder(parent->roster, pass_holder, NULL));
    expect_refusal(roster_read_lock(parent->roster));
    expect_refusal(roster_snapshot(parent->roster, &snapshot));
    expect_refusal(roster_snapshot_ids(parent->roster, &(uint64_t){1}, 1, &snapshot));
    expect_refusal(roster_snapshot_again(parent->roster, parent->snapshot));
    expect_refusal(roster_kill(parent->roster, 1, ROSTER_KILL_TARGET_CONNECTION, 0,
                               ROSTER_KILL_REASON_INTERRUPTED));
    expect_refusal(roster_kill_txn(parent->roster, 1, 0, 0, ROSTER_KILL_REASON_INTERRUPTED));
    expect_refusal(roster_release_wait(parent->roster));
    expect_refusal(roster_destroy(parent->roster));
}

/* Runs `fn` in a child. Returns its exit code, or 1000 plus the signal that ended it. */
static int in_child(void (*fn)(const struct parent *parent), const struct parent *parent)
{
    int status = 0;
    pid_t child;

    fflush(NULL);
    child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        alarm(20);
        fn(parent);
        _exit(calls == refused ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

Test(fork, the_child_is_refused_everything)
{
    struct parent parent;

    parent_init(&parent);
    cr_assert_eq(in_child(call_all, &parent), 0);
    parent_destroy(&parent);
}

static void fork_again(const struct parent *parent)
{
    refused = calls = 0;
    calls += in_child(call_all, parent) != 0;
    call_all(parent);
}

Test(fork, the_grandchild_too)
{
    struct parent parent;

    parent_init(&parent);
    cr_assert_eq(in_child(fork_again, &parent), 0);
    parent_destroy(&parent);
}

static void unlock(const struct parent *parent)
{
    roster_read_unlock(parent->roster);
    call_all(parent);
}

Test(fork, under_the_read_lock)
{
    struct parent parent;

    parent_init(&parent);
    unit_ok(roster_read_lock(parent.roster));
    cr_assert_eq(in_child(unlock, &parent), 0);
    cr_assert_not_null(roster_lookup(parent.roster, roster_session_id(parent.session)));
    roster_read_unlock(parent.roster);
    parent_destroy(&parent);
}

static void exec_at_once(const struct parent *parent)
{
    (void)parent;
    execl("/bin/sh", "sh", "-c", "exit 42", (char *)NULL);
}

Test(fork, the_child_may_exec)
{
    struct parent parent;

    parent_init(&parent);
    cr_assert_eq(in_child(exec_at_once, &parent), 42);
    parent_destroy(&parent);
}

struct busy {
    struct roster *roster;
    bool stop;
};

static void *work(void *arg)
{
    struct busy *busy = arg;
    struct roster_session *session = NULL;

    while (!rst_load(&busy->stop)) {
        cr_expect_eq(roster_session_open(busy->roster, NULL, &session), 0);
        cr_expect_eq(roster_txn_begin(session, NULL), 0);
        cr_expect_eq(roster_session_close(session), 0);
        cr_expect_eq(roster_min_advance(busy->roster, 0, NULL), 0);
    }
    return NULL;
}

/* Locks may be held by threads that the child does not have: it must not wait for them. */
Test(fork, while_others_are_busy)
{
    struct busy busy = {NULL, false};
    struct parent parent;
    pthread_t thread;
    int round;

    parent_init(&parent);
    busy.roster = parent.roster;
    cr_assert_eq(pthread_create(&thread, NULL, work, &busy), 0);
    for (round = 0; round < UNIT_SCALE(100, 10); round++)
        cr_assert_eq(in_child(call_all, &parent), 0);
    rst_store(&busy.stop, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    parent_destroy(&parent);
}

struct forking {
    struct roster *roster;
    bool inside, begun, done;
};

static void *fork_beside_a_reader(void *arg)
{
    struct forking *forking = arg;
    int status = -1;
    pid_t child;

    rst_store(&forking->begun, true);
    child = fork();
    if (child == 0)
        _exit(0);
    cr_expect_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
    rst_store(&forking->done, true);
    return NULL;
}

/* Its first calls, under the read lock: they need the lock of all contexts, and that of keepers. */
static void *read_and_call(void *arg)
{
    struct forking *forking = arg;
    struct roster_session *session = NULL;
    int i;

    unit_ok(roster_read_lock(forking->roster));
    rst_store(&forking->inside, true);
    while (!rst_load(&forking->begun))
        usleep(100);
    for (i = 0; i < 100 && !rst_load(&forking->done); i++)
        usleep(100); /* until the fork waits; earlier is no error */
    unit_ok(roster_session_open(forking->roster, NULL, &session));
    rst_keep_begin();
    rst_keep_end();
    (void)unit_stats(forking->roster);
    unit_close(session);
    roster_read_unlock(forking->roster);
    return NULL;
}

/* A fork waits for the grace period that is under way, this for a reader, and the reader for a lock
 * that must not be the fork's by then. */
Test(fork, beside_a_reader_who_calls_first)
{
    pthread_t reader, forks;
    int round;

    alarm(60); /* instead of waiting for ever */
    for (round = 0; round < 5; round++) {
        struct forking forking = {unit_roster(NULL), false, false, false};

        cr_assert_eq(pthread_create(&reader, NULL, read_and_call, &forking), 0);
        while (!rst_load(&forking.inside))
            usleep(100);
        unit_close(unit_open(forking.roster));
        usleep(30000); /* that the grace period for it begins; earlier is no error */
        cr_assert_eq(pthread_create(&forks, NULL, fork_beside_a_reader, &forking), 0);
        cr_assert_eq(pthread_join(reader, NULL), 0);
        cr_assert_eq(pthread_join(forks, NULL), 0);
        unit_destroy(forking.roster);
    }
    alarm(0);
}

/* ThreadSanitizer lets no child of a fork start threads. */
#ifndef ROSTER_SANITIZER_THREAD

/* Before the first roster there is nothing to inherit: the child is a process like any other. */
static void create_own(const struct parent *parent)
{
    struct roster *roster = NULL;

    (void)parent;
    calls = 2;
    refused = roster_create(NULL, &roster) == 0;
    refused += roster_destroy(roster) == 0;
}

Test(fork, before_the_first_roster)
{
    cr_assert_eq(in_child(create_own, NULL), 0);
}

#define must_be(result, call)                                                                      \
    do {                                                                                           \
        int is = (call);                                                                           \
                                                                                                   \
        if (is != (result)) {                                                                      \
            dprintf(STDERR_FILENO, "%s: %d\n", #call, is);                                         \
            _exit(2);                                                                              \
        }                                                                                          \
    } while (0)

static void release(void *arg)
{
    *(int *)arg = 1;
}

static void *begin_and_finish(void *roster)
{
    struct roster_session *session;

    must_be(0, roster_session_open(roster, NULL, &session));
    must_be(0, roster_txn_begin(session, NULL));
    must_be(0, roster_txn_finish(session));
    must_be(0, roster_session_close(session));
    return NULL;
}

static void needs_threads_in_a_child(void)
{
    if (unit_emulated())
        cr_skip_test("qemu-user lets no child of a fork start threads");
}

/* What a server does that forks its workers first and lets each have a roster. */
static void have_own(const struct parent *parent)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_min min = {.size = sizeof(min)};
    struct roster_session *session;
    struct roster_history *history;
    struct roster *roster;
    pthread_t thread;
    int released = 0;

    (void)parent;
    must_be(0, roster_create(NULL, &roster));
    attr.release = release;
    attr.wake_arg = &released;
    must_be(0, roster_session_open(roster, &attr, &session));
    must_be(0, roster_killed(session));
    must_be(0, roster_txn_begin(session, NULL));
    must_be(0, roster_session_set_memory(session, 1));
    must_be(0, roster_min_advance(roster, 0, &min));
    must_be(1, min.holder.session_id == roster_session_id(session));
    must_be(0, roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_TRANSACTION, 0,
                           ROSTER_KILL_REASON_IDLE));
    must_be(ROSTER_KILLED_TRANSACTION | ROSTER_KILL_REASON_IDLE, roster_killed(session));
    must_be(0, roster_history_create(10, 0, &history));
    must_be(0, roster_history_add(history, session));
    roster_history_destroy(history);
    must_be(0, roster_read_lock(roster));
    roster_read_unlock(roster);
    must_be(0, pthread_create(&thread, NULL, begin_and_finish, roster));
    must_be(0, pthread_join(thread, NULL));
    must_be(0, roster_session_close(session));
    must_be(0, roster_release_wait(roster));
    must_be(1, released);
    must_be(0, roster_destroy(roster));
}

static void have_own_and_fork(const struct parent *parent)
{
    have_own(parent);
    must_be(0, in_child(have_own, parent));
    call_all(parent);
    have_own(parent);
}

Test(fork, a_child_may_have_rosters_of_its_own)
{
    struct parent parent;

    needs_threads_in_a_child();
    parent_init(&parent);
    cr_assert_eq(in_child(have_own_and_fork, &parent), 0);
    parent_destroy(&parent);
    have_own(&parent); /* the parent too, afterwards */
}

static void unlock_and_have_none(const struct parent *parent)
{
    struct roster *roster = NULL;

    unlock(parent);
    calls++;
    refused += roster_create(NULL, &roster) == -EPERM;
    calls += in_child(unlock, parent) != 0;
}

Test(fork, from_inside_the_read_lock)
{
    struct parent parent;

    needs_threads_in_a_child();
    parent_init(&parent);
    unit_ok(roster_read_lock(parent.roster));
    cr_assert_eq(in_child(unlock_and_have_none, &parent), 0);
    cr_assert_not_null(roster_lookup(parent.roster, roster_session_id(parent.session)));
    roster_read_unlock(parent.roster);
    cr_assert_eq(in_child(have_own, &parent), 0);
    parent_destroy(&parent);
}

/* The read lock keeps a grace period going, which the fork must not wait for: Roster's. */
Test(fork, from_inside_what_a_grace_period_waits_for)
{
    struct parent parent;

    needs_threads_in_a_child();
    alarm(60); /* instead of waiting for ever */
    parent_init(&parent);
    unit_ok(roster_read_lock(parent.roster));
    unit_close(unit_open(parent.roster));
    usleep(30000); /* that the grace period for that session begins; earlier is no error */
    cr_assert_eq(in_child(unlock_and_have_none, &parent), 0);
    roster_read_unlock(parent.roster);
    parent_destroy(&parent);
    alarm(0);
}

static void *wait_for_readers(void *begun)
{
    rst_store((bool *)begun, true);
    urcu_bp_synchronize_rcu();
    return NULL;
}

/* And the program's own, of which no call of liburcu tells. A fork that waits blocks all signals.
 */
Test(fork, from_inside_what_the_program_waits_for)
{
    struct parent parent;
    bool begun = false;
    pthread_t thread;

    needs_threads_in_a_child();
    parent_init(&parent);
    unit_ok(roster_read_lock(parent.roster));
    cr_assert_eq(pthread_create(&thread, NULL, wait_for_readers, &begun), 0);
    while (!rst_load(&begun))
        usleep(100);
    usleep(30000); /* that its grace period begins; earlier is no error */
    cr_assert_eq(in_child(unlock_and_have_none, &parent), 0);
    roster_read_unlock(parent.roster);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    parent_destroy(&parent);
}

/* AddressSanitizer's own allocator does not survive a fork beside threads that allocate. */
#ifndef ROSTER_SANITIZER_ADDRESS

/* Threads that work while another one forks: no lock is held in the child for ever. */
static void *stay_busy(void *arg)
{
    const struct parent *parent = arg;
    struct roster *roster;

    while (!__atomic_load_n(&calls, __ATOMIC_ACQUIRE)) {
        begin_and_finish(parent->roster);
        must_be(0, roster_create(NULL, &roster));
        begin_and_finish(roster);
        must_be(0, roster_destroy(roster));
    }
    return NULL;
}

Test(fork, while_others_work)
{
    struct parent parent;
    pthread_t threads[2];
    int n;

    needs_threads_in_a_child();
    parent_init(&parent);
    for (n = 0; n < 2; n++)
        cr_assert_eq(pthread_create(&threads[n], NULL, stay_busy, &parent), 0);
    for (n = 0; n < 20; n++)
        cr_assert_eq(in_child(have_own, &parent), 0);
    __atomic_store_n(&calls, 1, __ATOMIC_RELEASE);
    for (n = 0; n < 2; n++)
        cr_assert_eq(pthread_join(threads[n], NULL), 0);
    parent_destroy(&parent);
}

#endif

#endif /* ROSTER_SANITIZER_THREAD */
