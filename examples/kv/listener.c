/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The listener. One socket and not one for each worker (SO_REUSEPORT): connections spread evenly,
 * and starting the server twice on one port is an error and not a riddle.
 */
#include "config.h"

#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
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
static void refuse_one(struct server *server)
{
    static const char text[] = "-ERR no file descriptors left\r\n";
    int fd;

    close(server->spare_fd);
    fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)!send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
        close(fd);
    }
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct server *server = poll->data;
    int burst, fd;

    for (burst = 0; burst < BURST; burst++) {
        fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            break;
        worker_accept(&server->workers[server->next_worker++ % server->options.threads], fd);
    }
    if (burst < BURST && (errno == EMFILE || errno == ENFILE))
        refuse_one(server);
}

static int bind_and_listen(struct server *server, union address *address)
{
    bool v4 = address->any.sa_family == AF_INET;
    socklen_t len = v4 ? sizeof(address->in) : sizeof(address->in6);
    int on = 1, fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    server->listen_fd = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
        bind(fd, &address->any, len) || listen(fd, BACKLOG) || getsockname(fd, &address->any, &len))
        return -errno;
    server->options.port = ntohs(v4 ? address->in.sin_port : address->in6.sin6_port);
    return 0;
}

int listener_start(struct server *server)
{
    const struct options *options = &server->options;
    union address address;
    int err = uv_ip4_addr(options->bind, (int)options->port, &address.in);

    if (err)
        err = uv_ip6_addr(options->bind, (int)options->port, &address.in6);
    if (!err)
        err = bind_and_listen(server, &address);
    if (!err)
        err = uv_poll_init(&server->loop, &server->listener, server->listen_fd);
    if (err) {
        fprintf(stderr, "roster-kv: cannot listen on %s port %" PRIu64 ": %s\n", options->bind,
                options->port, uv_strerror(err));
        return err;
    }
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    server->listener.data = server;
    return uv_poll_start(&server->listener, UV_READABLE, on_ready);
}
