/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Workers and connections. Each worker is a thread with an event loop; it polls the one listening
 * socket and serves what it accepts. All of a connection's life happens in that thread, which so
 * owns the session.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUT_HIGH (UINT64_C(1) << 20) /* unsent replies with which no more requests are run */
#define IN_HIGH (UINT64_C(1) << 18)  /* unprocessed input with which no more is read */
#define LINGER_MS 2000               /* for a client to take the last reply */
#define FAIR_SHARE 65536             /* bytes under way that every client may have */
#define BACKLOG 4096
#define SWEEP_MS 500
#define FULL_US 1000 /* to wait when no descriptor is left */

/* Bytes that libuv has still to write. */
static size_t queued(const struct conn *conn)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&conn->tcp);
}

static size_t unsent(const struct conn *conn)
{
    return conn->out.len + queued(conn);
}

static void count_held(struct conn *conn, size_t held)
{
    server_count(&conn->worker->server->counts.buffered, (uint64_t)held - conn->held);
    conn->held = held;
}

void conn_sleep(struct conn *conn, const struct request *awaits)
{
    server_count(&conn->worker->server->counts.sleeping, 1);
    conn->awaits = awaits;
    conn->sleeping = true;
}

void conn_rise(struct conn *conn)
{
    if (!conn->sleeping)
        return;
    server_count(&conn->worker->server->counts.sleeping, UINT64_MAX);
    uv_timer_stop(&conn->timer);
    roster_wait_end(conn->session);
    free((void *)(uintptr_t)conn->awaits);
    conn->awaits = NULL;
    conn->sleeping = false;
}

static void on_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;

    if (--conn->handles)
        return;
    buf_free(&conn->reader.in);
    buf_free(&conn->out);
    buf_free(&conn->writing);
    free(conn);
}

/* Everything that other sessions could notice ends here. */
static void end_session(struct conn *conn)
{
    if (!conn->session)
        return;
    conn_rise(conn);
    multi_discard(conn);
    txn_rollback(&conn->txn);
    roster_session_close(conn->session);
    conn->session = NULL;
}

/* At once. */
static void conn_close(struct conn *conn)
{
    if (conn->closed)
        return;
    conn->closed = true;
    count_held(conn, 0);
    end_session(conn);
    LIST_REMOVE(conn, link);
    if (!conn->reset || uv_tcp_close_reset(&conn->tcp, on_closed))
        uv_close((uv_handle_t *)&conn->tcp, on_closed);
    uv_close((uv_handle_t *)&conn->timer, on_closed);
}

void conn_finish(struct conn *conn)
{
    if (conn->closed || conn->finishing)
        return;
    conn->finishing = true;
    end_session(conn);
}

/* Closes a client that takes too much, and has the kernel drop what it would still try to send. */
static void throw_out(struct conn *conn, uint64_t *counter, const char *why)
{
    fprintf(stderr, "roster-kv: closed %s: it %s\n", conn->addr, why);
    server_count(counter, 1);
    conn->reset = true;
    conn_close(conn);
}

static void on_written(uv_write_t *write, int status)
{
    struct conn *conn = write->data;

    buf_free(&conn->writing);
    if (status)
        conn_close(conn);
    else
        conn_process(conn);
}

/* Hands replies to the kernel, and to libuv what the kernel does not take at once. */
static void flush(struct conn *conn)
{
    uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
    uv_buf_t rest = uv_buf_init(conn->out.data, (unsigned)conn->out.len);
    int sent;

    if (conn->closed || conn->writing.data || !conn->out.len)
        return;
    sent = uv_try_write(stream, &rest, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        conn_close(conn);
        return;
    }
    if (sent > 0 && (size_t)sent == conn->out.len) {
        buf_clear(&conn->out);
        return;
    }
    conn->writing = conn->out;
    conn->out = (struct buf){.resp3 = conn->out.resp3};
    sent = sent < 0 ? 0 : sent;
    rest = uv_buf_init(conn->writing.data + sent, (unsigned)(conn->writing.len - (size_t)sent));
    conn->unwritten = rest.len;
    conn->since = uv_now(&conn->worker->loop);
    if (uv_write(&conn->write, stream, &rest, 1, on_written))
        conn_close(conn);
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    struct conn *conn = shutdown->data;

    if (status || conn->eof)
        conn_close(conn); /* else when the client has closed its side too, or in a sweep */
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct conn *conn = handle->data;

    *buf = uv_buf_init(conn->worker->input, sizeof(conn->worker->input));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;

    conn->eof |= count == UV_EOF;
    /* While a statement sleeps a client that goes no longer waits for the reply. */
    if ((count < 0 && !conn->eof) ||
        (conn->eof && (conn->sleeping || (conn->finishing && !unsent(conn)))) ||
        (count > 0 && !conn->finishing && request_feed(&conn->reader, buf->base, (size_t)count)))
        conn_close(conn);
    else if (conn->eof || (count > 0 && !conn->finishing))
        conn_process(conn);
}

static void update_reading(struct conn *conn)
{
    bool wanted = conn->finishing  ? true /* to drop it, and to see the client go */
                  : conn->sleeping ? request_held(&conn->reader) < IN_HIGH
                                   : unsent(conn) < OUT_HIGH;

    wanted = wanted && !conn->eof;
    if (conn->closed || wanted == conn->reading)
        return;
    conn->reading = wanted;
    if (wanted)
        uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&conn->tcp);
}

static bool stops(const struct worker *worker)
{
    return __atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE); /* pairs with workers_stop() */
}

/* Returns whether it stopped only because replies pile up. */
static bool run_requests(struct conn *conn)
{
    struct request *request;
    int got = 1;

    while (got > 0 && !conn->finishing && !conn->sleeping && !stops(conn->worker)) {
        if (unsent(conn) >= OUT_HIGH)
            return true;
        got = request_next(&conn->reader, &request);
        if (got > 0)
            command_run(conn, request);
    }
    if (got < 0) {
        server_count(&conn->worker->server->counts.protocol_errors, 1);
        reply(&conn->out, "-ERR Protocol error: %s", conn->reader.error);
        conn_finish(conn);
    }
    return false;
}

/* Memory is bounded over all clients, too: those with much of it are closed when it is used up. */
static void limit_held(struct conn *conn)
{
    struct server *server = conn->worker->server;
    uint64_t limit = server->options.max_buffers;
    char why[96];

    if (conn->closed)
        return;
    count_held(conn,
               request_held(&conn->reader) + unsent(conn) + conn->txn.bytes + conn->multi.bytes);
    if (!limit || conn->held <= FAIR_SHARE || server_counted(&server->counts.buffered) <= limit)
        return;
    snprintf(why, sizeof(why), "has %zu bytes under way, all clients over %" PRIu64, conn->held,
             limit);
    throw_out(conn, &server->counts.buffer_hogs, why);
}

void conn_process(struct conn *conn)
{
    bool more;

    if (conn->closed)
        return;
    do {
        more = run_requests(conn);
        if (conn->out.failed)
            conn_close(conn); /* a reply could not even be begun: memory is out */
        else
            flush(conn);
    } while (!conn->closed && more && unsent(conn) < OUT_HIGH);
    if (conn->eof && !more && !conn->sleeping)
        conn_finish(conn);
    limit_held(conn);
    if (!conn->closed && conn->finishing && !unsent(conn) && !conn->shut) {
        conn->shut = true;
        conn->since = uv_now(&conn->worker->loop);
        if (uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, on_shutdown))
            conn_close(conn);
    }
    update_reading(conn);
}

static void check_kill(struct conn *conn)
{
    int killed = conn->session ? roster_killed(conn->session) : 0;

    if (roster_killed_connection(killed))
        conn_close(conn);
    else if (killed > 0 && conn->sleeping)
        command_wake(conn, -EINTR);
    else if (conn->awaits)
        command_retry(conn);
    else if (roster_killed_transaction(killed) && conn->txn.state == TXN_OPEN)
        txn_fail(&conn->txn); /* it waits for its client, which learns of it from the next reply */
}

/* Now and then: ends what no longer moves. */
static void sweep(struct conn *conn)
{
    struct server *server = conn->worker->server;
    uint64_t now = uv_now(&conn->worker->loop);
    char why[96];

    if (conn->writing.data && queued(conn) != conn->unwritten) {
        conn->unwritten = queued(conn);
        conn->since = now;
    } else if (conn->writing.data && now - conn->since >= server->options.write_timeout_s * 1000) {
        snprintf(why, sizeof(why), "takes no replies, %zu bytes wait for it", unsent(conn));
        throw_out(conn, &server->counts.slow_readers, why);
    } else if (conn->shut && now - conn->since >= LINGER_MS) {
        conn_close(conn);
    }
}

/* As Redis writes an address: that of IPv6 in brackets. */
static void find_address(struct conn *conn)
{
    struct sockaddr_storage peer;
    int len = sizeof(peer);
    char host[INET6_ADDRSTRLEN], port[sizeof("65535")];

    if (!uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&peer, &len) &&
        !getnameinfo((struct sockaddr *)&peer, (socklen_t)len, host, sizeof(host), port,
                     sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
        snprintf(conn->addr, sizeof(conn->addr), peer.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
                 host, port);
}

struct roster_session_attr conn_attributes(const struct conn *conn)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = *conn->identity.user ? conn->identity.user : "default";
    attr.host = conn->addr;
    attr.database = "0";
    attr.application = *conn->identity.name ? conn->identity.name : NULL;
    return attr;
}

static int open_session(struct conn *conn, struct roster_quota_refusal *refusal)
{
    struct server *server = conn->worker->server;
    struct roster_session_attr attr = conn_attributes(conn);
    int err;

    attr.kind = ROSTER_SESSION_USER;
    attr.flags = ROSTER_SESSION_LAST_STATEMENT;
    if (server->history)
        attr.flags |= ROSTER_SESSION_DIGESTS;
    attr.wake = worker_wake;
    attr.wake_arg = conn->worker;
    attr.refusal = refusal;
    err = roster_session_open(server->roster, &attr, &conn->session);
    conn->txn = (struct txn){.store = server->store,
                             .session = conn->session,
                             .history = server->history,
                             .max_bytes = server->options.max_txn};
    return err;
}

static void conn_open(struct worker *worker, int fd)
{
    struct roster_quota_refusal refusal = ROSTER_QUOTA_REFUSAL_INIT;
    struct conn *conn = calloc(1, sizeof(*conn));
    int err;

    if (!conn) {
        close(fd);
        return;
    }
    conn->reader.limit = worker->server->options.max_request;
    conn->worker = worker;
    LIST_INSERT_HEAD(&worker->conns, conn, link);
    uv_tcp_init(&worker->loop, &conn->tcp);
    uv_timer_init(&worker->loop, &conn->timer);
    conn->handles = 2;
    conn->opened = uv_now(&worker->loop);
    conn->tcp.data = conn->timer.data = conn->write.data = conn->shutdown.data = conn;
    if (uv_tcp_open(&conn->tcp, fd)) {
        close(fd);
        conn_close(conn);
        return;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    find_address(conn);
    err = open_session(conn, &refusal);
    if (err) {
        reply(&conn->out, "-ERR %s",
              err == -EUSERS   ? "max number of clients reached"
              : err == -EDQUOT ? refusal.text
                               : roster_strerror(err));
        conn_finish(conn);
    }
    conn_process(conn);
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

    for_each(worker, check_kill);
    if (!stops(worker) || uv_is_closing((uv_handle_t *)&worker->sweep))
        return;
    for_each(worker, conn_close);
    uv_close((uv_handle_t *)&worker->sweep, NULL);
    uv_close((uv_handle_t *)&worker->listener, NULL);
    /* It stays open, because other workers may still use it; alone it does not keep the loop. */
    uv_unref((uv_handle_t *)wake);
}

static void on_sweep(uv_timer_t *timer)
{
    for_each(timer->data, sweep);
}

void workers_wake(void *arg)
{
    const struct server *server = arg;
    /* Acquire: pairs with workers_start(), which has set up those that it counts. */
    size_t n, running = __atomic_load_n(&server->running, __ATOMIC_ACQUIRE);

    for (n = 0; n < running; n++)
        uv_async_send(&server->workers[n].wake);
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
    worker->server = server;
    worker->wake.data = worker->sweep.data = worker->listener.data = worker;
    return uv_loop_init(&worker->loop)
               ?: uv_async_init(&worker->loop, &worker->wake, on_wake)
               ?: uv_poll_init(&worker->loop, &worker->listener, server->listen_fd)
               ?: uv_poll_start(&worker->listener, UV_READABLE, on_acceptable)
               ?: uv_timer_init(&worker->loop, &worker->sweep)
               ?: uv_timer_start(&worker->sweep, on_sweep, SWEEP_MS, SWEEP_MS)
               ?: -pthread_create(&worker->thread, NULL, run, worker);
}

int workers_start(struct server *server)
{
    int err = 0;

    while (!err && server->running < server->options.threads) {
        err = start(&server->workers[server->running], server);
        /* Release: pairs with workers_wake(). */
        __atomic_store_n(&server->running, server->running + !err, __ATOMIC_RELEASE);
    }
    return server_check("workers", err);
}

/* One socket and not one for each worker (SO_REUSEPORT): a second server on the port is an error.
 */
int workers_listen(struct server *server)
{
    struct options *options = &server->options;
    struct sockaddr_in6 address; /* or of IPv4, which has the port in the same place */
    struct sockaddr *at = (struct sockaddr *)&address;
    socklen_t len = sizeof(struct sockaddr_in);
    int on = 1, fd;
    int err = uv_ip4_addr(options->bind, (int)options->port, (struct sockaddr_in *)at);

    if (err) {
        len = sizeof(address);
        err = uv_ip6_addr(options->bind, (int)options->port, &address);
    }
    fd = err ? -1 : socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!err && (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
                 bind(fd, at, len) || listen(fd, BACKLOG) || getsockname(fd, at, &len)))
        err = -errno;
    server->listen_fd = fd;
    if (err)
        fprintf(stderr, "roster-kv: cannot listen on %s port %" PRIu64 ": %s\n", options->bind,
                options->port, uv_strerror(err));
    else
        options->port = ntohs(address.sin6_port);
    return err;
}

void workers_stop(struct server *server)
{
    struct worker *worker, *end = server->workers + server->running;

    for (worker = server->workers; worker < end; worker++) {
        __atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE); /* pairs with stops() */
        uv_async_send(&worker->wake);
    }
    for (worker = server->workers; worker < end; worker++)
        pthread_join(worker->thread, NULL);
    for (worker = server->workers; worker < end; worker++) { /* until now they woke each other */
        uv_close((uv_handle_t *)&worker->wake, NULL);
        uv_run(&worker->loop, UV_RUN_DEFAULT);
        uv_loop_close(&worker->loop);
    }
    close(server->listen_fd);
    free(server->workers);
}
