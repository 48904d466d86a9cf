/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The scenario of TiDB issue 54395: internal sessions begin and commit in a loop while the syncer
 * of minimum start timestamps looks at whether their transactions are valid; there both touched
 * the same plain memory. Here sessions also come and go and run statements with text, and all
 * looks are lock-free. ThreadSanitizer is the judge: threads share nothing but the roster, so it
 * sees every access that the roster does not order. publication-controls.sh shows that it does see
 * them.
 */
#include "delays.h"
#include "options.h"
#include "report.h"
#include "rng.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <roster/roster.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define COMMITTERS 2
#define WORKERS 5 /* and: statements, churn, syncer */

static struct torture_options options = {
    .seconds = 3,
    .threads = WORKERS,
    .roles = "o",
    .arenas = 1,
    .stall_limit = 30,
};
static struct roster *roster;
static struct roster_oracle_local *oracle; /* orders nothing */
static bool stop;
static uint64_t commits, statements, opened, syncs, valid_seen; /* each written by one thread */

static bool running(void)
{
    return !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static void ok(const char *what, int err)
{
    require("API", err == 0, "%s: error %d", what, err);
}

static struct roster_session *open_session(enum roster_session_kind kind, const char *user)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;
    int err;

    attr.kind = kind;
    attr.user = user;
    /* Closed sessions that await a grace period, on a busy machine. */
    while ((err = roster_session_open(roster, &attr, &session)) == -ENOBUFS)
        sched_yield();
    ok("open", err);
    return session;
}

/* Internal sessions begin and commit; every other one by way of a pending transaction. */
static void commit(struct roster_session *session, uint64_t n)
{
    uint64_t ts;

    if (n % 2) {
        ok("begin", roster_txn_begin(session, &ts));
    } else {
        ok("prepare", roster_txn_prepare(session));
        ok("oracle", roster_oracle_local_allocate(oracle, &ts));
        ok("activate", roster_txn_activate(session, ts));
        ok("progress", roster_txn_set_progress(session, n, n, 1));
    }
    ok("state", roster_txn_set_state(session, ROSTER_RUN_COMMITTING));
    ok("finish", roster_txn_finish(session));
}

static void *commit_main(void *arg)
{
    uint64_t n;

    delays_enable(options.seed, 1, options.delays);
    while (running()) {
        struct roster_session *sessions[2] = {open_session(ROSTER_SESSION_INTERNAL, "stats"),
                                              open_session(ROSTER_SESSION_INTERNAL, "ddl")};

        for (n = 0; n < 2000 && running(); n++)
            commit(sessions[n % 2], n / 2);
        *(uint64_t *)arg += n;
        ok("close", roster_session_close(sessions[0]));
        ok("close", roster_session_close(sessions[1]));
    }
    return NULL;
}

/* Statements with text, inside transactions, around them and without. */
static void *statement_main(void *arg)
{
    struct roster_session *session = open_session(ROSTER_SESSION_USER, "client");
    char text[400];
    size_t length;

    (void)arg;
    delays_enable(options.seed, 2, options.delays);
    memset(text, 'x', sizeof(text));
    for (; running(); statements++) {
        length = 1 + (size_t)(statements * 37 % sizeof(text));
        if (statements % 3 == 0)
            ok("begin", roster_txn_begin(session, NULL));
        ok("statement",
           roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, length, "digest", 6));
        if (statements % 3 == 1)
            ok("begin", roster_txn_begin(session, NULL));
        ok("end", roster_stmt_end(session));
        if (statements % 3 < 2)
            ok("finish", roster_txn_finish(session));
    }
    ok("close", roster_session_close(session));
    return NULL;
}

static void *churn_main(void *arg)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    (void)arg;
    delays_enable(options.seed, 3, options.delays);
    attr.user = "somebody else";
    for (; running(); opened++) {
        struct roster_session *session = open_session(ROSTER_SESSION_USER, "somebody");

        ok("begin", roster_txn_begin(session, NULL));
        ok("update", roster_session_update(session, &attr));
        ok("close", roster_session_close(session));
    }
    return NULL;
}

static uint64_t sum_of(const char *bytes, size_t length)
{
    uint64_t sum = 0;

    while (length--)
        sum += (unsigned char)*bytes++;
    return sum;
}

/* Reads all that is shown of a session. */
static int look(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    const struct roster_statement *statement = view->statement;
    const char *user = roster_identity_user(view->identity);
    bool valid = view->txn_state == ROSTER_TXN_VALID;

    require("G1", valid == (view->start_ts != 0),
            "session %" PRIu64 ": valid %d, start_ts %" PRIu64, roster_session_id(session), valid,
            view->start_ts);
    require("G1", user && strlen(user) > 2, "session %" PRIu64 ": no user",
            roster_session_id(session));
    if (statement)
        require("G1",
                sum_of(statement->text, statement->text_length) == 'x' * statement->text_length,
                "session %" PRIu64 ": torn text", roster_session_id(session));
    *(uint64_t *)arg += valid;
    return 0;
}

/* The syncer: the minimum, then who is valid. */
static void *sync_main(void *arg)
{
    struct roster_min min = {.size = sizeof(min)};
    uint64_t before = 0;

    (void)arg;
    delays_enable(options.seed, 4, options.delays);
    for (; running(); syncs++) {
        ok("minimum", roster_min_advance(roster, 0, &min));
        require("G3", min.safe_point >= before, "the safe point went back");
        before = min.safe_point;
        ok("lock", roster_read_lock(roster));
        ok("walk", roster_for_each(roster, look, &valid_seen));
        roster_read_unlock(roster);
    }
    return NULL;
}

static void run(void)
{
    static uint64_t committed[COMMITTERS];
    struct timespec span = {(time_t)options.seconds,
                            (long)((options.seconds - (double)(time_t)options.seconds) * 1e9)};
    pthread_t threads[WORKERS];
    unsigned n;

    for (n = 0; n < COMMITTERS; n++)
        ok("thread", pthread_create(&threads[n], NULL, commit_main, &committed[n]));
    ok("thread", pthread_create(&threads[n++], NULL, statement_main, NULL));
    ok("thread", pthread_create(&threads[n++], NULL, churn_main, NULL));
    ok("thread", pthread_create(&threads[n++], NULL, sync_main, NULL));
    nanosleep(&span, NULL);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    while (n--)
        pthread_join(threads[n], NULL);
    commits = committed[0] + committed[1];
}

int main(int argc, char **argv)
{
    struct roster_options with_oracle = ROSTER_OPTIONS_INIT;

    options_read(&options, argc, argv);
    report_seed(options.seed);
    report_crashes();
    ok("oracle", roster_oracle_local_create(&oracle));
    with_oracle.oracle = roster_oracle_local_read;
    with_oracle.oracle_arg = oracle;
    ok("create", roster_create(&with_oracle, &roster));
    run();
    ok("destroy", roster_destroy(roster));
    roster_oracle_local_destroy(oracle);
    printf("%" PRIu64 " commits, %" PRIu64 " statements, %" PRIu64 " sessions, %" PRIu64
           " looks at all, %" PRIu64 " valid transactions seen\n",
           commits, statements, opened, syncs, valid_seen);
    require("harness", commits && statements && opened && syncs, "a thread did nothing");
    return 0;
}
