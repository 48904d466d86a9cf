/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* G6 with --enable-debug: who enters a session in which another thread is ends the process. */

#include "../unit.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SESSION_ID 4711

static int update(struct roster_session *session)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    return roster_session_update(session, &attr);
}

static int stmt_begin(struct roster_session *session)
{
    return roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0);
}

static int activate(struct roster_session *session)
{
    return roster_txn_activate(session, 1);
}

static int begin(struct roster_session *session)
{
    return roster_txn_begin(session, NULL);
}

static int begin_at(struct roster_session *session)
{
    return roster_txn_begin_at(session, 1);
}

static int set_state(struct roster_session *session)
{
    return roster_txn_set_state(session, ROSTER_RUN_IDLE);
}

static int set_progress(struct roster_session *session)
{
    return roster_txn_set_progress(session, 1, 2, 3);
}

static int (*const calls[])(struct roster_session *session) = {
    update,    stmt_begin,   roster_stmt_end,   roster_txn_prepare,   activate, begin, begin_at,
    set_state, set_progress, roster_txn_finish, roster_session_close,
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* An oracle that keeps a thread that asks for a transaction's timestamp inside. */
static bool inside;

static int keep_inside(void *arg, uint64_t *ts)
{
    bool *armed = arg;

    *ts = 1000;
    if (!rst_load(armed))
        return 0;
    rst_store(&inside, true);
    for (;;)
        pause();
}

static void *go_inside(void *session)
{
    (void)!roster_txn_begin(session, NULL);
    return NULL;
}

/* In a process of its own: one thread stays inside the session, another one calls. */
static void intrude(size_t n)
{
    static bool armed;
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    struct roster *roster = NULL;
    pthread_t thread;

    options.oracle = keep_inside;
    options.oracle_arg = &armed;
    attr.id = SESSION_ID;
    if (roster_create(&options, &roster) || roster_session_open(roster, &attr, &session))
        _exit(3);
    rst_store(&armed, true);
    if (pthread_create(&thread, NULL, go_inside, session))
        _exit(4);
    while (!rst_load(&inside))
        usleep(100);
    calls[n](session);
    _exit(5);
}

static size_t read_all(int file, char *text, size_t size)
{
    size_t used = 0;
    ssize_t n;

    while (used + 1 < size && (n = read(file, text + used, size - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = '\0';
    return used;
}

Test(owner, a_second_thread_inside_a_session_aborts)
{
    char said[1000];
    int ends[2], status = 0;
    size_t n;
    pid_t child;

    for (n = 0; n < CALLS; n++) {
        cr_assert_eq(pipe(ends), 0);
        child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            alarm(20);
            dup2(ends[1], STDERR_FILENO);
            intrude(n);
        }
        close(ends[1]);
        read_all(ends[0], said, sizeof(said));
        close(ends[0]);
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status), "call %zu: it went on, %d", n, WEXITSTATUS(status));
        cr_assert_eq(WTERMSIG(status), SIGABRT, "call %zu: signal %d", n, WTERMSIG(status));
        cr_assert_not_null(strstr(said, "inside session 4711"), "call %zu: %s", n, said);
        cr_assert_not_null(strstr(said, "(G6)"), "call %zu: %s", n, said);
    }
}

static void *use(void *arg)
{
    struct roster_session *session = arg;

    cr_expect_eq(roster_txn_begin(session, NULL), 0);
    cr_expect_eq(roster_txn_finish(session), 0);
    return NULL;
}

/* One after the other is what owners may do. */
Test(owner, a_hand_over_is_no_intrusion)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    pthread_t thread;
    int i;

    for (i = 0; i < 100; i++) {
        use(session);
        cr_assert_eq(pthread_create(&thread, NULL, use, session), 0);
        cr_assert_eq(pthread_join(thread, NULL), 0);
    }
    unit_end(roster, session);
}
