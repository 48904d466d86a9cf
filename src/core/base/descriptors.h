/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Descriptors 0 to 2 of a process whose parent has closed them.
 */
#pragma once

#include <fcntl.h>
#include <unistd.h>

/*
 * Opens /dev/null for each of them that is closed. Otherwise the next file or socket would become
 * the process's standard input, output or error. SQLite does the same before it opens a file. If
 * there is no /dev/null they stay closed.
 */
static inline void rst_descriptors_fill(void)
{
    int wanted, fd;

    for (wanted = STDIN_FILENO; wanted <= STDERR_FILENO; wanted++) {
        if (fcntl(wanted, F_GETFD) >= 0)
            continue;
        fd = open("/dev/null", O_RDWR); /* inherited by executed programs, too */
        if (fd > STDERR_FILENO)         /* another thread has opened it */
            close(fd);
    }
}
