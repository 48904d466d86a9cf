/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Workers: each polls the one listening socket and serves what it accepts.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096
#define SWEEP_MS 500
#define FULL_US 1000 /* to wait when no descriptor is left */

bool worker_stops(const struct worker *worker)
{
    return __atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE); /* pairs with workers_stop() */
}

/* One at a time, so that the other workers get a share. */
static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct worker *worker = poll->data;
    int fd = accept4(worker->server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0)
        conn_open(worker, fd);
    else if (errno == EMFILE || errno == ENFILE)
        usleep(FULL_US);
}

/* Calls `fn` for each connection, which may end in it. */
static void for_each(struct worker *worker, void (*fn)(struct conn *conn))
{
    struct conn *conn, *next;

    for (conn = LIST_FIRST(&worker->conns); conn; conn = next) {
        next = LIST_NEXT(conn, link);
        fn(conn);
    }
}

static void on_wake(uv_async_t *wake)
{
    struct worker *worker = wake->data;

    for_each(worker, conn_check_kill);
    if (!worker_stops(worker) || uv_is_closing((uv_handle_t *)&worker->sweep))
        return;
    for_each(worker, conn_close);
    uv_close((uv_handle_t *)&worker->sweep, NULL);
    uv_close((uv_handle_t *)&worker->listener, NULL);
    /* It stays open, because other workers may still use it; alone it does not keep the loop. */
    uv_unref((uv_handle_t *)wake);
}

static void on_sweep(uv_timer_t *sweep)
{
    for_each(sweep->data, conn_sweep);
}

void worker_wake(uint64_t session_id, void *worker)
{
    /* It asks all its sessions: kills are rare and asking costs one load. */
    uv_async_send(&((struct worker *)worker)->wake);
}

static void *run(void *arg)
{
    uv_run(&((struct worker *)arg)->loop, UV_RUN_DEFAULT);
    return NULL;
}

static int start(struct worker *worker, struct server *server)
{
    int err = uv_loop_init(&worker->loop);

    worker->server = server;
    worker->wake.data = worker->sweep.data = worker->listener.data = worker;
    if (!err)
        err = uv_async_init(&worker->loop, &worker->wake, on_wake);
    if (!err)
        err = uv_poll_init(&worker->loop, &worker->listener, server->listen_fd);
    if (!err)
        err = uv_poll_start(&worker->listener, UV_READABLE, on_acceptable);
    if (!err)
        err = uv_timer_init(&worker->loop, &worker->sweep);
    if (!err)
        err = uv_timer_start(&worker->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    if (!err)
        err = -pthread_create(&worker->thread, NULL, run, worker);
    return err;
}

/* One socket and not one for each worker (SO_REUSEPORT): a second server on the port is an error.
 */
static int bind_and_listen(struct server *server, struct sockaddr *address)
{
    struct sockaddr_in6 used = {0};
    bool v4 = address->sa_family == AF_INET;
    socklen_t len = v4 ? sizeof(struct sockaddr_in) : sizeof(used);
    int on = 1, fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    server->listen_fd = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
        bind(fd, address, len) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&used, &len))
        return -errno;
    server->options.port = ntohs(used.sin6_port); /* in the place where IPv4 has it, too */
    return 0;
}

int workers_listen(struct server *server)
{
    const struct options *options = &server->options;
    struct sockaddr_in6 address;
    int err = uv_ip4_addr(options->bind, (int)options->port, (struct sockaddr_in *)&address);

    if (err)
        err = uv_ip6_addr(options->bind, (int)options->port, &address);
    if (!err)
        err = bind_and_listen(server, (struct sockaddr *)&address);
    if (err)
        fprintf(stderr, "roster-kv: cannot listen on %s port %" PRIu64 ": %s\n", options->bind,
                options->port, uv_strerror(err));
    return err;
}

int workers_start(struct server *server)
{
    uint64_t n;
    int err = 0;

    for (n = 0; !err && n < server->options.threads; n++) {
        err = start(&server->workers[n], server);
        server->running += !err;
    }
    return err ? server_fail("workers", err) : 0;
}

/* After all of them have ended: they may wake each other. */
static void destroy(struct worker *worker)
{
    uv_close((uv_handle_t *)&worker->wake, NULL);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker->loop);
    buf_free(&worker->scratch);
}

void workers_stop(struct server *server)
{
    struct worker *worker, *end = server->workers + server->running;

    for (worker = server->workers; worker < end; worker++) {
        __atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE); /* pairs with worker_stops() */
        uv_async_send(&worker->wake);
    }
    for (worker = server->workers; worker < end; worker++)
        pthread_join(worker->thread, NULL);
    for (worker = server->workers; worker < end; worker++)
        destroy(worker);
    close(server->listen_fd);
    free(server->workers);
}
