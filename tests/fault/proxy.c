/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * proxy PORT FILE: a network between a server and an etcd member, which can be made to fail.
 * Listens on a port of loopback that the kernel picks and prints it. What happens to the bytes is
 * said by the number in FILE, which "tool number" writes:
 *
 *      0  they pass
 *      n  they pass n milliseconds later
 *     -1  they are lost: nothing passes, connections stay open
 *     -2  connections are reset, the open ones and the new ones
 *     -3  half of an answer passes, then its connection ends
 */

#include "log.h"

#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOST = -1, RESET = -2, HALVED = -3 };

static _Atomic int64_t *mode;

/* A connection: two threads, one for each direction; the last to end closes both sides. */
struct connection {
    int sides[2]; /* the server's, the member's */
    _Atomic int threads;
};

struct direction {
    struct connection *connection;
    int from; /* index into sides */
};

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* Passes on what there is; false: the connection ends. */
static bool pass(const struct direction *direction)
{
    const struct connection *connection = direction->connection;
    struct pollfd ready = {connection->sides[direction->from], POLLIN, 0};
    int64_t now = atomic_load(mode);
    char bytes[16384];
    ssize_t n;

    if (now == RESET)
        return false;
    if (now == LOST) {
        sleep_us(10000);
        return true;
    }
    if (poll(&ready, 1, 20) <= 0)
        return true;
    n = recv(ready.fd, bytes, sizeof(bytes), 0);
    if (n <= 0)
        return false;
    if (now > 0)
        sleep_us((uint64_t)now * 1000);
    if (now == HALVED && direction->from == 1) {
        (void)write_all(connection->sides[0], bytes, (size_t)n / 2);
        return false;
    }
    return write_all(connection->sides[1 - direction->from], bytes, (size_t)n);
}

static void *direction_main(void *arg)
{
    struct direction *direction = arg;
    struct connection *connection = direction->connection;

    while (pass(direction))
        ;
    shutdown(connection->sides[0], SHUT_RDWR);
    shutdown(connection->sides[1], SHUT_RDWR);
    if (atomic_fetch_sub(&connection->threads, 1) == 1) {
        close(connection->sides[0]);
        close(connection->sides[1]);
        free(connection);
    }
    free(direction);
    return NULL;
}

static void start_direction(struct connection *connection, int from)
{
    struct direction *direction = malloc(sizeof(*direction));
    pthread_t thread;

    if (direction == NULL)
        err(99, "connection");
    *direction = (struct direction){connection, from};
    if (pthread_create(&thread, NULL, direction_main, direction) != 0)
        errx(99, "no thread");
    pthread_detach(thread);
}

static void connect_through(int side, const struct sockaddr_in *member)
{
    struct linger at_once = {1, 0};
    struct connection *connection = malloc(sizeof(*connection));
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connection == NULL || other < 0)
        err(99, "connection");
    setsockopt(side, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    if (atomic_load(mode) == RESET ||
        connect(other, (const struct sockaddr *)member, sizeof(*member)) != 0) {
        close(side);
        close(other);
        free(connection);
        return;
    }
    *connection = (struct connection){{side, other}, 2};
    start_direction(connection, 0);
    start_direction(connection, 1);
}

int main(int argc, char **argv)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in member = own;
    socklen_t length = sizeof(own);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc != 3)
        errx(2, "usage: proxy PORT FILE");
    member.sin_port = htons((uint16_t)atoi(argv[1]));
    mode = map_file(argv[2], sizeof(*mode));
    if (listener < 0 || bind(listener, (struct sockaddr *)&own, length) != 0 ||
        listen(listener, 64) != 0 || getsockname(listener, (struct sockaddr *)&own, &length) != 0)
        err(99, "listener");
    printf("%d\n", ntohs(own.sin_port));
    fflush(stdout);
    for (;;) {
        int side = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (side >= 0)
            connect_through(side, &member);
    }
}
