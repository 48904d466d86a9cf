/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * raw PORT [OPTION...]: sends standard input to a server on the loopback interface as it is, and
 * prints what comes back. Ends with 0 when the server closed the connection, with 3 when it was
 * still open after the time limit.
 *
 *   -t MS  the time limit (5000)
 *   -h     close the sending side after the input
 *   -f     flood: send the input again and again
 *   -s     be slow: never read
 *   -r     vanish: after the time limit reset the connection instead of closing it
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX (1 << 16)

struct raw {
    int fd;
    bool half_close, flood, slow, reset;
    long limit_ms;
    char input[INPUT_MAX];
    size_t len, sent;
    bool done; /* with sending */
};

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        perror("raw");
        exit(99);
    }
    return fd;
}

/* Reads more of the input when all was sent. Longer input than the buffer is sent piece by piece,
 * but cannot be repeated. */
static void refill(struct raw *raw)
{
    ssize_t got;

    if (raw->sent < raw->len || raw->done)
        return;
    raw->sent = 0;
    if (raw->flood && raw->len)
        return;
    got = read(STDIN_FILENO, raw->input, sizeof(raw->input));
    raw->len = got > 0 ? (size_t)got : 0;
    if (raw->len)
        return;
    raw->done = true;
    if (raw->half_close)
        shutdown(raw->fd, SHUT_WR);
}

static bool gone(ssize_t result)
{
    return result < 0 && errno != EAGAIN && errno != EINTR;
}

/* The server does not take any more: prints what it had sent before. */
static bool drain(struct raw *raw)
{
    char buffer[INPUT_MAX];
    ssize_t count;

    while ((count = recv(raw->fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
        if (!raw->flood)
            fwrite(buffer, 1, (size_t)count, stdout);
    return false;
}

/* Sends and receives what it can. Returns false when the server has closed the connection. */
static bool turn(struct raw *raw, short ready)
{
    char buffer[INPUT_MAX];
    ssize_t count;

    if (ready & POLLOUT && raw->sent < raw->len) {
        count = send(raw->fd, raw->input + raw->sent, raw->len - raw->sent,
                     MSG_NOSIGNAL | MSG_DONTWAIT);
        if (gone(count))
            return raw->slow ? false : drain(raw);
        raw->sent += count > 0 ? (size_t)count : 0;
    }
    if (raw->slow)
        return !(ready & (POLLERR | POLLHUP));
    if (ready & (POLLIN | POLLERR | POLLHUP)) {
        count = recv(raw->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        if (count == 0 || gone(count))
            return false;
        if (count > 0 && !raw->flood)
            fwrite(buffer, 1, (size_t)count, stdout);
    }
    return true;
}

static bool talk(struct raw *raw)
{
    long end = now_ms() + raw->limit_ms;
    struct pollfd poll_fd = {.fd = raw->fd};

    while (now_ms() < end) {
        refill(raw);
        poll_fd.events = (short)((raw->slow ? 0 : POLLIN) | (raw->sent < raw->len ? POLLOUT : 0));
        poll(&poll_fd, 1, 100);
        if (!turn(raw, poll_fd.revents))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct raw raw = {.limit_ms = 5000};
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    bool open;
    int option;

    while ((option = getopt(argc, argv, "t:hfsr")) != -1) {
        if (option == 't')
            raw.limit_ms = strtol(optarg, NULL, 10);
        raw.half_close |= option == 'h';
        raw.flood |= option == 'f';
        raw.slow |= option == 's';
        raw.reset |= option == 'r';
        if (option == '?')
            return 99;
    }
    if (optind + 1 != argc)
        return 99;
    raw.fd = dial((int)strtol(argv[optind], NULL, 10));
    open = talk(&raw);
    fflush(stdout);
    if (raw.reset)
        setsockopt(raw.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(raw.fd);
    return open ? 3 : 0;
}
