/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Failures. See complain.h.
 */
#include "complain.h"

#include <errno.h>
#include <roster/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *complain_of;

int complain(const char *what, int err)
{
    fprintf(stderr, "roster-bench: %s: %s (%s)\n", what, roster_strerror(err),
            strerrorname_np(-err));
    return 1;
}

void must(int err)
{
    if (err)
        exit(complain(complain_of, err)); /* NOLINT(concurrency-mt-unsafe): others only wait */
}

void *must_have(void *memory)
{
    if (!memory)
        must(-ENOMEM);
    return memory;
}
