/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Who gets a Unix socket's path: one server, whatever is there already, and without waiting. */
#include "client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64], address[80], *path = address + 5, lock[90];
static struct roster *roster;

static void start(void)
{
    snprintf(directory, sizeof(directory), "/tmp/roster-listen.XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(address, sizeof(address), "unix:%s/socket", directory);
    snprintf(lock, sizeof(lock), "%s.lock", path);
    cr_assert_eq(roster_create(NULL, &roster), 0);
}

static void stop(void)
{
    cr_assert_eq(roster_destroy(roster), 0);
    cr_expect_eq(rmdir(directory), 0, "something is left in %s", directory);
}

TestSuite(status_listen, .init = start, .fini = stop);

static int serve(struct roster_status **status)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;

    options.address = address;
    return roster_status_start(roster, &options, status);
}

static int bind_there(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
    cr_assert_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
    return fd;
}

/* A server that was stopped, with as many clients waiting as its backlog takes, is still there. */
Test(status_listen, a_full_backlog_is_in_use)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct roster_status *status = NULL;
    int listener = bind_there(), fds[64], n = 0;

    snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
    cr_assert_eq(listen(listener, 4), 0);
    do
        fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    while (!connect(fds[n++], (struct sockaddr *)&un, sizeof(un)) && n < 64);
    cr_assert_lt(n, 64, "the backlog was never full");
    cr_expect_eq(serve(&status), -EADDRINUSE);
    while (n--)
        close(fds[n]);
    close(listener);
    cr_assert_eq(serve(&status), 0, "and then it is stale");
    roster_status_stop(status);
}

enum { SERVERS = 4, ROUNDS = 200 };

static pthread_barrier_t together;
static int winners;

static void *compete(void *arg)
{
    struct roster_status *status = NULL;
    int round, err;

    (void)arg;
    for (round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&together); /* the stale socket is there */
        err = serve(&status);
        if (!err)
            __atomic_add_fetch(&winners, 1, __ATOMIC_RELAXED);
        else
            cr_expect_eq(err, -EADDRINUSE);
        pthread_barrier_wait(&together); /* all have tried */
        if (!err)
            roster_status_stop(status);
        pthread_barrier_wait(&together);
    }
    return NULL;
}

/* Of several that find one stale socket, one takes it. */
Test(status_listen, one_of_many_takes_a_stale_socket)
{
    pthread_t threads[SERVERS];
    int n, round;

    cr_assert_eq(pthread_barrier_init(&together, NULL, SERVERS + 1), 0);
    for (n = 0; n < SERVERS; n++)
        cr_assert_eq(pthread_create(&threads[n], NULL, compete, NULL), 0);
    for (round = 0; round < ROUNDS; round++) {
        close(bind_there());
        pthread_barrier_wait(&together);
        pthread_barrier_wait(&together);
        cr_expect_eq(winners, round + 1, "%d of round %d", winners - round, round);
        winners = round + 1;
        pthread_barrier_wait(&together);
    }
    for (n = 0; n < SERVERS; n++)
        pthread_join(threads[n], NULL);
}

/* Nothing of anybody else's is removed: not a file where the socket or its lock would be, and not
 * the socket of a server that took the path since. */
Test(status_listen, what_is_not_ours_stays)
{
    struct roster_status *status = NULL;
    int fd = creat(lock, 0600);

    cr_assert_eq(write(fd, "x", 1), 1);
    close(fd);
    cr_expect_eq(serve(&status), -EADDRINUSE);
    cr_expect_eq(access(lock, F_OK), 0);
    cr_assert_eq(unlink(lock), 0);
    cr_assert_eq(symlink("nowhere", lock), 0);
    cr_expect_eq(serve(&status), -EADDRINUSE);
    cr_assert_eq(unlink(lock), 0);
    cr_assert_eq(mkfifo(lock, 0600), 0);
    cr_expect_eq(serve(&status), -EADDRINUSE);
    cr_assert_eq(unlink(lock), 0);
    close(creat(lock, 0600)); /* left by a crash */
    cr_assert_eq(serve(&status), 0);
    cr_assert_eq(unlink(path), 0);
    close(bind_there());
    roster_status_stop(status);
    cr_expect_eq(access(path, F_OK), 0, "the socket of another server was removed");
    cr_assert_eq(unlink(path), 0);
    cr_expect_neq(access(lock, F_OK), 0, "the lock stays");
}

static bool is_null(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && st.st_rdev == makedev(1, 3);
}

/* What any part of the process prints reaches no client. */
Test(status_listen, descriptors_that_the_parent_has_closed_are_not_the_endpoints)
{
    struct roster_status *status;
    int fd, ended = 0;
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (!child) {
        for (fd = 0; fd <= 2; fd++)
            close(fd);
        if (roster_create(NULL, &roster) || serve(&status))
            _exit(1);
        _exit(is_null(0) && is_null(1) && is_null(2) ? 0 : 2);
    }
    cr_assert_eq(waitpid(child, &ended, 0), child);
    cr_expect_eq(ended, 0);
    cr_assert_eq(unlink(path), 0);
}

/* How far it comes when that it is cancelled was asked for before. */
static void *call_until_cancelled(void *arg)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_status *status = NULL;
    int *calls = arg;

    pthread_cancel(pthread_self());
    *calls += !serve(&status);
    roster_status_stop(status);
    options.address = address;
    options.manual = true;
    *calls += !roster_status_start(roster, &options, &status);
    *calls += !roster_status_run_once(status, 10);
    *calls += !roster_status_run_once(status, 0);
    roster_status_stop(status);
    pthread_testcancel();
    return NULL;
}

/* No call is where a thread ends: it would leave the socket there, or the endpoint in use. */
Test(status_listen, a_thread_that_is_cancelled_ends_after_its_call)
{
    pthread_t thread;
    int calls = 0;
    void *result;

    cr_assert_eq(pthread_create(&thread, NULL, call_until_cancelled, &calls), 0);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_eq(result, PTHREAD_CANCELED);
    cr_assert_eq(calls, 4);
}
