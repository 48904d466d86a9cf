/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * A server with one event loop per worker thread, like memcached and most servers in C: a
 * connection and its session stay with the worker that accepted it.
 */
#define _GNU_SOURCE 1
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKERS 2
#define LINE_BYTES 64
#define EVENTS 64

struct conn {
    struct conn *next, **link; /* in its worker's list */
    struct roster_session *session;
    int fd;
    size_t length; /* bytes in `input` */
    char input[LINE_BYTES];
};

struct worker {
    pthread_t thread;
    struct roster *roster;
    int epoll, listener;
    int woken;          /* an eventfd: signals a kill or shutdown */
    struct conn *conns; /* private to this thread, like their sessions */
    int stop;           /* atomic */
};

static void close_conn(struct conn *conn)
{
    *conn->link = conn->next;
    if (conn->next)
        conn->next->link = conn->link;
    (void)roster_session_close(conn->session);
    close(conn->fd);
    free(conn);
}

static void close_all(struct worker *worker)
{
    struct conn *conn, *next;

    for (conn = worker->conns; conn; conn = next) {
        next = conn->next;
        close_conn(conn);
    }
}

/* [wake] */
/* Called in a killer's thread: wakes the session's worker, which outlives its sessions. */
static void wake(uint64_t session_id, void *arg)
{
    const struct worker *worker = arg;
    uint64_t one = 1;

    (void)session_id;
    (void)!write(worker->woken, &one, sizeof(one));
}
/* [wake] */

/* [cleanup] */
/* The rollback of a killed connection is a statement, too. roster_stmt_begin() would refuse it;
 * treating that as an error would leave the transaction open. */
static void roll_back(struct conn *conn)
{
    int shown =
        roster_stmt_begin_cleanup(conn->session, ROSTER_COMMAND_QUERY, "ROLLBACK", 8, NULL, 0);

    (void)roster_txn_finish(conn->session); /* -EALREADY without a transaction */
    if (!shown)
        (void)roster_stmt_end(conn->session);
}

/* Finds the killed sessions: one load per connection. */
static void look_for_kills(struct worker *worker)
{
    struct conn *conn, *next;
    int killed;

    for (conn = worker->conns; conn; conn = next) {
        next = conn->next;
        killed = roster_killed(conn->session);
        if (roster_killed_connection(killed) || roster_killed_transaction(killed))
            roll_back(conn);
        if (roster_killed_connection(killed))
            close_conn(conn);
    }
}
/* [cleanup] */

/* [accept] */
/* Called in the worker's thread, which owns the session from open to close. */
static void take_conn(struct worker *worker, int fd)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct conn *conn = calloc(1, sizeof(*conn));
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = conn}};

    attr.host = "127.0.0.1";
    attr.wake = wake;
    attr.wake_arg = worker;
    if (!conn || roster_session_open(worker->roster, &attr, &conn->session)) {
        free(conn);
        close(fd);
        return;
    }
    conn->fd = fd;
    conn->next = worker->conns;
    conn->link = &worker->conns;
    if (conn->next)
        conn->next->link = &conn->next;
    worker->conns = conn;
    if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event))
        close_conn(conn);
}
/* [accept] */

/* Runs every complete line as a statement. Returns whether the connection stays. */
static bool run_lines(struct worker *worker, struct conn *conn)
{
    struct reply reply;
    bool stays = true;
    char *end;

    while (stays && (end = memchr(conn->input, '\n', conn->length))) {
        *end++ = '\0';
        stays = command_run(worker->roster, conn->session, conn->input, &reply);
        if (send(conn->fd, reply.text, reply.length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            stays = false; /* the client does not read its replies */
        conn->length -= (size_t)(end - conn->input);
        memmove(conn->input, end, conn->length);
    }
    return stays && conn->length < LINE_BYTES;
}

static void serve(struct worker *worker, struct conn *conn)
{
    ssize_t n = recv(conn->fd, conn->input + conn->length, LINE_BYTES - conn->length, MSG_DONTWAIT);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0)
        conn->length += (size_t)n;
    if (n <= 0 || !run_lines(worker, conn))
        close_conn(conn);
}

/* [loop] */
static void accept_one(struct worker *worker)
{
    int fd = accept4(worker->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd >= 0)
        take_conn(worker, fd);
}

/* Kills come last: they may close connections that are among the events. */
static void *run_loop(void *arg)
{
    struct worker *worker = arg;
    struct epoll_event events[EVENTS];
    uint64_t count;
    int n, i;

    while (!__atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE)) {
        bool woken = false;

        n = epoll_wait(worker->epoll, events, EVENTS, -1);
        for (i = 0; i < n; i++) {
            if (events[i].data.ptr == worker)
                woken = read(worker->woken, &count, sizeof(count)) > 0;
            else if (events[i].data.ptr)
                serve(worker, events[i].data.ptr);
            else
                accept_one(worker);
        }
        if (woken)
            look_for_kills(worker);
    }
    close_all(worker);
    return NULL;
}
/* [loop] */

/* All workers wait for new connections; one of them accepts each. */
static int start_worker(struct worker *worker, struct roster *roster, int listener)
{
    struct epoll_event accepts = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data = {.ptr = NULL}};
    struct epoll_event wakes = {.events = EPOLLIN, .data = {.ptr = worker}};

    worker->roster = roster;
    worker->listener = listener;
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    worker->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->epoll < 0 || worker->woken < 0 ||
        epoll_ctl(worker->epoll, EPOLL_CTL_ADD, listener, &accepts) ||
        epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->woken, &wakes))
        return -errno;
    return -pthread_create(&worker->thread, NULL, run_loop, worker);
}

static void stop_worker(struct worker *worker)
{
    __atomic_store_n(&worker->stop, 1, __ATOMIC_RELEASE); /* pairs with run_loop() */
    wake(0, worker);
    pthread_join(worker->thread, NULL);
    close(worker->epoll);
    close(worker->woken);
}

/* Serves until SIGTERM; then each worker closes its sessions. */
static int serve_until_told(struct roster *roster, const sigset_t *signals)
{
    static struct worker workers[WORKERS];
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_drain_report report = {.size = sizeof(report)};
    int listener = command_listen(), started = 0, err = listener < 0 ? -errno : 0, signal;

    options.finish_ms = 200;
    while (!err && started < WORKERS) {
        err = start_worker(&workers[started], roster, listener);
        started += !err;
    }
    if (!err) {
        sigwait(signals, &signal);
        err = roster_drain(roster, &options, &report);
        printf("drained %" PRIu64 " sessions\n", report.sessions);
    }
    while (started)
        stop_worker(&workers[--started]);
    close(listener);
    return err;
}

int main(void)
{
    struct roster *roster;
    sigset_t signals;
    int err, destroyed;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    err = roster_create(NULL, &roster);
    if (!err) {
        err = serve_until_told(roster, &signals);
        destroyed = roster_destroy(roster);
        err = err ? err : destroyed;
    }
    if (err)
        fprintf(stderr, "loops: %s\n", roster_strerror(err));
    return err != 0;
}
