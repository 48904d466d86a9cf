/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Asking other processes through their sockets: many at once, in the calling thread, so that those
 * that are stopped cost their patience together and not one after another. A socket on which no
 * process listens is left by one that has crashed, or a forked worker that ended by _exit(): it is
 * removed.
 */
#include "sqlite/ask.h"

#include "sqlite/extension.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

#define MOST_REPLY ((size_t)64 << 20)
#define PATIENCE_MS 2000 /* for one process, which may be stopped, or not be what it seems */
#define DIAL_MS 20       /* between two tries, while a process has no place for one more */
#define AT_ONCE 16       /* of the program's descriptors */

enum outcome { MORE, DONE, FAILED };

struct peer {
    int fd; /* -1: none is asked here */
    bool dialled;
    int64_t deadline;
    char *text; /* by sqlite3_malloc() */
    size_t length, size;
    char path[RST_EXT_PATH];
};

struct round {
    char *request;
    struct peer peers[AT_ONCE];
    rst_ext_path_fn *next;
    rst_ext_reply_fn *take;
    void *arg;
    bool all; /* there are no more paths */
};

/*
 * Removes what a process has left that ended without. A server holds the lock beside its socket for
 * as long as it lives (src/status/listen.c), so one that begins at this moment is not taken for it.
 */
static void sweep(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char name[RST_EXT_PATH + sizeof(".lock")];
    struct stat held, there;
    int fd;

    snprintf(name, sizeof(name), "%s.lock", path);
    fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    if (!fcntl(fd, F_OFD_SETLK, &whole) && !fstat(fd, &held) && S_ISREG(held.st_mode) &&
        !stat(name, &there) && held.st_ino == there.st_ino) {
        (void)unlink(path);
        (void)unlink(name);
    }
    close(fd);
}

/* Connects and sends. A stopped process takes connections until its queue is full. */
static enum outcome dial(const struct round *round, struct peer *peer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(round->request);

    memcpy(address.sun_path, peer->path, strlen(peer->path) + 1);
    if (connect(peer->fd, (struct sockaddr *)&address, sizeof(address))) {
        if (errno == EAGAIN || errno == EINTR)
            return MORE;
        if (errno == ECONNREFUSED)
            sweep(peer->path);
        return FAILED;
    }
    peer->dialled = true;
    return send(peer->fd, round->request, length, MSG_NOSIGNAL) == (ssize_t)length ? MORE : FAILED;
}

/* Room for at least one byte and a final zero. */
static bool has_room(struct peer *peer)
{
    size_t size = peer->size ? peer->size * 2 : 16384;
    char *grown;

    if (peer->size - peer->length > 1 && peer->size)
        return true;
    grown = size <= MOST_REPLY ? sqlite3_realloc64(peer->text, size) : NULL;
    if (!grown)
        return false;
    peer->text = grown;
    peer->size = size;
    return true;
}

/* All that has come by now. It is all that there is when the server has closed. */
static enum outcome receive(struct peer *peer)
{
    ssize_t n;

    while (has_room(peer)) {
        n = recv(peer->fd, peer->text + peer->length, peer->size - peer->length - 1, MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? MORE : FAILED;
        if (!n)
            return DONE;
        peer->length += (size_t)n;
    }
    return FAILED;
}

static void finish(struct peer *peer)
{
    close(peer->fd);
    sqlite3_free(peer->text);
    memset(peer, 0, sizeof(*peer));
    peer->fd = -1;
}

static int take_reply(const struct round *round, struct peer *peer)
{
    const char *body;

    peer->text[peer->length] = '\0';
    body = strstr(peer->text, "\r\n\r\n");
    return body ? round->take(round->arg, body + 4) : SQLITE_OK;
}

/* One that waits for a descriptor, or the next one that an address can hold. */
static bool has_path(struct round *round, struct peer *peer)
{
    const size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path);

    while (!*peer->path || strlen(peer->path) >= most) {
        if (round->all || !round->next(round->arg, peer->path, sizeof(peer->path))) {
            round->all = true;
            *peer->path = '\0';
            return false;
        }
    }
    return true;
}

/* False: there is no path left, or no descriptor as long as others are asked. */
static bool begin(struct round *round, struct peer *peer, bool others)
{
    if (!has_path(round, peer))
        return false;
    peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (peer->fd < 0 && others)
        return false;
    if (peer->fd < 0)
        *peer->path = '\0';
    peer->deadline = (int64_t)rst_monotonic_ms() + PATIENCE_MS;
    return true;
}

static size_t asked(const struct round *round)
{
    size_t n, count = 0;

    for (n = 0; n < AT_ONCE; n++)
        count += round->peers[n].fd >= 0;
    return count;
}

static size_t begin_some(struct round *round)
{
    size_t n;

    for (n = 0; n < AT_ONCE; n++)
        while (round->peers[n].fd < 0 && begin(round, &round->peers[n], asked(round) > 0))
            ;
    return asked(round);
}

/* Until there may be something to do. Signals of the host cost none of the replies. */
static void wait_for_some(const struct round *round)
{
    struct pollfd ready[AT_ONCE];
    int64_t now = (int64_t)rst_monotonic_ms(), timeout = PATIENCE_MS, left;
    size_t n;

    for (n = 0; n < AT_ONCE; n++) {
        const struct peer *peer = &round->peers[n];

        ready[n] = (struct pollfd){.fd = peer->dialled ? peer->fd : -1, .events = POLLIN};
        if (peer->fd < 0)
            continue;
        left = peer->dialled ? peer->deadline - now : DIAL_MS;
        if (left < timeout)
            timeout = left;
    }
    (void)poll(ready, AT_ONCE, timeout > 0 ? (int)timeout : 0);
}

static int step(struct round *round, struct peer *peer)
{
    enum outcome outcome = MORE;
    int err = SQLITE_OK;

    if (!peer->dialled)
        outcome = dial(round, peer);
    if (peer->dialled && outcome == MORE)
        outcome = receive(peer);
    if (outcome == DONE)
        err = take_reply(round, peer);
    if (outcome != MORE || (int64_t)rst_monotonic_ms() >= peer->deadline)
        finish(peer);
    return err;
}

int rst_ext_ask(const char *method, const char *what, rst_ext_path_fn *next, rst_ext_reply_fn *take,
                void *arg)
{
    struct round *round = sqlite3_malloc64(sizeof(*round));
    int err = SQLITE_OK;
    size_t n, count;

    if (!round)
        return SQLITE_NOMEM;
    memset(round, 0, sizeof(*round));
    round->next = next;
    round->take = take;
    round->arg = arg;
    round->request = sqlite3_mprintf("%s %s HTTP/1.0\r\nHost: localhost\r\n\r\n", method, what);
    for (n = 0; n < AT_ONCE; n++)
        round->peers[n].fd = -1;
    if (!round->request)
        err = SQLITE_NOMEM;
    while (!err && (count = begin_some(round))) {
        for (n = 0; n < AT_ONCE && !err; n++)
            if (round->peers[n].fd >= 0)
                err = step(round, &round->peers[n]);
        if (asked(round) == count) /* there is no place for another one */
            wait_for_some(round);
    }
    for (n = 0; n < AT_ONCE; n++)
        if (round->peers[n].fd >= 0)
            finish(&round->peers[n]);
    sqlite3_free(round->request);
    sqlite3_free(round);
    return err;
}
