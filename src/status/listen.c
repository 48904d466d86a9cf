/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The sockets: loopback or Unix only, because nothing is encrypted.
 */
#include "config.h"

#include "status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

static int parse_port(const char *text, in_port_t *port)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || number > 65535)
        return -EINVAL;
    *port = htons((in_port_t)number);
    return 0;
}

static int parse_tcp(const char *text, union address *address, socklen_t *length)
{
    const char *colon = strrchr(text, ':');
    char host[64];

    memset(address, 0, sizeof(*address));
    if (!colon || (size_t)(colon - text) >= sizeof(host))
        return -EINVAL;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    if (inet_pton(AF_INET, host, &address->in.sin_addr) == 1) {
        address->any.sa_family = AF_INET;
        *length = sizeof(address->in);
        if (ntohl(address->in.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
            return -EINVAL;
        return parse_port(colon + 1, &address->in.sin_port);
    }
    if (strcmp(host, "[::1]") != 0)
        return -EINVAL;
    address->any.sa_family = AF_INET6;
    address->in6.sin6_addr = in6addr_loopback;
    *length = sizeof(address->in6);
    return parse_port(colon + 1, &address->in6.sin6_port);
}

static int parse_unix(const char *path, union address *address, socklen_t *length)
{
    size_t size = strlen(path);

    memset(address, 0, sizeof(*address));
    if (!size || size >= sizeof(address->un.sun_path))
        return -EINVAL;
    address->any.sa_family = AF_UNIX;
    memcpy(address->un.sun_path, path, size);
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + 1);
    return 0;
}

/* Why there is no socket, as one of the errnos that roster_status_start() may return. */
static int refusal(int error)
{
    switch (error) {
    case EADDRINUSE:
    case ENOENT:
        return -error;
    case EACCES:
    case EPERM:
    case EROFS:
        return -EACCES;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return -ENOMEM;
    default: /* this machine has no such address, or no socket can be in that place */
        return -EINVAL;
    }
}

/* Removes a socket on which nobody listens any more. Whether it is worth to try again. */
static bool remove_stale(const union address *address, socklen_t length)
{
    struct stat stat;
    bool stale;
    int fd;

    if (address->any.sa_family != AF_UNIX || lstat(address->un.sun_path, &stat) ||
        !S_ISSOCK(stat.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    stale = connect(fd, &address->any, length) && errno == ECONNREFUSED;
    close(fd);
    return stale && !unlink(address->un.sun_path);
}

static int bind_it(int fd, const union address *address, socklen_t length)
{
    int on = 1;

    if (address->any.sa_family == AF_UNIX)
        (void)fchmod(fd, S_IRUSR | S_IWUSR); /* the file gets this mode, whatever the umask is */
    else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
        return refusal(errno);
    if (!bind(fd, &address->any, length))
        return 0;
    if (errno != EADDRINUSE)
        return refusal(errno);
    if (!remove_stale(address, length))
        return -EADDRINUSE;
    return bind(fd, &address->any, length) ? refusal(errno) : 0;
}

/* What the address became, with the port that the kernel chose. */
static int tell(int fd, union address *address, char **real, char **path)
{
    socklen_t length = sizeof(*address);
    int result;

    if (address->any.sa_family == AF_UNIX) {
        *path = strdup(address->un.sun_path);
        result = *path ? asprintf(real, "unix:%s", *path) : -1;
    } else if (getsockname(fd, &address->any, &length)) {
        return refusal(errno);
    } else if (address->any.sa_family == AF_INET) {
        char host[INET_ADDRSTRLEN] = "";

        inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof(host));
        result = asprintf(real, "%s:%u", host, ntohs(address->in.sin_port));
    } else {
        result = asprintf(real, "[::1]:%u", ntohs(address->in6.sin6_port));
    }
    if (result >= 0)
        return 0;
    free(*path);
    *path = *real = NULL; /* asprintf() may leave anything there */
    return -ENOMEM;
}

/* A socket that is bound, listening; without it again when that fails. */
static int serve_on(int fd, union address *address, char **real, char **path)
{
    int err = listen(fd, BACKLOG) ? refusal(errno) : tell(fd, address, real, path);

    if (err && address->any.sa_family == AF_UNIX)
        (void)unlink(address->un.sun_path);
    return err;
}

int status_listen(const char *text, int *fd, char **real, char **path)
{
    union address address;
    socklen_t length;
    int err = strncmp(text, "unix:", 5) ? parse_tcp(text, &address, &length)
                                        : parse_unix(text + 5, &address, &length);

    *real = *path = NULL;
    if (err)
        return err;
    *fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return refusal(errno);
    err = bind_it(*fd, &address, length);
    if (!err)
        err = serve_on(*fd, &address, real, path);
    if (err)
        close(*fd);
    return err;
}
