/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The listener. One socket and not one for each worker (SO_REUSEPORT): connections spread evenly,
 * and starting the server twice on one port is an error and not a riddle.
 */
#include "config.h"

#include "listener.h"

#include "server.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096
#define BURST 256 /* accepted before signals get a look in */

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* No descriptor is left: tell one client so, else it would wait for ever. */
static void refuse_one(struct listener *listener)
{
    static const char text[] = "-ERR no file descriptors left\r\n";
    int fd;

    close(listener->spare);
    fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)!send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
        close(fd);
    }
    listener->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;
    int burst, fd;

    (void)status;
    (void)events;
    for (burst = 0; burst < BURST; burst++) {
        fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            break;
        worker_accept(&listener->server->workers[listener->next], fd);
        listener->next = (listener->next + 1) % (unsigned)listener->server->options.threads;
    }
    if (burst < BURST && (errno == EMFILE || errno == ENFILE))
        refuse_one(listener);
}

static int address_of(const struct options *options, union address *address)
{
    int err = uv_ip4_addr(options->bind, (int)options->port, &address->in);

    return err ? uv_ip6_addr(options->bind, (int)options->port, &address->in6) : 0;
}

static int bind_and_listen(struct listener *listener, union address *address)
{
    struct options *options = &listener->server->options;
    socklen_t len = address->any.sa_family == AF_INET ? sizeof(address->in) : sizeof(address->in6);
    int on = 1;

    if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
        bind(listener->fd, &address->any, len) || listen(listener->fd, BACKLOG) ||
        getsockname(listener->fd, &address->any, &len))
        return -errno;
    options->port =
        ntohs(address->any.sa_family == AF_INET ? address->in.sin_port : address->in6.sin6_port);
    return 0;
}

int listener_start(struct listener *listener, struct server *server, uv_loop_t *loop)
{
    union address address = {.any.sa_family = AF_UNSPEC};
    int err = address_of(&server->options, &address);

    if (err)
        return err;
    listener->server = server;
    listener->next = 0;
    listener->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return -errno;
    err = bind_and_listen(listener, &address);
    if (!err)
        err = uv_poll_init(loop, &listener->poll, listener->fd);
    if (err) {
        close(listener->fd);
        return err;
    }
    listener->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listener->poll.data = listener;
    return uv_poll_start(&listener->poll, UV_READABLE, on_ready);
}

static void on_closed(uv_handle_t *handle)
{
    const struct listener *listener = handle->data;

    close(listener->fd);
    close(listener->spare);
}

void listener_stop(struct listener *listener)
{
    uv_close((uv_handle_t *)&listener->poll, on_closed);
}
