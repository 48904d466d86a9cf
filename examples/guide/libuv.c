/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * A server with one libuv loop. Statements run in libuv's thread pool, so a session moves there and
 * back. A timer of the loop ticks the roster's clock and runs the watchdog, without a thread.
 */
#include "command.h"

#include <roster/roster.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct conn {
    uv_tcp_t tcp;
    uv_work_t work;
    uv_write_t write;
    struct roster_session *session;
    struct conn *next;
    bool running; /* the session is in the thread pool */
    bool stays;   /* what command_run() returned */
    bool leaving;
    char input[256], line[256];
    size_t length;
    struct reply reply;
};

static struct roster *roster;
static struct roster_watchdog *watchdog;
static uv_tcp_t listener;
static uv_timer_t timer;
static uv_async_t woken;
static uv_signal_t sigterm;
static uv_work_t draining;
static struct conn *conns;

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* [leave] */
/* In the loop, which owns the session unless a statement runs. */
static void leave(struct conn *conn)
{
    struct conn **link = &conns;

    conn->leaving = true;
    if (conn->running || uv_is_closing((uv_handle_t *)&conn->tcp))
        return; /* after_statement() comes back here */
    while (*link != conn)
        link = &(*link)->next;
    *link = conn->next;
    roster_session_close(conn->session);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

/* In a killer's thread: wakes the loop, which finds the killed session. */
static void wake(uint64_t session_id, void *arg)
{
    (void)session_id;
    uv_async_send(arg);
}

static void on_woken(uv_async_t *async)
{
    struct conn *conn, *next;

    (void)async;
    for (conn = conns; conn; conn = next) {
        int killed = conn->running ? 0 : roster_killed(conn->session);

        next = conn->next;
        if (roster_killed_connection(killed))
            leave(conn);
        else if (roster_killed_transaction(killed))
            (void)roster_txn_finish(conn->session);
    }
}
/* [leave] */

static void run_next(struct conn *conn);

/* [statement] */
/* In the thread pool, which owns the session now. */
static void run_statement(uv_work_t *work)
{
    struct conn *conn = work->data;

    conn->stays = command_run(roster, conn->session, conn->line, &conn->reply);
}

static void on_written(uv_write_t *write, int status)
{
    struct conn *conn = write->data;

    conn->running = false;
    if (status < 0 || !conn->stays || conn->leaving ||
        roster_killed_connection(roster_killed(conn->session)))
        leave(conn);
    else
        run_next(conn);
}

/* Back in the loop. The connection counts as running until its reply is written. */
static void after_statement(uv_work_t *work, int status)
{
    struct conn *conn = work->data;
    uv_buf_t buf = uv_buf_init(conn->reply.text, (unsigned)conn->reply.length);

    conn->write.data = conn;
    if (status || uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &buf, 1, on_written))
        on_written(&conn->write, UV_ECANCELED);
}

static void run_next(struct conn *conn)
{
    char *end = memchr(conn->input, '\n', conn->length);
    size_t length = end ? (size_t)(end - conn->input) : 0;

    if (!end || conn->running)
        return;
    memcpy(conn->line, conn->input, length);
    conn->line[length] = 0;
    conn->length -= length + 1;
    memmove(conn->input, end + 1, conn->length);
    conn->running = true;
    conn->work.data = conn;
    if (uv_queue_work(uv_default_loop(), &conn->work, run_statement, after_statement))
        abort();
}
/* [statement] */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct conn *conn = handle->data;

    (void)wanted;
    *buf = uv_buf_init(conn->input + conn->length, (unsigned)(sizeof(conn->input) - conn->length));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;

    (void)buf;
    if (got < 0) {
        uv_read_stop(stream);
        leave(conn);
    } else {
        conn->length += (size_t)got;
        run_next(conn);
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct conn *conn = status == 0 ? calloc(1, sizeof(*conn)) : NULL;

    if (!conn)
        return;
    attr.wake = wake;
    attr.wake_arg = &woken; /* outlives every session */
    conn->tcp.data = conn;
    uv_tcp_init(server->loop, &conn->tcp);
    if (uv_accept(server, (uv_stream_t *)&conn->tcp) ||
        roster_session_open(roster, &attr, &conn->session)) {
        uv_close((uv_handle_t *)&conn->tcp, on_closed);
        return;
    }
    conn->next = conns;
    conns = conn;
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

/* [timer] */
/* Replaces the threads of the roster and the watchdog. */
static void on_timer(uv_timer_t *handle)
{
    (void)handle;
    roster_tick(roster);
    roster_watchdog_run_once(watchdog);
}
/* [timer] */

/* [shutdown] */
/* Blocks until the loop has closed the sessions, so it runs in the thread pool. */
static void drain(uv_work_t *work)
{
    (void)work;
    printf("drained: %s\n", roster_strerror(roster_drain(roster, NULL, NULL)));
}

static void after_drain(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
    uv_close((uv_handle_t *)&timer, NULL);
    uv_close((uv_handle_t *)&woken, NULL);
}

static void on_sigterm(uv_signal_t *handle, int signal)
{
    (void)signal;
    uv_close((uv_handle_t *)handle, NULL);
    uv_close((uv_handle_t *)&listener, NULL);
    if (uv_queue_work(uv_default_loop(), &draining, drain, after_drain))
        abort();
}
/* [shutdown] */

static int listen_somewhere(uv_loop_t *loop)
{
    struct sockaddr_in address;
    int size = sizeof(address);

    uv_tcp_init(loop, &listener);
    if (uv_ip4_addr("127.0.0.1", 0, &address) ||
        uv_tcp_bind(&listener, (struct sockaddr *)&address, 0) ||
        uv_listen((uv_stream_t *)&listener, 64, on_connection) ||
        uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size))
        return -1;
    printf("port %u\n", ntohs(address.sin_port));
    return fflush(stdout);
}

/* [create] */
static int create_roster(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_watchdog_options limits = ROSTER_WATCHDOG_OPTIONS_INIT;
    int err;

    options.tick_ms = ROSTER_TICK_MANUAL;
    limits.interval_ms = ROSTER_WATCHDOG_MANUAL;
    limits.execution_ms = 2000;
    err = roster_create(&options, &roster);
    if (err)
        return err;
    err = roster_watchdog_start(roster, &limits, &watchdog);
    if (err)
        roster_destroy(roster);
    return err;
}
/* [create] */

int main(void)
{
    uv_loop_t *loop = uv_default_loop();
    int err = create_roster();

    if (err) {
        fprintf(stderr, "%s\n", roster_strerror(err));
        return 1;
    }
    uv_async_init(loop, &woken, on_woken);
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, on_timer, 0, 10);
    uv_signal_init(loop, &sigterm);
    uv_signal_start(&sigterm, on_sigterm, SIGTERM);
    if (listen_somewhere(loop))
        return 1;
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    roster_watchdog_stop(watchdog);
    return roster_destroy(roster) ? 1 : 0;
}
