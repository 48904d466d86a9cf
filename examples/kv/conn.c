/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The life of a connection. All of it happens in the thread of its worker, which so owns the
 * session.
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

void conn_sleep(struct conn *conn, bool sleeps)
{
    if (sleeps != conn->sleeping)
        server_count(&conn->worker->server->counts.sleeping, sleeps ? 1 : UINT64_MAX);
    if (sleeps)
        (void)roster_wait_begin(conn->session, conn->worker->server->sleep_event);
    else
        roster_wait_end(conn->session);
    conn->sleeping = sleeps;
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
    uv_timer_stop(&conn->timer);
    conn_sleep(conn, false);
    multi_discard(conn);
    txn_rollback(&conn->txn);
    roster_session_close(conn->session);
    conn->session = NULL;
}

void conn_close(struct conn *conn)
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

/* The end of a connection that finishes: when all is written, tell the client. */
static void end_writing(struct conn *conn)
{
    if (conn->closed || !conn->finishing || unsent(conn) || conn->shut)
        return;
    conn->shut = true;
    conn->since = uv_now(&conn->worker->loop);
    if (uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, on_shutdown))
        conn_close(conn);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct conn *conn = handle->data;

    *buf = uv_buf_init(conn->worker->input, sizeof(conn->worker->input));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;

    if (count == UV_EOF) {
        conn->eof = true;
        /* While a statement sleeps its client no longer waits for the reply. */
        if (conn->sleeping || (conn->finishing && !unsent(conn)))
            conn_close(conn);
        else
            conn_process(conn);
    } else if (count < 0) {
        conn_close(conn);
    } else if (count > 0 && !conn->finishing) {
        if (request_feed(&conn->reader, buf->base, (size_t)count))
            conn_close(conn);
        else
            conn_process(conn);
    }
}

static bool wants_input(const struct conn *conn)
{
    if (conn->finishing)
        return true; /* to drop it, and to see the client go */
    if (conn->sleeping)
        return request_held(&conn->reader) < IN_HIGH;
    return unsent(conn) < OUT_HIGH;
}

static void update_reading(struct conn *conn)
{
    bool wanted = !conn->eof && wants_input(conn);

    if (conn->closed || wanted == conn->reading)
        return;
    conn->reading = wanted;
    if (wanted)
        uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&conn->tcp);
}

/* Returns whether there was a request to run. */
static bool process_one(struct conn *conn)
{
    struct request *request;
    int got = request_next(&conn->reader, &request);

    if (got > 0) {
        command_run(conn, request);
    } else if (got < 0) {
        server_count(&conn->worker->server->counts.protocol_errors, 1);
        reply_error(&conn->out, "ERR Protocol error: %s", conn->reader.error);
        conn_finish(conn);
    }
    return got > 0;
}

/* Memory is bounded over all clients, too: those with much of it are closed when it is used up. */
static void limit_held(struct conn *conn)
{
    struct server *server = conn->worker->server;
    uint64_t limit = server->options.max_buffers;

    count_held(conn,
               request_held(&conn->reader) + unsent(conn) + conn->txn.bytes + conn->multi.bytes);
    if (!limit || conn->held <= FAIR_SHARE || server_counted(&server->counts.buffered) <= limit)
        return;
    fprintf(stderr,
            "roster-kv: closed %s: it has %zu bytes under way, all clients over %" PRIu64 "\n",
            conn->addr, conn->held, limit);
    server_count(&server->counts.buffer_hogs, 1);
    conn->reset = true;
    conn_close(conn);
}

/* Returns whether it stopped only because replies pile up. */
static bool process_all(struct conn *conn)
{
    while (!conn->finishing && !conn->sleeping && !worker_stops(conn->worker)) {
        if (unsent(conn) >= OUT_HIGH)
            return true;
        if (!process_one(conn))
            break;
    }
    return false;
}

void conn_process(struct conn *conn)
{
    bool more;

    if (conn->closed)
        return;
    do {
        more = process_all(conn);
        if (conn->out.failed)
            conn_close(conn); /* a reply could not even be begun: memory is out */
        else
            flush(conn);
    } while (!conn->closed && more && unsent(conn) < OUT_HIGH);
    if (conn->eof && !more && !conn->sleeping)
        conn_finish(conn);
    if (!conn->closed)
        limit_held(conn);
    end_writing(conn);
    update_reading(conn);
}

void conn_finish(struct conn *conn)
{
    if (conn->closed || conn->finishing)
        return;
    conn->finishing = true;
    end_session(conn);
}

void conn_check_kill(struct conn *conn)
{
    int killed = conn->session ? roster_killed(conn->session) : 0;

    if (roster_killed_connection(killed))
        conn_close(conn);
    else if (killed > 0 && conn->sleeping)
        command_wake(conn, true);
    else if (roster_killed_transaction(killed) && conn->txn.state == TXN_OPEN)
        txn_fail(&conn->txn); /* it waits for its client, which learns of it from the next reply */
}

void conn_sweep(struct conn *conn)
{
    uint64_t now = uv_now(&conn->worker->loop);
    uint64_t limit = conn->worker->server->options.write_timeout_s * 1000;

    if (conn->writing.data && queued(conn) != conn->unwritten) {
        conn->unwritten = queued(conn);
        conn->since = now;
    } else if (conn->writing.data && now - conn->since >= limit) {
        fprintf(stderr, "roster-kv: closed %s: it takes no replies, %zu bytes wait for it\n",
                conn->addr, unsent(conn));
        server_count(&conn->worker->server->counts.slow_readers, 1);
        conn->reset = true; /* else the kernel would go on trying */
        conn_close(conn);
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
    bool v6;

    if (uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&peer, &len) ||
        getnameinfo((struct sockaddr *)&peer, (socklen_t)len, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
        return;
    v6 = peer.ss_family == AF_INET6;
    snprintf(conn->addr, sizeof(conn->addr), "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

static int open_session(struct conn *conn)
{
    struct server *server = conn->worker->server;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    int err;

    attr.kind = ROSTER_SESSION_USER;
    attr.user = "default";
    attr.host = conn->addr;
    attr.database = "0";
    if (server->history)
        attr.flags = ROSTER_SESSION_DIGESTS;
    attr.wake = worker_wake;
    attr.wake_arg = conn->worker;
    err = roster_session_open(server->roster, &attr, &conn->session);
    conn->txn.store = server->store;
    conn->txn.session = conn->session;
    conn->txn.history = server->history;
    conn->txn.max_bytes = server->options.max_txn;
    return err;
}

static struct conn *conn_new(struct worker *worker)
{
    struct conn *conn = calloc(1, sizeof(*conn));

    if (!conn)
        return NULL;
    conn->reader.limit = worker->server->options.max_request;
    conn->worker = worker;
    LIST_INSERT_HEAD(&worker->conns, conn, link);
    uv_tcp_init(&worker->loop, &conn->tcp);
    uv_timer_init(&worker->loop, &conn->timer);
    conn->handles = 2;
    conn->opened = uv_now(&worker->loop);
    conn->tcp.data = conn->timer.data = conn;
    conn->write.data = conn->shutdown.data = conn;
    return conn;
}

void conn_open(struct worker *worker, int fd)
{
    struct conn *conn = conn_new(worker);
    int err;

    if (!conn || uv_tcp_open(&conn->tcp, fd)) {
        close(fd);
        if (conn)
            conn_close(conn);
        return;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    find_address(conn);
    err = open_session(conn);
    if (err) {
        reply_error(&conn->out, "ERR %s",
                    err == -EUSERS ? "max number of clients reached" : roster_strerror(err));
        conn_finish(conn);
    }
    conn_process(conn);
}
