/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Threads and their contexts: adoption, hand-over of sessions, threads that end in the middle of
 * something, rosters that come and go under living threads.
 */

#include "config.h"

#include "../unit.h"
#include "core/base/reclaim.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>

struct job {
    struct roster *roster;
    struct roster_session *session;
    uint64_t ts;
};

static void open_and_begin(void *arg)
{
    struct job *job = arg;

    cr_expect_eq(roster_session_open(job->roster, NULL, &job->session), 0);
    cr_expect_eq(roster_stmt_begin(job->session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
    cr_expect_eq(roster_txn_begin(job->session, &job->ts), 0);
}

static void begin(void *arg)
{
    struct job *job = arg;

    cr_expect_eq(roster_txn_begin(job->session, &job->ts), 0);
}

static void finish(void *arg)
{
    struct job *job = arg;

    cr_expect_eq(roster_txn_finish(job->session), 0);
}

static void end_all(void *arg)
{
    struct job *job = arg;

    cr_expect_eq(unit_look(job->session)->start_ts, job->ts);
    cr_expect_eq(roster_stmt_end(job->session), 0);
    cr_expect_eq(roster_txn_finish(job->session), 0);
    cr_expect_eq(roster_session_close(job->session), 0);
}

/* A thread that ends owns nothing any more; its sessions live on, and still pin (G2). */
Test(thread, ends_with_open_transactions)
{
    struct job job = {unit_roster(NULL), NULL, 0};
    struct roster_min min;
    int round;

    for (round = 0; round < 100; round++) {
        unit_in_thread(open_and_begin, &job);
        min = unit_min(job.roster);
        cr_assert_eq(min.min_start_ts, job.ts);
        cr_assert_eq(min.holder.session_id, roster_session_id(job.session));
        unit_in_thread(end_all, &job);
    }
    cr_assert_leq(unit_stats(job.roster).threads, 2, "contexts were not adopted");
    cr_assert_eq(unit_stats(job.roster).txns_begun, 100);
    unit_destroy(job.roster);
}

/* Begin on A, finish on B, for ever: slots and views go back to where they are used. */
Test(thread, hands_sessions_over_without_growing)
{
    struct job job = {unit_roster(NULL), NULL, 0};
    uint64_t memory = 0;
    int round;

    job.session = unit_open(job.roster);
    for (round = 0; round < UNIT_SCALE(4000, 1400); round++) {
        unit_ok(roster_txn_begin(job.session, &job.ts));
        unit_in_thread(finish, &job);
        unit_in_thread(begin, &job);
        unit_ok(roster_txn_finish(job.session));
        if (round % 50 == 0) /* so that what awaits a grace period is little at any time */
            unit_ok(rst_rcu_barrier());
        if (round == 300)
            memory = unit_stats(job.roster).memory;
    }
    /* Two of the smallest pieces of memory; a view lost each round would be at least twice that. */
    cr_assert_leq(unit_stats(job.roster).memory, memory + 32 * 1024, "%llu bytes, %llu before",
                  (unsigned long long)unit_stats(job.roster).memory, (unsigned long long)memory);
    cr_assert_eq(unit_slots_taken(job.roster), 0);
    unit_close(job.session);
    unit_destroy(job.roster);
}

#define LANES 64

/* One thread only begins, the other only finishes, at the same time. */
struct lanes {
    struct roster *roster;
    struct roster_session *sessions[LANES];
    bool open[LANES];
    uint64_t rounds;
};

static void *only_begin(void *arg)
{
    struct lanes *lanes = arg;
    uint64_t n;

    for (n = 0; n < lanes->rounds; n++) {
        while (__atomic_load_n(&lanes->open[n % LANES], __ATOMIC_ACQUIRE))
            sched_yield();
        cr_expect_eq(roster_txn_begin(lanes->sessions[n % LANES], NULL), 0);
        __atomic_store_n(&lanes->open[n % LANES], true, __ATOMIC_RELEASE);
    }
    return NULL;
}

static void *only_finish(void *arg)
{
    struct lanes *lanes = arg;
    uint64_t n;

    for (n = 0; n < lanes->rounds; n++) {
        while (!__atomic_load_n(&lanes->open[n % LANES], __ATOMIC_ACQUIRE))
            sched_yield();
        cr_expect_eq(roster_txn_finish(lanes->sessions[n % LANES]), 0);
        __atomic_store_n(&lanes->open[n % LANES], false, __ATOMIC_RELEASE);
    }
    return NULL;
}

Test(thread, begins_what_another_finishes)
{
    struct lanes lanes = {.roster = unit_roster(NULL), .rounds = UNIT_SCALE(200000, 20000)};
    pthread_t beginner, finisher;
    unsigned n;

    for (n = 0; n < LANES; n++)
        lanes.sessions[n] = unit_open(lanes.roster);
    cr_assert_eq(pthread_create(&beginner, NULL, only_begin, &lanes), 0);
    cr_assert_eq(pthread_create(&finisher, NULL, only_finish, &lanes), 0);
    for (n = 0; n < 100; n++) {
        struct roster_min min = unit_min(lanes.roster);

        cr_assert_leq(min.min_start_ts, min.now);
    }
    cr_assert_eq(pthread_join(beginner, NULL), 0);
    cr_assert_eq(pthread_join(finisher, NULL), 0);
    cr_assert_eq(unit_slots_pinned(lanes.roster), 0);
    for (n = 0; n < LANES; n++)
        unit_close(lanes.sessions[n]);
    unit_destroy(lanes.roster);
}

/* Its context waits to be adopted, because a slot of it is in use. */
static void lock_and_end(void *arg)
{
    struct job *job = arg;

    begin(job);
    cr_expect_eq(roster_read_lock(job->roster), 0);
    cr_expect_eq(roster_read_lock(job->roster), 0);
}

static void lock_and_unlock(void *arg)
{
    struct job *job = arg;

    finish(job);
    cr_expect_eq(roster_read_lock(job->roster), 0);
    roster_read_unlock(job->roster);
}

/* G4: what a thread that ended under the lock has left must not be taken for the adopter's. */
Test(thread, ends_under_the_read_lock)
{
    struct job job = {unit_roster(NULL), NULL, 0};

    job.session = unit_open(job.roster);
    unit_in_thread(lock_and_end, &job);
    unit_in_thread(lock_and_unlock, &job);
    cr_assert_eq(unit_stats(job.roster).threads, 1, "the second has its own");
    unit_close(job.session);
    unit_destroy(job.roster);
}

/* Rosters come and go; two threads use each of them and never end. */
struct relay {
    pthread_barrier_t made;
    pthread_barrier_t used;
    struct roster *rosters[2];
    int rounds;
};

static void use(struct roster *roster)
{
    struct roster_session *session = NULL;

    cr_expect_eq(roster_session_open(roster, NULL, &session), 0);
    cr_expect_eq(roster_txn_begin(session, NULL), 0);
    cr_expect_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, "d", 1), 0);
    cr_expect_eq(roster_stmt_end(session), 0);
    cr_expect_eq(roster_session_close(session), 0);
}

/* A destructor of the server's own, called after ours in each round until the C library gives up.
 */
static pthread_key_t late_key;

struct late {
    struct roster *roster;
    int rounds;
};

static void call_late(void *arg)
{
    struct late *late = arg;

    use(late->roster);
    late->rounds++;
    pthread_setspecific(late_key, late);
}

static void *end_late(void *late)
{
    pthread_setspecific(late_key, late);
    return NULL;
}

static pthread_barrier_t lives, may_use;

/* Lives while the roster is destroyed, on the stack of the one that has ended. */
static void *use_after(void *roster)
{
    pthread_barrier_wait(&lives);
    pthread_barrier_wait(&may_use);
    use(*(struct roster **)roster);
    return NULL;
}

Test(thread, calls_from_its_last_destructor)
{
    struct late late = {unit_roster(NULL), 0};
    struct roster *next;
    pthread_t thread;

#ifdef ROSTER_SANITIZER_THREAD
    cr_skip_test("ThreadSanitizer knows a thread no more in its last destructors");
#endif
    pthread_barrier_init(&lives, NULL, 2);
    pthread_barrier_init(&may_use, NULL, 2);
    cr_assert_eq(pthread_key_create(&late_key, call_late), 0);
    cr_assert_eq(pthread_create(&thread, NULL, end_late, &late), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_geq(late.rounds, PTHREAD_DESTRUCTOR_ITERATIONS);
    cr_assert_eq(pthread_create(&thread, NULL, use_after, &next), 0);
    pthread_barrier_wait(&lives);
    unit_destroy(late.roster);
    next = unit_roster(NULL);
    pthread_barrier_wait(&may_use);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    unit_destroy(next);
}

/* A thread's contexts: those of rosters that are gone go too, as soon as it meets a new one. */
static unsigned count_contexts(void)
{
    const struct rst_own_node *node;
    unsigned n = 0;

    for (node = rst_thread_own ? rst_thread_own->all : NULL; node; node = node->next)
        n++;
    return n;
}

static void *use_rosters(void *arg)
{
    struct relay *relay = arg;
    int round, i;

    for (round = 0; round < relay->rounds; round++) {
        pthread_barrier_wait(&relay->made);
        for (i = 0; i < 10; i++)
            use(relay->rosters[i % 2]);
        cr_expect_leq(count_contexts(), 2);
        pthread_barrier_wait(&relay->used);
    }
    return NULL;
}

Test(thread, outlives_many_rosters)
{
    struct relay relay = {.rounds = UNIT_SCALE(60, 20)};
    pthread_t threads[2];
    int round, i;

    pthread_barrier_init(&relay.made, NULL, 3);
    pthread_barrier_init(&relay.used, NULL, 3);
    for (i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, use_rosters, &relay), 0);
    for (round = 0; round < relay.rounds; round++) {
        for (i = 0; i < 2; i++)
            relay.rosters[i] = unit_roster(NULL);
        pthread_barrier_wait(&relay.made);
        for (i = 0; i < 10; i++)
            use(relay.rosters[i % 2]);
        pthread_barrier_wait(&relay.used);
        for (i = 0; i < 2; i++)
            unit_destroy(relay.rosters[i]);
    }
    for (i = 0; i < 2; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&relay.made);
    pthread_barrier_destroy(&relay.used);
}

/* Several at once on one thread, used in turn. */
Test(thread, finds_its_context_of_each_roster)
{
    struct roster *rosters[10];
    struct roster_session *sessions[10];
    int round, i;

    for (i = 0; i < 10; i++) {
        rosters[i] = unit_roster(NULL);
        sessions[i] = unit_open(rosters[i]);
    }
    for (round = 0; round < 20; round++)
        for (i = 0; i < 10; i++) {
            int n = round % 2 ? i : 9 - i;

            unit_ok(roster_txn_begin(sessions[n], NULL));
            unit_ok(roster_txn_finish(sessions[n]));
        }
    for (i = 0; i < 10; i++) {
        cr_assert_eq(unit_stats(rosters[i]).threads, 1);
        cr_assert_eq(unit_stats(rosters[i]).txns_begun, 20);
        unit_close(sessions[i]);
        unit_destroy(rosters[i]);
    }
}

#define SOME 40

/* What a thread has used of a roster, if that is the one in its place. */
struct used {
    struct roster *roster;
    struct roster_session *session;
    uint64_t begun;
};

static void used_begin(struct used *used)
{
    used->roster = unit_roster(NULL);
    used->session = unit_open(used->roster);
    used->begun = 0;
}

static void used_end(const struct used *used)
{
    cr_assert_eq(unit_stats(used->roster).threads, 1);
    cr_assert_eq(unit_stats(used->roster).txns_begun, used->begun);
    unit_close(used->session);
    unit_destroy(used->roster);
}

/* Some go, in any order, and others come, also where those stood: none is taken for another. */
Test(thread, takes_no_roster_for_one_that_is_gone)
{
    struct used some[SOME];
    unsigned round, random = 1, n;

    for (n = 0; n < SOME; n++)
        used_begin(&some[n]);
    for (round = 0; round < UNIT_SCALE(400, 100); round++) {
        random = random * 1103515245 + 12345;
        n = random / 65536 % SOME;
        if (round % 3 == 0) {
            used_end(&some[n]);
            used_begin(&some[n]);
        }
        for (n = 0; n < SOME; n++) {
            unit_ok(roster_txn_begin(some[n].session, NULL));
            unit_ok(roster_txn_finish(some[n].session));
            some[n].begun++;
        }
    }
    for (n = 0; n < SOME; n++)
        used_end(&some[n]);
}

static unsigned count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    unsigned n = 0;

    cr_assert_not_null(tasks);
    while ((entry = readdir(tasks)))
        n += entry->d_name[0] != '.';
    closedir(tasks);
    return n;
}

/* G7: liburcu's thread is there before the first end needs it. */
Test(thread, none_is_started_by_an_end)
{
    struct roster *roster = unit_roster(NULL);
    unsigned threads = count_threads();
    int i;

    for (i = 0; i < 500; i++) {
        struct roster_session *session = unit_open(roster);

        unit_ok(roster_txn_begin(session, NULL));
        unit_close(session);
    }
    cr_assert_gt(unit_stats(roster).memory, 0);
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(count_threads(), threads);
    unit_destroy(roster);
}

/* What the guide says of event loops: the ticker and the watchdog are the server's, one is left. */
Test(thread, one_is_left_for_all_rosters_when_the_rest_is_manual)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_watchdog_options limits = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_watchdog *watchdogs[2];
    struct roster *rosters[2];
    unsigned before = count_threads();
    int i;

    options.tick_ms = ROSTER_TICK_MANUAL;
    limits.interval_ms = ROSTER_WATCHDOG_MANUAL;
    limits.execution_ms = 1000;
    for (i = 0; i < 2; i++) {
        unit_ok(roster_create(&options, &rosters[i]));
        unit_ok(roster_watchdog_start(rosters[i], &limits, &watchdogs[i]));
        unit_close(unit_open(rosters[i]));
    }
    cr_assert_eq(count_threads(), before + 1);
    for (i = 0; i < 2; i++) {
        unit_ok(roster_watchdog_stop(watchdogs[i]));
        unit_destroy(rosters[i]);
    }
}

static void *destroyer(void *roster)
{
    cr_expect_eq(roster_destroy(roster), 0);
    return NULL;
}

/* Any thread may destroy it, also one that never used it. */
Test(thread, of_others_may_destroy)
{
    struct roster *roster = unit_roster(NULL);
    pthread_t thread;

    use(roster);
    cr_assert_eq(pthread_create(&thread, NULL, destroyer, roster), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    roster = unit_roster(NULL);
    use(roster);
    unit_destroy(roster);
}

#define CONTEXTS 300

/* Those whose rosters are gone are taken out alone; the others are found as before. */
Test(thread, contexts_of_rosters_that_are_gone)
{
    static struct rst_own_node nodes[CONTEXTS];
    struct rst_own own = {.root = NULL};
    const struct rst_own_node *node;
    uint32_t n, left = 0, gone = 0;

    for (n = 0; n < CONTEXTS; n++) {
        nodes[n].key = n + 1;
        rst_own_add(&own, &nodes[n]);
    }
    cr_assert_null(rst_own_pop_gone(&own));
    for (n = 0; n < CONTEXTS; n += 3)
        rst_own_push_gone(&own, &nodes[n]);
    for (; rst_own_pop_gone(&own); gone++)
        ;
    cr_assert_eq(gone, CONTEXTS / 3);
    for (n = 0; n < CONTEXTS; n++)
        cr_assert_eq(rst_own_find(&own, n + 1), n % 3 ? &nodes[n] : NULL);
    for (node = own.all; node; node = node->next)
        left++;
    cr_assert_eq(left, CONTEXTS - gone);
    while (own.all)
        rst_own_remove(&own, own.all);
    cr_assert_null(own.root);
}
