/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * crowd PORT COUNT: opens as many connections as asked for, or as the limit of open files allows,
 * makes sure that each is served, prints "open N", and holds them until standard input ends. Then
 * each must still be served. Connections that the server refuses are counted: "refused N".
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define SPARE_FILES 32

static size_t raise_limit(size_t wanted)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted + SPARE_FILES)
        return limit.rlim_cur - SPARE_FILES;
    return wanted;
}

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        perror("crowd");
        exit(1);
    }
    return fd;
}

/* Returns whether the server answers on this connection. */
static int served(int fd)
{
    char reply[64] = "";

    if (send(fd, "PING\r\n", 6, MSG_NOSIGNAL) < 0)
        return 0;
    return recv(fd, reply, sizeof(reply) - 1, 0) > 0 && !strcmp(reply, "+PONG\r\n");
}

static size_t serve_all(const int *fds, size_t count)
{
    size_t n, good = 0;

    for (n = 0; n < count; n++)
        good += (size_t)served(fds[n]);
    return good;
}

int main(int argc, char **argv)
{
    size_t wanted = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    size_t count = raise_limit(wanted), n, good;
    int *fds = calloc(count + 1, sizeof(*fds));

    if (!wanted || !fds)
        return 99;
    for (n = 0; n < count; n++)
        fds[n] = dial((int)strtol(argv[1], NULL, 10));
    good = serve_all(fds, count);
    printf("open %zu\nrefused %zu\n", good, count - good);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    n = serve_all(fds, count);
    printf("still open %zu\n", n);
    free(fds);
    return n == good ? 0 : 1;
}
