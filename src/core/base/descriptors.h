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
 * Opens /dev/null as those of them that are closed. The next file or socket would become what any
 * part of the process prints to, or reads. SQLite does the same before it opens a file. Where there
 * is no /dev/null they stay closed.
 */
static inline void rst_descriptors_fill(void)
{
    int wanted, fd;

    for (wanted = STDIN_FILENO; wanted <= STDERR_FILENO; wanted++) {
        if (fcntl(wanted, F_GETFD) >= 0)
            continue;
        fd = open("/dev/null", O_RDWR); /* programs that are started get it, too */
        if (fd > STDERR_FILENO)         /* another thread was faster */
            close(fd);
    }
}
