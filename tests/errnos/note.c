/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Notes which public function returned which error; tests/errnos links it into every test.
 */
#include "errnos.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FUNCTIONS_MAX 256
#define NUMBERS_MAX 256

static atomic_bool seen[FUNCTIONS_MAX][NUMBERS_MAX];

static void write_line(const char *function, int number)
{
    const char *path = getenv("ROSTER_ERRNOS");
    char line[128];
    int length = snprintf(line, sizeof(line), "%s %d\n", function, number);
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;

    /* One write, because many processes append. */
    if (fd < 0 || write(fd, line, (size_t)length) != length)
        abort();
    close(fd);
}

int errnos_note(unsigned function, int result)
{
    int before = errno;

    if (result < 0 && result > -NUMBERS_MAX && function < FUNCTIONS_MAX &&
        !atomic_exchange_explicit(&seen[function][-result], true, memory_order_relaxed))
        write_line(errnos_functions[function], -result);
    errno = before;
    return result;
}
