/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What operates a server where it can do nothing: in a thread that gets no memory for its first
 * call, behind a reader that stays inside, in a forked child. It says so and changes nothing.
 */

#include "config.h"

#include "operate.h"
#include "unit/failing.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t tables[] = {1};
static const struct roster_schema_job job = {
    .id = 1, .version = 2, .tables = tables, .n_tables = 1};

/* A thread's first call of a roster needs a context. */
static void *first_calls(void *arg)
{
    struct roster *roster = arg;
    struct roster_schema_verdict verdict;

    failing_all();
    cr_expect_eq(roster_read_lock(roster), -ENOMEM);
    cr_expect_eq(
        roster_kill_all(roster, ROSTER_KILL_STATEMENT, ROSTER_KILL_INTERRUPTED, NULL, NULL),
        -ENOMEM);
    cr_expect_eq(roster_schema_check(roster, &job, 1, &verdict), -ENOMEM);
    cr_expect_eq(roster_drain(roster, NULL, NULL), -ENOMEM);
    cr_expect_geq(failing_none(), 4);
    return NULL;
}

Test(operate_refusals, a_thread_without_memory)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, first_calls, roster), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(roster_killed(session), 0);
    operate_close(session);
    operate_destroy(roster);
}

/* Owners are refused what needs a fresh view, and both ends of a lock wait need one. */
static void waits_behind_a_reader(struct roster *roster, struct roster_session *session)
{
    struct roster_session *waiting = operate_open(roster, ROSTER_SESSION_USER, NULL);
    int err = 0;

    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_txn_begin(waiting, NULL), 0);
    cr_assert_eq(roster_lock_wait_begin(waiting), 0);
    cr_assert_eq(roster_read_lock(roster), 0);
    while (!err)
        err = roster_txn_set_progress(session, 1, 1, 1);
    cr_assert_eq(err, -ENOBUFS);
    cr_assert_eq(roster_lock_wait_begin(session), -ENOBUFS);
    cr_assert_eq(roster_session_view(session)->run_state, ROSTER_RUN_IDLE);
    cr_assert_eq(roster_lock_wait_end(waiting), -ENOBUFS);
    cr_assert_eq(roster_session_view(waiting)->run_state, ROSTER_RUN_LOCK_WAITING);
    roster_read_unlock(roster);
    operate_close(waiting);
}

Test(operate_refusals, a_reader_that_stays)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *session;
    struct roster *roster;

    options.backlog_limit = 64 * 1024;
    cr_assert_eq(roster_create(&options, &roster), 0);
    session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    waits_behind_a_reader(roster, session);
    operate_close(session);
    operate_destroy(roster);
}

Test(operate_refusals, a_forked_child)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    int status = -1;
    pid_t child;

    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_lock_wait_begin(session), 0);
    child = fork();
    if (child == 0)
        _exit(roster_lock_wait_end(session) == -ECHILD ? 0 : 1);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(roster_lock_wait_end(session), 0);
    operate_close(session);
    operate_destroy(roster);
}
