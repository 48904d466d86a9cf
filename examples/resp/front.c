/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Workers and connections. Each worker is a thread with an event loop; it polls the one listening
 * socket and serves what it accepts. All of a connection's life happens in that thread.
 */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define INPUT 16384                  /* bytes that are read at once */
#define OUT_HIGH (UINT64_C(1) << 20) /* unsent replies with which no more requests are run */
#define IN_HIGH (UINT64_C(1) << 18)  /* unprocessed input with which no more is read */
#define LINGER_MS 2000               /* for a client to take the last reply */
#define FAIR_SHARE 65536             /* bytes under way that every client may have */
#define BACKLOG 4096
#define MOST_THREADS 256 /* unless more are asked for */
#define SWEEP_MS 500
#define OTHER_FILES 64 /* descriptors for everything but clients */
#define FULL_US 1000   /* to wait when no descriptor is left */

struct worker {
    struct front *front;
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t sweep;
    uv_poll_t listener;
    LIST_HEAD(peer_list, peer) peers;
    bool stop; /* atomic */
    char input[INPUT];
};

/* Bytes that libuv has still to write. */
static size_t queued(const struct peer *peer)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&peer->tcp);
}

static size_t unsent(const struct peer *peer)
{
    return peer->out.len + queued(peer);
}

static void count_held(struct peer *peer, size_t held)
{
    count_add(&peer->front->counts.buffered, (uint64_t)held - peer->held);
    peer->held = held;
}

void peer_wait(struct peer *peer)
{
    count_add(&peer->front->counts.waiting, 1);
    peer->waiting = true;
}

void peer_go_on(struct peer *peer)
{
    if (!peer->waiting)
        return;
    count_add(&peer->front->counts.waiting, UINT64_MAX);
    uv_timer_stop(&peer->timer);
    peer->waiting = false;
}

static void on_closed(uv_handle_t *handle)
{
    struct peer *peer = handle->data;

    if (--peer->handles)
        return;
    buf_free(&peer->reader.in);
    buf_free(&peer->out);
    buf_free(&peer->writing);
    free(peer);
}

void peer_close(struct peer *peer)
{
    if (peer->closed)
        return;
    peer->closed = true;
    count_held(peer, 0);
    peer->front->calls->ended(peer);
    LIST_REMOVE(peer, link);
    if (!peer->reset || uv_tcp_close_reset(&peer->tcp, on_closed))
        uv_close((uv_handle_t *)&peer->tcp, on_closed);
    uv_close((uv_handle_t *)&peer->timer, on_closed);
}

void peer_finish(struct peer *peer)
{
    if (peer->closed || peer->finishing)
        return;
    peer->finishing = true;
    peer->front->calls->ended(peer);
}

/* Closes a client that takes too much, and has the kernel drop what it would still try to send. */
static void throw_out(struct peer *peer, uint64_t *counter, const char *why)
{
    fprintf(stderr, "%s: closed %s: it %s\n", peer->front->calls->name, peer->addr, why);
    count_add(counter, 1);
    peer->reset = true;
    peer_close(peer);
}

static void on_written(uv_write_t *write, int status)
{
    struct peer *peer = write->data;

    buf_free(&peer->writing);
    if (status)
        peer_close(peer);
    else
        peer_process(peer);
}

/* Hands replies to the kernel, and to libuv what the kernel does not take at once. */
static void flush(struct peer *peer)
{
    uv_stream_t *stream = (uv_stream_t *)&peer->tcp;
    uv_buf_t rest = uv_buf_init(peer->out.data, (unsigned)peer->out.len);
    int sent;

    if (peer->closed || peer->writing.data || !peer->out.len)
        return;
    sent = uv_try_write(stream, &rest, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        peer_close(peer);
        return;
    }
    if (sent > 0 && (size_t)sent == peer->out.len) {
        buf_clear(&peer->out);
        return;
    }
    peer->writing = peer->out;
    peer->out = (struct buf){.resp3 = peer->out.resp3};
    sent = sent < 0 ? 0 : sent;
    rest = uv_buf_init(peer->writing.data + sent, (unsigned)(peer->writing.len - (size_t)sent));
    peer->unwritten = rest.len;
    peer->since = uv_now(&peer->worker->loop);
    if (uv_write(&peer->write, stream, &rest, 1, on_written))
        peer_close(peer);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct peer *peer = handle->data;

    *buf = uv_buf_init(peer->worker->input, sizeof(peer->worker->input));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct peer *peer = stream->data;

    peer->eof |= count == UV_EOF;
    /* While a statement sleeps a client that goes no longer waits for the reply. */
    if ((count < 0 && !peer->eof) ||
        (peer->eof && (peer->waiting || (peer->finishing && !unsent(peer)))) ||
        (count > 0 && !peer->finishing && request_feed(&peer->reader, buf->base, (size_t)count)))
        peer_close(peer);
    else if (peer->eof || (count > 0 && !peer->finishing))
        peer_process(peer);
}

static void update_reading(struct peer *peer)
{
    bool wanted = peer->finishing ? true /* to drop it, and to see the client go */
                  : peer->waiting ? request_held(&peer->reader) < IN_HIGH
                                  : unsent(peer) < OUT_HIGH;

    wanted = wanted && !peer->eof;
    if (peer->closed || wanted == peer->reading)
        return;
    peer->reading = wanted;
    if (wanted)
        uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&peer->tcp);
}

static bool stops(const struct worker *worker)
{
    return __atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE); /* pairs with front_stop() */
}

/* Returns whether it stopped only because replies pile up. */
static bool run_requests(struct peer *peer)
{
    struct request *request;
    int got = 1;

    while (got > 0 && !peer->finishing && !peer->waiting && !stops(peer->worker)) {
        if (unsent(peer) >= OUT_HIGH)
            return true;
        got = request_next(&peer->reader, &request);
        if (got > 0)
            peer->front->calls->run(peer, request);
    }
    if (got < 0) {
        count_add(&peer->front->counts.protocol_errors, 1);
        reply(&peer->out, "-ERR Protocol error: %s", peer->reader.error);
        peer_finish(peer);
    }
    return false;
}

/* Memory is bounded over all clients, too: those with much of it are closed when it is used up. */
static void limit_held(struct peer *peer)
{
    struct front *front = peer->front;
    uint64_t limit = front->options->max_buffers;
    char why[96];

    if (peer->closed)
        return;
    count_held(peer, request_held(&peer->reader) + unsent(peer) + front->calls->held(peer));
    if (!limit || peer->held <= FAIR_SHARE || count_read(&front->counts.buffered) <= limit)
        return;
    snprintf(why, sizeof(why), "has %zu bytes under way, all clients over %" PRIu64, peer->held,
             limit);
    throw_out(peer, &front->counts.buffer_hogs, why);
}

void peer_process(struct peer *peer)
{
    uv_os_fd_t fd;
    bool more;

    if (peer->closed)
        return;
    do {
        more = run_requests(peer);
        if (peer->out.failed)
            peer_close(peer); /* a reply could not even be begun: memory is out */
        else
            flush(peer);
    } while (!peer->closed && more && unsent(peer) < OUT_HIGH);
    if (peer->eof && !more && !peer->waiting)
        peer_finish(peer);
    limit_held(peer);
    if (!peer->closed && peer->finishing && !unsent(peer) && !peer->shut) {
        peer->shut = true;
        peer->since = uv_now(&peer->worker->loop);
        /* Closed when the client has closed its side too, or in a sweep. */
        if (peer->eof || uv_fileno((uv_handle_t *)&peer->tcp, &fd) || shutdown(fd, SHUT_WR))
            peer_close(peer);
    }
    update_reading(peer);
}

/* Now and then: ends what no longer moves. */
static void sweep(struct peer *peer)
{
    struct front *front = peer->front;
    uint64_t now = uv_now(&peer->worker->loop);
    char why[96];

    if (peer->writing.data && queued(peer) != peer->unwritten) {
        peer->unwritten = queued(peer);
        peer->since = now;
    } else if (peer->writing.data && now - peer->since >= front->options->write_timeout_s * 1000) {
        snprintf(why, sizeof(why), "takes no replies, %zu bytes wait for it", unsent(peer));
        throw_out(peer, &front->counts.slow_readers, why);
    } else if (peer->shut && now - peer->since >= LINGER_MS) {
        peer_close(peer);
    }
}

/* As Redis writes an address: that of IPv6 in brackets. */
static void find_address(struct peer *peer)
{
    struct sockaddr_storage from;
    int len = sizeof(from);
    char host[INET6_ADDRSTRLEN], port[sizeof("65535")];

    if (!uv_tcp_getpeername(&peer->tcp, (struct sockaddr *)&from, &len) &&
        !getnameinfo((struct sockaddr *)&from, (socklen_t)len, host, sizeof(host), port,
                     sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
        snprintf(peer->addr, sizeof(peer->addr), from.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
                 host, port);
}

static void peer_open(struct worker *worker, int fd)
{
    struct front *front = worker->front;
    struct peer *peer = calloc(1, front->calls->size);

    if (!peer) {
        close(fd);
        return;
    }
    peer->reader.limit = front->options->max_request;
    peer->worker = worker;
    peer->front = front;
    LIST_INSERT_HEAD(&worker->peers, peer, link);
    uv_tcp_init(&worker->loop, &peer->tcp);
    uv_timer_init(&worker->loop, &peer->timer);
    peer->handles = 2;
    peer->opened = uv_now(&worker->loop);
    peer->tcp.data = peer->timer.data = peer->write.data = peer;
    if (uv_tcp_open(&peer->tcp, fd)) {
        close(fd);
        peer_close(peer);
        return;
    }
    uv_tcp_nodelay(&peer->tcp, 1);
    find_address(peer);
    front->calls->opened(peer);
    peer_process(peer);
}

/* One at a time, so that the other workers get a share. */
static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct worker *worker = poll->data;
    int fd = accept4(worker->front->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0)
        peer_open(worker, fd);
    else if (errno == EMFILE || errno == ENFILE)
        usleep(FULL_US);
}

/* Calls `fn` for each connection, which may end in it. */
static void for_each(struct worker *worker, void (*fn)(struct peer *peer))
{
    struct peer *peer, *next;

    for (peer = LIST_FIRST(&worker->peers); peer; peer = next) {
        next = LIST_NEXT(peer, link);
        fn(peer);
    }
}

static void on_wake(uv_async_t *wake)
{
    struct worker *worker = wake->data;

    for_each(worker, worker->front->calls->woken);
    if (!stops(worker) || uv_is_closing((uv_handle_t *)&worker->sweep))
        return;
    for_each(worker, peer_close);
    uv_close((uv_handle_t *)&worker->sweep, NULL);
    uv_close((uv_handle_t *)&worker->listener, NULL);
    /* It stays open, because other workers may still use it; alone it does not keep the loop. */
    uv_unref((uv_handle_t *)wake);
}

static void on_sweep(uv_timer_t *timer)
{
    for_each(timer->data, sweep);
}

void front_wake(void *arg)
{
    const struct front *front = arg;
    /* Acquire: pairs with front_start(), which has set up those that it counts. */
    size_t n, running = __atomic_load_n(&front->running, __ATOMIC_ACQUIRE);

    for (n = 0; n < running; n++)
        uv_async_send(&front->workers[n].wake);
}

void worker_wake(struct worker *worker)
{
    uv_async_send(&worker->wake);
}

static void *run(void *arg)
{
    uv_run(&((struct worker *)arg)->loop, UV_RUN_DEFAULT);
    return NULL;
}

static int start(struct worker *worker, struct front *front)
{
    worker->front = front;
    worker->wake.data = worker->sweep.data = worker->listener.data = worker;
    return uv_loop_init(&worker->loop)
               ?: uv_async_init(&worker->loop, &worker->wake, on_wake)
               ?: uv_poll_init(&worker->loop, &worker->listener, front->listen_fd)
               ?: uv_poll_start(&worker->listener, UV_READABLE, on_acceptable)
               ?: uv_timer_init(&worker->loop, &worker->sweep)
               ?: uv_timer_start(&worker->sweep, on_sweep, SWEEP_MS, SWEEP_MS)
               ?: -pthread_create(&worker->thread, NULL, run, worker);
}

int front_start(struct front *front)
{
    int err = 0;

    front->started = uv_hrtime();
    front->workers = calloc(front->options->threads, sizeof(*front->workers));
    if (!front->workers)
        err = -ENOMEM;
    while (!err && front->running < front->options->threads) {
        err = start(&front->workers[front->running], front);
        /* Release: pairs with front_wake(). */
        __atomic_store_n(&front->running, front->running + !err, __ATOMIC_RELEASE);
    }
    if (err)
        fprintf(stderr, "%s: workers: %s\n", front->calls->name, uv_strerror(err));
    return err;
}

/* What the parent has closed of them would become a socket, which messages would go to. */
static void fill_standard_descriptors(void)
{
    int fd = STDIN_FILENO;

    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* A thread for each processor; as many descriptors as there may be, and no more clients than that.
 */
void front_fit(struct front *front)
{
    uint64_t *threads = &front->options->threads, *clients = &front->options->max_clients;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct rlimit limit;

    fill_standard_descriptors();
    if (!*threads)
        *threads = processors < 1              ? 1
                   : processors > MOST_THREADS ? MOST_THREADS
                                               : (uint64_t)processors;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= *clients + OTHER_FILES)
        return;
    *clients = limit.rlim_cur > OTHER_FILES ? limit.rlim_cur - OTHER_FILES : 1;
    fprintf(stderr,
            "%s: only %" PRIu64 " clients, because the limit of open files is %" PRIu64 "\n",
            front->calls->name, *clients, (uint64_t)limit.rlim_cur);
}

/* One socket and not one for each worker (SO_REUSEPORT): a second server on the port is an error.
 */
int front_listen(struct front *front)
{
    struct front_options *options = front->options;
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
    front->listen_fd = fd;
    if (err)
        fprintf(stderr, "%s: cannot listen on %s port %" PRIu64 ": %s\n", front->calls->name,
                options->bind, options->port, uv_strerror(err));
    else
        options->port = ntohs(address.sin6_port);
    return err;
}

void front_stop(struct front *front)
{
    struct worker *worker, *end = front->workers + front->running;

    for (worker = front->workers; worker < end; worker++) {
        __atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE); /* pairs with stops() */
        uv_async_send(&worker->wake);
    }
    for (worker = front->workers; worker < end; worker++)
        pthread_join(worker->thread, NULL);
    for (worker = front->workers; worker < end; worker++) { /* until now they woke each other */
        uv_close((uv_handle_t *)&worker->wake, NULL);
        uv_run(&worker->loop, UV_RUN_DEFAULT);
        uv_loop_close(&worker->loop);
    }
    close(front->listen_fd);
    free(front->workers);
}
