/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Workers.
 */
#include "config.h"

#include "worker.h"

#include "conn.h"
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SWEEP_MS 500

bool worker_stops(const struct worker *worker)
{
    return __atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE); /* pairs with worker_stop() */
}

static void take_inbox(struct worker *worker, int **fds, size_t *count)
{
    pthread_mutex_lock(&worker->lock);
    *fds = worker->inbox;
    *count = worker->inbox_count;
    worker->inbox = NULL;
    worker->inbox_count = worker->inbox_capacity = 0;
    pthread_mutex_unlock(&worker->lock);
}

static void close_all(struct worker *worker)
{
    while (worker->conns)
        conn_close(worker->conns);
    if (!uv_is_closing((uv_handle_t *)&worker->sweep))
        uv_close((uv_handle_t *)&worker->sweep, NULL);
    /* It stays open, because other workers may still use it; without others it ends the loop. */
    uv_unref((uv_handle_t *)&worker->wake);
}

static void on_wake(uv_async_t *wake)
{
    struct worker *worker = wake->data;
    struct conn *conn, *next;
    int *fds;
    size_t count, n;

    take_inbox(worker, &fds, &count);
    for (n = 0; n < count; n++)
        conn_open(worker, fds[n]);
    free(fds);
    for (conn = worker->conns; conn; conn = next) {
        next = conn->next;
        conn_check_kill(conn);
    }
    if (worker_stops(worker))
        close_all(worker);
}

static void on_sweep(uv_timer_t *sweep)
{
    struct worker *worker = sweep->data;
    struct conn *conn, *next;

    for (conn = worker->conns; conn; conn = next) {
        next = conn->next;
        conn_sweep(conn);
    }
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

    memset(worker, 0, sizeof(*worker));
    worker->server = server;
    worker->wake.data = worker->sweep.data = worker;
    pthread_mutex_init(&worker->lock, NULL);
    err = uv_loop_init(&worker->loop);
    if (err)
        return err;
    err = uv_async_init(&worker->loop, &worker->wake, on_wake);
    if (err)
        return err;
    uv_timer_init(&worker->loop, &worker->sweep);
    uv_timer_start(&worker->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    return -pthread_create(&worker->thread, NULL, run, worker);
}

static int put_in_inbox(struct worker *worker, int fd)
{
    size_t capacity = worker->inbox_capacity ? 2 * worker->inbox_capacity : 16;
    int *inbox = worker->inbox;

    if (worker->inbox_count == worker->inbox_capacity) {
        inbox = realloc(inbox, capacity * sizeof(*inbox));
        if (!inbox)
            return -ENOMEM;
        worker->inbox = inbox;
        worker->inbox_capacity = capacity;
    }
    inbox[worker->inbox_count++] = fd;
    return 0;
}

void worker_accept(struct worker *worker, int fd)
{
    int err;

    pthread_mutex_lock(&worker->lock);
    err = put_in_inbox(worker, fd);
    pthread_mutex_unlock(&worker->lock);
    if (err)
        close(fd);
    else
        uv_async_send(&worker->wake);
}

void worker_wake(uint64_t session_id, void *worker)
{
    (void)session_id; /* it asks all its sessions: kills are rare and asking costs one load */
    uv_async_send(&((struct worker *)worker)->wake);
}

void worker_stop(struct worker *worker)
{
    __atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE); /* pairs with worker_stops() */
    uv_async_send(&worker->wake);
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
}

void worker_destroy(struct worker *worker)
{
    uv_close((uv_handle_t *)&worker->wake, NULL);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker->loop);
    buf_free(&worker->scratch);
    pthread_mutex_destroy(&worker->lock);
}
