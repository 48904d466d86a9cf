/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Secrets that must not be on the command line: a token, a password. Each is the first line of a
 * file, which may be a pipe: --token-file=<(pass roster).
 */
#include "rosterctl/rosterctl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITER_MS 10000 /* in which a pipe gets one */
#define LOOK_MS 100

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads. */
/* As read(), of a descriptor that does not block. Who writes to a pipe may take all the time, as
 * it may ask a human for a password; but a pipe to which no process writes has no end. */
static ssize_t read_some(int fd, char *to, size_t room, bool *has_writer)
{
    struct pollfd wait = {fd, POLLIN, 0};
    int waited_ms = 0;
    ssize_t length;

    for (;;) {
        length = read(fd, to, room);
        if (length < 0 && errno == EAGAIN) {
            *has_writer = true;
            (void)poll(&wait, 1, -1);
        } else if (length || *has_writer || wait.revents) {
            return length;
        } else if (waited_ms >= WRITER_MS) {
            errno = ETIMEDOUT;
            return -1;
        } else {
            (void)poll(&wait, 1, LOOK_MS);
            waited_ms += LOOK_MS;
        }
    }
}

/* Up to the end of the line, the file, or the room. Returns NULL, or what is wrong. */
static const char *read_line(int fd, char line[SECRET_MOST], size_t *length)
{
    bool has_writer;
    struct stat about;
    ssize_t more = 1;

    *length = 0;
    if (fstat(fd, &about))
        return strerror(errno);
    if (S_ISREG(about.st_mode) && about.st_mode & 077)
        return "other users may read or write it: chmod 600";
    has_writer = !S_ISFIFO(about.st_mode);
    while (more > 0 && *length < SECRET_MOST - 1 && !memchr(line, '\n', *length)) {
        more = read_some(fd, line + *length, SECRET_MOST - 1 - *length, &has_writer);
        *length += more > 0 ? (size_t)more : 0;
        has_writer = true;
    }
    if (more >= 0)
        return NULL;
    return errno == ETIMEDOUT ? "no process writes to this pipe" : strerror(errno);
}

const char *secret_read(const char *path, char line[SECRET_MOST])
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const char *wrong = fd < 0 ? strerror(errno) : NULL;
    size_t read = 0, length;

    if (!wrong)
        wrong = read_line(fd, line, &read);
    if (fd >= 0)
        close(fd);
    line[read] = '\0';
    length = strcspn(line, "\r\n");
    /* Cut short, at a NUL as well, it would be another one. */
    if (!wrong && (!length || length > SECRET_BYTES || (length < read && !line[length])))
        wrong = "its first line has 1 to " SECRET_BYTES_TEXT " bytes, and no NUL";
    line[length] = '\0';
    return wrong;
}
/* NOLINTEND(concurrency-mt-unsafe) */

const char *secret_check(const char *text)
{
    size_t length = strcspn(text, "\r\n");

    if (text[length])
        return "has more than one line";
    return length > SECRET_BYTES ? "has more than " SECRET_BYTES_TEXT " bytes" : NULL;
}
