/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Grammar of a count in a message: "1 call was refused", "2 calls were refused". The plural s comes
 * from here, unless the count is never 1; .ci/counts finds other uses.
 */
#pragma once

#include <stdint.h>

static inline const char *count_s(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static inline const char *count_were(uint64_t count)
{
    return count == 1 ? "was" : "were";
}

/* "1 waits", "2 wait". */
static inline const char *count_verb(uint64_t count)
{
    return count == 1 ? "s" : "";
}

static inline const char *count_are(uint64_t count)
{
    return count == 1 ? "is" : "are";
}
