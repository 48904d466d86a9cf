/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * Error handling of the programs in this folder: name the failed call and exit.
 */
#pragma once

#include <roster/error.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(call) must(#call, call, roster_strerror)
/* For what a store may refuse. */
#define STORE_MUST(call) must(#call, call, roster_store_strerror)

static inline void must(const char *call, int err, const char *explain(int err))
{
    if (!err)
        return;
    fprintf(stderr, "%s: %s\n", call, explain(err));
    exit(EXIT_FAILURE);
}
