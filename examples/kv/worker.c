/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Workers.
 */
#include "config.h"

#include "worker.h"

#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define SWEEP_MS 500

bool worker_stops(const struct worker *worker)
{
    return __atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE); /* pairs with workers_stop() */
}

static void on_accepted(uv_poll_t *poll, int status, int events)
{
    struct worker *worker = poll->data;
    int fds[64];
    ssize_t got = read(worker->inbox[0], fds, sizeof(fds));
    size_t n;

    for (n = 0; got > 0 && n < (size_t)got / sizeof(fds[0]); n++)
        conn_open(worker, fds[n]);
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
    uv_close((uv_handle_t *)&worker->accepted, NULL);
    /* It stays open, because other workers may still use it; without others it ends the loop. */
    uv_unref((uv_handle_t *)wake);
}

static void on_sweep(uv_timer_t *sweep)
{
    for_each(sweep->data, conn_sweep);
}

static void *run(void *arg)
{
    struct worker *worker = arg;

    uv_run(&worker->loop, UV_RUN_DEFAULT);
    return NULL;
}

int worker_start(struct worker *worker, struct server *server)
{
    int err;

    worker->server = server;
    worker->wake.data = worker->sweep.data = worker->accepted.data = worker;
    if (pipe2(worker->inbox, O_CLOEXEC | O_NONBLOCK))
        return -errno;
    err = uv_loop_init(&worker->loop);
    if (!err)
        err = uv_async_init(&worker->loop, &worker->wake, on_wake);
    if (!err)
        err = uv_poll_init(&worker->loop, &worker->accepted, worker->inbox[0]);
    if (err)
        return err;
    uv_poll_start(&worker->accepted, UV_READABLE, on_accepted);
    uv_timer_init(&worker->loop, &worker->sweep);
    uv_timer_start(&worker->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    return -pthread_create(&worker->thread, NULL, run, worker);
}

void worker_accept(struct worker *worker, int fd)
{
    /* A pipe takes a few bytes whole or not at all. */
    if (write(worker->inbox[1], &fd, sizeof(fd)) != sizeof(fd))
        close(fd);
}

void worker_wake(uint64_t session_id, void *worker)
{
    /* It asks all its sessions: kills are rare and asking costs one load. */
    uv_async_send(&((struct worker *)worker)->wake);
}

/* After all of them have ended: they may wake each other. */
static void destroy(struct worker *worker)
{
    int fd;

    while (read(worker->inbox[0], &fd, sizeof(fd)) == sizeof(fd))
        close(fd);
    close(worker->inbox[0]);
    close(worker->inbox[1]);
    uv_close((uv_handle_t *)&worker->wake, NULL);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker->loop);
    buf_free(&worker->scratch);
}

void workers_stop(struct server *server)
{
    struct worker *worker, *end = server->workers + server->options.threads;

    for (worker = server->workers; worker < end; worker++) {
        __atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE); /* pairs with worker_stops() */
        uv_async_send(&worker->wake);
    }
    for (worker = server->workers; worker < end; worker++)
        pthread_join(worker->thread, NULL);
    for (worker = server->workers; worker < end; worker++)
        destroy(worker);
    free(server->workers);
}
