/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "config.h"

#include "mariadb/endpoint.h"

#include "mariadb/mirror.h"
#include "mariadb/report.h"

#include <errno.h>
#include <fcntl.h>
#include <roster/status.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_ROOM 512

static struct roster_status *status;

/* Reads the first line of an open file. Returns 0, or 1 after an error was reported. */
static int read_line(int fd, const char *path, char *line)
{
    struct stat about;
    ssize_t length;

    if (fstat(fd, &about) || !S_ISREG(about.st_mode))
        return rst_mdb_refuse("roster_token_file: %s is no file", path);
    if (about.st_mode & 077)
        return rst_mdb_refuse("roster_token_file: %s can be read by others: chmod 600", path);
    length = read(fd, line, TOKEN_ROOM);
    if (length < 0)
        return rst_mdb_refuse("roster_token_file: %s: %m", path);
    if (length == TOKEN_ROOM)
        return rst_mdb_refuse("roster_token_file: %s has more than %d bytes", path, TOKEN_ROOM - 1);
    line[length] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return *line ? 0 : rst_mdb_refuse("roster_token_file: %s is empty", path);
}

static int read_token(const char *path, char *token)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), failed;

    if (fd < 0)
        return rst_mdb_refuse("roster_token_file: %s: %m", path);
    failed = read_line(fd, path, token);
    close(fd);
    return failed;
}

/* What is wrong with an address. */
static const char *reason(int err)
{
    switch (err) {
    case -EINVAL:
        return "no such address of this host; it is 127.0.0.1:PORT, [::1]:PORT or unix:PATH";
    case -ENOENT:
        return "there is no such directory";
    case -EACCES:
        return "the server's user may not make a socket there";
    case -EADDRINUSE:
        return "another server listens there, or a file that is no socket is in the way";
    default:
        return roster_strerror(err);
    }
}

int rst_mdb_endpoint_start(const char *address, const char *token_file)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    char token[TOKEN_ROOM];
    int err;

    if (!address || !*address)
        return token_file && *token_file
                   ? rst_mdb_refuse("roster_token_file without roster_status is of no use")
                   : 0;
    options.address = address;
    options.name = "mariadb";
    options.peers = 1;
    if (token_file && *token_file) {
        if (read_token(token_file, token))
            return 1;
        options.token = token;
    }
    err = roster_status_start(rst_mdb_roster(), &options, &status);
    explicit_bzero(token, sizeof(token));
    if (!err)
        return 0;
    return rst_mdb_refuse("roster_status: %s: %s", address, reason(err));
}

void rst_mdb_endpoint_stop(void)
{
    roster_status_stop(status);
    status = NULL;
}

const char *rst_mdb_endpoint_address(void)
{
    const char *address = roster_status_address(status);

    return address ? address : "";
}
