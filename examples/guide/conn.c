/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * Connections, each armed for one event on the server's epoll. The kernel delivers the event to one
 * thread, which owns the session next; conn_arm() explains the happens-before edge.
 */
#define _GNU_SOURCE 1
#include "conn.h"

#include "command.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static int watch(int epoll, int fd, uint32_t events, void *what)
{
    struct epoll_event event = {.events = events, .data = {.ptr = what}};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void watch_again(int epoll, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data = {.ptr = what}};

    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

int conns_open(struct conns *conns, struct roster *roster)
{
    int i;

    memset(conns, 0, sizeof(*conns));
    for (i = 0; i < CONNS; i++)
        pthread_mutex_init(&conns->conn[i].handover, NULL);
    conns->roster = roster;
    conns->epoll = epoll_create1(EPOLL_CLOEXEC);
    conns->quit = eventfd(0, EFD_CLOEXEC);
    conns->listener = command_listen();
    if (conns->epoll < 0 || conns->quit < 0 || conns->listener < 0 ||
        watch(conns->epoll, conns->quit, EPOLLIN, conns) ||
        watch(conns->epoll, conns->listener, EPOLLIN | EPOLLONESHOT, NULL))
        return -1;
    return 0;
}

static void ring(int eventfd)
{
    uint64_t one = 1;

    (void)!write(eventfd, &one, sizeof(one));
}

void conns_stop(struct conns *conns)
{
    ring(conns->quit);
}

void conns_close(struct conns *conns)
{
    int i;

    for (i = 0; i < CONNS; i++) {
        if (atomic_load(&conns->conn[i].used))
            conn_close(&conns->conn[i]);
        if (conns->conn[i].woken > 0)
            close(conns->conn[i].woken);
        pthread_mutex_destroy(&conns->conn[i].handover);
    }
    close(conns->listener);
    close(conns->quit);
    close(conns->epoll);
}

/* [wake] */
/* Called in the killer's thread, also while the connection is being closed. */
static void wake(uint64_t session_id, void *arg)
{
    struct conn *conn = arg;

    (void)session_id;
    ring(conn->woken);
}

static int open_session(struct conn *conn, struct roster *roster)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.host = "127.0.0.1";
    attr.wake = wake;
    attr.wake_arg = conn;
    return roster_session_open(roster, &attr, &conn->session);
}
/* [wake] */

static struct conn *free_place(struct conns *conns)
{
    int i;

    for (i = 0; i < CONNS; i++)
        if (!atomic_load(&conns->conn[i].used))
            return &conns->conn[i];
    return NULL;
}

/* Prepares a slot for the connection; returns false on failure. */
static bool settle(struct conns *conns, struct conn *conn, int fd)
{
    if (conn->woken <= 0)
        conn->woken = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    conn->epoll = epoll_create1(EPOLL_CLOEXEC);
    conn->everyone = conns->epoll;
    conn->socket = fd;
    conn->length = 0;
    conn->coroutine = NULL;
    if (conn->woken > 0 && conn->epoll >= 0 && watch(conn->epoll, fd, EPOLLIN, NULL) == 0 &&
        watch(conn->epoll, conn->woken, EPOLLIN, NULL) == 0 &&
        watch(conns->epoll, conn->epoll, EPOLLONESHOT, conn) == 0 &&
        open_session(conn, conns->roster) == 0)
        return true;
    if (conn->epoll >= 0)
        close(conn->epoll);
    return false;
}

/* Only the thread that received the listener's event is in here. */
static struct conn *accept_one(struct conns *conns)
{
    struct conn *conn = free_place(conns);
    int fd = accept4(conns->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0 && (!conn || !settle(conns, conn, fd))) {
        close(fd);
        fd = -1;
    }
    if (conn)
        atomic_store(&conn->used, fd >= 0);
    watch_again(conns->epoll, conns->listener, NULL);
    return fd >= 0 ? conn : NULL;
}

/* [arm] */
/* Hands the connection and its session to the thread that the kernel chooses. The kernel orders
 * arming before the event, but not in terms of C: the mutex makes it a happens-before edge. */
void conn_arm(struct conn *conn)
{
    pthread_mutex_lock(&conn->handover);
    watch_again(conn->everyone, conn->epoll, conn);
    pthread_mutex_unlock(&conn->handover);
    /* From here on the session may be another thread's. */
}

static struct conn *take(struct conn *conn)
{
    pthread_mutex_lock(&conn->handover); /* waits until conn_arm() has let go of it */
    pthread_mutex_unlock(&conn->handover);
    return conn;
}
/* [arm] */

struct conn *conns_wait(struct conns *conns)
{
    struct epoll_event event;
    struct conn *conn;

    for (;;) {
        if (epoll_wait(conns->epoll, &event, 1, -1) < 1)
            continue;
        if (event.data.ptr == conns)
            return NULL;
        conn = event.data.ptr ? take(event.data.ptr) : accept_one(conns);
        if (conn)
            return conn;
    }
}

static bool next_line(struct conn *conn)
{
    char *end = memchr(conn->input, '\n', conn->length);
    size_t length;

    if (!end)
        return false;
    length = (size_t)(end - conn->input);
    memcpy(conn->line, conn->input, length);
    conn->line[length] = 0;
    conn->length -= length + 1;
    memmove(conn->input, end + 1, conn->length);
    return true;
}

enum conn_input conn_read(struct conn *conn)
{
    uint64_t count;
    ssize_t got;
    int killed;

    (void)!read(conn->woken, &count, sizeof(count));
    killed = roster_killed(conn->session);
    if (roster_killed_connection(killed))
        return CONN_GONE;
    if (roster_killed_transaction(killed))
        (void)roster_txn_finish(conn->session);
    if (next_line(conn))
        return CONN_LINE;
    got = recv(conn->socket, conn->input + conn->length, sizeof(conn->input) - conn->length, 0);
    if (got > 0) {
        conn->length += (size_t)got;
        return next_line(conn) ? CONN_LINE : CONN_NOTHING;
    }
    return got < 0 && errno == EAGAIN ? CONN_NOTHING : CONN_GONE;
}

bool conn_run(struct conn *conn, struct roster *roster)
{
    struct reply reply;
    bool stays = command_run(roster, conn->session, conn->line, &reply);

    return send(conn->socket, reply.text, reply.length, MSG_NOSIGNAL) == (ssize_t)reply.length &&
           stays;
}

void conn_close(struct conn *conn)
{
    roster_session_close(conn->session);
    close(conn->epoll); /* also takes it off the server's */
    close(conn->socket);
    atomic_store(&conn->used, false);
}
