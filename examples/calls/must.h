/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * Error handling of the programs in this folder: name the failed call and exit.
 */
#pragma once

#include <roster/error.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(call) must(#call, call)

static inline void must(const char *call, int err)
{
    if (!err)
        return;
    fprintf(stderr, "%s: %s\n", call, roster_strerror(err));
    exit(EXIT_FAILURE);
}
