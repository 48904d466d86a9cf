/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "scratch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Waits until the other end of the pipe is closed, which the kernel does at the latest. */
static void remove_when_closed(int fd, const char *path)
{
    char byte;

    dup2(fd, 0);
    close_range(1, ~0U, 0);
    setsid();
    while (read(0, &byte, 1) > 0)
        ;
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

void scratch_dir(char *path, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    int ends[2];
    pid_t remover;

    snprintf(path, size, "%s/roster-store.XXXXXX", tmp != NULL ? tmp : "/tmp");
    cr_assert_not_null(mkdtemp(path), "no temporary directory at %s", path);
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    remover = fork();
    cr_assert_geq(remover, 0);
    if (remover == 0) {
        close(ends[1]);
        remove_when_closed(ends[0], path);
    }
    close(ends[0]);
    /* The write end stays open on purpose: its end is the end of this process. */
}

pid_t scratch_fork(void)
{
    pid_t parent = getpid();
    pid_t child = fork();

    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    return 0;
}

int scratch_run(const char *const *arguments)
{
    pid_t child = scratch_fork();
    int status;

    if (child == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* A socket that is bound to a port of its own. */
static int bound_socket(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, length), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

int scratch_port(void)
{
    int port;

    close(bound_socket(&port));
    return port;
}

int scratch_dead_port(void)
{
    int port;

    bound_socket(&port);
    return port;
}
