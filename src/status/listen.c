/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The sockets. Local ones are on loopback or Unix only, because what they show and take is for this
 * machine.
 */
#include "status/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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
#define SOCKET_BUFFER (128 << 10)
#define LOCK_TRIES 100
#define PATH_SIZE (sizeof(((struct sockaddr_un *)NULL)->sun_path) + sizeof(".lock"))

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

static int parse_tcp(const char *text, union address *address, socklen_t *length, bool is_remote)
{
    const char *colon = strrchr(text, ':');
    char host[64];
    size_t size;

    memset(address, 0, sizeof(*address));
    if (!colon || (size_t)(colon - text) >= sizeof(host))
        return -EINVAL;
    size = (size_t)(colon - text);
    memcpy(host, text, size);
    host[size] = '\0';
    if (inet_pton(AF_INET, host, &address->in.sin_addr) == 1) {
        address->any.sa_family = AF_INET;
        *length = sizeof(address->in);
        if (!is_remote && ntohl(address->in.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
            return -EINVAL;
        return parse_port(colon + 1, &address->in.sin_port);
    }
    if (*host != '[' || host[size - 1] != ']')
        return -EINVAL;
    host[size - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &address->in6.sin6_addr) != 1 ||
        (!is_remote && !IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr)))
        return -EINVAL;
    address->any.sa_family = AF_INET6;
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

/* The path of the lock that belongs to a Unix socket. */
static void lock_path(const char *path, char *to, size_t size)
{
    snprintf(to, size, "%s.lock", path);
}

/* Whether `fd` is still the file at `path`: the server that held the lock removes it at its end. */
static bool is_at(int fd, const char *path)
{
    struct stat opened, named;

    return !fstat(fd, &opened) && !lstat(path, &named) && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

/*
 * Claims a path before anything is looked at or removed there, so that of two servers that find the
 * same stale socket one takes it. The lock ends with the process, however that ends.
 */
static int lock(const char *path, int *lock_fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char name[PATH_SIZE];
    struct stat stat;
    int tries, error;

    lock_path(path, name, sizeof(name));
    for (tries = 0; tries < LOCK_TRIES; tries++) {
        *lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (*lock_fd < 0)
            return errno == ELOOP || errno == EISDIR ? -EADDRINUSE : refusal(errno);
        if (fstat(*lock_fd, &stat) || !S_ISREG(stat.st_mode) || stat.st_size)
            break; /* a file of another kind is in the way */
        if (fcntl(*lock_fd, F_OFD_SETLK, &whole)) {
            error = errno;
            if (error == EAGAIN || error == EACCES)
                break; /* another server has it */
            close(*lock_fd);
            *lock_fd = -1;
            return refusal(error);
        }
        if (is_at(*lock_fd, name))
            return 0;
        close(*lock_fd);
    }
    close(*lock_fd);
    *lock_fd = -1;
    return -EADDRINUSE;
}

static void unlock(const char *path, int lock_fd)
{
    char name[PATH_SIZE];

    lock_path(path, name, sizeof(name));
    if (is_at(lock_fd, name))
        (void)unlink(name);
    close(lock_fd);
}

/*
 * Removes a socket on which no process listens any more. Returns whether it is worth trying again.
 * A listener whose backlog is full, because it was stopped for instance, answers EAGAIN: it is
 * there.
 */
static bool remove_stale(const union address *address, socklen_t length)
{
    struct stat stat;
    bool stale;
    int fd;

    if (lstat(address->un.sun_path, &stat) || !S_ISSOCK(stat.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    stale = connect(fd, &address->any, length) && errno == ECONNREFUSED;
    close(fd);
    return stale && !unlink(address->un.sun_path);
}

static int bind_unix(struct listener *listener, const union address *address, socklen_t length)
{
    struct stat stat;
    int err;

    (void)fchmod(listener->fd, S_IRUSR | S_IWUSR); /* so the file gets this mode, not the umask's */
    err = bind(listener->fd, &address->any, length) ? refusal(errno) : 0;
    if (err == -EADDRINUSE && remove_stale(address, length))
        err = bind(listener->fd, &address->any, length) ? refusal(errno) : 0;
    if (err)
        return err;
    if (!lstat(address->un.sun_path, &stat)) {
        listener->dev = stat.st_dev;
        listener->ino = stat.st_ino;
    }
    return 0;
}

static int bind_tcp(int fd, const union address *address, socklen_t length)
{
    int on = 1, off = 0;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
        return refusal(errno);
    /* [::] is all addresses, also those of IPv4, whatever this machine's default is. */
    if (address->any.sa_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)))
        return refusal(errno);
    return bind(fd, &address->any, length) ? refusal(errno) : 0;
}

/* What the address became, with the port that the kernel chose. */
static int name_it(struct listener *listener, union address *address)
{
    socklen_t length = sizeof(*address);
    int result;

    if (listener->path) {
        result = asprintf(&listener->address, "unix:%s", listener->path);
    } else if (getsockname(listener->fd, &address->any, &length)) {
        return refusal(errno);
    } else if (address->any.sa_family == AF_INET) {
        char host[INET_ADDRSTRLEN] = "";

        inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof(host));
        result = asprintf(&listener->address, "%s:%u", host, ntohs(address->in.sin_port));
    } else {
        char host[INET6_ADDRSTRLEN] = "";

        inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
        result = asprintf(&listener->address, "[%s]:%u", host, ntohs(address->in6.sin6_port));
    }
    if (result >= 0)
        return 0;
    listener->address = NULL; /* asprintf() may leave anything there */
    return -ENOMEM;
}

/* Connections inherit this: what the kernel keeps for each of them is bounded too. */
static void bound_buffers(int fd)
{
    int size = SOCKET_BUFFER;

    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static int open_at(struct listener *listener, union address *address, socklen_t length)
{
    int err = 0;

    if (address->any.sa_family == AF_UNIX) {
        err = lock(address->un.sun_path, &listener->lock_fd);
        listener->path = err ? NULL : strdup(address->un.sun_path);
        if (!err && !listener->path)
            err = -ENOMEM;
        if (err && listener->lock_fd >= 0)
            unlock(address->un.sun_path, listener->lock_fd);
        if (err)
            return err;
    }
    listener->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return refusal(errno);
    err = listener->path ? bind_unix(listener, address, length)
                         : bind_tcp(listener->fd, address, length);
    if (err)
        return err;
    bound_buffers(listener->fd);
    err = listen(listener->fd, BACKLOG) ? refusal(errno) : 0;
    return err ? err : name_it(listener, address);
}

int rst_status_listener_open(struct listener *listener, const char *text, bool is_remote)
{
    union address address;
    socklen_t length;
    int err = is_remote || strncmp(text, "unix:", 5) != 0
                  ? parse_tcp(text, &address, &length, is_remote)
                  : parse_unix(text + 5, &address, &length);

    if (!err)
        err = open_at(listener, &address, length);
    if (err)
        rst_status_listener_close(listener);
    return err;
}

/* The socket goes first, so that the next holder of the lock finds none. */
void rst_status_listener_close(struct listener *listener)
{
    struct stat stat;

    if (listener->fd >= 0)
        close(listener->fd);
    if (listener->path && listener->ino && !lstat(listener->path, &stat) &&
        stat.st_dev == listener->dev && stat.st_ino == listener->ino)
        (void)unlink(listener->path);
    if (listener->path)
        unlock(listener->path, listener->lock_fd);
    free(listener->path);
    free(listener->address);
    *listener = LISTENER_NONE;
}
